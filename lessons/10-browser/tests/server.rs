//! What the server answers: to programs in gRPC, and to browsers in gRPC-Web, here written by hand.
//! What every server has to survive is in `xtask/methods/tests`, and what the page shows in
//! `xtask/page/tests`.

use std::future::pending;
use std::net::SocketAddr;

use anyhow::Context;
use async_stream::stream;
use browser::pb::greeter_client::GreeterClient;
use browser::pb::greeter_server::{Greeter, GreeterServer};
use browser::pb::{HelloReply, HelloRequest};
use browser::{origin, server};
use testing::net::{connect, listen};
use testing::server::Server;
use testing::{STUCK, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::codegen::BoxStream;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

/// A server of the lesson's that is still there when the test ends. Pages of `allowed` may call it,
/// too.
async fn serve(allowed: Option<&str>) -> anyhow::Result<SocketAddr> {
    let (incoming, _) = listen().await?;
    let addr = incoming.local_addr()?;
    let mut routes = server::routes();
    if let Some(allowed) = allowed {
        routes = origin::allow(allowed, routes)?;
    }
    tokio::spawn(server::run(incoming, routes, pending()));
    Ok(addr)
}

/// What `addr` answers to a request with this first line, `head` and `body`: its head in small
/// letters, and its body.
async fn ask(
    addr: SocketAddr,
    line: &str,
    head: &str,
    body: &[u8],
) -> anyhow::Result<(String, Vec<u8>)> {
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n\
         content-length: {length}\r\n{head}\r\n"
    );
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    let mut answer = Vec::new();
    timeout(STUCK, stream.read_to_end(&mut answer)).await??;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").context("no head")?;
    let head = String::from_utf8(answer[..end + 2].to_vec())?.to_lowercase();
    let body = &answer[end + 4..];
    let is_chunked = head.contains("transfer-encoding: chunked\r\n");
    Ok((head, if is_chunked { joined(body)? } else { body.to_vec() }))
}

/// The chunks of a body in HTTP/1.1, joined.
fn joined(mut body: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|bytes| bytes == b"\r\n").context("no chunk")?;
        let length = usize::from_str_radix(str::from_utf8(&body[..end])?, 16)?;
        if length == 0 {
            return Ok(whole);
        }
        let begin = end + 2;
        whole.extend(&body[begin..begin + length]);
        body = &body[begin + length + 2..];
    }
}

/// Calls a method of the Greeter at `addr` in gRPC-Web.
async fn call(addr: SocketAddr, method: &str, body: &[u8]) -> anyhow::Result<(String, Vec<u8>)> {
    let line = format!("POST /helloworld.Greeter/{method}");
    ask(addr, &line, "content-type: application/grpc-web+proto\r\n", body).await
}

const TRAILERS: &[u8] = b"\x80\0\0\0\x0fgrpc-status:0\r\n";

#[tokio::test]
async fn greets_programs() -> anyhow::Result<()> {
    let mut stub = GreeterClient::new(connect(serve(None).await?)?);
    let request = HelloRequest { name: "you".into(), pause_ms: 1 };
    let reply = stub.say_hello(request.clone()).await?.into_inner();
    assert_eq!(reply.message, "Hello, you!");
    let mut replies = stub.say_hello_v1(request).await?.into_inner();
    for i in 0..5 {
        let reply = replies.message().await?.context("fewer than five")?;
        assert_eq!(reply.message, format!("Hello, you! - {i}"));
    }
    assert_eq!(replies.message().await?, None);
    Ok(())
}

#[tokio::test]
async fn refuses_a_pause_that_is_too_long() -> anyhow::Result<()> {
    let mut stub = GreeterClient::new(connect(serve(None).await?)?);
    for (pause_ms, code) in
        [(1000, None), (1001, Some(Code::InvalidArgument)), (u32::MAX, Some(Code::InvalidArgument))]
    {
        let request = HelloRequest { name: "you".into(), pause_ms };
        let refused = stub.say_hello_v1(request).await.err();
        assert_eq!(refused.map(|status| status.code()), code, "{pause_ms}");
    }
    Ok(())
}

#[tokio::test]
async fn greets_in_grpc_web() -> anyhow::Result<()> {
    let addr = serve(None).await?;
    let (head, body) = call(addr, "SayHello", b"\0\0\0\0\x05\x0a\x03you").await?;
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    assert!(head.contains("content-type: application/grpc-web+proto\r\n"), "{head}");
    assert_eq!(body, [b"\0\0\0\0\x0d\x0a\x0bHello, you!", TRAILERS].concat());

    let (_, body) = call(addr, "SayHello_v1", b"\0\0\0\0\x07\x0a\x03you\x10\x01").await?;
    let replies =
        (0..5).flat_map(|i| format!("\0\0\0\0\x11\x0a\x0fHello, you! - {i}").into_bytes());
    assert_eq!(body, [&replies.collect::<Vec<_>>(), TRAILERS].concat());
    Ok(())
}

#[tokio::test]
async fn says_in_the_headers_why_a_call_fails_at_once() -> anyhow::Result<()> {
    let addr = serve(None).await?;
    for (method, body, status) in [
        ("SayHello", &b"\0\0\0\0\x02\xff\xff"[..], "13"),
        ("SayHello", b"\0\0\0\0\x05\x0a", "13"),
        ("SayHello", b"", "13"),
        ("SayHello_v1", b"\0\0\0\0\x03\x10\xe9\x07", "3"),
        ("SayHello_v2", b"\0\0\0\0\0", "12"),
    ] {
        let (head, _) = call(addr, method, body).await?;
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{method}: {head}");
        assert!(head.contains(&format!("\r\ngrpc-status: {status}\r\n")), "{method}: {head}");
    }
    Ok(())
}

#[tokio::test]
async fn hands_out_the_page_and_what_it_may_do() -> anyhow::Result<()> {
    let addr = serve(None).await?;
    for (path, kind, begin) in [
        ("/", "text/html", "<!doctype html>"),
        ("/greeter.js", "text/javascript", "//"),
        ("/style.css", "text/css", "/*"),
    ] {
        let (head, body) = ask(addr, &format!("GET {path}"), "", b"").await?;
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{path}: {head}");
        assert!(head.contains(&format!("\r\ncontent-type: {kind}; charset=utf-8\r\n")), "{head}");
        assert!(head.contains("\r\ncontent-security-policy: default-src 'none'; "), "{head}");
        assert!(!head.contains("unsafe-inline"), "{head}");
        assert!(String::from_utf8(body)?.starts_with(begin), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn refuses_what_a_page_may_send_without_being_asked() -> anyhow::Result<()> {
    // Of another origin, too: a browser asks nobody before it sends one of these types.
    let addr = serve(None).await?;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let head = format!("origin: http://example.com\r\ncontent-type: {kind}\r\n");
        let call = "POST /helloworld.Greeter/SayHello";
        let (head, body) = ask(addr, call, &head, b"\0\0\0\0\x05\x0a\x03you").await?;
        assert!(head.starts_with("http/1.1 400 "), "{kind}: {head}");
        assert_eq!(body, b"");
    }
    Ok(())
}

#[tokio::test]
async fn tells_a_browser_which_origin_may_call() -> anyhow::Result<()> {
    const PAGE: &str = "http://localhost:8000";
    for (allowed, expected) in [
        (None, None),
        (Some(PAGE), Some(PAGE)),
        // The browser compares it with the origin of its page.
        (Some("https://example.com"), Some("https://example.com")),
    ] {
        let addr = serve(allowed).await?;
        let asks = format!(
            "origin: {PAGE}\r\naccess-control-request-method: POST\r\n\
             access-control-request-headers: content-type,grpc-timeout,x-grpc-web,x-user-agent\r\n"
        );
        let (preflight, _) = ask(addr, "OPTIONS /helloworld.Greeter/SayHello", &asks, b"").await?;
        let sends = format!("origin: {PAGE}\r\ncontent-type: application/grpc-web+proto\r\n");
        let line = "POST /helloworld.Greeter/SayHello_v2";
        let (answer, _) = ask(addr, line, &sends, b"\0\0\0\0\0").await?;
        for head in [&preflight, &answer] {
            let mut lines = head.lines();
            let origin = lines.find_map(|line| line.strip_prefix("access-control-allow-origin: "));
            assert_eq!(origin, expected, "{head}");
        }
        if expected.is_some() {
            let may_send = "access-control-allow-headers: content-type,grpc-timeout,x-grpc-web,";
            assert!(preflight.starts_with("http/1.1 200 ok\r\n"), "{preflight}");
            assert!(preflight.contains("access-control-allow-methods: post\r\n"), "{preflight}");
            assert!(preflight.contains(may_send), "{preflight}");
            let may_read = "access-control-expose-headers: grpc-status,grpc-message\r\n";
            assert!(answer.contains(may_read), "{answer}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn takes_nothing_for_an_origin_that_no_browser_says() -> anyhow::Result<()> {
    for good in ["http://localhost:8000", "https://example.com", "http://[::1]:8000"] {
        origin::allow(good, server::routes())?;
    }
    for bad in [
        "",
        "*",
        "null",
        "localhost:8000",
        "http://localhost:8000/",
        "http://localhost:80",
        "https://example.com:443",
        "http://a/b",
        "HTTP://a",
        "http://A",
    ] {
        let refused = origin::allow(bad, server::routes()).err().context(bad)?;
        assert_eq!(
            refused.to_string(),
            format!(
                "{bad:?} is not an origin (give SCHEME://HOST:PORT, without a path or a usual port)"
            )
        );
    }
    Ok(())
}

/// Greets once, and then thinks forever, or gives up if there's no name.
struct Thinker;

#[tonic::async_trait]
impl Greeter for Thinker {
    async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        pending().await
    }

    type SayHello_v1Stream = BoxStream<HelloReply>;

    async fn say_hello_v1(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        let gives_up = request.into_inner().name.is_empty();
        let replies = stream! {
            yield Ok(HelloReply { message: "Hm".into() });
            if gives_up {
                yield Err(Status::data_loss("ü: forgotten"));
            }
            pending::<()>().await;
        };
        Ok(Response::new(Box::pin(replies)))
    }
}

async fn serve_thinker() -> anyhow::Result<Server> {
    let greeter = Routes::new(GreeterServer::new(Thinker)).into_axum_router();
    let routes = Routes::from(greeter.layer(tonic_web::GrpcWebLayer::new()));
    Server::start(|incoming, stop| server::run(incoming, routes, stop)).await
}

#[tokio::test]
async fn says_behind_the_replies_why_a_stream_fails() -> anyhow::Result<()> {
    let server = serve_thinker().await?;
    let (_, body) = call(server.addr, "SayHello_v1", b"\0\0\0\0\0").await?;
    let trailers = b"\x80\0\0\x002grpc-status:15\r\ngrpc-message:%C3%BC:%20forgotten\r\n";
    assert_eq!(body, [b"\0\0\0\0\x04\x0a\x02Hm", &trailers[..]].concat());
    Ok(())
}

#[tokio::test]
async fn ends_its_work_when_a_browser_closes_the_connection() -> anyhow::Result<()> {
    let server = serve_thinker().await?;
    for method in ["SayHello", "SayHello_v1"] {
        let mut stream = TcpStream::connect(server.addr).await?;
        let head = format!(
            "POST /helloworld.Greeter/{method} HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\
             content-type: application/grpc-web+proto\r\n\r\n\0\0\0\0\x05\x0a\x03you"
        );
        stream.write_all(head.as_bytes()).await?;
        if method == "SayHello_v1" {
            let mut answer = Vec::new();
            while !answer.ends_with(b"\x0a\x02Hm\r\n") {
                timeout(STUCK, stream.read_buf(&mut answer)).await??;
            }
        } else {
            until("the call is under way", || server.tasks() == 2).await?;
        }
        drop(stream);
        until("the server has one task", || server.tasks() == 1).await.context(method)?;
    }
    Ok(())
}
