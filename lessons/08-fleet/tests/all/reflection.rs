//! What the server tells those who have no proto.

use std::future::pending;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use fleet::server;
use http_body_util::{BodyExt, Full};
use protox::prost::Message;
use protox::prost_reflect::{DescriptorPool, DynamicMessage, Value};
use testing::call::framed;
use testing::net::{connect, incoming};
use testing::skipped;
use tokio::net::TcpListener;
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::transport::Channel;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tower::ServiceExt;

/// Serves at a free port of `host`. Returns how it can be reached from here.
async fn serve(host: &str) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((host, 0)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(server::run(incoming(listener), pending()));
    Ok(SocketAddr::from(([127, 0, 0, 1], port)))
}

/// Asks the reflection service one thing.
async fn ask(channel: &Channel, what: MessageRequest) -> anyhow::Result<MessageResponse> {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(what) };
    let mut stub = ServerReflectionClient::new(channel.clone());
    let mut answers = stub.server_reflection_info(tokio_stream::once(request)).await?.into_inner();
    let answer = answers.message().await?.context("no answer")?;
    answer.message_response.context("an empty answer")
}

#[tokio::test]
async fn a_client_without_the_proto_can_call_it() -> anyhow::Result<()> {
    let channel = connect(serve("127.0.0.1").await?)?;
    let MessageResponse::ListServicesResponse(list) =
        ask(&channel, MessageRequest::ListServices("*".into())).await?
    else {
        bail!("no list");
    };
    let mut names = Vec::from_iter(list.service.into_iter().map(|service| service.name));
    names.sort();
    assert_eq!(names, ["Teams", "grpc.reflection.v1.ServerReflection"]);

    let MessageResponse::FileDescriptorResponse(files) =
        ask(&channel, MessageRequest::FileContainingSymbol("Teams".into())).await?
    else {
        bail!("no file");
    };
    let mut pool = DescriptorPool::new();
    for file in files.file_descriptor_proto {
        pool.decode_file_descriptor_proto(&*file)?;
    }
    let service = pool.get_service_by_name("Teams").context("no service")?;
    let method = service.methods().next().context("no method")?;
    assert_eq!(method.full_name(), "Teams.GetTeam");
    let mut message = DynamicMessage::new(method.input());
    message.set_field_by_name("city", Value::String("Chicago".into()));

    let path = format!("/{}/{}", service.full_name(), method.name());
    let request = http::Request::post(path).header("content-type", "application/grpc");
    let body = Full::from(framed(&message.encode_to_vec())?);
    let response = channel.oneshot(request.body(Body::new(body))?).await?;
    let body = response.into_body().collect().await?.to_bytes();
    let message = body.get(5..).context("no message")?;
    let answer = DynamicMessage::decode(method.output(), message)?;
    let nickname = answer.get_field_by_name("nickname").context("no such field")?;
    assert_eq!(nickname.as_str(), Some("Jackals"));
    Ok(())
}

#[tokio::test]
async fn strangers_are_not_told() -> anyhow::Result<()> {
    // A server on all interfaces is reached from elsewhere.
    let channel = connect(serve("0.0.0.0").await?)?;
    let error = ask(&channel, MessageRequest::ListServices("*".into())).await.err();
    let status = error.as_ref().and_then(|error| error.downcast_ref::<tonic::Status>());
    assert_eq!(status.map(|status| status.code()), Some(Code::Unimplemented));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn grpcurl_and_buf_can_call_it() -> anyhow::Result<()> {
    let addr = serve("127.0.0.1").await?;
    let url = format!("http://{addr}/Teams/GetTeam");
    let addr = addr.to_string();
    let message = r#"{"city": "Chicago"}"#;
    let grpcurl = ["-plaintext", "-d", message, &addr, "Teams/GetTeam"];
    let buf = ["curl", "--protocol", "grpc", "--http2-prior-knowledge", "-d", message, &url];
    for (program, args) in [("grpcurl", &grpcurl[..]), ("buf", &buf[..])] {
        let output = match Command::new(program).args(args).stdin(Stdio::null()).output() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                skipped(&format!("{program} isn't installed"));
                continue;
            }
            output => output?,
        };
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(said.contains("Jackals"), "{program}: {output:?}");
    }
    Ok(())
}
