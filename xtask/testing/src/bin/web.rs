//! Asks a server what a browser would, and prints what it does, a line each. `cargo xtask check`
//! compiles it when a lesson has a page.
//!
//! Its arguments are the path of a method, the origin that the server was told, if it was told one,
//! and the address.

use std::env;
use std::io::{self, Read, Write};
use std::net::TcpStream;

use anyhow::bail;

/// An origin that no server is told.
const ANOTHER: &str = "http://localhost:8001";

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [path, origin @ .., addr] = &args[..] else { bail!("give a path and an address") };
    let answers = |line: &str, head: &str| ask(addr, line, head).unwrap_or_default();
    let call = |head: &str| {
        let head = format!("content-type: application/grpc-web+proto\r\n{head}");
        answers(&format!("POST {path}"), &head)
    };
    let is_ok = |answer: &str| answer.starts_with("http/1.1 200");
    // Whether the values of a header have `value` among them, or say that any will do.
    let has = |answer: &str, header: &str, value: &str| {
        let header = format!("access-control-{header}:");
        let lines = answer.lines().filter_map(|line| line.strip_prefix(&header));
        lines.flat_map(|values| values.split(',')).any(|it| [value, "*"].contains(&it.trim()))
    };
    let preflight = |origin: &str| {
        let headers = "access-control-request-headers: content-type,grpc-timeout";
        let head =
            format!("origin: {origin}\r\naccess-control-request-method: POST\r\n{headers}\r\n");
        answers(&format!("OPTIONS {path}"), &head)
    };
    let [origin] = origin else {
        let page = answers("GET /", "");
        let is_page = is_ok(&page) && page.contains("\r\ncontent-type:text/html");
        say(is_page, "answer `GET /` with a page in HTTP/1.1");
        let answer = call("");
        say(is_ok(&answer) && answer.contains("grpc-status:0"), "answer a call in gRPC-Web");
        let (head, _) = page.split_once("\r\n\r\n").unwrap_or_default();
        let has_policy = head.contains("\r\ncontent-security-policy:");
        say(has_policy, "send `content-security-policy` with its page");
        let is_open = has(&preflight(ANOTHER), "allow-origin", ANOTHER);
        say(is_open, &format!("lets in a page from {ANOTHER}, started with `ADDR` alone"));
        return Ok(());
    };
    let answer = preflight(origin);
    let may_send =
        ["content-type", "grpc-timeout"].iter().all(|it| has(&answer, "allow-headers", it));
    // A browser takes no other answer for a yes.
    let is_allowed =
        answer.starts_with("http/1.1 2") && has(&answer, "allow-origin", origin) && may_send;
    say(is_allowed, &format!("let a page from {origin} call it, started with `ADDR {origin}`"));
    let answer = call(&format!("origin: {origin}\r\n"));
    let may_read =
        has(&answer, "allow-origin", origin) && has(&answer, "expose-headers", "grpc-status");
    say(
        may_read,
        &format!("let a page from {origin} read `grpc-status`, started with `ADDR {origin}`"),
    );
    let is_kept_out = is_allowed && !has(&preflight(ANOTHER), "allow-origin", ANOTHER);
    say(is_kept_out, &format!("keep out a page from {ANOTHER}, started with `ADDR {origin}`"));
    Ok(())
}

/// Prints `what`, if the server does it.
fn say(does: bool, what: &str) {
    if does {
        println!("{what}");
    }
}

/// What `addr` answers to a request with this first line and `head`, and to an empty message if it is
/// a call: in small letters, and without a space behind a colon.
fn ask(addr: &str, line: &str, head: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(addr)?;
    let body = if line.starts_with("POST") { "\0\0\0\0\0" } else { "" };
    let length = body.len();
    let fixed = format!("host: {addr}\r\nconnection: close\r\ncontent-length: {length}\r\n");
    stream.write_all(format!("{line} HTTP/1.1\r\n{fixed}{head}\r\n{body}").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).to_lowercase().replace(": ", ":"))
}
