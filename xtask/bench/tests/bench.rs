//! A run of `bench`, in the profile of the tests: it measures all that it says. How fast that is, no
//! test says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::Value;

/// Each row of a part of the report: what its columns `keys` say, and whether `figure` is more than
/// zero.
fn rows(part: &Value, keys: &[&str], figure: &str) -> BTreeSet<String> {
    let rows = part.as_array().into_iter().flatten();
    rows.map(|row| {
        let words: Vec<String> =
            keys.iter().map(|key| row[key].to_string().trim_matches('"').to_owned()).collect();
        let is_measured = row[figure].as_f64().is_some_and(|figure| figure > 0.0);
        format!("{}{}", words.join(" "), if is_measured { "" } else { ": nothing" })
    })
    .collect()
}

/// Measures `lessons`. Returns the table, and the report.
fn measured(lessons: &[&str]) -> Result<(String, Value)> {
    // The figures of a real run, in `target/bench.json`, stay.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(lessons.join("-"));
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(lessons)
        .env("CARGO_BUILD_BUILD_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/.."))
        .env("CARGO_TARGET_DIR", &target)
        .env("CERTIFICATES", target.join("certificates"))
        .output()?;
    let table = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{table}{}", String::from_utf8_lossy(&output.stderr));
    ensure!(!target.join("bench").exists(), "it leaves its data behind");
    Ok((table, serde_json::from_slice(&fs::read(target.join("bench.json"))?)?))
}

/// What the targets of `report` are about.
fn targets(report: &Value) -> BTreeSet<String> {
    let targets = report["targets"].as_array().into_iter().flatten();
    targets.map(|target| target["what"].as_str().unwrap_or_default().to_owned()).collect()
}

fn set(rows: &[&str]) -> BTreeSet<String> {
    rows.iter().map(|&row| row.to_owned()).collect()
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn all_is_measured_that_two_lessons_are_part_of() -> Result<()> {
    let (table, report) = measured(&["helloworld", "routeguide"])?;
    for title in [
        "\nSmall calls on one connection",
        "\nStreams, one at a time\n",
        "\nFrom the start until ready\n",
        "\nCalls at each size",
        "\nA slow reader",
        "\nTargets\n",
        "\nThe same as JSON, with more in it: ",
    ] {
        ensure!(table.contains(title), "no {title:?} in {table}");
    }

    let calls = ["server", "method", "in_flight", "connects"];
    assert_eq!(
        rows(&report["unary"], &calls, "calls_per_second"),
        set(&[
            "bare SayHello 1 false",
            "bare SayHello 16 false",
            "bare SayHello 256 false",
            "helloworld SayHello 1 false",
            "helloworld SayHello 1 true",
            "helloworld SayHello 16 false",
            "helloworld SayHello 256 false",
            "routeguide GetFeature 1 false",
            "routeguide GetFeature 16 false",
            "routeguide GetFeature 256 false",
        ])
    );
    assert_eq!(
        rows(&report["streams"], &["method"], "messages_per_second"),
        set(&["GetFeature", "ListFeatures", "RecordRoute"])
    );
    let sizes = report["sizes"].as_array().into_iter().flatten();
    for (size, entries) in sizes.clone().zip([100, 10_000, 1_000_000]) {
        assert_eq!(size["entries"], entries);
        ensure!(size["load_ms"].as_f64() > Some(0.0), "{size}");
        assert_eq!(
            rows(&size["methods"], &["method"], "calls_per_second"),
            set(&["GetFeature", "ListFeatures"])
        );
    }
    assert_eq!(sizes.count(), 3);
    ensure!(report["slow_reader"]["taken"].as_u64() > Some(0), "{}", report["slow_reader"]);
    assert_eq!(
        targets(&report),
        set(&[
            "hello world / bare handler, 1 in flight",
            "hello world / bare handler, 16 in flight",
            "hello world / bare handler, 256 in flight",
            "GetFeature, its time on 10^6 / on 10^2",
            "ListFeatures, its time on 10^6 / on 10^2",
            "routeguide, MB of JSON a second, 10^6",
            "MiB that a slow reader adds",
        ])
    );
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn what_tls_costs_is_measured_and_what_several_servers_do() -> Result<()> {
    let (table, report) = measured(&["secure", "fleet"])?;
    for title in ["\nLesson 7, ", "\nA handshake of TLS 1.3", "\nLesson 8, "] {
        ensure!(table.contains(title), "no {title:?} in {table}");
    }

    let calls = ["server", "method", "in_flight", "connects"];
    assert_eq!(
        rows(&report["tls"], &calls, "calls_per_second"),
        set(&[
            "clear getProduct 1 false",
            "clear getProduct 1 true",
            "clear getProduct 16 false",
            "clear getProduct 256 false",
            "tls getProduct 1 false",
            "tls getProduct 1 true",
            "tls getProduct 16 false",
            "tls getProduct 256 false",
            "mutual tls getProduct 1 false",
            "mutual tls getProduct 1 true",
            "mutual tls getProduct 16 false",
            "mutual tls getProduct 256 false",
        ])
    );
    assert_eq!(report["handshakes"][0]["server"], "tls");
    assert_eq!(report["handshakes"][1]["server"], "mutual tls");
    assert_eq!(
        rows(&report["fleet"], &calls, "calls_per_second"),
        set(&[
            "1 server GetTeam 1 false",
            "1 server GetTeam 16 false",
            "3 servers GetTeam 1 false",
            "3 servers GetTeam 16 false",
            "3 servers, with retries GetTeam 1 false",
            "3 servers, with retries GetTeam 16 false",
        ])
    );
    assert_eq!(
        targets(&report),
        set(&[
            "lesson 7 over TLS / in the clear, 1 in flight",
            "lesson 7 over TLS / in the clear, 16 in flight",
            "lesson 7 over TLS / in the clear, 256 in flight",
            "lesson 8 with retries / without, 1 in flight",
            "lesson 8 with retries / without, 16 in flight",
        ])
    );
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn what_a_database_costs_is_measured() -> Result<()> {
    let ours =
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../lessons/09-database/teams.db"));
    let before = fs::metadata(ours).and_then(|file| file.modified()).ok();
    let (table, report) = measured(&["database"])?;
    for title in ["\nLesson 9, ", "\nA slow reader"] {
        ensure!(table.contains(title), "no {title:?} in {table}");
    }
    assert_eq!(
        rows(&report["database"], &["server", "method", "in_flight"], "calls_per_second"),
        set(&[
            "array GetTeam 1",
            "array GetTeam 16",
            "100 rows GetTeam 1",
            "100 rows GetTeam 16",
            "a million rows GetTeam 1",
            "a million rows GetTeam 16",
            "disk alone fsync 1",
            "new file AddTeam 1",
            "new file AddTeam 16",
        ])
    );
    assert_eq!(
        rows(&report["unary"], &["server", "method", "in_flight"], "calls_per_second"),
        set(&["database GetTeam 1", "database GetTeam 16", "database GetTeam 256"])
    );
    let slow = &report["slow_list"];
    assert_eq!(slow["entries"], 1_000_000);
    // At least a page.
    ensure!(slow["taken"].as_u64() >= Some(1_000), "{slow}");
    assert_eq!(
        targets(&report),
        set(&[
            "GetTeam, its time on 10^6 rows / on 10^2",
            "MiB that a slow reader of lesson 9 adds",
        ])
    );
    let after = fs::metadata(ours).and_then(|file| file.modified()).ok();
    assert_eq!(before, after, "the learner's own file is left alone");
    Ok(())
}
