//! Charts, from figures that are made up.

use super::*;
use crate::pictures::bars::{LEFT, RIGHT};
use serde_json::json;

#[test]
fn a_chart_says_its_figures_in_words() {
    let row = |server: &str, language: &str, in_flight: u64, calls: u64| {
        json!({
            "server": server, "language": language, "in_flight": in_flight,
            "connects": false, "core_each": true, "calls_per_second": calls,
        })
    };
    let mut rows = Vec::new();
    for in_flight in IN_FLIGHT {
        rows.push(row("bare", "rust", in_flight, 12_345));
        rows.push(row("helloworld", "rust", in_flight, 12_000));
        rows.push(row("helloworld", "python", in_flight, 678));
    }
    let svg = Measured(json!({ "unary": rows })).unary().unwrap().end();
    let words = svg.split("<desc").nth(1).unwrap().split("</desc>").next().unwrap();
    let expected = "calls a second, 16 in flight: constant reply 12,345, hello world 12,000, the \
                    same in Python 678. ";
    assert!(words.contains(expected), "{words}");
    assert!(svg.contains(">12,345</text>"), "{svg}");
}

#[test]
fn the_longest_bar_fills_the_width_and_the_others_are_in_proportion() {
    let group = Group {
        title: String::new(),
        bars: vec![Bar::new("a", 200.0, true), Bar::new("b", 50.0, false)],
    };
    let svg = bars("x", "", &[group], true).end();
    for width in [RIGHT - LEFT, ((RIGHT - LEFT) as f64 / 4.0).round() as i32] {
        assert!(svg.contains(&format!(r#"width="{width}" height="18""#)), "{width}: {svg}");
    }
}

#[test]
fn a_figure_that_was_not_measured_is_named() {
    let problem = |json| Measured(json).unary().map(Picture::end).unwrap_err();
    let none = problem(json!({}));
    assert!(none.contains(r#"has no unary with server "bare", language "rust""#), "{none}");
    let slow = Measured(json!({ "slow_reader": null })).slow_reader().map(Picture::end);
    assert!(slow.unwrap_err().contains("has no growth_bytes"));
}
