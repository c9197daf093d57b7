use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

/// What a client of HTTP/2 sends first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The program, listening.
pub struct Wire {
    child: Child,
    /// Where it listens.
    pub addr: String,
    folder: TempDir,
}

impl Wire {
    /// Starts it before the server at `to`.
    pub fn start(to: &str, args: &[&str]) -> Result<Wire> {
        let folder = TempDir::new()?;
        let mut child = Command::new(env!("CARGO_BIN_EXE_wire"))
            .args(["--listen", "127.0.0.1:0", "--to", to])
            .args(args)
            .current_dir(root())
            .stdout(File::create(folder.path().join("stdout"))?)
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stderr.take().context("no standard error")?).read_line(&mut line)?;
        let addr = line.strip_prefix("Listening on ").and_then(|rest| rest.split(',').next());
        let addr = addr.with_context(|| line.clone())?.to_owned();
        Ok(Wire { child, addr, folder })
    }

    /// How many KiB of memory it has had at most. Only Linux says so.
    pub fn most_memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let size = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(size.context("no VmHWM")?.parse()?)
    }

    /// What it has printed so far.
    pub fn printed(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join("stdout"))?)
    }

    /// Ends it as Ctrl-C does, which is no failure. Returns what it has printed.
    pub fn stop(mut self) -> Result<String> {
        if cfg!(unix) {
            let kill =
                Command::new("kill").args(["-INT", &self.child.id().to_string()]).status()?;
            ensure!(kill.success(), "kill: {kill}");
            let ended = self.child.wait()?;
            ensure!(ended.success(), "after Ctrl-C: {ended}");
        }
        self.printed()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // It may have ended.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The proto of hello world.
pub const PROTO: &[&str] = &["--proto", "lessons/01-helloworld/proto/helloworld.proto"];

/// Sends `there` from a client, and when all of it has come, `back` from a server; then both say that
/// they send no more. All of it has come as it was sent. Returns what was printed.
pub fn through(args: &[&str], there: &[u8], back: &[u8]) -> Result<String> {
    let server = TcpListener::bind("127.0.0.1:0")?;
    let wire = Wire::start(&server.local_addr()?.to_string(), args)?;
    let (sent, answer) = (there.len(), back.to_vec());
    let serve = thread::spawn(move || -> Result<Vec<u8>> {
        let (mut stream, _) = server.accept()?;
        let mut got = vec![0; sent];
        stream.read_exact(&mut got)?;
        stream.write_all(&answer)?;
        stream.shutdown(Shutdown::Write)?;
        stream.read_to_end(&mut got)?;
        Ok(got)
    });
    let mut client = TcpStream::connect(&wire.addr)?;
    client.write_all(there)?;
    let mut got = vec![0; back.len()];
    client.read_exact(&mut got)?;
    client.shutdown(Shutdown::Write)?;
    client.read_to_end(&mut got)?;
    ensure!(got == back, "the client got other bytes than the server sent");
    let got = serve.join().map_err(|_| anyhow::anyhow!("the server panicked"))??;
    ensure!(got == there, "the server got other bytes than the client sent");
    wire.stop()
}

/// The objects of `--format json`.
pub fn objects(printed: &str) -> Result<Vec<Value>> {
    printed.lines().map(|line| serde_json::from_str(line).context(line.to_owned())).collect()
}

/// A frame of HTTP/2.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Headers as HPACK has them where nothing is compressed, and nothing kept.
pub fn headers(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0);
        for text in [name, value] {
            // Shorter than 127 bytes.
            block.push(text.len() as u8);
            block.extend(text.as_bytes());
        }
    }
    block
}

/// A message as gRPC puts it into DATA.
pub fn message(flag: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![flag];
    message.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    message.extend(body);
    message
}

/// What a client sends that calls `path` with `data`, with `more` headers.
pub fn call(path: &str, more: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    call_as("application/grpc", path, more, data)
}

/// Does the same with another content-type.
pub fn call_as(kind: &str, path: &str, more: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    let mut block = headers(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        ("content-type", kind),
    ]);
    block.extend(headers(more));
    let head = [PREFACE, &frame(4, 0, 0, &[]), &frame(1, 0x4, 1, &block)].concat();
    [head, frame(0, 0x1, 1, data)].concat()
}

/// What a server answers to it: `data`, and a status.
pub fn answer(more: &[(&str, &str)], data: &[u8], status: &str) -> Vec<u8> {
    let mut block = headers(&[(":status", "200"), ("content-type", "application/grpc")]);
    block.extend(headers(more));
    [
        frame(4, 0, 0, &[]),
        frame(1, 0x4, 1, &block),
        frame(0, 0, 1, data),
        frame(1, 0x5, 1, &headers(&[("grpc-status", status)])),
    ]
    .concat()
}
