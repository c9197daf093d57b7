//! Every method, and every hostile input that can reach it, on a server in this process.

use helloworld::pb::HelloRequest;
use helloworld::pb::greeter_client::GreeterClient;
use helloworld::server;
use http_body_util::{BodyExt, Full};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tower::ServiceExt;

/// A server on a free port. `stop` is its Ctrl-C, `served` ends when its last call does.
struct TestServer {
    stop: oneshot::Sender<()>,
    served: JoinHandle<anyhow::Result<()>>,
}

async fn start() -> anyhow::Result<(Channel, TestServer)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = Endpoint::from_shared(format!("http://{}", listener.local_addr()?))?;
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(server::run(listener, async { stopped.await.unwrap_or(()) }));
    Ok((endpoint.connect().await?, TestServer { stop, served }))
}

/// Sends `message` to `path` as it stands, and returns the code of the answer.
async fn call_raw(channel: &Channel, path: &str, message: &[u8]) -> anyhow::Result<Code> {
    let length = u32::try_from(message.len())?.to_be_bytes();
    let request = http::Request::post(path)
        .header("content-type", "application/grpc")
        .body(Body::new(Full::from([&[0], &length[..], message].concat())))?;
    let response = channel.clone().oneshot(request).await?;
    let in_headers = Status::from_header_map(response.headers());
    let status = match response.into_body().collect().await {
        Ok(body) => in_headers.or_else(|| Status::from_header_map(body.trailers()?)),
        Err(status) => in_headers.or(Some(status)),
    };
    Ok(status.map_or(Code::Unknown, |status| status.code()))
}

#[tokio::test]
async fn greets() -> anyhow::Result<()> {
    let (channel, _server) = start().await?;
    let mut stub = GreeterClient::new(channel);
    for name in ["you", "", "世界"] {
        let request = HelloRequest { name: name.into() };
        let reply = stub.say_hello(request.clone()).await?.into_inner();
        assert_eq!(reply.message, format!("Hello, {name}!"));
        let reply = stub.say_hello_again(request).await?.into_inner();
        assert_eq!(reply.message, format!("Hello again, {name}!"));
    }
    Ok(())
}

#[tokio::test]
async fn answers_hostile_bytes_with_an_error_and_goes_on() -> anyhow::Result<()> {
    let (channel, _server) = start().await?;
    for path in ["/helloworld.Greeter/SayHello", "/helloworld.Greeter/SayHelloAgain"] {
        for (what, message, code) in [
            ("no protobuf", &b"\xff\xff\xff\xff"[..], Code::Internal),
            ("cut short", b"\x0a\x05you", Code::Internal),
            ("no UTF-8", b"\x0a\x02\xc3\x28", Code::Internal),
            ("over 4 MiB", &[0; (4 << 20) + 1], Code::OutOfRange),
        ] {
            assert_eq!(call_raw(&channel, path, message).await?, code, "{path}: {what}");
            assert_eq!(call_raw(&channel, path, b"\x0a\x03you").await?, Code::Ok, "after {what}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn does_not_know_other_methods() -> anyhow::Result<()> {
    let (channel, _server) = start().await?;
    for path in ["/helloworld.Greeter/SayGoodbye", "/Greeter/SayHello"] {
        assert_eq!(call_raw(&channel, path, b"").await?, Code::Unimplemented, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn stops_when_told_although_a_client_is_connected() -> anyhow::Result<()> {
    let (channel, server) = start().await?;
    let mut stub = GreeterClient::new(channel);
    stub.say_hello(HelloRequest { name: "you".into() }).await?;
    assert!(server.stop.send(()).is_ok(), "the server had stopped by itself");
    server.served.await?
}
