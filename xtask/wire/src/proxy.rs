//! Stands between clients and a server: passes on what they send as it comes, and shows a copy.

use std::io::{self, Write, stderr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::End;
use crate::connection::Connection;
use crate::show::Show;

/// How much is read at once, in bytes. No more than that waits here for an end that does not read.
const PIECE: usize = 16 * 1024;

/// What several connections show to.
pub type Shown = Arc<Mutex<Show>>;

/// Where connections go.
#[derive(Clone)]
pub struct To {
    /// HOST:PORT.
    pub addr: String,
    /// Which server that is, from 1, if there are several.
    pub server: Option<usize>,
}

/// Passes on each connection to `listener` to the server at `to`, until `done`; and then until the last
/// connection has ended.
///
/// # Errors
///
/// If the listener can accept no more, or what was seen cannot be shown.
pub async fn serve(
    listener: TcpListener,
    to: To,
    shown: Shown,
    done: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    tokio::pin!(done);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(pass_on(client, to.clone(), shown.clone()));
                }
                // The client has thought better of it.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                // Too many open files, perhaps: each connection that ends closes two.
                Err(error) => match connections.join_next().await {
                    Some(ended) => ended??,
                    None => return Err(error).context("cannot accept connections any more"),
                },
            },
            Some(ended) = connections.join_next() => ended??,
            () = &mut done => break,
        }
    }
    while let Some(ended) = connections.join_next().await {
        ended??;
    }
    Ok(())
}

/// Passes on one connection until both ends have closed it, or one has broken it.
async fn pass_on(mut client: TcpStream, to: To, shown: Shown) -> anyhow::Result<()> {
    let To { addr, server: number } = to;
    let mut server = match TcpStream::connect(&addr).await {
        Ok(server) => server,
        Err(error) => {
            let why = format!("no server at {addr} (start one, or give its address with --to)");
            // If this cannot be printed, the client sees it all the same.
            _ = writeln!(stderr(), "error: {why}: {error}");
            return Ok(());
        }
    };
    // What has come goes on at once. If this fails, the connection has ended, which reading says.
    _ = client.set_nodelay(true);
    _ = server.set_nodelay(true);
    let connection = Mutex::new(lock(&shown).connection(number));
    let tap = Tap { connection, shown };
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let passed = tokio::try_join!(
        tap.pump(End::Client, from_client, to_server),
        tap.pump(End::Server, from_server, to_client),
    );
    match passed {
        // Whoever breaks the connection, breaks both.
        Err(Broken::Connection) => {
            _ = client.set_zero_linger();
            _ = server.set_zero_linger();
        }
        Err(Broken::Output(error)) => return Err(error.into()),
        Ok((server_took_all, client_took_all)) => {
            if !server_took_all {
                _ = server.set_zero_linger();
            }
            if !client_took_all {
                _ = client.set_zero_linger();
            }
        }
    }
    Ok(())
}

/// Why a connection is not passed on any more.
enum Broken {
    Connection,
    /// What was seen cannot be shown.
    Output(io::Error),
}

/// What is shown of one connection, with whatever is under way when it ends.
struct Tap {
    connection: Mutex<Connection>,
    shown: Shown,
}

impl Tap {
    /// Passes on what `end` sends, and then that it sends no more. What `to` does not take yet is not
    /// read yet. Returns whether `to` took all of it; if it did not, the other direction may still have
    /// something to pass on: an answer, before the server closed.
    async fn pump(
        &self,
        end: End,
        mut from: ReadHalf<'_>,
        mut to: WriteHalf<'_>,
    ) -> Result<bool, Broken> {
        let mut piece = vec![0; PIECE];
        loop {
            let length = from.read(&mut piece).await.map_err(|_| Broken::Connection)?;
            let sent = &piece[..length];
            // First, so that nothing is shown after the answer to it.
            {
                let (mut connection, mut shown) = (lock(&self.connection), lock(&self.shown));
                match sent {
                    [] => shown.closed(&mut connection, end),
                    sent => shown.sent(&mut connection, end, sent),
                }
                .map_err(Broken::Output)?;
            }
            if sent.is_empty() {
                return Ok(to.shutdown().await.is_ok());
            }
            if to.write_all(sent).await.is_err() {
                return Ok(false);
            }
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        // If this cannot be shown, nothing can be, and somebody has said so.
        _ = lock(&self.shown).ended(&lock(&self.connection));
    }
}

/// A panic while it was held leaves nothing half-written that matters.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
