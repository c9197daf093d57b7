//! Who doesn't get as far as a call, and what the client says then.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use secure::pb::product_info_client::ProductInfoClient;
use secure::pb::product_info_server::{ProductInfo, ProductInfoServer};
use secure::pb::{Product, ProductId};
use secure::{certificates, connect};
use testing::net;
use tokio::net::TcpListener;
use tokio::process::Command;
use tonic::transport::{ClientTlsConfig, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

use crate::made::{
    Authority, CLIENT, FUTURE, NOW, PAST, PROGRAM, SERVER, channel, client, failed, folder, output,
    program, server, service, trusted, worked,
};

#[tokio::test]
async fn the_client_takes_no_server_in_the_clear() -> anyhow::Result<()> {
    trusted()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    let in_the_clear = Server::builder().add_service(service());
    tokio::spawn(in_the_clear.serve_with_incoming(net::incoming(listener)));
    failed(client(addr, &certificates::folder()).await?, "doesn't speak TLS")
}

#[tokio::test]
async fn the_server_takes_no_client_in_the_clear() -> anyhow::Result<()> {
    let folder = folder()?;
    let path = folder.path().join("certificates");
    let (_server, addr) = server(&path).await?;
    let mut stub = ProductInfoClient::new(net::connect(addr)?);
    let status = stub.add_product(Product::default()).await.unwrap_err();
    // Not from the server.
    assert!(std::error::Error::source(&status).is_some(), "{status}");
    worked(client(addr, &path).await?)
}

#[tokio::test]
async fn the_client_checks_the_certificate_of_the_server() -> anyhow::Result<()> {
    let authority = Authority::called("some authority")?;
    let ours = authority.folder("127.0.0.1", &NOW)?;
    let (_server, addr) = server(ours.path()).await?;
    worked(client(addr, ours.path()).await?)?;

    for (host, valid, why) in [
        ("other.example", NOW, "has a certificate for another name"),
        ("localhost", NOW, "has a certificate for another name"),
        ("127.0.0.1", PAST, "has an expired certificate"),
        ("127.0.0.1", FUTURE, "has a bad certificate"),
    ] {
        let folder = authority.folder(host, &valid)?;
        let (_server, addr) = server(folder.path()).await?;
        failed(client(addr, ours.path()).await?, why)?;
    }
    // One of the same name, too.
    for name in ["another authority", "some authority"] {
        let folder = Authority::called(name)?.folder("127.0.0.1", &NOW)?;
        let (_server, addr) = server(folder.path()).await?;
        let why = "has a certificate of an authority that we don't trust";
        failed(client(addr, ours.path()).await?, why)?;
    }
    Ok(())
}

#[tokio::test]
async fn the_server_has_three_names() -> anyhow::Result<()> {
    let folder = folder()?;
    let path = folder.path().join("certificates");
    for (host, names) in [("127.0.0.1", &["127.0.0.1", "localhost"][..]), ("[::1]", &["[::1]"])] {
        if TcpListener::bind(format!("{host}:0")).await.is_err() {
            testing::skipped(&format!("this machine has no {host}"));
            continue;
        }
        for name in names {
            let server = program(["server", &format!("{host}:0")], &path);
            let (_server, addr) = testing::program::started(server).await?;
            worked(client(format!("{name}:{}", addr.port()), &path).await?)?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_server_checks_the_certificate_of_the_client() -> anyhow::Result<()> {
    let authority = Authority::called("some authority")?;
    let folder = authority.folder("127.0.0.1", &NOW)?;
    let (_server, addr) = server(folder.path()).await?;
    let other = Authority::called("another authority")?;
    let same_name = Authority::called("some authority")?;
    for (what, identity) in [
        ("another authority", other.identity("ada", CLIENT, &NOW)?),
        ("an authority of the same name", same_name.identity("ada", CLIENT, &NOW)?),
        ("expired", authority.identity("ada", CLIENT, &PAST)?),
        ("not valid yet", authority.identity("ada", CLIENT, &FUTURE)?),
        ("for a server", authority.identity("ada", SERVER, &NOW)?),
    ] {
        no_call(addr, authority.trusted().identity(identity), what).await?;
    }
    no_call(addr, authority.trusted(), "none").await?;
    worked(client(addr, folder.path()).await?)
}

/// With `tls`, a client gets no answer from the server at `addr`: the connection ends.
async fn no_call(addr: SocketAddr, tls: ClientTlsConfig, what: &str) -> anyhow::Result<()> {
    let mut stub = ProductInfoClient::new(channel(addr, tls)?);
    let status = stub.get_product(ProductId::default()).await.err().context(what.to_owned())?;
    assert!(std::error::Error::source(&status).is_some(), "{what}: {status}");
    Ok(())
}

#[tokio::test]
async fn a_client_without_a_certificate_finds_out_with_its_first_call() -> anyhow::Result<()> {
    let (incoming, _) = net::listen().await?;
    let addr = incoming.local_addr()?;
    let tls = trusted()?;
    tokio::spawn(secure::server::run(incoming, pending()));
    // It connects: in TLS 1.3, a client doesn't wait for what the server says of its certificate.
    let server = connect::to(&addr.to_string()).tls(|_| tls);
    let mut stub = ProductInfoClient::new(server.open().await?);
    let status = stub.get_product(ProductId::default()).await.unwrap_err();
    assert!(std::error::Error::source(&status).is_some(), "{status}");
    Ok(())
}

/// Adds one product, and then never another one.
struct Stuck(AtomicBool);

#[tonic::async_trait]
impl ProductInfo for Stuck {
    async fn add_product(&self, _: Request<Product>) -> Result<Response<ProductId>, Status> {
        if self.0.swap(true, Ordering::Relaxed) {
            pending().await
        }
        Ok(Response::new(ProductId { value: "1".into() }))
    }

    async fn get_product(&self, _: Request<ProductId>) -> Result<Response<Product>, Status> {
        pending().await
    }
}

#[tokio::test]
async fn the_client_says_that_a_connection_broke() -> anyhow::Result<()> {
    trusted()?;
    let (incoming, _) = net::listen().await?;
    let addr = incoming.local_addr()?;
    let tls = ServerTlsConfig::new().identity(certificates::identity("server")?);
    let service = ProductInfoServer::new(Stuck(AtomicBool::new(false)));
    let server = Server::builder().tls_config(tls)?.add_service(service);
    tokio::spawn(server.serve_with_incoming(incoming));
    let lines = ["added Kettle: its id is 1"];
    testing::program::client_says_that_the_call_failed(PROGRAM, addr, &lines).await
}

#[tokio::test]
async fn openssl_agrees() -> anyhow::Result<()> {
    let folder = folder()?;
    let path = folder.path().join("certificates");
    let (_server, addr) = server(&path).await?;
    let openssl = |args: &str| {
        let mut openssl = Command::new("openssl");
        openssl.args(args.split(' ')).current_dir(&path).stdin(std::process::Stdio::null());
        output(openssl)
    };
    if openssl("version").await.is_err() {
        testing::skipped("no openssl on the PATH");
        return Ok(());
    }
    for (purpose, name) in [("sslserver", "server"), ("sslclient", "ada"), ("sslclient", "grace")] {
        let verify = format!("verify -x509_strict -purpose {purpose} -CAfile authority.pem");
        let output = openssl(&format!("{verify} {name}.pem")).await?;
        assert!(output.status.success(), "{output:?}");
    }

    let client = "-CAfile authority.pem -cert ada.pem -key ada.key -alpn h2 -verify_return_error";
    let client = format!("s_client -connect {addr} {client}");
    for version in ["-tls1_2", "-tls1_3"] {
        let output = openssl(&format!("{client} {version}")).await?;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("Verify return code: 0 (ok)"), "{version}: {said}");
        assert!(said.contains("ALPN protocol: h2"), "{version}: {said}");
    }
    for version in ["-tls1", "-tls1_1"] {
        // By itself, OpenSSL wouldn't even offer them.
        let output = openssl(&format!("{client} {version} -cipher ALL:@SECLEVEL=0")).await?;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{version}");
        if error.contains("no protocols available") {
            testing::skipped(&format!("openssl has no {version}"));
            continue;
        }
        // Which one depends on what else it offers.
        let alerts = ["alert protocol version", "alert handshake failure"];
        let is_refused = alerts.iter().any(|alert| error.contains(alert));
        assert!(is_refused, "{version}: {error}");
    }
    Ok(())
}
