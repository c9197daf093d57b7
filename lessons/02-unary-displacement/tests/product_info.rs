//! The exercise's server: every method, and what a client can get wrong.

use std::future::pending;

use tonic::Code;

#[allow(missing_docs)]
mod pb {
    tonic::include_proto!("ecommerce");
}
#[path = "../examples/product_info/server.rs"]
mod server;
#[path = "../../testing.rs"]
mod testing;
use pb::product_info_client::ProductInfoClient;
use pb::{Product, ProductId};
use testing::{call_raw, listen};

#[tokio::test]
async fn keeps_products_under_the_ids_that_it_hands_out() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    let mut stub = ProductInfoClient::new(channel);
    for (id, name) in [("1", "Kettle"), ("2", "Teapot"), ("3", "Kettle")] {
        let product = Product { id: "7".into(), name: name.into(), description: "".into() };
        assert_eq!(stub.add_product(product).await?.into_inner().value, id);
    }
    for (id, name) in [("1", "Kettle"), ("2", "Teapot"), ("3", "Kettle")] {
        let product = stub.get_product(ProductId { value: id.into() }).await?.into_inner();
        assert_eq!((product.id.as_str(), product.name.as_str()), (id, name));
    }
    for id in ["4", "7", "0", "-1", "01", "1 ", ""] {
        let answer = stub.get_product(ProductId { value: id.into() }).await;
        assert_eq!(answer.map_err(|status| status.code()).unwrap_err(), Code::NotFound, "{id:?}");
    }
    Ok(())
}

#[tokio::test]
async fn hands_out_each_id_once_to_clients_side_by_side() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let mut stub = ProductInfoClient::new(channel.clone());
        calls.spawn(async move { stub.add_product(Product::default()).await });
    }
    let mut ids = Vec::new();
    for answer in calls.join_all().await {
        ids.push(answer?.into_inner().value.parse::<u32>()?);
    }
    ids.sort_unstable();
    assert_eq!(ids, Vec::from_iter(1..=100));
    Ok(())
}

#[tokio::test]
async fn answers_hostile_bytes_with_an_error_and_goes_on() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, pending()));
    for path in ["/ecommerce.ProductInfo/addProduct", "/ecommerce.ProductInfo/getProduct"] {
        for (what, message, code) in [
            ("no protobuf", &b"\xff\xff\xff\xff"[..], Code::Internal),
            ("no UTF-8", b"\x0a\x02\xc3\x28", Code::Internal),
            ("over 4 MiB", &[0; (4 << 20) + 1], Code::OutOfRange),
        ] {
            assert_eq!(call_raw(&channel, path, message).await?, code, "{path}: {what}");
            let next = call_raw(&channel, "/ecommerce.ProductInfo/addProduct", b"").await?;
            assert_eq!(next, Code::Ok, "after {what}");
        }
    }
    Ok(())
}
