//! The pictures of calls in the book show what crosses today.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xtask::workspace::Workspace;

use crate::lessons::look;

/// A kind of call; the lesson, the client and the method that show it.
const KINDS: [(&str, &str, &str, &str); 4] = [
    ("unary", "helloworld", "server + client", "SayHello"),
    ("server-streaming", "routeguide", "server + client", "ListFeatures"),
    ("client-streaming", "routeguide", "server + client", "RecordRoute"),
    ("bidirectional", "streaming", "server + turns_client", "SayHello_v3"),
];

/// A frame as a picture has it: `→ DATA: HelloRequest`. None for one that is no part of a call.
fn shown(object: &Value) -> Option<String> {
    let what = match object["frame"].as_str()? {
        "HEADERS" => {
            let header = |name: &str| {
                let mut headers = object["headers"].as_array()?.iter();
                headers.find(|header| header["name"] == name)?["value"].as_str()
            };
            match (header(":status"), header("grpc-status")) {
                (_, Some(code)) => format!("HEADERS: grpc-status {code}"),
                (Some(code), None) => format!("HEADERS: {code}"),
                (None, None) => "HEADERS: the path".to_owned(),
            }
        }
        "DATA" => match object["messages"].as_array().map(Vec::as_slice) {
            None => "DATA: empty".to_owned(),
            Some([one]) => format!("DATA: {}", name(one)?),
            Some([one, ..]) => format!("DATA: {0}, {0}, …", name(one)?),
            Some([]) => return None,
        },
        _ => return None,
    };
    let arrow = if object["from"] == "client" { '→' } else { '←' };
    let is_end = object["flags"].as_array()?.iter().any(|flag| flag == "END_STREAM");
    Some(format!("{arrow} {what}{}", if is_end { ", end" } else { "" }))
}

/// The name of the type of a message, without its package.
fn name(message: &Value) -> Option<&str> {
    message["type"].as_str()?.rsplit('.').next()
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn pictures_show_what_crosses() -> Result<()> {
    let workspace = Workspace::load().await?;
    let path = workspace.root.join("mdbook/captured.txt");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut today = Vec::new();
    for (kind, lesson, pair, method) in KINDS {
        let lesson = workspace.the(lesson)?;
        let pair = lesson.pairs.iter().find(|it| it.name == pair).context(pair)?;
        let programs = workspace.build(&[lesson], true).await?;
        let seen = look(&workspace, pair, &programs).await?;
        let is_it = |it: &&Value| {
            it["method"].as_str().is_some_and(|path| path.ends_with(&format!("/{method}")))
        };
        let call = &seen.iter().find(is_it).with_context(|| method.to_owned())?["call"];
        let frames: Vec<_> =
            seen.iter().filter(|it| it["call"] == *call).filter_map(shown).collect();
        today.push(format!("{kind}\n{}\n", frames.join("\n")));
    }
    let today = today.join("\n");
    // Where both directions are independent, which frame is seen first may differ.
    let of = |arrow: char, text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with(arrow)).map(str::to_owned).collect()
    };
    let is_same = ['→', '←'].iter().all(|arrow| of(*arrow, &text) == of(*arrow, &today));
    ensure!(is_same, "mdbook/captured.txt has something else than\n\n{today}");
    Ok(())
}
