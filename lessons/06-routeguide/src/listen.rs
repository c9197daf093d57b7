//! What every server needs, whatever it serves: a port to listen on, and Ctrl-C to stop.

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal;
use tonic::transport::{Server, server::TcpIncoming};

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
        // A stream can last for as long as its client likes: a second Ctrl-C does not wait for it.
        tokio::spawn(async {
            if signal::ctrl_c().await.is_ok() {
                eprintln!("error: stopped by a second Ctrl-C: open connections were cut off");
                std::process::exit(1);
            }
        });
    };
    // With `nodelay` a small message leaves at once, instead of waiting for company.
    Ok((TcpIncoming::from(listener).with_nodelay(Some(true)), ctrl_c))
}

/// `Server::builder()` with windows: a client that sends ahead of us has to wait, and is not cut
/// off.
pub fn builder() -> Server {
    Server::builder().initial_stream_window_size(64 << 10).initial_connection_window_size(8 << 20)
}
