//! What every server has to survive, over TLS.

use std::future::pending;

use secure::{certificates, server};
use testing::call::{Kind, Method};
use testing::{faults, net};
use tonic::transport::Channel;

use crate::made::{channel, trusted};

const METHODS: [Method; 2] = [
    method("/ecommerce.ProductInfo/addProduct", b"\x12\x06Kettle"),
    // There is one with this id: the first one that was added.
    method("/ecommerce.ProductInfo/getProduct", b"\x0a\x011"),
];

const fn method(path: &'static str, message: &'static [u8]) -> Method {
    Method { kind: Kind::Unary, path, message }
}

/// A channel on which Ada calls, of a server of its own.
async fn ada() -> anyhow::Result<Channel> {
    let tls = trusted()?.identity(certificates::identity("ada")?);
    let (incoming, _) = net::listen().await?;
    let addr = incoming.local_addr()?;
    tokio::spawn(server::run(incoming, pending()));
    channel(addr, tls)
}

#[tokio::test]
async fn answers_hostile_bytes_with_an_error_and_goes_on() -> anyhow::Result<()> {
    let channel = ada().await?;
    for method in METHODS {
        faults::answers_hostile_bytes(&channel, &method).await?;
    }
    Ok(())
}

#[tokio::test]
async fn knows_no_other_method() -> anyhow::Result<()> {
    let channel = ada().await?;
    for method in METHODS {
        faults::knows_no_other_method(&channel, method.path).await?;
    }
    Ok(())
}
