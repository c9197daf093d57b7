//! Whether a program of somebody's obeys the address that it is told.

use std::future;
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::run::outcome::joined;
use crate::run::pair::{ANY_PORT, TIME_LIMIT, free_address, ready, start};
use crate::run::side::Side;

/// What is wrong with where `server` listens, as it goes on after "it": it is told a port.
///
/// # Errors
///
/// If it cannot be started.
pub async fn listens_elsewhere(server: &Side) -> anyhow::Result<Option<String>> {
    let mut is_again = false;
    loop {
        let addr = free_address().await?.to_string();
        let ended = match ready(server, &addr).await? {
            Ok(_) => return Ok(None),
            Err(ended) => ended,
        };
        // The port was free, and somebody else may have been faster than the server.
        if ended.status.is_none() || is_again {
            return Ok(ended.failure.as_ref().map(|why| format!("{why}{}", ended.cause())));
        }
        is_again = true;
    }
}

/// Whether `client` connects to any of so many addresses, if it is told so many `servers`.
///
/// # Errors
///
/// If it cannot be started, or there is no port for it.
pub async fn connects(client: &Side, servers: usize) -> anyhow::Result<bool> {
    let (mut listeners, mut addrs) = (Vec::new(), Vec::new());
    for _ in 0..servers {
        let listener = TcpListener::bind(ANY_PORT).await?;
        addrs.push(listener.local_addr()?);
        listeners.push(listener);
    }
    let mut program = start(client, &joined(&addrs))?;
    let accepted = || {
        future::poll_fn(|task| match listeners.iter().any(|it| it.poll_accept(task).is_ready()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
    };
    tokio::select! {
        biased;
        () = accepted() => Ok(true),
        ended = timeout(TIME_LIMIT, program.ended()) => match ended {
            // It may have connected, and gone, before we looked.
            Ok(_) => Ok(timeout(Duration::ZERO, accepted()).await.is_ok()),
            Err(_) => Ok(false),
        },
    }
}
