//! What the figures have to come up to.

use serde::Serialize;

use crate::report::{Report, mib};
use crate::turns::Unary;
use crate::unary::IN_FLIGHT;
use crate::{database, several, tls};

/// What a figure has to come up to.
#[derive(Serialize)]
pub struct Target {
    pub what: String,
    pub measured: f64,
    pub bound: Bound,
    pub is_met: bool,
}

/// In which direction a figure is good.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    fn new(what: String, measured: f64, bound: Bound) -> Target {
        let is_met = match bound {
            Bound::AtLeast(bound) => measured >= bound,
            Bound::AtMost(bound) => measured <= bound,
        };
        Target { what, measured, bound, is_met }
    }
}

impl Report {
    /// The targets of which both sides were measured.
    pub fn targets(&self) -> Vec<Target> {
        use Bound::{AtLeast, AtMost};
        let mut targets = Vec::new();
        let mut add = |what: String, measured: Option<f64>, bound| {
            targets.extend(measured.map(|measured| Target::new(what, measured, bound)));
        };
        // Where there is one core only, or none to choose, they share it.
        let core_each = self.unary.iter().any(|row| row.core_each);
        for in_flight in IN_FLIGHT {
            let ours = calls(&self.unary, "helloworld", "rust", in_flight, core_each);
            let ratio = ratio(ours, calls(&self.unary, "bare", "rust", in_flight, core_each));
            let what = format!("hello world / bare handler, {in_flight} in flight");
            add(what, ratio, AtLeast(0.95));
        }
        let ours = calls(&self.unary, "helloworld", "rust", 16, false);
        let ratio_of_twins = ratio(ours, calls(&self.unary, "helloworld", "python", 16, false));
        add("hello world / its twin in Python, 16 in flight".into(), ratio_of_twins, AtLeast(15.0));
        for in_flight in IN_FLIGHT {
            let of = |server| calls(&self.tls, server, "rust", in_flight, false);
            let what = format!("lesson 7 over TLS / in the clear, {in_flight} in flight");
            add(what, ratio(of(tls::MUTUAL_TLS), of(tls::CLEAR)), AtLeast(0.7));
        }
        for in_flight in several::IN_FLIGHT {
            let of = |server| calls(&self.fleet, server, "rust", in_flight, false);
            let what = format!("lesson 8 with retries / without, {in_flight} in flight");
            add(what, ratio(of(several::RETRIES), of(several::THREE)), AtLeast(0.95));
        }
        let rows = |server| {
            let mut rows = self.database.iter().filter(|row| row.server == server);
            Some(rows.find(|row| row.in_flight == 1)?.figures.median_us)
        };
        let ratio_of_rows = ratio(rows(database::MILLION), rows(database::HUNDRED));
        add("GetTeam, its time on 10^6 rows / on 10^2".into(), ratio_of_rows, AtMost(1.25));
        for (method, bound) in [("GetFeature", 1.25), ("GetMovieByID", 1.25), ("ListFeatures", 1.5)]
        {
            let time = |entries| self.time(method, entries);
            let what = format!("{method}, its time on 10^6 / on 10^2");
            add(what, ratio(time(1_000_000), time(100)), AtMost(bound));
        }
        for server in ["routeguide", "movie-json"] {
            let size = self.sizes.iter().find(|s| s.server == server && s.entries == 1_000_000);
            let what = format!("{server}, MB of JSON a second, 10^6");
            add(what, size.map(|size| size.megabytes_per_second), AtLeast(60.0));
        }
        for (what, slow) in [
            ("MiB that a slow reader adds", &self.slow_reader),
            ("MiB that a slow reader of lesson 9 adds", &self.slow_list),
        ] {
            add(what.into(), slow.as_ref().map(|slow| mib(slow.growth_bytes)), AtMost(8.0));
        }
        targets
    }

    fn time(&self, method: &str, entries: u64) -> Option<f64> {
        let mut sizes = self.sizes.iter().filter(|size| size.entries == entries);
        let found = sizes.find_map(|size| size.methods.iter().find(|m| m.method == method))?;
        Some(found.figures.median_us)
    }
}

/// Calls a second of one of `rows`, on connections that last. With `core_each`, server and client have
/// a core each.
fn calls(
    rows: &[Unary],
    server: &str,
    language: &str,
    in_flight: usize,
    core_each: bool,
) -> Option<f64> {
    let is_it = |row: &&Unary| {
        row.server == server
            && row.language == language
            && row.in_flight == in_flight
            && row.core_each == core_each
            && !row.connects
    };
    Some(rows.iter().find(is_it)?.figures.calls_per_second)
}

fn ratio(ours: Option<f64>, theirs: Option<f64>) -> Option<f64> {
    Some(ours? / theirs?).filter(|ratio| ratio.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_from_its_bound_on() {
        let is_met = |measured, bound| Target::new(String::new(), measured, bound).is_met;
        assert!(is_met(0.95, Bound::AtLeast(0.95)) && !is_met(0.94, Bound::AtLeast(0.95)));
        assert!(is_met(8.0, Bound::AtMost(8.0)) && !is_met(8.1, Bound::AtMost(8.0)));
    }
}
