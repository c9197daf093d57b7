//! The server of the exercise: it keeps products for as long as it runs.

use crate::pb::product_info_server::{ProductInfo, ProductInfoServer};
use crate::pb::{Product, ProductId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

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
        let mut product = request.into_inner();
        let mut products = self.products();
        let id = (products.len() + 1).to_string();
        product.id = id.clone();
        products.insert(id.clone(), product);
        Ok(Response::new(ProductId { value: id }))
    }

    async fn get_product(&self, request: Request<ProductId>) -> Result<Response<Product>, Status> {
        let ProductId { value } = request.into_inner();
        match self.products().get(&value) {
            Some(product) => Ok(Response::new(product.clone())),
            None => Err(Status::not_found("no product has this id")),
        }
    }
}

/// Serves on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    Server::builder()
        .add_service(ProductInfoServer::new(ProductInfoServicer::default()))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
