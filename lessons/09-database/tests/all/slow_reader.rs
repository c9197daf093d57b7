//! What a client costs that takes its time with a million teams: in a server of its own, whose
//! memory is measured.

use std::fs;
use std::path::Path;

use anyhow::Context;
use database::pb::ListTeamsRequest;
use database::pb::teams_client::TeamsClient;
use testing::STUCK;
use testing::net::connect;
use testing::program::start;
use tokio::time::timeout;
use tonic::Status;
use tonic::transport::Channel;

use crate::scratch::{PROGRAM, Scratch, nickname};

const TEAMS: usize = 1_000_000;

/// How many KiB more the server may have with a slow reader than without.
const MAX_GROWTH: u64 = 8 * 1024;

/// How many KiB of memory the process `id` has, and the most that it has had. Only Linux says so.
fn memory(id: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let size = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(size.context("no VmHWM")?.parse()?)
}

/// Two hundred calls of somebody else, as the clock.
async fn serve_others(stub: &mut TeamsClient<Channel>) -> Result<(), Status> {
    for _ in 0..200 {
        nickname(stub, "city 500000").await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn costs_next_to_nothing() -> anyhow::Result<()> {
    if !cfg!(target_os = "linux") {
        testing::skipped("nothing here says how much memory a process has");
        return Ok(());
    }
    let scratch = Scratch::new()?;
    scratch.fill(u32::try_from(TEAMS)?).await?;
    let (server, addr) = start(PROGRAM, Some(&scratch.path())).await?;
    let id = server.id().context("it has ended")?;
    let mut others = TeamsClient::new(connect(addr)?);
    serve_others(&mut others).await?;
    let before = memory(id)?;

    let mut reader = TeamsClient::new(connect(addr)?);
    let mut pages = reader.list_teams(ListTeamsRequest::default()).await?.into_inner();
    let (mut taken, mut count) = (0, 0);
    while let Some(page) = timeout(STUCK, pages.message()).await?? {
        (taken, count) = (taken + 1, count + page.teams.len());
        if taken % 100 == 1 {
            serve_others(&mut others).await?;
            let growth = memory(id)?.saturating_sub(before);
            assert!(growth <= MAX_GROWTH, "{growth} KiB more after {count} teams");
        }
    }
    assert_eq!(count, TEAMS + 10);
    let growth = memory(id)?.saturating_sub(before);
    eprintln!("{growth} KiB more for a slow reader of {TEAMS} teams, on top of {before} KiB");
    assert!(growth <= MAX_GROWTH, "{growth} KiB more");
    Ok(())
}
