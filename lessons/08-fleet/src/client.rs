//! The client: it asks for six teams, and counts the answers of each server.

// ANCHOR: step6-import-fleet
use crate::fleet::Fleet;
// ANCHOR_END: step6-import-fleet
use crate::pb::teams_client::TeamsClient;
use crate::pb::{TeamRequest, TeamResponse};
// ANCHOR: step7-import-retries
use crate::retries::{Repeat, Retries};
// ANCHOR_END: step7-import-retries
use anyhow::Context;
use std::collections::BTreeMap;
// ANCHOR: step8-imports
use std::{cell::RefCell, collections::HashSet};
// ANCHOR_END: step8-imports
use tonic::Response;
// ANCHOR: step7-import-metadata
use tonic::metadata::{Ascii, MetadataValue};
// ANCHOR_END: step7-import-metadata
use tonic::transport::Endpoint;
// ANCHOR: step5-import-health
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
// ANCHOR_END: step5-import-health

const CITIES: [&str; 6] = ["Chicago", "Philadelphia", "Miami", "Boston", "Seattle", "Detroit"];

/// Asks the server at `addr` (HOST:PORT) for teams. Fails without a server, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p fleet server`)")
    })?;

    // ANCHOR: step5-health-stub
    let mut health = HealthClient::new(channel.clone());
    // ANCHOR_END: step5-health-stub
    let mut stub = TeamsClient::new(channel);
    let mut counts = BTreeMap::new();
    for city in CITIES {
        let response = stub.get_team(TeamRequest { city: city.into() }).await?;
        print_and_count(response, &mut counts);
    }
    print_counts(&counts);
    // ANCHOR: step5-check

    let request = HealthCheckRequest { service: "Teams".into() };
    let answer = health.check(request).await?.into_inner();
    println!("Teams is {}", answer.status().as_str_name());
    // ANCHOR_END: step5-check
    Ok(())
}
// ANCHOR: step6-run-with-many

/// Asks the servers at `addrs` (HOST:PORT, separated by commas) in turn. Fails if none is serving,
/// or if a call fails.
pub async fn run_with_many(addrs: &str) -> anyhow::Result<()> {
    let fleet = Fleet::connect(addrs).await?;
    // ANCHOR: step7-with-retries
    // To ask for a team changes nothing, so it may be done again.
    let fleet = Retries::new(fleet, Repeat::Always);
    // ANCHOR_END: step7-with-retries

    let mut counts = BTreeMap::new();
    for city in CITIES {
        let get_team = async |server, request| TeamsClient::new(server).get_team(request).await;
        let response = fleet.call(TeamRequest { city: city.into() }, get_team).await?;
        print_and_count(response, &mut counts);
    }
    print_counts(&counts);
    // ANCHOR: step7-sick

    // Once more, while one of the servers fails these calls, as we ask it to.
    let sick = addrs.split(',').next().unwrap_or_default();
    let fail_at: MetadataValue<Ascii> = sick.parse()?;
    // ANCHOR: step8-ids
    let ids = RefCell::new(HashSet::new());
    // ANCHOR_END: step8-ids
    for city in CITIES {
        let get_team = async |server, mut request: tonic::Request<_>| {
            request.metadata_mut().insert("fail-at", fail_at.clone());
            // ANCHOR: step8-note-id
            ids.borrow_mut().insert(request.metadata().get("request-id").cloned());
            // ANCHOR_END: step8-note-id
            TeamsClient::new(server).get_team(request).await
        };
        let answer = fleet.call(TeamRequest { city: city.into() }, get_team).await?;
        let served_by = answer.metadata().get("served-by");
        anyhow::ensure!(served_by != Some(&fail_at), "{sick} has answered instead of failing");
    }
    println!("{} more answers, although {sick} fails", CITIES.len());
    // ANCHOR_END: step7-sick
    // ANCHOR: step8-print-ids
    println!("{} ids in the lines of the servers, one for each call", ids.borrow().len());
    // ANCHOR_END: step8-print-ids
    Ok(())
}
// ANCHOR_END: step6-run-with-many

fn print_and_count(response: Response<TeamResponse>, counts: &mut BTreeMap<String, u32>) {
    let served_by = response.metadata().get("served-by").and_then(|addr| addr.to_str().ok());
    *counts.entry(served_by.unwrap_or("a server without a name").into()).or_default() += 1;
    let TeamResponse { city, nickname } = response.into_inner();
    println!("Teams client received: {city} {nickname}");
}

fn print_counts(counts: &BTreeMap<String, u32>) {
    for (server, count) in counts {
        println!("{count} answers from {server}");
    }
}
