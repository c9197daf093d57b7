//! A client that asks what is new: `cargo run -p database --example news_client [ADDR]`. It keeps
//! the page token of what it has seen.

use anyhow::{Context, ensure};
use database::pb::teams_client::TeamsClient;
use database::pb::{AddTeamRequest, ListTeamsRequest};
use std::{env, process};
use tonic::Code;
use tonic::transport::Channel;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

/// Asks three times, and adds a team before the second time.
async fn run() -> anyhow::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    let mut stub = TeamsClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p database server`)")
    })?;
    let token = print_news(&mut stub, String::new()).await?;

    let (city, nickname) = ("Portland".into(), "Waves".into());
    let request = AddTeamRequest { city, nickname, ..Default::default() };
    if let Err(status) = stub.add_team(request).await {
        // It is, if this client has been run before.
        ensure!(status.code() == Code::AlreadyExists, status);
    }
    let token = print_news(&mut stub, token).await?;
    print_news(&mut stub, token).await?;
    Ok(())
}

/// Prints the teams behind `page_token`, and returns that of the last one.
async fn print_news(
    stub: &mut TeamsClient<Channel>,
    mut page_token: String,
) -> anyhow::Result<String> {
    println!("What's new?");
    let request = ListTeamsRequest { page_token: page_token.clone(), ..Default::default() };
    let mut pages = stub.list_teams(request).await?.into_inner();
    while let Some(page) = pages.message().await? {
        for team in &page.teams {
            println!("Teams client received: {} {}", team.city, team.nickname);
        }
        page_token = page.page_token;
    }
    Ok(page_token)
}
