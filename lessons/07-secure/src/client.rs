//! The client: it fills the catalogue, and looks at it.

// ANCHOR: step5-client-import
use crate::certificates;
// ANCHOR_END: step5-client-import
use crate::connect;
use crate::pb::product_info_client::ProductInfoClient;
use crate::pb::{Product, ProductId};
// ANCHOR: step6-client-imports
use crate::token::Token;
// ANCHOR_END: step6-client-imports
// ANCHOR: step7-client-imports
use anyhow::{Context, bail};
// ANCHOR_END: step7-client-imports
use tonic::{Code, Response, Status};

/// Adds two products to the catalogue of the server at `addr` (HOST:PORT), and asks for three.
/// Fails without a server, or if a call fails in another way than it should.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let server = connect::to(addr);
    // ANCHOR: step5-client-tls
    let authority = certificates::authority()?;
    let server = server.tls(|tls| tls.ca_certificate(authority));
    // ANCHOR_END: step5-client-tls
    // ANCHOR: step8-ada
    let identity = certificates::identity("ada")?;
    let server = server.tls(|tls| tls.identity(identity));
    // ANCHOR_END: step8-ada
    let channel = server.open().await?;
    // ANCHOR: step6-ada
    let mut nobody = ProductInfoClient::new(channel.clone());
    let token = Token::of("ada")?.sent_to(&server.uri()?)?;
    let channel = tonic::service::interceptor::InterceptedService::new(channel, token);
    // ANCHOR_END: step6-ada
    let mut stub = ProductInfoClient::new(channel);

    for (name, description) in [("Kettle", "Boils a litre"), ("Teapot", "Holds four cups")] {
        let product = Product { id: "".into(), name: name.into(), description: description.into() };
        let id = stub.add_product(product).await?.into_inner();
        println!("added {name}: its id is {}", id.value);
    }
    for id in ["1", "2", "3"] {
        show(stub.get_product(ProductId { value: id.into() }).await)?;
    }
    // ANCHOR: step6-nobody
    println!("----- Without a token -----");
    show(nobody.get_product(ProductId { value: "1".into() }).await)?;
    // ANCHOR_END: step6-nobody
    // ANCHOR: step7-run
    println!("----- As grace -----");
    grace(server).await?;
    // ANCHOR_END: step7-run
    Ok(())
}

/// Prints a product, or why there is none.
fn show(answer: Result<Response<Product>, Status>) -> anyhow::Result<()> {
    match answer {
        Ok(response) => {
            let Product { id, name, description } = response.into_inner();
            println!("product {id}: {name}. {description}.");
        }
        Err(status) if status.code() == Code::NotFound => {
            println!("NOT_FOUND: {}", status.message());
        }
        // ANCHOR: step6-unauthenticated
        Err(status) if status.code() == Code::Unauthenticated => {
            println!("UNAUTHENTICATED: {}", status.message());
        }
        // ANCHOR_END: step6-unauthenticated
        Err(status) => return Err(status.into()),
    }
    Ok(())
}
// ANCHOR: step7-grace

/// Grace may read, and is told why she may not add.
async fn grace(server: connect::Server) -> anyhow::Result<()> {
    // ANCHOR: step8-grace
    let identity = certificates::identity("grace")?;
    let server = server.tls(|tls| tls.identity(identity));
    // ANCHOR_END: step8-grace
    let token = Token::of("grace")?.sent_to(&server.uri()?)?;
    let mut stub = ProductInfoClient::with_interceptor(server.open().await?, token);
    show(stub.get_product(ProductId { value: "2".into() }).await)?;

    match stub.add_product(Product::default()).await {
        Ok(_) => bail!("grace has added a product"),
        Err(status) if status.code() == Code::PermissionDenied => {
            println!("PERMISSION_DENIED: {}", status.message());
            let info = tonic_types::StatusExt::get_details_error_info(&status);
            let info = info.context("a refusal without details")?;
            let right = info.metadata.get("right").context("details without a right")?;
            println!("{} in {}: {right}", info.reason, info.domain);
        }
        Err(status) => return Err(status.into()),
    }
    Ok(())
}
// ANCHOR_END: step7-grace
