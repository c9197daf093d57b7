//! The client: it calls each method, and prints what it is told.

use crate::pb::{self, teams_client::TeamsClient};
use anyhow::Context;
// ANCHOR: step5-client-imports
use std::hash::{BuildHasher, RandomState};
// ANCHOR_END: step5-client-imports
use tonic::transport::Channel;
// ANCHOR: step5-import-code
use tonic::{Code, Response, Status};
// ANCHOR_END: step5-import-code

/// Calls each method of the server at `addr` (HOST:PORT) and prints what it answers. Fails without
/// a server, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let mut stub = TeamsClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p database server`)")
    })?;

    println!("----- GetTeam -----");
    get_team(&mut stub).await?;
    // ANCHOR: step5-run
    println!("----- AddTeam -----");
    add_team(&mut stub).await?;
    // ANCHOR_END: step5-run
    // ANCHOR: step6-run
    println!("----- ListTeams -----");
    list_teams(&mut stub).await?;
    // ANCHOR_END: step6-run
    // ANCHOR: step7-run
    println!("----- TradeTeams -----");
    trade_teams(&mut stub).await?;
    // ANCHOR_END: step7-run
    // ANCHOR: step8-run
    println!("----- A lost answer -----");
    lost_answer(&mut stub).await?;
    // ANCHOR_END: step8-run
    Ok(())
}

/// Three cities, and something that is none.
async fn get_team(stub: &mut TeamsClient<Channel>) -> anyhow::Result<()> {
    for city in ["Chicago", "Philadelphia", "Miami", "'; DROP TABLE teams; --"] {
        let response = stub.get_team(pb::TeamRequest { city: city.into() }).await?;
        print_team(&response.into_inner());
    }
    Ok(())
}

fn print_team(team: &pb::TeamResponse) {
    println!("Teams client received: {} {}", team.city, team.nickname);
}
// ANCHOR: step5-call-add-team

/// A new team, sent twice as if the first answer had been lost, and two that cannot be added.
async fn add_team(stub: &mut TeamsClient<Channel>) -> anyhow::Result<()> {
    let miners = add_request("Denver", "Miners");
    add(stub, miners.clone()).await?;
    add(stub, miners).await?;
    add(stub, add_request("Chicago", "Owls")).await?;
    add(stub, add_request("", "Ghosts")).await
}

fn add_request(city: &str, nickname: &str) -> pb::AddTeamRequest {
    pb::AddTeamRequest { city: city.into(), nickname: nickname.into(), request_id: request_id() }
}

async fn add(stub: &mut TeamsClient<Channel>, request: pb::AddTeamRequest) -> anyhow::Result<()> {
    println!("Adding {:?} to {:?}", request.nickname, request.city);
    if let Some(team) = answer(stub.add_team(request).await)? {
        print_team(&team);
    }
    Ok(())
}

/// An id for a request, which no other one has: each `RandomState` has keys of its own.
fn request_id() -> String {
    format!("{:016x}", RandomState::new().hash_one(()))
}

/// What was answered. That a request is refused is an answer, too, and is printed. Any other status
/// means that the call failed.
fn answer<T>(response: Result<Response<T>, Status>) -> Result<Option<T>, Status> {
    match response {
        Ok(response) => Ok(Some(response.into_inner())),
        Err(status) => match status.code() {
            Code::AlreadyExists | Code::InvalidArgument | Code::NotFound => {
                println!("Teams client was refused: {}", status.message());
                Ok(None)
            }
            _ => Err(status),
        },
    }
}
// ANCHOR_END: step5-call-add-team
// ANCHOR: step6-call-list-teams

/// One page, and after a break the others.
async fn list_teams(stub: &mut TeamsClient<Channel>) -> anyhow::Result<()> {
    let mut request = pb::ListTeamsRequest { page_size: 3, ..Default::default() };
    let mut pages = stub.list_teams(request.clone()).await?.into_inner();
    let page = pages.message().await?.context("there are no teams")?;
    page.teams.iter().for_each(print_team);
    // The stream ends. The server keeps nothing for a client that may never come back.
    drop(pages);

    println!("Going on after a break");
    request.page_token = page.page_token;
    let mut pages = stub.list_teams(request).await?.into_inner();
    while let Some(page) = pages.message().await? {
        page.teams.iter().for_each(print_team);
    }
    Ok(())
}
// ANCHOR_END: step6-call-list-teams
// ANCHOR: step7-call-trade-teams

/// Two trades, of which the second undoes the first, and one for which a team is missing.
async fn trade_teams(stub: &mut TeamsClient<Channel>) -> anyhow::Result<()> {
    for (city, other_city) in [("Chicago", "Boston"), ("Boston", "Chicago"), ("Seattle", "Miami")] {
        trade(stub, trade_request(city, other_city)).await?;
    }
    Ok(())
}

fn trade_request(city: &str, other_city: &str) -> pb::TradeTeamsRequest {
    pb::TradeTeamsRequest {
        // In either order, it's the same trade.
        city: city.into(),
        other_city: other_city.into(),
        // ANCHOR: step8-send-request-id
        request_id: request_id(),
        // ANCHOR_END: step8-send-request-id
    }
}

async fn trade(
    stub: &mut TeamsClient<Channel>,
    request: pb::TradeTeamsRequest,
) -> anyhow::Result<()> {
    println!("Trading the teams of {} and {}", request.city, request.other_city);
    if let Some(pb::TradeTeamsResponse { team, other_team }) =
        answer(stub.trade_teams(request).await)?
    {
        print_team(&team.unwrap_or_default());
        print_team(&other_team.unwrap_or_default());
    }
    Ok(())
}
// ANCHOR_END: step7-call-trade-teams
// ANCHOR: step8-call-lost-answer

/// A trade that is sent twice, as if the first answer had been lost, and one that undoes it.
async fn lost_answer(stub: &mut TeamsClient<Channel>) -> anyhow::Result<()> {
    let request = trade_request("Detroit", "Seattle");
    trade(stub, request.clone()).await?;
    trade(stub, request).await?;
    trade(stub, trade_request("Seattle", "Detroit")).await
}
// ANCHOR_END: step8-call-lost-answer
