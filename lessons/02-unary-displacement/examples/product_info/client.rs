//! The client of the exercise: it adds two products, and asks for three.

use std::io::{Write, stdout};

use anyhow::Context;
use tonic::Code;
use tonic::transport::Endpoint;

use super::pb::product_info_client::ProductInfoClient;
use super::pb::{Product, ProductId};

/// Fills the catalogue of the server at `addr` (HOST:PORT) and prints what it finds there.
///
/// # Errors
///
/// If `addr` is no address, if no server listens there, or if a call fails that should not.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!(
            "no server at {addr}: start one with \
                 `cargo run -p unary-displacement --example product_info server`"
        )
    })?;
    let mut stub = ProductInfoClient::new(channel);

    // ANCHOR: calls
    for (name, description) in [("Kettle", "Boils a litre"), ("Teapot", "Holds four cups")] {
        let product = Product { id: "".into(), name: name.into(), description: description.into() };
        let id = stub.add_product(product).await?.into_inner();
        writeln!(stdout(), "added {name}: its id is {}", id.value)?;
    }

    for id in ["1", "2", "3"] {
        match stub.get_product(ProductId { value: id.into() }).await {
            Ok(product) => {
                let Product { id, name, description } = product.into_inner();
                writeln!(stdout(), "product {id}: {name}. {description}.")?;
            }
            Err(status) if status.code() == Code::NotFound => {
                writeln!(stdout(), "NOT_FOUND: {}", status.message())?;
            }
            Err(status) => return Err(status.into()),
        }
    }
    Ok(())
    // ANCHOR_END: calls
}
