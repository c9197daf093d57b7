//! The server is killed in the middle of its work, and nothing is lost of what it has said is done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, ensure};
use database::pb::ListTeamsRequest;
use database::pb::teams_client::TeamsClient;
use testing::STUCK;
use testing::net::connect;
use testing::numbers::Numbers;
use testing::program::start;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::transport::Channel;

use crate::scratch::{PROGRAM, Scratch, add, trade};

/// How many clients add teams at once.
const CLIENTS: usize = 8;

#[tokio::test]
async fn loses_nothing_when_it_is_killed() -> anyhow::Result<()> {
    kill(3).await
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn loses_nothing_when_it_is_killed_two_hundred_times() -> anyhow::Result<()> {
    kill(200).await
}

/// What has become of the calls of one life of the server.
#[derive(Default)]
struct Life {
    /// The cities whose teams were added, as the server has said.
    added: Vec<String>,
    /// Those that the server has said nothing of.
    unknown: Vec<String>,
    /// How many trades it has done, and whether it has said nothing of one more.
    traded: usize,
    is_trading: bool,
}

/// Lets clients add teams to cities that no other life has, and trade Chicago's and Boston's, until
/// the server does not answer any more. `answers` counts how often it has.
async fn live(channel: &Channel, life: usize, answers: &Arc<AtomicUsize>) -> anyhow::Result<Life> {
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (mut stub, answers) = (TeamsClient::new(channel.clone()), Arc::clone(answers));
        clients.spawn(async move {
            let mut part = Life::default();
            for n in 0.. {
                let city = format!("{life}, {client}, {n}");
                match stub.add_team(add(&city, &city, &city)).await {
                    Ok(_) => part.added.push(city),
                    Err(_) => {
                        part.unknown.push(city);
                        break;
                    }
                }
                answers.fetch_add(1, Ordering::Relaxed);
            }
            part
        });
    }
    let mut stub = TeamsClient::new(channel.clone());
    let answers = Arc::clone(answers);
    clients.spawn(async move {
        let mut part = Life { is_trading: true, ..Life::default() };
        while stub.trade_teams(nth_trade(life, part.traded)).await.is_ok() {
            part.traded += 1;
            answers.fetch_add(1, Ordering::Relaxed);
        }
        part
    });
    let mut whole = Life::default();
    while let Some(part) = timeout(STUCK, clients.join_next()).await? {
        let part = part?;
        whole.added.extend(part.added);
        whole.unknown.extend(part.unknown);
        whole.traded += part.traded;
        whole.is_trading |= part.is_trading;
    }
    Ok(whole)
}

fn nth_trade(life: usize, n: usize) -> database::pb::TradeTeamsRequest {
    trade("Chicago", "Boston", &format!("{life}, {n}"))
}

async fn kill(times: usize) -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut numbers = Numbers::default();
    // What there has to be, and how often Chicago and Boston have traded.
    let mut expected = BTreeSet::new();
    let mut traded = 0;
    let (mut lost_answers, mut done_all_the_same) = (0, 0);
    for life in 0..times {
        let (mut server, addr) = start(PROGRAM, Some(&scratch.path())).await?;
        let channel = connect(addr)?;
        let answers = Arc::new(AtomicUsize::new(0));
        // At any time: sometimes before the first answer, sometimes after a few dozen.
        let enough = numbers.within(0..=60) as usize;
        let living = live(&channel, life, &answers);
        let killing = async {
            testing::until("there are enough answers", || {
                answers.load(Ordering::Relaxed) >= enough
            })
            .await?;
            server.start_kill()?;
            anyhow::Ok(server.wait().await?)
        };
        let (life_of_it, _) = tokio::try_join!(living, killing)?;
        expected.extend(life_of_it.added);
        traded += life_of_it.traded;

        // It is started again, and looked at.
        let (mut server, addr) = start(PROGRAM, Some(&scratch.path())).await?;
        let mut stub = TeamsClient::new(connect(addr)?);
        let teams = all(&mut stub).await?;
        for city in &expected {
            ensure!(teams.get(city) == Some(city), "{city} was added, and is lost");
        }
        let unknown = BTreeSet::from_iter(life_of_it.unknown);
        for (city, nickname) in &teams {
            if city.contains(',') && !expected.contains(city) {
                // Nobody was told, and it is there: as a whole.
                ensure!(unknown.contains(city) && city == nickname, "{city} has {nickname}");
                done_all_the_same += 1;
            }
        }
        // Of a trade there is never a half.
        let pair = [&teams["Chicago"], &teams["Boston"]];
        let is_even = pair == ["Jackals", "Revolutionaries"];
        ensure!(is_even || pair == ["Revolutionaries", "Jackals"], "{pair:?}");
        let is_as_told = is_even == (traded % 2 == 0);
        ensure!(is_as_told || life_of_it.is_trading, "a trade is lost");
        done_all_the_same += usize::from(!is_as_told);

        // Who has not been answered sends it again: after that it is done, and done once.
        for city in unknown {
            stub.add_team(add(&city, &city, &city)).await.context("sent again")?;
            expected.insert(city);
            lost_answers += 1;
        }
        stub.trade_teams(nth_trade(life, life_of_it.traded)).await.context("sent again")?;
        traded += 1;
        lost_answers += 1;
        let teams = all(&mut stub).await?;
        ensure!(teams.len() == 10 + expected.len(), "there are {} teams", teams.len());
        let is_even = teams["Chicago"] == "Jackals";
        ensure!(is_even == (traded % 2 == 0), "a trade was done twice");
        server.start_kill()?;
        server.wait().await?;
    }
    eprintln!(
        "killed {times} times: {} teams and {traded} trades, {lost_answers} answers lost, and of \
         those {done_all_the_same} had been done",
        expected.len()
    );
    assert_eq!(scratch.number("SELECT count(*) FROM pragma_integrity_check").await?, 1);
    let requests = scratch.number("SELECT count(*) FROM requests").await?;
    assert_eq!(usize::try_from(requests)?, expected.len() + traded);
    Ok(())
}

/// All teams, by their cities.
async fn all(stub: &mut TeamsClient<Channel>) -> anyhow::Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    let mut pages = stub.list_teams(ListTeamsRequest::default()).await?.into_inner();
    while let Some(page) = timeout(STUCK, pages.message()).await?? {
        for team in page.teams {
            ensure!(all.insert(team.city, team.nickname).is_none(), "a city is there twice");
        }
    }
    Ok(all)
}
