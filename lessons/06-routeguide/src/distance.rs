//! How far it is from one point to another.

use crate::pb::Point;

/// The earth, taken for a sphere: its radius in metres.
const EARTH_RADIUS: f64 = 6_371_000.0;

impl Point {
    /// The length in metres of the shortest way to `other` over the surface of the earth, by the
    /// haversine formula.
    pub fn distance_to(self, other: Point) -> f64 {
        let radians = |degrees_e7: i32| (f64::from(degrees_e7) / 1e7).to_radians();
        let (from, to) = (radians(self.latitude), radians(other.latitude));
        let half_height = (to - from) / 2.0;
        let half_width = (radians(other.longitude) - radians(self.longitude)) / 2.0;
        let h = half_height.sin().powi(2) + from.cos() * to.cos() * half_width.sin().powi(2);
        // Should rounding lift the root above 1: there the arc sine has no value.
        2.0 * EARTH_RADIUS * h.sqrt().min(1.0).asin()
    }
}
