//! The exercise of the lesson, solved: three ways to call a servicer, of which two need no network,
//! and so are what tests want. `cargo run -p fleet --example in_memory_client [ADDR,ADDR]`.

use anyhow::Context;
use fleet::pb::TeamRequest;
use fleet::pb::teams_client::TeamsClient;
use fleet::pb::teams_server::{Teams, TeamsServer};
use fleet::server::TeamsServicer;
use hyper_util::rt::TokioIo;
use std::{env, io, process};
use tonic::Request;
use tonic::transport::{Channel, Endpoint, Server};
use tower::service_fn;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

async fn run() -> anyhow::Result<()> {
    // A method is a function, and what it takes can be made without a client.
    let servicer = TeamsServicer { served_by: "nobody".parse()? };
    let request = Request::new(TeamRequest { city: "Chicago".into() });
    let team = servicer.get_team(request).await?.into_inner();
    println!("{} {}, called directly", team.city, team.nickname);

    // With the generated code of both sides, and all that lies between, except for a network.
    let mut stub = TeamsClient::new(in_memory(servicer).await?);
    let team = stub.get_team(TeamRequest { city: "Chicago".into() }).await?.into_inner();
    println!("{} {}, called in memory", team.city, team.nickname);

    let addrs = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    for addr in addrs.split(',') {
        let mut stub = TeamsClient::connect(format!("http://{addr}")).await.with_context(|| {
            format!("no server at {addr} (start one with `cargo run -p fleet server`)")
        })?;
        let team = stub.get_team(TeamRequest { city: "Chicago".into() }).await?.into_inner();
        println!("{} {}, called at {addr}", team.city, team.nickname);
    }
    Ok(())
}

/// A channel to a server of `servicer` in this program: each writes into memory that the other
/// reads.
async fn in_memory(servicer: TeamsServicer) -> anyhow::Result<Channel> {
    let (ours, its) = tokio::io::duplex(64 * 1024);
    let server = Server::builder().add_service(TeamsServer::new(servicer));
    tokio::spawn(server.serve_with_incoming(tokio_stream::once(io::Result::Ok(its))));

    // There is only one connection, and nobody looks at the address.
    let mut ours = Some(TokioIo::new(ours));
    let connector = service_fn(move |_| {
        let ours = ours.take().ok_or_else(|| io::Error::other("it's in use"));
        async { ours }
    });
    Ok(Endpoint::from_static("http://in-memory").connect_with_connector(connector).await?)
}
