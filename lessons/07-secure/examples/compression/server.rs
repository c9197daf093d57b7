//! The server of the exercise: that of the lesson, and it speaks gzip.

use secure::caller::Callers;
use secure::certificates;
use secure::pb::product_info_server::ProductInfoServer;
use secure::server::ProductInfoServicer;
use tonic::codec::CompressionEncoding::Gzip;
use tonic::service::InterceptorLayer;
use tonic::transport::{Server, ServerTlsConfig, server::TcpIncoming};

/// Serves on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    certificates::make()?;
    let tls = ServerTlsConfig::new()
        .client_ca_root(certificates::authority()?)
        .identity(certificates::identity("server")?);
    // It takes requests as they come, and compresses answers for clients that say they understand
    // it.
    let products = ProductInfoServer::new(ProductInfoServicer::default())
        .accept_compressed(Gzip)
        .send_compressed(Gzip);
    Server::builder()
        .tls_config(tls)?
        .layer(InterceptorLayer::new(Callers::load()?))
        .add_service(products)
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
