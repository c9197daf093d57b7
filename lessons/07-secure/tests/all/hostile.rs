//! What every server has to survive, over TLS: Ada calls.

use std::future::pending;

use secure::{certificates, server};
use testing::alone::alone;
use testing::call::{Kind, Method, call_raw};
use testing::net::Transport;
use testing::server::Server;
use testing::{faults, net, until};
use tonic::Code;
use tonic::transport::Channel;

use crate::made::trusted;

/// Both methods.
const METHODS: [Method; 2] = [
    method("/ecommerce.ProductInfo/addProduct", b"\x12\x06Kettle"),
    method("/ecommerce.ProductInfo/getProduct", b"\x0a\x011"),
];

const fn method(path: &'static str, message: &'static [u8]) -> Method {
    Method { kind: Kind::Unary, path, message }
}

fn transport() -> anyhow::Result<Transport> {
    Ok(Transport::tls(trusted()?.identity(certificates::identity("ada")?)))
}

async fn channel() -> anyhow::Result<Channel> {
    let transport = transport()?;
    let (incoming, _) = net::listen().await?;
    let addr = incoming.local_addr()?;
    tokio::spawn(server::run(incoming, pending()));
    transport.connect(addr)
}

/// A server whose tasks can be counted. It has the product that the second method asks for.
async fn start() -> anyhow::Result<Server> {
    let transport = transport()?;
    let server = Server::start(server::run).await?;
    let [add, _] = METHODS;
    let code = call_raw(&transport.connect(server.addr)?, add.path, add.message).await?;
    assert_eq!(code, Code::Ok);
    until("the connection is gone", || server.tasks() == 1).await?;
    Ok(server.over(transport))
}

#[tokio::test]
async fn hostile_bytes_are_answered_with_an_error() -> anyhow::Result<()> {
    let channel = channel().await?;
    for method in METHODS {
        faults::answers_hostile_bytes(&channel, &method).await?;
    }
    Ok(())
}

#[tokio::test]
async fn no_other_method_is_there() -> anyhow::Result<()> {
    let channel = channel().await?;
    for method in METHODS {
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
fn garbage_is_cut_off() -> anyhow::Result<()> {
    alone("hostile::garbage_is_cut_off", async || {
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
async fn a_ctrl_c_finishes_calls() -> anyhow::Result<()> {
    // The program has the same certificates.
    let transport = transport()?;
    let program = crate::made::PROGRAM;
    testing::program::a_ctrl_c_finishes_calls(program, &METHODS[0], &transport).await
}
