//! What every server has to survive. Each test is in a process of its own. That calls are finished
//! when the server has to stop is in `programs`: `faults::finishes_calls` counts tasks, and sqlx
//! has one now and then, which puts a connection back into its pool.

use testing::alone::alone;
use testing::call::{Kind, Method};
use testing::faults;
use testing::net::connect;
use testing::server::Server;
use tokio::try_join;

use crate::scratch::Scratch;

/// Every method. What writes has a request id, so that it can be sent any number of times; the list
/// is that of the teams behind the last one, because lists have tasks of their own, which nobody
/// counts.
const METHODS: [Method; 4] = [
    method(Kind::Unary, "/Teams/GetTeam", b"\x0a\x05Miami"),
    method(Kind::Unary, "/Teams/AddTeam", b"\x0a\x06Denver\x12\x06Miners\x1a\x011"),
    method(Kind::ServerStream, "/Teams/ListTeams", b"\x12\x0299"),
    method(Kind::Unary, "/Teams/TradeTeams", b"\x0a\x07Chicago\x12\x06Boston\x1a\x011"),
];

const fn method(kind: Kind, path: &'static str, message: &'static [u8]) -> Method {
    Method { kind, path, message }
}

/// A server that has opened all its connections to the file: some tests count open files.
async fn serve(scratch: &Scratch) -> anyhow::Result<Server> {
    let store = scratch.store().await?;
    let ask = async || store.nickname("Chicago").await;
    // None is free again before the last one has been asked for.
    try_join!(ask(), ask(), ask(), ask(), ask(), ask(), ask(), ask())?;
    let mut lists = Vec::new();
    for _ in 0..16 {
        let mut list = Box::pin(store.list(0, 1));
        tokio_stream::StreamExt::next(&mut list).await;
        lists.push(list);
    }
    drop(lists);
    let server = Server::start(|incoming, stop| database::server::run(incoming, store, stop));
    let server = server.await?;
    let channel = connect(server.addr)?;
    for method in &METHODS {
        testing::call::call_raw(&channel, method.path, method.message).await?;
    }
    drop(channel);
    testing::until("it has nothing to do", || server.tasks() == 1).await?;
    Ok(server)
}

#[test]
fn hostile_bytes_are_answered_with_an_error() -> anyhow::Result<()> {
    alone("faults::hostile_bytes_are_answered_with_an_error", async || {
        let scratch = Scratch::new()?;
        let channel = scratch.serve().await?;
        for method in &METHODS {
            faults::answers_hostile_bytes(&channel, method).await?;
        }
        Ok(())
    })
}

#[test]
fn no_other_method_is_there() -> anyhow::Result<()> {
    alone("faults::no_other_method_is_there", async || {
        let scratch = Scratch::new()?;
        let channel = scratch.serve().await?;
        for method in &METHODS {
            faults::knows_no_other_method(&channel, method.path).await?;
        }
        Ok(())
    })
}

#[test]
fn killed_clients_are_forgotten() -> anyhow::Result<()> {
    alone("faults::killed_clients_are_forgotten", async || {
        let scratch = Scratch::new()?;
        faults::forgets_killed_clients(serve(&scratch).await?, &METHODS, 40).await
    })
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_thousand_killed_clients_are_forgotten() -> anyhow::Result<()> {
    alone("faults::a_thousand_killed_clients_are_forgotten", async || {
        let scratch = Scratch::new()?;
        faults::forgets_killed_clients(serve(&scratch).await?, &METHODS, 1_000).await
    })
}

#[test]
fn two_hundred_calls_at_once_are_answered() -> anyhow::Result<()> {
    alone("faults::two_hundred_calls_at_once_are_answered", async || {
        let scratch = Scratch::new()?;
        faults::serves_many_calls(serve(&scratch).await?, &METHODS, 200, 20).await
    })
}

#[test]
fn garbage_is_cut_off_and_a_silent_connection_stays() -> anyhow::Result<()> {
    alone("faults::garbage_is_cut_off_and_a_silent_connection_stays", async || {
        let scratch = Scratch::new()?;
        faults::serves_beside_bad_connections(serve(&scratch).await?, &METHODS[0]).await
    })
}

#[test]
fn deadlines_are_kept() -> anyhow::Result<()> {
    alone("faults::deadlines_are_kept", async || {
        let scratch = Scratch::new()?;
        let methods = METHODS.iter().filter(|method| !method.kind.has_many_answers());
        faults::keeps_deadlines(serve(&scratch).await?, methods).await
    })
}
