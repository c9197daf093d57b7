//! The client of the exercise: it adds two products, and asks for three.

use crate::pb::product_info_client::ProductInfoClient;
use crate::pb::{Product, ProductId};
use anyhow::Context;
use tonic::Code;

/// Fills the catalogue of the server at `addr` (HOST:PORT) and prints what it finds there. Fails
/// without a server, or if a call fails in another way than it should.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let mut stub =
        ProductInfoClient::connect(format!("http://{addr}")).await.with_context(|| {
            let server = "cargo run -p unary-displacement --example product_info server";
            format!("no server at {addr} (start one with `{server}`)")
        })?;

    for (name, description) in [("Kettle", "Boils a litre"), ("Teapot", "Holds four cups")] {
        let product = Product { id: "".into(), name: name.into(), description: description.into() };
        let id = stub.add_product(product).await?.into_inner();
        println!("added {name}: its id is {}", id.value);
    }

    for id in ["1", "2", "3"] {
        match stub.get_product(ProductId { value: id.into() }).await {
            Ok(response) => {
                let Product { id, name, description } = response.into_inner();
                println!("product {id}: {name}. {description}.");
            }
            Err(status) if status.code() == Code::NotFound => {
                println!("NOT_FOUND: {}", status.message());
            }
            Err(status) => return Err(status.into()),
        }
    }
    Ok(())
}
