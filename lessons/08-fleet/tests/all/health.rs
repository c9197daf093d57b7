//! How the server says how it is, up to its end.

use fleet::pb::{TeamRequest, TeamResponse};
use fleet::server;
use testing::call::{Kind, Method};
use testing::faults;
use testing::net::connect;
use testing::server::Server;
use testing::until;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_stream::pending;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;

async fn serve() -> anyhow::Result<Server> {
    Server::start(server::run).await
}

#[tokio::test]
async fn the_server_and_its_service_are_serving_and_no_other() -> anyhow::Result<()> {
    let server = serve().await?;
    let mut health = HealthClient::new(connect(server.addr)?);
    for service in ["", "Teams"] {
        let request = HealthCheckRequest { service: service.into() };
        let status = health.check(request).await?.into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service:?}");
    }
    let status = health.check(HealthCheckRequest { service: "Movie".into() }).await.err();
    assert_eq!(status.map(|status| status.code()), Some(Code::NotFound));
    Ok(())
}

#[tokio::test]
async fn hostile_bytes_are_answered_with_an_error() -> anyhow::Result<()> {
    let server = serve().await?;
    let channel = connect(server.addr)?;
    let path = "/grpc.health.v1.Health/Check";
    let check = Method { kind: Kind::Unary, path, message: b"\x0a\x05Teams" };
    faults::answers_hostile_bytes(&channel, &check).await?;
    faults::knows_no_other_method(&channel, path).await
}

#[tokio::test]
async fn those_who_watch_are_told_before_it_ends() -> anyhow::Result<()> {
    let mut server = serve().await?;
    let channel = connect(server.addr)?;
    let mut watching = Vec::new();
    for service in ["", "Teams"] {
        let request = HealthCheckRequest { service: service.into() };
        let mut answers = HealthClient::new(channel.clone()).watch(request).await?.into_inner();
        let first = answers.message().await?.map(|answer| answer.status());
        assert_eq!(first, Some(ServingStatus::Serving));
        watching.push(answers);
    }
    server.stop()?;
    for mut answers in watching {
        let next = answers.message().await?.map(|answer| answer.status());
        assert_eq!(next, Some(ServingStatus::NotServing));
        // Otherwise the server would wait for them.
        assert_eq!(answers.message().await?, None);
    }
    server.stopped().await
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn what_never_ends_is_not_waited_for() -> anyhow::Result<()> {
    let mut server = serve().await?;
    // A connection that has sent half of what it begins with, and a call whose message never comes.
    let mut half = TcpStream::connect(server.addr).await?;
    half.write_all(b"PRI * HTTP/2.0\r\n").await?;
    let mut grpc = Grpc::new(connect(server.addr)?);
    let call = tokio::spawn(async move {
        grpc.ready().await?;
        let path = PathAndQuery::from_static("/Teams/GetTeam");
        let codec = ProstCodec::<TeamRequest, TeamResponse>::default();
        anyhow::Ok(grpc.client_streaming(Request::new(pending()), path, codec).await?)
    });
    until("both are there", || server.tasks() == 4).await?;
    server.stop()?;
    server.stopped().await?;
    assert!(!call.is_finished());
    Ok(())
}
