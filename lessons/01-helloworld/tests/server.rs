//! Every method, and every hostile input that can reach it, on a server in this process.

use std::future::pending;

use helloworld::pb::HelloRequest;
use helloworld::pb::greeter_client::GreeterClient;
use helloworld::server;
use tokio::sync::oneshot;
use tonic::Code;

#[path = "../../testing.rs"]
mod testing;
use testing::{call_raw, listen};

#[tokio::test]
async fn greets() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
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
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
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
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    for path in ["/helloworld.Greeter/SayGoodbye", "/Greeter/SayHello"] {
        assert_eq!(call_raw(&channel, path, b"").await?, Code::Unimplemented, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn stops_when_told_although_a_client_is_connected() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(server::run(incoming, async { stopped.await.unwrap_or(()) }));
    let mut stub = GreeterClient::new(channel);
    stub.say_hello(HelloRequest { name: "you".into() }).await?;
    assert!(stop.send(()).is_ok(), "the server had stopped by itself");
    served.await?
}
