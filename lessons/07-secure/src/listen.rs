//! What every server needs, whatever it serves: a port to listen on, and Ctrl-C to stop.

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal;
use tonic::transport::server::TcpIncoming;

/// Listens on `addr` (HOST:PORT; port 0 is any free one), or says why that cannot be. The future
/// that comes with it prints the address, and ends with Ctrl-C.
pub async fn on(addr: &str) -> anyhow::Result<(TcpIncoming, impl Future<Output = ()>)> {
    let listener = TcpListener::bind(addr)
        .await
        .with_context(|| format!("cannot listen on {addr} (give another HOST:PORT)"))?;
    let addr = listener.local_addr()?;
    let ctrl_c = async move {
        let started = async { println!("Server started, listening on {addr}") };
        // In this order, so that Ctrl-C counts as soon as the line is printed.
        if let (Err(error), ()) = tokio::join!(biased; signal::ctrl_c(), started) {
            eprintln!("cannot wait for Ctrl-C: {error}");
        }
    };
    // With `nodelay` a small message leaves at once, instead of waiting for company.
    Ok((TcpIncoming::from(listener).with_nodelay(Some(true)), ctrl_c))
}
