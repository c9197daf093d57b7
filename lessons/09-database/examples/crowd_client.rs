//! A client that trades ten times at once: `cargo run -p database --example crowd_client [ADDR]`.

use anyhow::Context;
use database::pb::teams_client::TeamsClient;
use database::pb::{TeamRequest, TradeTeamsRequest};
use std::{env, process};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error:#}");
        process::exit(1);
    }
}

/// Trades the same two teams, each time without waiting for the trade before.
async fn run() -> anyhow::Result<()> {
    let addr = env::args().nth(1).unwrap_or("127.0.0.1:50051".into());
    let mut stub = TeamsClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p database server`)")
    })?;
    let mut trades = JoinSet::new();
    for _ in 0..10 {
        let mut stub = stub.clone();
        let (city, other_city) = ("Chicago".into(), "Boston".into());
        // Without an id, each is another trade.
        let request = TradeTeamsRequest { city, other_city, ..Default::default() };
        trades.spawn(async move { stub.trade_teams(request).await });
    }
    let (mut there, mut back) = (0, 0);
    while let Some(answer) = trades.join_next().await {
        let team = answer??.into_inner().team.unwrap_or_default();
        if team.nickname == "Jackals" { back += 1 } else { there += 1 }
    }
    println!("Traded {there} times, and {back} times back");
    for city in ["Chicago", "Boston"] {
        let team = stub.get_team(TeamRequest { city: city.into() }).await?.into_inner();
        println!("Teams client received: {} {}", team.city, team.nickname);
    }
    Ok(())
}
