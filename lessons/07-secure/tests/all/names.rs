//! Who calls, by a token or by a certificate: it's found out before any method runs.

use std::fs;
use std::future::pending;
use std::net::SocketAddr;

use anyhow::Context;
use secure::caller::Callers;
use secure::pb::product_info_client::ProductInfoClient;
use secure::pb::{Product, ProductId};
use secure::token::{KEY, Token};
use secure::{certificates, server};
use testing::call::call_raw;
use testing::net;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::InterceptorLayer;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Server, ServerTlsConfig, Uri};
use tonic::{Code, Request, Status};

use crate::made::{Authority, CLIENT, NOW, channel, service, trusted};

/// The server as it is before it asks for certificates: a token is all that it goes by.
async fn by_token() -> anyhow::Result<SocketAddr> {
    certificates::make()?;
    let (incoming, _) = net::listen().await?;
    let addr = incoming.local_addr()?;
    let tls = ServerTlsConfig::new().identity(certificates::identity("server")?);
    let callers = InterceptorLayer::new(Callers::load()?);
    let server = Server::builder().tls_config(tls)?.layer(callers).add_service(service());
    tokio::spawn(server.serve_with_incoming(incoming));
    Ok(addr)
}

/// What is answered on `channel` to a call with these values of `authorization`.
async fn answer(channel: &Channel, values: &[&str]) -> anyhow::Result<Status> {
    let mut stub = ProductInfoClient::new(channel.clone());
    let mut request = Request::new(ProductId::default());
    for value in values {
        request.metadata_mut().append(KEY, value.parse()?);
    }
    stub.get_product(request).await.err().context("it has found a product")
}

#[tokio::test]
async fn only_a_token_that_it_knows_will_do() -> anyhow::Result<()> {
    let channel = channel(by_token().await?, trusted()?)?;
    let [ada, grace] =
        ["ada", "grace"].map(|name| certificates::read(&format!("{name}.token")).map(bearer));
    let (ada, grace) = (ada?, grace?);
    let (ada, grace) = (ada.as_str(), grace.as_str());
    assert_eq!(answer(&channel, &[ada]).await?.code(), Code::NotFound);
    assert_eq!(answer(&channel, &[grace]).await?.code(), Code::NotFound);

    let secret = &ada["Bearer ".len()..];
    let mut wrong = vec![
        String::new(),
        "Bearer".into(),
        "Bearer ".into(),
        secret.into(),
        format!("Basic {secret}"),
        format!("Bearer  {secret}"),
        bearer(secret.to_uppercase()),
        bearer("0".repeat(secret.len())),
        bearer(format!("{secret}0")),
        format!("{ada},{grace}"),
        bearer("0".repeat(10_000)),
    ];
    // Almost right: cut off anywhere, or with another digit anywhere.
    for i in 0..secret.len() {
        wrong.push(bearer(secret[..i].into()));
        let other = if secret[i..].starts_with('0') { "1" } else { "0" };
        wrong.push(bearer(format!("{}{other}{}", &secret[..i], &secret[i + 1..])));
    }
    let mut all: Vec<Vec<&str>> = wrong.iter().map(|value| vec![value.as_str()]).collect();
    all.extend([vec![], vec![ada, ada], vec![ada, grace], vec!["", ada], vec![ada, ""]]);
    for values in all {
        let status = answer(&channel, &values).await?;
        // A stranger isn't told what was wrong.
        let said = (status.code(), status.message(), status.details());
        assert_eq!(said, (Code::Unauthenticated, "say who you are", &[][..]), "{values:?}");
        assert!(status.metadata().get("grpc-status-details-bin").is_none());
    }
    Ok(())
}

fn bearer(secret: String) -> String {
    format!("Bearer {secret}")
}

#[tokio::test]
async fn far_too_much_metadata_is_refused() -> anyhow::Result<()> {
    let channel = channel(by_token().await?, trusted()?)?;
    // HTTP/2 has a limit for all headers of a request: here it's 16 KiB, and the call isn't looked
    // at.
    let status = answer(&channel, &[&bearer("0".repeat(20_000))]).await?;
    assert_ne!(status.code(), Code::NotFound, "{status}");
    let ada = bearer(certificates::read("ada.token")?);
    assert_eq!(answer(&channel, &[&ada]).await?.code(), Code::NotFound, "afterwards");
    Ok(())
}

#[tokio::test]
async fn a_stranger_does_not_learn_which_methods_exist() -> anyhow::Result<()> {
    let channel = channel(by_token().await?, trusted()?)?;
    for path in ["/ecommerce.ProductInfo/getProduct", "/ecommerce.ProductInfo/x", "/x.X/x"] {
        assert_eq!(call_raw(&channel, path, b"").await?, Code::Unauthenticated, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_is_not_sent_in_the_clear() -> anyhow::Result<()> {
    certificates::make()?;
    for (uri, is_safe) in [
        ("https://127.0.0.1:50051", true),
        ("HTTPS://localhost", true),
        ("http://127.0.0.1:50051", false),
        ("http://https", false),
        ("httpss://localhost", false),
        ("/https", false),
    ] {
        match Token::of("ada")?.sent_to(&uri.parse::<Uri>()?) {
            Ok(_) => assert!(is_safe, "{uri}"),
            Err(error) => {
                assert!(!is_safe, "{uri}");
                assert!(error.to_string().starts_with("no token is sent to"), "{error}");
            }
        }
    }
    // What the client would ask.
    let server = secure::connect::to("127.0.0.1:50051");
    Token::of("ada")?.sent_to(&server.uri()?).unwrap_err();
    Token::of("ada")?.sent_to(&server.tls(|tls| tls).uri()?)?;
    Ok(())
}

#[tokio::test]
async fn a_token_goes_with_each_call_of_its_owner() -> anyhow::Result<()> {
    // Both on one connection.
    let channel = channel(by_token().await?, trusted()?)?;
    let mut ada = stub(channel.clone(), "ada")?;
    let mut grace = stub(channel, "grace")?;
    for id in ["1", "2"] {
        let added = ada.add_product(Product::default()).await?.into_inner();
        assert_eq!(added.value, id);
        let found = grace.get_product(ProductId { value: id.into() }).await?.into_inner();
        assert_eq!(found.id, id);
        let status = grace.add_product(Product::default()).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
    }
    Ok(())
}

type Stub = ProductInfoClient<InterceptedService<Channel, Token>>;

fn stub(channel: Channel, name: &str) -> anyhow::Result<Stub> {
    Ok(ProductInfoClient::with_interceptor(channel, Token::of(name)?))
}

#[tokio::test]
async fn a_certificate_is_a_name() -> anyhow::Result<()> {
    let tls = trusted()?;
    let (incoming, _) = net::listen().await?;
    let addr = incoming.local_addr()?;
    tokio::spawn(server::run(incoming, pending()));
    let channel = |name| channel(addr, tls.clone().identity(certificates::identity(name)?));

    let mut ada = ProductInfoClient::new(channel("ada")?);
    ada.add_product(Product::default()).await?;
    let mut grace = ProductInfoClient::new(channel("grace")?);
    grace.get_product(ProductId { value: "1".into() }).await?;
    let status = grace.add_product(Product::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);

    // Grace has stolen Ada's token, and her certificate gives her away.
    let status = stub(channel("grace")?, "ada")?.add_product(Product::default()).await.unwrap_err();
    assert_eq!(status.message(), "grace may not add products");
    // A bad token doesn't count either.
    let bad = |mut request: Request<()>| {
        request.metadata_mut().insert(KEY, AsciiMetadataValue::from_static("Bearer x"));
        Ok(request)
    };
    let mut ada = ProductInfoClient::with_interceptor(channel("ada")?, bad);
    assert_eq!(ada.add_product(Product::default()).await?.into_inner().value, "2");
    Ok(())
}

#[tokio::test]
async fn a_name_in_a_certificate_is_not_enough() -> anyhow::Result<()> {
    let authority = Authority::called("some authority")?;
    let folder = authority.folder("127.0.0.1", &NOW)?;
    let (_server, addr) = crate::made::server(folder.path()).await?;
    // The same authority has signed another one for somebody who is called Ada, too.
    let tls = authority.trusted().identity(authority.identity("ada", CLIENT, &NOW)?);
    let mut stub = ProductInfoClient::new(channel(addr, tls.clone())?);
    let status = stub.add_product(Product::default()).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unauthenticated, "say who you are"));

    // She can still say who she is with a token.
    let token = bearer(fs::read_to_string(folder.path().join("ada.token"))?);
    let mut request = Request::new(Product::default());
    request.metadata_mut().insert(KEY, token.parse()?);
    assert_eq!(stub.add_product(request).await?.into_inner().value, "1");
    Ok(())
}
