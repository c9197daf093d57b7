//! What every server needs, whatever it serves: a port to listen on, and a signal to stop.

use anyhow::Context;
use std::io;
use tokio::net::TcpListener;
use tokio::signal;
use tonic::transport::server::TcpIncoming;

/// Listens on `addr` (HOST:PORT; port 0 is any free one), or says why that cannot be. The future
/// that comes with it prints the address, and ends with Ctrl-C or SIGTERM.
pub async fn on(addr: &str) -> anyhow::Result<(TcpIncoming, impl Future<Output = ()>)> {
    let listener = TcpListener::bind(addr)
        .await
        .with_context(|| format!("cannot listen on {addr} (give another HOST:PORT)"))?;
    let addr = listener.local_addr()?;
    let terminated = terminated()?;
    let stop = async move {
        let started = async { println!("Server started, listening on {addr}") };
        let stopped = async {
            tokio::select! {
                result = signal::ctrl_c() => if let Err(error) = result {
                    eprintln!("cannot wait for Ctrl-C: {error}");
                },
                () = terminated => {}
            }
        };
        // In this order, so that Ctrl-C counts as soon as the line is printed.
        tokio::join!(biased; stopped, started);
        // A client can watch our health for as long as it likes: a second Ctrl-C does not wait for
        // it.
        tokio::spawn(async {
            if signal::ctrl_c().await.is_ok() {
                eprintln!("error: stopped by a second Ctrl-C: open connections were cut off");
                std::process::exit(1);
            }
        });
    };
    // With `nodelay` a small message leaves at once, instead of waiting for company.
    Ok((TcpIncoming::from(listener).with_nodelay(Some(true)), stop))
}

/// Ends with SIGTERM, with which whatever runs a program asks it to stop. If nobody waits for it,
/// the program ends at once.
fn terminated() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut signals = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        signals.recv().await;
        // Windows has no SIGTERM.
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    })
}
