//! What was measured, as JSON and as a table, and what it has to come up to.

use std::fs;
use std::path::Path;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use crate::machine::Machine;
use crate::sizes::Size;
use crate::slow_reader::SlowReader;
use crate::streams::Stream;
use crate::unary::{IN_FLIGHT, Unary};
use crate::verify::Verify;

/// All that was measured in one run.
#[derive(Serialize)]
pub struct Report {
    pub machine: Machine,
    pub unary: Vec<Unary>,
    pub streams: Vec<Stream>,
    pub sizes: Vec<Size>,
    pub slow_reader: Option<SlowReader>,
    pub verify: Vec<Verify>,
    pub targets: Vec<Target>,
}

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
            let ours = self.calls("helloworld", "rust", in_flight, core_each);
            let ratio = ratio(ours, self.calls("bare", "rust", in_flight, core_each));
            let what = format!("hello world / bare handler, {in_flight} in flight");
            add(what, ratio, AtLeast(0.95));
        }
        let ours = self.calls("helloworld", "rust", 16, false);
        let ratio_of_twins = ratio(ours, self.calls("helloworld", "python", 16, false));
        add("hello world / its twin in Python, 16 in flight".into(), ratio_of_twins, AtLeast(15.0));
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
        let growth = self.slow_reader.as_ref().map(|slow| mib(slow.growth_bytes));
        add("MiB that a slow reader adds".into(), growth, AtMost(8.0));
        targets
    }

    /// Writes it to a file, as JSON.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        Ok(fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }

    /// Calls a second on one connection. With `core_each`, server and client have a core each.
    fn calls(
        &self,
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
        Some(self.unary.iter().find(is_it)?.figures.calls_per_second)
    }

    fn time(&self, method: &str, entries: u64) -> Option<f64> {
        let mut sizes = self.sizes.iter().filter(|size| size.entries == entries);
        let found = sizes.find_map(|size| size.methods.iter().find(|m| m.method == method))?;
        Some(found.figures.median_us)
    }

    /// All of it, in aligned columns.
    pub fn table(&self) -> String {
        let Machine { cores, cpu, memory_bytes, os, rustc } = &self.machine;
        let cpu = cpu.as_deref().unwrap_or("unknown processor");
        let memory = memory_bytes.map_or("unknown".into(), |bytes| format!("{:.0}", mib(bytes)));
        let mut text = format!("{cores} cores, {cpu}, {memory} MiB of memory, {os}, {rustc}\n");
        let mut section = |title: &str, head: &[&str], rows: Vec<Vec<String>>| {
            if !rows.is_empty() {
                text += &format!("\n{title}\n");
                text += &aligned(head, &rows);
            }
        };
        let small_calls = |row: &Unary| {
            let figures = &row.figures;
            let name = match (row.connects, row.language) {
                (true, _) => format!("{}, a connection a call", row.server),
                (_, "python") => format!("{} in Python", row.server),
                _ => row.server.clone(),
            };
            vec![
                name,
                row.method.to_owned(),
                row.in_flight.to_string(),
                thousands(figures.calls_per_second),
                thousands(figures.median_us),
                thousands(figures.p99_us),
                thousands(figures.p999_us),
                row.server_cpu_us.map_or("not said here".into(), |cpu| format!("{cpu:.1}")),
            ]
        };
        let head = [
            "server",
            "method",
            "in flight",
            "calls/s",
            "median",
            "99 %",
            "99.9 %",
            "server's CPU a call",
        ];
        let (apart, shared): (Vec<_>, Vec<_>) = self.unary.iter().partition(|row| row.core_each);
        section(
            "Small calls, a core for the server and one for the client; times in microseconds",
            &head,
            apart.into_iter().map(small_calls).collect(),
        );
        section(
            "Small calls on one connection, all on the same cores; times in microseconds",
            &head,
            shared.into_iter().map(small_calls).collect(),
        );
        let streams = self.streams.iter().map(|row| {
            vec![
                row.server.to_owned(),
                row.method.to_owned(),
                row.kind.to_owned(),
                thousands(row.messages_per_second),
                format!("{:.1}", row.bytes_per_second / 1e6),
            ]
        });
        section(
            "Streams, one at a time",
            &["server", "method", "kind", "messages/s", "MB/s"],
            streams.collect(),
        );
        let loads = self.sizes.iter().map(|row| {
            let resident = row.resident_bytes.map(|bytes| format!("{:.1}", mib(bytes)));
            vec![
                row.server.clone(),
                thousands(row.entries as f64),
                format!("{:.1}", row.json_bytes as f64 / 1e6),
                format!("{:.1}", row.load_ms),
                format!("{:.1}", row.megabytes_per_second),
                resident.unwrap_or("not said here".into()),
            ]
        });
        section(
            "From the start until ready",
            &["server", "entries", "MB of JSON", "ms", "MB/s", "MiB resident"],
            loads.collect(),
        );
        let methods = self.sizes.iter().flat_map(|size| {
            size.methods.iter().map(|row| {
                vec![
                    row.method.to_owned(),
                    thousands(size.entries as f64),
                    row.in_flight.to_string(),
                    thousands(row.figures.calls_per_second),
                    thousands(row.figures.median_us),
                    thousands(row.figures.p99_us),
                    thousands(row.figures.p999_us),
                ]
            })
        });
        section(
            "Calls at each size, ListFeatures with 100 hits; times in microseconds",
            &["method", "entries", "in flight", "calls/s", "median", "99 %", "99.9 %"],
            methods.collect(),
        );
        let slow = self.slow_reader.iter().map(|slow| {
            vec![
                thousands(slow.places as f64),
                thousands(slow.taken as f64),
                format!("{:.1}", mib(slow.stream_bytes)),
                format!("{:.1}", mib(slow.before_bytes)),
                format!("{:.1}", mib(slow.growth_bytes)),
            ]
        });
        section(
            "A slow reader, a place in ten milliseconds; MiB",
            &["places", "taken", "all of them", "server before", "more while it lasts"],
            slow.collect(),
        );
        let verify = self.verify.iter().map(|row| {
            let parts = [row.compile_runner, row.compile_lessons, row.run_pairs];
            let total: f64 = parts.iter().sum();
            let seconds = parts.iter().chain([&total]).map(|part| format!("{part:.1}"));
            [row.state.to_owned()].into_iter().chain(seconds).collect()
        });
        section(
            "cargo xtask verify, in seconds",
            &["", "compile the runner", "compile the lessons", "run the pairs", "all"],
            verify.collect(),
        );
        let targets = self.targets.iter().map(|row| {
            let bound = match row.bound {
                Bound::AtLeast(bound) => format!("at least {bound}"),
                Bound::AtMost(bound) => format!("at most {bound}"),
            };
            let verdict = if row.is_met { "met" } else { "NOT MET" };
            vec![row.what.clone(), format!("{:.2}", row.measured), bound, verdict.into()]
        });
        section("Targets", &["", "measured", "target", ""], targets.collect());
        text
    }
}

fn ratio(ours: Option<f64>, theirs: Option<f64>) -> Option<f64> {
    Some(ours? / theirs?).filter(|ratio| ratio.is_finite())
}

fn mib(bytes: impl TryInto<u64>) -> f64 {
    bytes.try_into().unwrap_or_default() as f64 / (1024.0 * 1024.0)
}

/// `number` without a fraction, and with a comma after each three digits.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Columns: numbers to the right, words to the left.
fn aligned(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(head).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
        let is_number = |cell: &str| cell.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        if rows.iter().all(|row| is_number(&row[column.index])) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt() + "\n"
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

    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "1,000"], ["bcd", "7"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&["x", "n"], &rows), "x        n\na    1,000\nbcd      7\n");
        assert_eq!(thousands(1234567.0), "1,234,567");
        assert_eq!(thousands(999.0), "999");
    }
}
