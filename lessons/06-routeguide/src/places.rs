//! The places that the server knows, in an order in which they are found without a search
//! through all of them.

use crate::pb::{Feature, Point};
use anyhow::Context;
use serde::Deserialize;
use std::fs;

/// A place as the data file has it: `{"location": {"latitude": …, "longitude": …}, "name": …}`,
/// with coordinates in degrees times 10^7, and an empty name if it has none.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(expecting = "a place")]
pub struct Place {
    /// Where it is.
    pub location: Point,
    /// What it is called.
    pub name: String,
}

impl Place {
    /// The message that tells a client of this place.
    pub fn to_feature(&self) -> Feature {
        Feature { name: self.name.clone(), location: Some(self.location) }
    }
}

/// Places, from south to north, and from west to east on the same latitude.
pub struct Places(Vec<Place>);

impl Places {
    /// Puts `places` in order. Where there are several at one point, the first comes first.
    pub fn new(mut places: Vec<Place>) -> Places {
        places.sort_by_key(|place| key(place.location));
        Places(places)
    }

    /// Reads the JSON file at `path`, a list of places, or says where in it something is wrong.
    pub fn load(path: &str) -> anyhow::Result<Places> {
        // Read as a whole, because serde_json is many times slower on a file than on a buffer.
        let json = fs::read(path).with_context(|| format!("cannot read the places in {path:?}"))?;
        let places = serde_json::from_slice(&json)
            .with_context(|| format!("no list of places in {path:?}"))?;
        Ok(Places::new(places))
    }

    /// The place at `point`: of several, the first.
    pub fn at(&self, point: Point) -> Option<&Place> {
        let index = self.0.partition_point(|place| key(place.location) < key(point));
        self.0.get(index).filter(|place| place.location == point)
    }
    // ANCHOR: step5-within

    /// The places between two opposite corners, in order. It looks at the band between their
    /// latitudes only, and one place at a time.
    pub fn within(&self, one: Point, other: Point) -> impl Iterator<Item = &Place> {
        let south = one.latitude.min(other.latitude);
        let north = one.latitude.max(other.latitude);
        let west = one.longitude.min(other.longitude);
        let east = one.longitude.max(other.longitude);
        let start = self.0.partition_point(|place| place.location.latitude < south);
        let band = self.0[start..].iter().take_while(move |place| place.location.latitude <= north);
        band.filter(move |place| (west..=east).contains(&place.location.longitude))
    }
    // ANCHOR_END: step5-within
}

/// What places are sorted by.
fn key(point: Point) -> (i32, i32) {
    (point.latitude, point.longitude)
}
