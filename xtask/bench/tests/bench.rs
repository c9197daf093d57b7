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

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn all_is_measured_that_two_lessons_are_part_of() -> Result<()> {
    // The figures of a real run, in `target/bench.json`, stay.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["helloworld", "routeguide"])
        .env("CARGO_BUILD_BUILD_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/.."))
        .env("CARGO_TARGET_DIR", &target)
        .output()?;
    let table = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{table}{}", String::from_utf8_lossy(&output.stderr));
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

    let report: Value = serde_json::from_slice(&fs::read(target.join("bench.json"))?)?;
    let set = |rows: &[&str]| rows.iter().map(|&row| row.to_owned()).collect::<BTreeSet<_>>();
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
    let targets = report["targets"].as_array().into_iter().flatten();
    assert_eq!(
        targets
            .map(|target| target["what"].as_str().unwrap_or_default().to_owned())
            .collect::<BTreeSet<_>>(),
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
    ensure!(!target.join("bench").exists(), "it leaves its data behind");
    Ok(())
}
