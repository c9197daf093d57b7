//! What was measured, as JSON and as a table.

use std::fs;
use std::path::Path;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use crate::machine::Machine;
use crate::sizes::Size;
use crate::slow_reader::SlowReader;
use crate::streams::Stream;
use crate::targets::{Bound, Target};
use crate::tls::Handshake;
use crate::turns::Unary;
use crate::verify::Verify;

/// All that was measured in one run.
#[derive(Serialize)]
pub struct Report {
    pub machine: Machine,
    pub unary: Vec<Unary>,
    /// Of lesson 7's service.
    pub tls: Vec<Unary>,
    pub handshakes: Vec<Handshake>,
    /// Of lesson 8's.
    pub fleet: Vec<Unary>,
    /// Of lesson 9's, and of lesson 3's beside it.
    pub database: Vec<Unary>,
    pub streams: Vec<Stream>,
    pub sizes: Vec<Size>,
    pub slow_reader: Option<SlowReader>,
    /// Of lesson 9's list.
    pub slow_list: Option<SlowReader>,
    pub verify: Vec<Verify>,
    pub targets: Vec<Target>,
}

impl Report {
    /// Writes it to a file, as JSON.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        Ok(fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
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
        section(
            "Lesson 7, in the clear and over TLS, all on the same cores; times in microseconds",
            &head,
            self.tls.iter().map(small_calls).collect(),
        );
        let handshakes = self.handshakes.iter();
        let handshakes =
            handshakes.map(|row| vec![row.server.to_owned(), thousands(row.median_us)]);
        section(
            "A handshake of TLS 1.3: the first answer on a connection, later than in the clear",
            &["server", "microseconds"],
            handshakes.collect(),
        );
        section(
            "Lesson 8, by the number of servers, all on the same cores; times in microseconds",
            &head,
            self.fleet.iter().map(small_calls).collect(),
        );
        section(
            "Lesson 9, reading and writing rows, beside lesson 3's array; times in microseconds",
            &head,
            self.database.iter().map(small_calls).collect(),
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
        let slow = self.slow_reader.iter().chain(&self.slow_list).map(|slow| {
            vec![
                slow.server.to_owned(),
                thousands(slow.entries as f64),
                thousands(slow.taken as f64),
                format!("{:.1}", mib(slow.stream_bytes)),
                format!("{:.1}", mib(slow.before_bytes)),
                format!("{:.1}", mib(slow.growth_bytes)),
            ]
        });
        section(
            "A slow reader, a message in ten milliseconds; MiB",
            &["server", "entries", "taken", "all of them", "server before", "more while it lasts"],
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

pub fn mib(bytes: impl TryInto<u64>) -> f64 {
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
    fn columns_are_aligned() {
        let rows = [["a", "1,000"], ["bcd", "7"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&["x", "n"], &rows), "x        n\na    1,000\nbcd      7\n");
        assert_eq!(thousands(1234567.0), "1,234,567");
        assert_eq!(thousands(999.0), "999");
    }
}
