//! The places and the distances between points, each against a slow way to find them.

use std::f64::consts::PI;

use proptest::prelude::*;
use proptest::sample::select;
use routeguide::pb::Point;
use routeguide::places::{Place, Places};

/// Few coordinates, so that places meet, and corners meet places.
fn near() -> impl Strategy<Value = Point> {
    let coordinate = || select(&[i32::MIN, -2, -1, 0, 1, 2, i32::MAX]);
    (coordinate(), coordinate()).prop_map(|(latitude, longitude)| Point { latitude, longitude })
}

/// Up to 50 places, with different names.
fn places() -> impl Strategy<Value = Vec<Place>> {
    prop::collection::vec(near(), 0..50).prop_map(|points| {
        let named = points.into_iter().enumerate();
        named.map(|(n, location)| Place { location, name: n.to_string() }).collect()
    })
}

/// Any point on the earth, with more at its edges than there would be by chance.
fn on_earth() -> impl Strategy<Value = Point> {
    let coordinate =
        |limit: i32| prop_oneof![4 => -limit..=limit, 1 => select(vec![-limit, 0, limit])];
    (coordinate(900_000_000), coordinate(1_800_000_000))
        .prop_map(|(latitude, longitude)| Point { latitude, longitude })
}

/// The distance by another formula: the angle between the vectors from the centre of the earth,
/// whose tangent is the length of their cross product by their dot product.
fn distance_by_vectors(a: Point, b: Point) -> f64 {
    let [u, v] = [a, b].map(|point| {
        let latitude = f64::from(point.latitude) * PI / 1.8e9;
        let longitude = f64::from(point.longitude) * PI / 1.8e9;
        [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
    });
    let cross = [(1, 2), (2, 0), (0, 1)].map(|(i, j)| u[i] * v[j] - u[j] * v[i]);
    let length = cross.iter().map(|x| x * x).sum::<f64>().sqrt();
    let dot = u.iter().zip(v).map(|(x, y)| x * y).sum();
    6_371_000.0 * length.atan2(dot)
}

proptest! {
    #[test]
    fn finds_the_first_place_at_a_point(places in places(), point in near()) {
        let expected = places.iter().find(|place| place.location == point);
        let found = Places::new(places.clone());
        prop_assert_eq!(found.at(point), expected);
    }

    #[test]
    fn finds_the_places_between_two_corners(places in places(), one in near(), other in near()) {
        let between = |x: i32, a: i32, b: i32| a <= x && x <= b || b <= x && x <= a;
        let mut expected = Vec::from_iter(places.iter().filter(|Place { location, .. }| {
            between(location.latitude, one.latitude, other.latitude)
                && between(location.longitude, one.longitude, other.longitude)
        }));
        expected.sort_by_key(|place| (place.location.latitude, place.location.longitude));
        let found = Places::new(places.clone());
        prop_assert_eq!(Vec::from_iter(found.within(one, other)), expected);
    }

    #[test]
    fn measures_as_vectors_do(a in on_earth(), b in on_earth()) {
        let metres = a.distance_to(b);
        let expected = distance_by_vectors(a, b);
        // Not `> 1.0`, which is false for what is no number.
        prop_assert!((metres - expected).abs() <= 1.0, "{} instead of {}", metres, expected);
        prop_assert_eq!(b.distance_to(a), metres);
        prop_assert_eq!(a.distance_to(a), 0.0);
    }

    #[test]
    fn measures_short_ways_to_the_millimetre(
        a in on_earth(), north in -999_i32..=999, east in -999_i32..=999,
    ) {
        let latitude = (a.latitude + north).clamp(-900_000_000, 900_000_000);
        let b = Point { latitude, longitude: a.longitude + east };
        let (metres, expected) = (a.distance_to(b), distance_by_vectors(a, b));
        prop_assert!((metres - expected).abs() <= 0.001, "{} instead of {}", metres, expected);
    }

    #[test]
    fn measures_half_the_earth_to_the_other_side_of_it(a in on_earth()) {
        let turn = if a.longitude > 0 { -1_800_000_000 } else { 1_800_000_000 };
        let antipode = Point { latitude: -a.latitude, longitude: a.longitude + turn };
        let metres = a.distance_to(antipode);
        prop_assert!((metres - PI * 6_371_000.0).abs() <= 1.0, "{}", metres);
    }
}
