//! The exercise's server: it answers with gzip those who understand it, and nobody blows it up.

use std::io::Read;

use anyhow::Context;
use flate2::Compression;
use flate2::read::GzEncoder;
use secure::certificates;
use secure::pb::product_info_client::ProductInfoClient;
use secure::pb::{Product, ProductId};
use testing::net;
use tonic::body::Body;
use tonic::codec::CompressionEncoding::Gzip;
use tonic::codegen::http;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::ServiceExt;

use crate::made::{channel, trusted};

#[path = "../../examples/compression/server.rs"]
mod exercise;

/// A channel on which Ada calls.
async fn ada() -> anyhow::Result<Channel> {
    let tls = trusted()?.identity(certificates::identity("ada")?);
    let (incoming, _) = net::listen().await?;
    let addr = incoming.local_addr()?;
    tokio::spawn(exercise::run(incoming, std::future::pending()));
    channel(addr, tls)
}

#[tokio::test]
async fn compresses_for_whoever_understands_it() -> anyhow::Result<()> {
    let channel = ada().await?;
    let mut gzip =
        ProductInfoClient::new(channel.clone()).send_compressed(Gzip).accept_compressed(Gzip);
    let product = Product { description: "again ".repeat(10_000), ..Product::default() };
    let id = gzip.add_product(product.clone()).await?.into_inner();
    for (mut stub, expected) in [(gzip, Some("gzip")), (ProductInfoClient::new(channel), None)] {
        let response = stub.get_product(id.clone()).await?;
        let encoding = response.metadata().get("grpc-encoding").map(|it| it.to_str());
        assert_eq!(encoding.transpose()?, expected);
        assert_eq!(response.into_inner().description, product.description);
    }
    Ok(())
}

/// The code of the answer to a request with this body, which says that it's gzip.
async fn gzipped(channel: &Channel, body: Vec<u8>) -> anyhow::Result<Code> {
    let request = http::Request::post("/ecommerce.ProductInfo/addProduct")
        .header("te", "trailers")
        .header("content-type", "application/grpc")
        .header("grpc-encoding", "gzip")
        .body(Body::new(http_body_util::Full::from(body)))?;
    let response = channel.clone().oneshot(request).await?;
    let status = Status::from_header_map(response.headers()).context("no status")?;
    Ok(status.code())
}

#[tokio::test]
async fn a_little_gzip_that_becomes_a_lot_is_refused() -> anyhow::Result<()> {
    let channel = ada().await?;
    // 20 kB that become 20 MB. tonic itself counts what they become.
    let mut bomb = Vec::new();
    GzEncoder::new(std::io::repeat(0).take(20 << 20), Compression::best())
        .read_to_end(&mut bomb)?;
    let length = u32::try_from(bomb.len())?.to_be_bytes();
    let body = [&[1], &length[..], &bomb].concat();
    let status = gzipped(&channel, body).await?;
    assert_eq!(status, Code::ResourceExhausted);
    // No gzip at all.
    assert_eq!(gzipped(&channel, vec![1, 0, 0, 0, 3, 1, 2, 3]).await?, Code::Internal);

    let mut stub = ProductInfoClient::new(channel);
    let status = stub.get_product(ProductId::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound, "afterwards");
    Ok(())
}
