//! `cargo xtask book --serve`: the book in a browser, while somebody writes on it.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tower_http::services::{ServeDir, ServeFile};
use xtask::run::watcher::Watcher;
use xtask::workspace::Workspace;

use crate::pages::FOLDER;
use crate::weave;

/// Where the book is, if the port is free: as plain mdBook has it.
const ADDR: &str = "127.0.0.1:3000";

/// Where pages ask for changes.
const LIVE: &str = "__livereload";

/// Builds the book and serves it until the program is ended; builds it again, and lets the browser
/// load its page again, whenever a file of the book or of a lesson changes.
///
/// # Errors
///
/// If the first build fails, or the book cannot be served.
pub async fn run(workspace: Workspace, open: bool) -> anyhow::Result<()> {
    let workspace = Arc::new(workspace);
    let folder = workspace.target.join("book");
    // Before the first build, so that no change is missed.
    let folders = [FOLDER, "lessons", "data"].map(|name| workspace.root.join(name));
    // Plain mdBook writes there.
    let except = [workspace.root.join(FOLDER).join("book")];
    let mut watcher = Watcher::new(folders.into(), except.into());
    watcher.changed().await;
    build(&workspace, &folder).await?;

    let listener = match TcpListener::bind(ADDR).await {
        Ok(listener) => listener,
        // Taken, by another book perhaps.
        Err(_) => TcpListener::bind("127.0.0.1:0").await.context("no port is free")?,
    };
    let (reload, _) = broadcast::channel(1);
    let address = format!("http://{}/", listener.local_addr()?);
    writeln!(stdout(), "The book is at {address}: Ctrl-C ends this.")?;
    if open && let Err(error) = opener::open(&address) {
        writeln!(stdout(), "No browser can be opened ({error}): open that address in yours.")?;
    }
    let rebuild = async {
        loop {
            watcher.changed().await;
            match build(&workspace, &folder).await {
                Ok(()) => {
                    writeln!(stdout(), "Built again.")?;
                    // An error means that no browser waits.
                    _ = reload.send(());
                }
                Err(error) => eprintln!("error: {error:#}"),
            }
        }
    };
    tokio::select! {
        result = serve(listener, &folder, reload.clone()) => result,
        result = rebuild => result,
    }
}

/// Serves the built book in `folder` on `listener`, and tells browsers of each `reload`.
///
/// # Errors
///
/// If the connections of `listener` cannot be served.
pub async fn serve(
    listener: TcpListener,
    folder: &Path,
    reload: broadcast::Sender<()>,
) -> anyhow::Result<()> {
    let not_found = ServeFile::new(folder.join("404.html"));
    let live = any(move |upgrade: WebSocketUpgrade| {
        let reloads = reload.subscribe();
        async move { upgrade.on_upgrade(|socket| tell(socket, reloads)) }
    });
    let router = Router::new()
        .route(&format!("/{LIVE}"), live)
        .fallback_service(ServeDir::new(folder).not_found_service(not_found));
    Ok(axum::serve(listener, router).await?)
}

/// Tells a browser of the next reload: then it comes back with another connection.
async fn tell(mut socket: WebSocket, mut reloads: broadcast::Receiver<()>) {
    if reloads.recv().await.is_ok() {
        // An error means that the browser has gone.
        _ = socket.send(Message::text("reload")).await;
    }
}

async fn build(workspace: &Arc<Workspace>, folder: &Path) -> anyhow::Result<()> {
    let (workspace, folder): (_, PathBuf) = (Arc::clone(workspace), folder.to_owned());
    let build = move || weave::build(&workspace, &folder, Some(LIVE));
    tokio::task::spawn_blocking(build).await?
}
