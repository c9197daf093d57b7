//! Charts of what was measured: `cargo xtask bench` has written the figures.

use serde_json::Value;

use crate::pages::listing::Listings;
use crate::pictures::bars::{Bar, Group, WIDTH, bars, thousands};
use crate::pictures::svg::Picture;

/// The numbers of calls in flight.
const IN_FLIGHT: [u64; 3] = [1, 16, 256];

/// The servers of hello world: package, language, and what the charts call them.
const SERVERS: [(&str, &str, &str); 3] = [
    ("bare", "rust", "constant reply"),
    ("helloworld", "rust", "hello world"),
    ("helloworld", "python", "the same in Python"),
];

/// How many entries the data files have.
const SIZES: [(u64, &str); 3] = [(100, "100"), (10_000, "10 thousand"), (1_000_000, "a million")];

/// Draws what `mdbook/measured.json` says of `what`.
///
/// # Errors
///
/// If there is no such chart, or the file has not the figures for it.
pub fn draw(what: &str, listings: &Listings) -> Result<Picture, String> {
    let measured = Measured(listings.measured()?);
    match what {
        "unary" => measured.unary(),
        "cpu" => measured.cpu(),
        "lessons" => measured.lessons(),
        "connections" => measured.connections(),
        "streams" => measured.streams(),
        "size" => measured.size(),
        "database" => measured.database(),
        "slow-reader" => measured.slow_reader(),
        _ => Err(format!("there is no chart `{what}`: see mdbook/README.md")),
    }
}

/// The content of the file.
struct Measured(Value);

impl Measured {
    /// The first entry of the list `list` in which each of `keys` has its value.
    fn find(&self, list: &str, keys: &[(&str, Value)]) -> Result<&Value, String> {
        let mut entries = self.0[list].as_array().into_iter().flatten();
        let found = entries.find(|entry| keys.iter().all(|(key, value)| entry[key] == *value));
        let wanted =
            || keys.iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>();
        found.ok_or_else(|| missing(&format!("{list} with {}", wanted().join(", "))))
    }

    /// What a server did with so many calls in flight, on one connection; with `core_each`, with a
    /// core for itself.
    fn calls_of(
        &self,
        server: &str,
        language: &str,
        in_flight: u64,
        core_each: bool,
    ) -> Result<&Value, String> {
        let keys = [
            ("server", server.into()),
            ("language", language.into()),
            ("in_flight", in_flight.into()),
            ("connects", false.into()),
            ("core_each", core_each.into()),
        ];
        self.find("unary", &keys)
    }

    fn unary(&self) -> Result<Picture, String> {
        let mut groups = Vec::new();
        for in_flight in IN_FLIGHT {
            let mut bars = Vec::new();
            for (server, language, label) in SERVERS {
                let row = self.calls_of(server, language, in_flight, true)?;
                let calls = number(row, "calls_per_second")?;
                bars.push(Bar::new(label, calls, label == "hello world"));
            }
            groups.push(Group { title: format!("calls a second, {in_flight} in flight"), bars });
        }
        Ok(bars("unary", "Calls a second, by the number of calls in flight", &groups, true))
    }

    fn cpu(&self) -> Result<Picture, String> {
        let mut bars = Vec::new();
        for (server, language, label) in SERVERS {
            let row = self.calls_of(server, language, 16, true)?;
            bars.push(Bar::new(label, number(row, "server_cpu_us")?, label == "hello world"));
        }
        let title = "microseconds of processor time a call, 16 in flight".into();
        let groups = [Group { title, bars }];
        Ok(self::bars("cpu", "The processor time that a server needs for a call", &groups, true))
    }

    fn lessons(&self) -> Result<Picture, String> {
        let mut groups = Vec::new();
        for (language, title) in [("rust", "in Rust"), ("python", "in Python")] {
            let rows = self.0["unary"].as_array().into_iter().flatten().filter(|row| {
                row["in_flight"] == 16 && row["core_each"] == false && row["language"] == language
            });
            let bars: Result<Vec<Bar>, String> = rows
                .map(|row| {
                    let name = row["server"].as_str().unwrap_or_default();
                    Ok(Bar::new(name, number(row, "calls_per_second")?, language == "rust"))
                })
                .collect();
            groups.push(Group {
                title: format!("calls a second {title}, 16 in flight"),
                bars: bars?,
            });
        }
        Ok(bars("lessons", "Calls a second of each lesson, 16 in flight", &groups, true))
    }

    fn connections(&self) -> Result<Picture, String> {
        let keys = [("server", "helloworld".into()), ("connects", true.into())];
        let connecting = number(self.find("unary", &keys)?, "median_us")?;
        let sharing = number(self.calls_of("helloworld", "rust", 1, false)?, "median_us")?;
        let group = Group {
            title: "microseconds a call".into(),
            bars: vec![
                Bar::new("one connection", sharing, true),
                Bar::new("one for each call", connecting, false),
            ],
        };
        Ok(bars("connections", "The time of a call, one after the other", &[group], true))
    }

    fn streams(&self) -> Result<Picture, String> {
        let rate = |server: &str, method: &str| {
            let keys = [("server", server.into()), ("method", method.into())];
            number(self.find("streams", &keys)?, "messages_per_second")
        };
        let guide = |method: &str, is_ours| {
            Ok::<_, String>(Bar::new(method, rate("routeguide", method)?, is_ours))
        };
        let greeter =
            |method: &str| Ok::<_, String>(Bar::new(method, rate("streaming", method)?, true));
        let groups = [
            Group {
                title: "RouteGuide, messages a second".into(),
                bars: vec![
                    guide("GetFeature", false)?,
                    guide("ListFeatures", true)?,
                    guide("RecordRoute", true)?,
                ],
            },
            Group {
                title: "lesson 5, messages a second".into(),
                bars: vec![
                    greeter("SayHello_v1")?,
                    greeter("SayHello_v2")?,
                    greeter("SayHello_v3")?,
                ],
            },
        ];
        let title = "Messages a second: unary calls one after the other, and streams";
        Ok(bars("streams", title, &groups, true))
    }

    fn size(&self) -> Result<Picture, String> {
        let mut groups = Vec::new();
        for (server, method, title) in [
            ("routeguide", "GetFeature", "GetFeature, microseconds"),
            ("movie-json", "GetMovieByID", "GetMovieByID, microseconds"),
            ("routeguide", "ListFeatures", "ListFeatures with 100 hits, microseconds"),
            ("routeguide", "", "RouteGuide, milliseconds until it is ready"),
        ] {
            let mut bars = Vec::new();
            for (entries, label) in SIZES {
                let size =
                    self.find("sizes", &[("server", server.into()), ("entries", entries.into())])?;
                let value = if method.is_empty() {
                    number(size, "load_ms")?
                } else {
                    let mut methods = size["methods"].as_array().into_iter().flatten();
                    let found = methods.find(|entry| entry["method"] == method);
                    number(found.ok_or_else(|| missing(method))?, "median_us")?
                };
                bars.push(Bar::new(label, value, true));
            }
            groups.push(Group { title: title.into(), bars });
        }
        // Each has its own unit, and its own scale.
        Ok(bars(
            "size",
            "The time of a call, and of the start, by the number of entries",
            &groups,
            false,
        ))
    }

    fn database(&self) -> Result<Picture, String> {
        let figure = |server: &str, method: &str, in_flight: u64, figure: &str| {
            let keys = [
                ("server", server.into()),
                ("method", method.into()),
                ("in_flight", in_flight.into()),
            ];
            number(self.find("database", &keys)?, figure)
        };
        let read = |server: &str, label: &str, is_ours| {
            Ok::<_, String>(Bar::new(label, figure(server, "GetTeam", 1, "median_us")?, is_ours))
        };
        let wait = figure("disk alone", "fsync", 1, "median_us")?;
        let write = figure("new file", "AddTeam", 1, "median_us")?;
        let writes = |in_flight| figure("new file", "AddTeam", in_flight, "calls_per_second");
        let groups = [
            Group {
                title: "GetTeam, microseconds".into(),
                bars: vec![
                    read("array", "lesson 3, an array", false)?,
                    read("100 rows", "100 rows", true)?,
                    read("a million rows", "a million rows", true)?,
                ],
            },
            Group {
                title: "a write, microseconds".into(),
                bars: vec![
                    Bar::new("the disk alone", wait, false),
                    Bar::new("AddTeam", write, true),
                ],
            },
            Group {
                title: "AddTeam, calls a second".into(),
                bars: vec![
                    Bar::new("1 in flight", writes(1)?, true),
                    Bar::new("16 in flight", writes(16)?, true),
                ],
            },
        ];
        Ok(bars("database", "What it costs to read and write rows", &groups, false))
    }

    fn slow_reader(&self) -> Result<Picture, String> {
        const HEIGHT: i32 = 180;
        const LEFT: i32 = 44;
        const TOP: i32 = 12;
        const MIB: f64 = 1024.0 * 1024.0;
        /// What it may need: the target of the measurement.
        const BOUND: f64 = 8.0;
        let slow = &self.0["slow_reader"];
        let growth = number(slow, "growth_bytes")? / MIB;
        let all = number(slow, "stream_bytes")? / MIB;
        let taken = number(slow, "taken")?;
        let samples = slow["samples"].as_array().ok_or_else(|| missing("slow_reader.samples"))?;
        let mut points = Vec::new();
        for sample in samples {
            points.push((number(sample, "seconds")?, number(sample, "growth_bytes")? / MIB));
        }
        let end = points.last().map_or(1.0, |point| point.0);
        let top = growth.max(BOUND) * 1.1;
        let title = "The memory of a server, in MiB more than before, while a client reads slowly";
        let mut picture = Picture::new("cost slow-reader", title, WIDTH);
        picture.height = HEIGHT + 24;
        let x = |seconds: f64| LEFT + (f64::from(WIDTH - LEFT - 16) * seconds / end) as i32;
        let y = |mib: f64| HEIGHT - (f64::from(HEIGHT - TOP) * mib.max(0.0) / top) as i32;
        picture.line((LEFT, y(0.0)), (x(end), y(0.0)), "line");
        picture.line((LEFT, y(BOUND)), (x(end), y(BOUND)), "way");
        let path: Vec<String> =
            points.iter().map(|&(seconds, mib)| format!("{} {}", x(seconds), y(mib))).collect();
        picture.add(format_args!(
            r#"<path d="M{}" class="grows" style="fill: none"/>"#,
            path.join(" L")
        ));
        for mib in [0.0, BOUND] {
            picture.text(LEFT - 8, y(mib) + 5, "end", "label", &format!("{mib:.0}"));
        }
        picture.text(LEFT, y(BOUND) - 6, "start", "label", "MiB");
        picture.text(LEFT, HEIGHT + 18, "middle", "label", "0");
        picture.text(x(end), HEIGHT + 18, "end", "label", &format!("{end:.0} seconds"));
        picture.description = format!(
            "In {end:.0} seconds the client takes {} places. The server needs {growth:.1} MiB more at \
             the most; all places together would be {all:.0} MiB.",
            thousands(taken)
        );
        Ok(picture)
    }
}

fn number(value: &Value, key: &str) -> Result<f64, String> {
    value[key].as_f64().ok_or_else(|| missing(key))
}

fn missing(what: &str) -> String {
    format!(
        "mdbook/measured.json has no {what}: copy target/bench.json there after `cargo xtask bench --python`"
    )
}

#[cfg(test)]
mod tests;
