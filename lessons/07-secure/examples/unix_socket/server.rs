//! The server of the exercise: on a Unix socket, the system says who calls.

use crate::socket;
use anyhow::Context;
use secure::caller::Caller;
use secure::listen;
use secure::pb::product_info_server::ProductInfoServer;
use secure::server::ProductInfoServicer;
use std::{fs, os::unix::fs::MetadataExt};
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::service::InterceptorLayer;
use tonic::transport::{Server, server::UdsConnectInfo};
use tonic::{Request, Status};

/// Serves on the socket that stands for `addr` (HOST:PORT), until Ctrl-C.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    // The port is only held, so that its number is ours: nobody is served there.
    let (port, ctrl_c) = listen::on(addr).await?;
    let path = socket::path(&port.local_addr()?.to_string())?;
    // So a file that is there already is left over.
    _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("cannot listen on {}", path.display()))?;

    let owner = fs::metadata(&path)?.uid();
    let only_the_owner = move |mut request: Request<()>| {
        let info = request.extensions().get::<UdsConnectInfo>();
        let peer = info.and_then(|info| info.peer_cred);
        if peer.is_none_or(|peer| peer.uid() != owner) {
            return Err(Status::unauthenticated("say who you are"));
        }
        request.extensions_mut().insert(Caller("ada"));
        Ok(request)
    };
    let served = Server::builder()
        .layer(InterceptorLayer::new(only_the_owner))
        .add_service(ProductInfoServer::new(ProductInfoServicer::default()))
        .serve_with_incoming_shutdown(UnixListenerStream::new(listener), ctrl_c)
        .await;
    _ = fs::remove_file(&path);
    Ok(served?)
}
