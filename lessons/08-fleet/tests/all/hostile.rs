//! What every server has to survive.

use std::future::pending;

use fleet::server;
use testing::alone::alone;
use testing::call::{Kind, Method};
use testing::faults;
use testing::net::listen;
use testing::server::Server;

const METHODS: [Method; 1] = [method("/Teams/GetTeam", b"\x0a\x05Miami")];

const HEALTH: Method = method("/grpc.health.v1.Health/Check", b"\x0a\x05Teams");

const fn method(path: &'static str, message: &'static [u8]) -> Method {
    Method { kind: Kind::Unary, path, message }
}

async fn start() -> anyhow::Result<Server> {
    Server::start(server::run).await
}

#[tokio::test]
async fn hostile_bytes_are_answered_with_an_error() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    for method in METHODS.iter().chain([&HEALTH]) {
        faults::answers_hostile_bytes(&channel, method).await?;
    }
    Ok(())
}

#[tokio::test]
async fn no_other_method_is_there() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    for method in METHODS.iter().chain([&HEALTH]) {
        faults::knows_no_other_method(&channel, method.path).await?;
    }
    Ok(())
}

#[test]
fn killed_clients_are_forgotten() -> anyhow::Result<()> {
    alone("hostile::killed_clients_are_forgotten", async || {
        faults::forgets_killed_clients(start().await?, &METHODS, 40).await
    })
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_thousand_killed_clients_are_forgotten() -> anyhow::Result<()> {
    alone("hostile::a_thousand_killed_clients_are_forgotten", async || {
        faults::forgets_killed_clients(start().await?, &METHODS, 1_000).await
    })
}

#[test]
fn two_hundred_calls_at_once_are_answered() -> anyhow::Result<()> {
    alone("hostile::two_hundred_calls_at_once_are_answered", async || {
        faults::serves_many_calls(start().await?, &METHODS, 200, 20).await
    })
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn ten_thousand_calls_on_a_thousand_connections_are_answered() -> anyhow::Result<()> {
    alone("hostile::ten_thousand_calls_on_a_thousand_connections_are_answered", async || {
        faults::serves_many_calls(start().await?, &METHODS, 10_000, 1_000).await
    })
}

#[test]
fn garbage_is_cut_off_and_a_silent_connection_stays() -> anyhow::Result<()> {
    alone("hostile::garbage_is_cut_off_and_a_silent_connection_stays", async || {
        faults::serves_beside_bad_connections(start().await?, &METHODS[0]).await
    })
}

#[test]
fn deadlines_are_kept() -> anyhow::Result<()> {
    alone("hostile::deadlines_are_kept", async || {
        faults::keeps_deadlines(start().await?, &METHODS).await
    })
}

#[test]
fn calls_are_finished() -> anyhow::Result<()> {
    alone("hostile::calls_are_finished", async || {
        faults::finishes_calls(start().await?, &METHODS, false).await
    })
}

#[cfg(unix)]
#[tokio::test]
async fn a_ctrl_c_finishes_calls_and_a_second_one_cuts_them() -> anyhow::Result<()> {
    use testing::{net::Transport, program};
    let program = env!("CARGO_BIN_EXE_fleet");
    let in_the_clear = Transport::default();
    program::a_ctrl_c_finishes_calls(program, &METHODS[0], &in_the_clear).await?;
    program::a_second_ctrl_c_cuts_calls(program, &METHODS[0]).await
}
