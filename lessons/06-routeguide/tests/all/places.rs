//! The places and the distances between points, each against a slow way to find them.

use std::f64::consts::PI;

use routeguide::pb::Point;
use routeguide::places::{Place, Places};
use testing::numbers::Numbers;

/// How often each test looks.
const TIMES: usize = 2_000;

/// Few coordinates, so that places meet, and corners meet places.
fn near(numbers: &mut Numbers) -> Point {
    let mut coordinate = || numbers.one_of(&[i32::MIN, -2, -1, 0, 1, 2, i32::MAX]);
    Point { latitude: coordinate(), longitude: coordinate() }
}

/// Up to 50 places, with different names.
fn places(numbers: &mut Numbers) -> Vec<Place> {
    let count = numbers.within(0..=50);
    (0..count).map(|n| Place { location: near(numbers), name: n.to_string() }).collect()
}

/// Any point on the earth, with more at its edges than there would be by chance.
fn on_earth(numbers: &mut Numbers) -> Point {
    let mut coordinate = |limit: i32| match numbers.within(1..=5) {
        5 => numbers.one_of(&[-limit, 0, limit]),
        _ => numbers.within(-limit..=limit),
    };
    Point { latitude: coordinate(900_000_000), longitude: coordinate(1_800_000_000) }
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

#[test]
fn finds_the_first_place_at_a_point() {
    let mut numbers = Numbers::default();
    for _ in 0..TIMES {
        let (places, point) = (places(&mut numbers), near(&mut numbers));
        let expected = places.iter().find(|place| place.location == point);
        assert_eq!(Places::new(places.clone()).at(point), expected, "{point:?} in {places:?}");
    }
}

#[test]
fn finds_the_places_between_two_corners() {
    let mut numbers = Numbers::default();
    for _ in 0..TIMES {
        let places = places(&mut numbers);
        let (one, other) = (near(&mut numbers), near(&mut numbers));
        let between = |x: i32, a: i32, b: i32| a <= x && x <= b || b <= x && x <= a;
        let mut expected = Vec::from_iter(places.iter().filter(|Place { location, .. }| {
            between(location.latitude, one.latitude, other.latitude)
                && between(location.longitude, one.longitude, other.longitude)
        }));
        expected.sort_by_key(|place| (place.location.latitude, place.location.longitude));
        let all = Places::new(places.clone());
        let found = Vec::from_iter(all.within(one, other));
        assert_eq!(found, expected, "between {one:?} and {other:?} in {places:?}");
    }
}

#[test]
fn measures_as_vectors_do() {
    let mut numbers = Numbers::default();
    for _ in 0..TIMES {
        let (a, b) = (on_earth(&mut numbers), on_earth(&mut numbers));
        let (metres, expected) = (a.distance_to(b), distance_by_vectors(a, b));
        // Not `> 1.0`, which is false for what is no number.
        let error = (metres - expected).abs();
        assert!(error <= 1.0, "{metres} instead of {expected} from {a:?} to {b:?}");
        assert_eq!(b.distance_to(a), metres, "from {b:?} to {a:?}");
        assert_eq!(a.distance_to(a), 0.0, "from {a:?} to itself");
    }
}

#[test]
fn measures_short_ways_to_the_millimetre() {
    let mut numbers = Numbers::default();
    for _ in 0..TIMES {
        let a = on_earth(&mut numbers);
        let latitude = a.latitude + numbers.within(-999..=999);
        let latitude = latitude.clamp(-900_000_000, 900_000_000);
        let b = Point { latitude, longitude: a.longitude + numbers.within(-999..=999) };
        let (metres, expected) = (a.distance_to(b), distance_by_vectors(a, b));
        let error = (metres - expected).abs();
        assert!(error <= 0.001, "{metres} instead of {expected} from {a:?} to {b:?}");
    }
}

#[test]
fn measures_half_the_earth_to_the_other_side_of_it() {
    let mut numbers = Numbers::default();
    for _ in 0..TIMES {
        let a = on_earth(&mut numbers);
        let turn = if a.longitude > 0 { -1_800_000_000 } else { 1_800_000_000 };
        let antipode = Point { latitude: -a.latitude, longitude: a.longitude + turn };
        let metres = a.distance_to(antipode);
        assert!((metres - PI * 6_371_000.0).abs() <= 1.0, "{metres} from {a:?}");
    }
}
