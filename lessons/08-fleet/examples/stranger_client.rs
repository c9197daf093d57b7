//! A stranger, who has no proto: `cargo run -p fleet --example stranger_client [ADDR]`. It prints
//! what the server of the lesson tells it by reflection.

use anyhow::{Context, bail};
use prost::Message;
use protox::prost_reflect::prost_types::FileDescriptorProto;
use std::{env, process};
use tonic::transport::{Channel, Endpoint};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

/// Asks which services there are, and then for the files of those that aren't gRPC's own.
async fn run() -> anyhow::Result<()> {
    let addrs = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    // Of several servers, any one will do.
    let addr = addrs.split(',').next().unwrap_or_default();
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p fleet server`)")
    })?;
    let mut stub = ServerReflectionClient::new(channel);

    let list = MessageRequest::ListServices("*".into());
    let MessageResponse::ListServicesResponse(list) = ask(&mut stub, list).await? else {
        bail!("the server has answered something else");
    };
    for service in list.service.iter().filter(|service| !service.name.starts_with("grpc.")) {
        let file = MessageRequest::FileContainingSymbol(service.name.clone());
        let MessageResponse::FileDescriptorResponse(files) = ask(&mut stub, file).await? else {
            bail!("the server has answered something else");
        };
        for file in files.file_descriptor_proto {
            print(&FileDescriptorProto::decode(&*file)?);
        }
    }
    Ok(())
}

/// Asks one thing. The method is a bidirectional stream, on which one could ask more.
async fn ask(
    stub: &mut ServerReflectionClient<Channel>,
    what: MessageRequest,
) -> anyhow::Result<MessageResponse> {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(what) };
    let mut answers = stub.server_reflection_info(tokio_stream::once(request)).await?.into_inner();
    let answer = answers.message().await?.context("the server has not answered")?;
    answer.message_response.context("the server's answer is empty")
}

/// Prints what a proto file says, and then its comments.
fn print(file: &FileDescriptorProto) {
    for service in &file.service {
        println!("service {}", service.name());
        for method in &service.method {
            println!("  {}: {} to {}", method.name(), method.input_type(), method.output_type());
        }
    }
    for message in &file.message_type {
        println!("message {}", message.name());
        for field in &message.field {
            println!("  {}: {} {}", field.number(), field.r#type().as_str_name(), field.name());
        }
    }
    let source = file.source_code_info.iter().flat_map(|source| &source.location);
    for comment in source.filter_map(|location| location.leading_comments.as_ref()) {
        println!("//{}", comment.trim_end().replace('\n', "\n//"));
    }
}
