//! The exercise's server: every method, and what a client can get wrong.

use std::future::pending;

use testing::call::{Kind, Method};
use testing::faults;
use testing::net::listen;
use tonic::Code;

use crate::exercise;
use crate::pb::product_info_client::ProductInfoClient;
use crate::pb::{Product, ProductId};

#[tokio::test]
async fn keeps_products_under_the_ids_that_it_hands_out() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(exercise::run(incoming, pending()));
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
    tokio::spawn(exercise::run(incoming, pending()));
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
    tokio::spawn(exercise::run(incoming, pending()));
    for (path, message) in [
        ("/ecommerce.ProductInfo/addProduct", &b"\x12\x06Kettle"[..]),
        ("/ecommerce.ProductInfo/getProduct", b"\x0a\x011"),
    ] {
        let method = Method { kind: Kind::Unary, path, message };
        faults::answers_hostile_bytes(&channel, &method).await?;
    }
    Ok(())
}
