//! A free port, a channel to it, and a network that breaks.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use tokio::io::copy;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
#[cfg(feature = "tls")]
use tonic::transport::ClientTlsConfig;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};

use crate::STUCK;

/// A free port of this machine: what comes in there, for a server, and a channel, for its clients.
///
/// # Errors
///
/// If no port is free.
pub async fn listen() -> anyhow::Result<(TcpIncoming, Channel)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let channel = connect(listener.local_addr()?)?;
    Ok((incoming(listener), channel))
}

/// What comes in at `listener`, in the form in which the lessons take it.
pub fn incoming(listener: TcpListener) -> TcpIncoming {
    TcpIncoming::from(listener).with_nodelay(Some(true))
}

/// A channel to `addr`, with a connection of its own, in the clear.
///
/// # Errors
///
/// If `addr` doesn't fit into a URI.
pub fn connect(addr: SocketAddr) -> anyhow::Result<Channel> {
    Transport::default().connect(addr)
}

/// How clients speak to a server: in the clear, unless it's told otherwise.
#[derive(Clone, Default)]
pub struct Transport {
    #[cfg(feature = "tls")]
    tls: Option<ClientTlsConfig>,
}

impl Transport {
    /// Over TLS, with whom `tls` trusts and what it shows. The server's certificate has to be for
    /// 127.0.0.1.
    #[cfg(feature = "tls")]
    pub fn tls(tls: ClientTlsConfig) -> Transport {
        Transport { tls: Some(tls) }
    }

    /// Whether it's over TLS.
    pub fn is_tls(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        false
    }

    /// A client of `addr`, to be changed before it connects.
    ///
    /// # Errors
    ///
    /// If `addr` doesn't fit into a URI, or a certificate is wrong.
    pub fn endpoint(&self, addr: SocketAddr) -> anyhow::Result<Endpoint> {
        // Without that `s`, tonic would speak in the clear, whatever it's told of TLS.
        let scheme = if self.is_tls() { "https" } else { "http" };
        let endpoint = Endpoint::from_shared(format!("{scheme}://{addr}"))?;
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return Ok(endpoint.tls_config(tls.clone())?);
        }
        Ok(endpoint)
    }

    /// A channel to `addr`, with a connection of its own.
    ///
    /// # Errors
    ///
    /// See [`Transport::endpoint`].
    pub fn connect(&self, addr: SocketAddr) -> anyhow::Result<Channel> {
        Ok(self.endpoint(addr)?.connect_lazy())
    }

    /// A client of `addr` that has room for very little, so that whoever answers it has to wait.
    pub(crate) fn narrow(&self, addr: SocketAddr) -> anyhow::Result<Endpoint> {
        Ok(self.endpoint(addr)?.initial_stream_window_size(64))
    }
}

/// Waits until nobody listens at `addr` any more.
///
/// # Errors
///
/// If somebody always does.
pub async fn nobody_listens(addr: SocketAddr) -> anyhow::Result<()> {
    let deadline = Instant::now() + STUCK;
    while TcpStream::connect(addr).await.is_ok() {
        ensure!(Instant::now() < deadline, "new connections are still accepted");
        sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// The network between a client and a server, for a test to break. When it's dropped, both ends
/// lose their connection.
pub struct Network {
    /// Where the client finds the server.
    pub addr: SocketAddr,
    to_server: Arc<Notify>,
    relay: JoinHandle<io::Result<()>>,
}

impl Network {
    /// Passes on one connection to `server`.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub async fn to(server: SocketAddr) -> anyhow::Result<Network> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let to_server = Arc::new(Notify::new());
        let stopped = Arc::clone(&to_server);
        let relay = tokio::spawn(async move {
            let (mut client, _) = listener.accept().await?;
            drop(listener);
            let mut server = TcpStream::connect(server).await?;
            for socket in [&client, &server] {
                socket.set_nodelay(true)?;
                // The other end gets an RST once this end is dropped.
                socket.set_zero_linger()?;
            }
            let (mut from_client, mut to_client) = client.split();
            let (mut from_server, mut to_server) = server.split();
            let up = async {
                tokio::select! {
                    result = copy(&mut from_client, &mut to_server) => result,
                    () = stopped.notified() => pending().await,
                }
            };
            tokio::select! {
                result = up => result.map(drop),
                result = copy(&mut from_server, &mut to_client) => result.map(drop),
            }
        });
        Ok(Network { addr, to_server, relay })
    }

    /// From now on, nothing of what the client sends arrives.
    pub fn loses_what_the_client_sends(&self) {
        self.to_server.notify_one();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.relay.abort();
    }
}
