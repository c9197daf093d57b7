//! What `tshark`, the reader of Wireshark, makes of the same bytes.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;
use wire::frames;

/// Between several values of a field.
const AND: char = '\u{1f}';

const SERVER: u16 = 50_051;

pub fn is_there() -> bool {
    let mut tshark = Command::new("tshark");
    tshark.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    tshark.status().is_ok_and(|status| status.success())
}

fn bytes(object: &Value) -> Result<Vec<u8>> {
    let hex = object["bytes"].as_str().context("no bytes")?;
    let digits = hex.as_bytes().chunks(2);
    digits.map(|two| Ok(u8::from_str_radix(str::from_utf8(two)?, 16)?)).collect()
}

/// `all` as if somebody had caught it on the network: a packet of TCP each.
fn caught(all: &[&Value]) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    // The format of pcap: version 2.4, and packets that begin with IP.
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 0xffff, 101] {
        file.extend(word.to_le_bytes());
    }
    let mut sent = HashMap::<(u16, bool), u32>::new();
    let mut client = 40_000;
    for object in all {
        let bytes = bytes(object)?;
        let is_client = object["from"] == "client";
        // A connection of its own.
        client += u16::from(object["what"] == "preface");
        let [mine, other] =
            [is_client, !is_client].map(|end| sent.get(&(client, end)).copied().unwrap_or(1));
        sent.insert((client, is_client), mine + u32::try_from(bytes.len())?);
        let (from, to) = if is_client { (client, SERVER) } else { (SERVER, client) };
        let length = u16::try_from(40 + bytes.len())?;
        let mut packet = vec![0x45, 0];
        packet.extend(length.to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
        packet.extend(from.to_be_bytes());
        packet.extend(to.to_be_bytes());
        packet.extend(mine.to_be_bytes());
        packet.extend(other.to_be_bytes());
        packet.extend([0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
        packet.extend(bytes);
        for word in [0, 0, u32::from(length), u32::from(length)] {
            file.extend(word.to_le_bytes());
        }
        file.extend(packet);
    }
    Ok(file)
}

/// Both read the same: every frame, header and message of the pairs with these names that speak HTTP/2.
pub fn agrees(pairs: &[(String, Vec<Value>)]) -> Result<()> {
    let mut all = Vec::new();
    // It's told that what it reads is HTTP/2.
    let is_http_1 = |seen: &[Value]| seen.iter().any(|it| it["what"] == "head");
    for (name, seen) in pairs.iter().filter(|(_, seen)| !is_http_1(seen)) {
        // One after the other; and each begins with its client, though a server may speak first.
        let connections: BTreeSet<_> = seen.iter().map(|it| it["connection"].as_u64()).collect();
        for connection in connections {
            let of = |what: &'static str| {
                let is_it = move |it: &&Value| {
                    it["connection"].as_u64() == connection && it["what"] == what
                };
                seen.iter().filter(is_it)
            };
            ensure!(of("preface").count() == 1, "{name}: no HTTP/2");
            all.extend(of("preface").chain(of("frame")));
        }
    }
    let folder = TempDir::new()?;
    let file = folder.path().join("caught.pcap");
    fs::write(&file, caught(&all)?)?;
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(&file).args(["-d", &format!("tcp.port=={SERVER},http2"), "-T", "fields"]);
    tshark.args(["-E", &format!("aggregator={AND}"), "-E", "separator=/t"]);
    let fields = [
        "http2.type",
        "http2.streamid",
        "http2.length",
        "http2.flags",
        "http2.header.name",
        "http2.header.value",
        "grpc.message_length",
        "protobuf.field.number",
    ];
    fields.iter().for_each(|field| _ = tshark.args(["-e", field]));
    let output = tshark.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    ensure!(text.lines().count() == all.len(), "not a line for each of {} packets", all.len());
    let mut reset = BTreeSet::new();
    for (line, object) in text.lines().zip(all) {
        if object["what"] == "preface" {
            reset.clear();
            continue;
        }
        let theirs: Vec<Vec<&str>> = line
            .split('\t')
            .map(|values| values.split(AND).filter(|it| !it.is_empty()).collect())
            .collect();
        let [numbers @ .., names, values, lengths, parts] = &theirs[..] else { bail!("{line}") };
        let ours = numbers_of(object)?;
        ensure!(numbers.concat() == ours, "{numbers:?}, and here {ours:?}: {object}");
        let headers = |key: &str| texts(&object["headers"], key);
        ensure!(*names == headers("name") && *values == headers("value"), "{theirs:?}: {object}");
        if object["frame"] == "RST_STREAM" {
            reset.insert(object["stream"].as_u64());
        }
        // What was on its way when a client went away belongs to no call any more.
        if reset.contains(&object["stream"].as_u64()) {
            continue;
        }
        let messages = &object["messages"];
        ensure!(*lengths == texts(messages, "length"), "{theirs:?}: {object}");
        let read: Vec<_> = list(messages).filter_map(|it| it["value"].as_object()).collect();
        // A list takes as many fields as it has entries, or one.
        let has_list =
            read.iter().flat_map(|it| it.values()).any(|it| it.is_array() || it.is_object());
        if read.len() == list(messages).count() && !has_list {
            let fields: usize = read.iter().map(|it| it.len()).sum();
            ensure!(fields == parts.len(), "{theirs:?}: {object}");
        }
    }
    Ok(())
}

/// Its type, its stream, its length and its flags, as tshark writes them.
fn numbers_of(object: &Value) -> Result<Vec<String>> {
    let kind = (0..=u8::MAX).find(|kind| object["frame"] == frames::name(*kind));
    let flags = list(&object["flags"]).map(|name| match name.as_str() {
        Some("ACK" | "END_STREAM") => 0x1,
        Some("END_HEADERS") => 0x4,
        Some("PADDED") => 0x8,
        _ => 0x20,
    });
    Ok(vec![
        kind.context("no type")?.to_string(),
        object["stream"].to_string(),
        object["length"].to_string(),
        format!("{:#04x}", flags.sum::<u8>()),
    ])
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What each of `objects` has as `key`.
fn texts(objects: &Value, key: &str) -> Vec<String> {
    list(objects)
        .map(|it| it[key].as_str().map_or_else(|| it[key].to_string(), str::to_owned))
        .collect()
}
