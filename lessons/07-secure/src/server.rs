//! The server: it keeps products for as long as it runs.

// ANCHOR: step6-import-caller
use crate::caller::{Caller, Callers};
// ANCHOR_END: step6-import-caller
// ANCHOR: step5-import-certificates
use crate::certificates;
// ANCHOR_END: step5-import-certificates
use crate::listen;
use crate::pb::product_info_server::{ProductInfo, ProductInfoServer};
use crate::pb::{Product, ProductId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
// ANCHOR: step5-import-duration
use std::time::Duration;
// ANCHOR_END: step5-import-duration
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};
// ANCHOR: step5-handshake-time

/// How long a client may take until both have agreed on TLS. Without a limit, those that never get
/// that far would stay forever.
const HANDSHAKE_TIME: Duration = Duration::from_secs(5);
// ANCHOR_END: step5-handshake-time

/// Implements the service `ecommerce.ProductInfo`.
#[derive(Default)]
pub struct ProductInfoServicer {
    /// By id. All calls share one servicer, side by side: hence the lock.
    products: Mutex<HashMap<String, Product>>,
}

impl ProductInfoServicer {
    /// The products. Nobody else has them as long as the guard is there.
    fn products(&self) -> MutexGuard<'_, HashMap<String, Product>> {
        // A thread that panics with the guard leaves nothing half done here.
        self.products.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tonic::async_trait]
impl ProductInfo for ProductInfoServicer {
    async fn add_product(&self, request: Request<Product>) -> Result<Response<ProductId>, Status> {
        // ANCHOR: step6-add-caller
        let caller = Caller::of(&request)?;
        println!("{caller} calls addProduct");
        // ANCHOR_END: step6-add-caller
        // ANCHOR: step7-may-add
        crate::rights::may_add(caller)?;
        // ANCHOR_END: step7-may-add
        let mut product = request.into_inner();
        let mut products = self.products();
        let id = (products.len() + 1).to_string();
        product.id = id.clone();
        products.insert(id.clone(), product);
        Ok(Response::new(ProductId { value: id }))
    }

    async fn get_product(&self, request: Request<ProductId>) -> Result<Response<Product>, Status> {
        // ANCHOR: step6-get-caller
        let caller = Caller::of(&request)?;
        println!("{caller} calls getProduct");
        // ANCHOR_END: step6-get-caller
        let ProductId { value } = request.into_inner();
        match self.products().get(&value) {
            Some(product) => Ok(Response::new(product.clone())),
            None => Err(Status::not_found("no product has this id")),
        }
    }
}

/// Serves at `addr` (HOST:PORT) until Ctrl-C.
pub async fn serve(addr: &str) -> anyhow::Result<()> {
    let (incoming, ctrl_c) = listen::on(addr).await?;
    run(incoming, ctrl_c).await
}

/// Serves on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    // ANCHOR: step5-tls
    certificates::make()?;
    let tls = tonic::transport::ServerTlsConfig::new()
        // ANCHOR: step8-clients
        .client_ca_root(certificates::authority()?)
        // ANCHOR_END: step8-clients
        .identity(certificates::identity("server")?)
        .timeout(HANDSHAKE_TIME);
    // ANCHOR_END: step5-tls
    Server::builder()
        // ANCHOR: step5-use-tls
        .tls_config(tls)?
        // ANCHOR_END: step5-use-tls
        // ANCHOR: step6-layer
        .layer(tonic::service::InterceptorLayer::new(Callers::load()?))
        // ANCHOR_END: step6-layer
        .add_service(ProductInfoServer::new(ProductInfoServicer::default()))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
