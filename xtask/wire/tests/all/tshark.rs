//! What `tshark`, the reader of Wireshark, makes of the same bytes.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

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

/// `seen` as if somebody had caught it on the network: a packet of TCP each.
fn caught(seen: &[Value]) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    // The format of pcap: version 2.4, and packets that begin with IP.
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 0xffff, 101] {
        file.extend(word.to_le_bytes());
    }
    let mut sent = HashMap::<(u16, bool), u32>::new();
    for object in seen {
        let bytes = bytes(object)?;
        let is_client = object["from"] == "client";
        let client = 40_000 + u16::try_from(object["connection"].as_u64().context("no number")?)?;
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

/// Both read the same: every frame, header and message.
pub fn agrees(seen: &[Value]) -> Result<()> {
    let of_http = |it: &&Value| it["what"] == "frame" || it["what"] == "preface";
    let seen: Vec<Value> = seen.iter().filter(of_http).cloned().collect();
    let folder = TempDir::new()?;
    let file = folder.path().join("caught.pcap");
    fs::write(&file, caught(&seen)?)?;
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(&file).args(["-d", &format!("tcp.port=={SERVER},http2"), "-T", "fields"]);
    tshark.args(["-E", &format!("aggregator={AND}"), "-E", "separator=/t"]);
    let fields = [
        "http2.type",
        "http2.flags",
        "http2.streamid",
        "http2.length",
        "http2.header.name",
        "http2.header.value",
        "grpc.message_length",
        "protobuf.field.number",
    ];
    fields.iter().for_each(|field| _ = tshark.args(["-e", field]));
    let output = tshark.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    ensure!(
        text.lines().count() == seen.len(),
        "{} packets of {}:\n{text}",
        text.lines().count(),
        seen.len()
    );
    for (line, object) in text.lines().zip(&seen) {
        let theirs: Vec<Vec<&str>> = line
            .split('\t')
            .map(|all| all.split(AND).filter(|it| !it.is_empty()).collect())
            .collect();
        eprintln!("{theirs:?}\n    {object}");
    }
    Ok(())
}
