//! The client of the exercise: a file instead of an address, and the rest is the same.

use crate::socket;
use anyhow::Context;
use secure::pb::Product;
use secure::pb::product_info_client::ProductInfoClient;
use tonic::transport::Endpoint;

/// Adds a product to the catalogue of the server on the socket that stands for `addr` (HOST:PORT),
/// and asks for it. Fails without a server, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let path = socket::path(addr)?;
    let endpoint = Endpoint::from_shared(format!("unix://{}", path.display()))?;
    let channel = endpoint.connect().await.with_context(|| {
        let server = "cargo run -p secure --example unix_socket server";
        format!("no server at {addr} (start one with `{server}`)")
    })?;
    let mut stub = ProductInfoClient::new(channel);

    let (name, description) = ("Kettle".into(), "Boils a litre".into());
    let product = Product { id: "".into(), name, description };
    let id = stub.add_product(product).await?.into_inner();
    println!("added Kettle: its id is {}", id.value);
    let Product { id, name, description } = stub.get_product(id).await?.into_inner();
    println!("product {id}: {name}. {description}.");
    Ok(())
}
