//! The example's server: its certificate is replaced again and again, and no call is lost.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use secure::pb::product_info_client::ProductInfoClient;
use secure::pb::{Product, ProductId};
use testing::program::started;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::transport::{ClientTlsConfig, Identity};

use crate::made::{Authority, CLIENT, NOW, SERVER, channel, example, write};

#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_lost_while_the_certificate_is_replaced() -> anyhow::Result<()> {
    const TIMES: usize = 20;
    let authority = Authority::called("some authority")?;
    let folder = authority.folder("127.0.0.1", &NOW)?;
    let mut program = Command::new(example("rotation")?);
    program.args(["server", "127.0.0.1:0"]).env("CERTIFICATES", folder.path());
    let (_server, addr) = started(program).await?;
    let ada = |file| fs::read_to_string(folder.path().join(file));
    let tls = authority.trusted().identity(Identity::from_pem(ada("ada.pem")?, ada("ada.key")?));

    let is_over = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for _ in 0..16 {
        callers.spawn(call(addr, tls.clone(), Arc::clone(&is_over)));
    }
    let mut shown = Vec::new();
    for _ in 0..TIMES {
        let (certificate, key) = authority.sign("server", &["127.0.0.1"], SERVER, &NOW)?;
        let der = CertificateDer::from_pem_slice(certificate.as_bytes())?;
        // One after the other, and each is empty for a moment: that is how people copy files.
        write(folder.path(), "server", (certificate, key))?;
        let new = shown_by(addr, folder.path()).await?;
        assert_eq!(new, der, "a new connection has the old certificate");
        assert!(!shown.contains(&new));
        shown.push(new);
    }
    is_over.store(true, Ordering::Relaxed);
    let (mut calls, mut connections) = (0, 0);
    for caller in callers.join_all().await {
        let (its_calls, its_connections) = caller?;
        calls += its_calls;
        connections += its_connections;
    }
    eprintln!("{calls} calls on {connections} connections, {TIMES} certificates");
    Ok(())
}

/// Calls until it's over, on one connection that stays and on new ones. Returns how many calls that
/// were, and on how many connections.
async fn call(
    addr: SocketAddr,
    tls: ClientTlsConfig,
    is_over: Arc<AtomicBool>,
) -> anyhow::Result<(usize, usize)> {
    let mut stub = ProductInfoClient::new(channel(addr, tls.clone())?);
    let id = stub.add_product(Product::default()).await?.into_inner().value;
    let (mut calls, mut connections) = (1, 1);
    while !is_over.load(Ordering::Relaxed) {
        stub.get_product(ProductId { value: id.clone() }).await?;
        let mut new = ProductInfoClient::new(channel(addr, tls.clone())?);
        new.get_product(ProductId { value: id.clone() }).await?;
        calls += 2;
        connections += 1;
    }
    Ok((calls, connections))
}

/// The certificate that the server shows to a new connection.
async fn shown_by(addr: SocketAddr, folder: &Path) -> anyhow::Result<CertificateDer<'static>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("authority.pem"))?)?;
    let certificate = CertificateDer::from_pem_file(folder.join("grace.pem"))?;
    let key = PrivateKeyDer::from_pem_file(folder.join("grace.key"))?;
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate], key)?;
    let socket = TcpStream::connect(addr).await?;
    let name = ServerName::try_from("127.0.0.1")?;
    let connection = TlsConnector::from(Arc::new(config)).connect(name, socket).await?;
    let shown = connection.get_ref().1.peer_certificates().context("none")?;
    Ok(shown.first().context("none")?.clone())
}

#[tokio::test]
async fn a_stranger_is_refused_here_too() -> anyhow::Result<()> {
    let authority = Authority::called("some authority")?;
    let folder = authority.folder("127.0.0.1", &NOW)?;
    let mut program = Command::new(example("rotation")?);
    program.args(["server", "127.0.0.1:0"]).env("CERTIFICATES", folder.path());
    let (_server, addr) = started(program).await?;
    let other = Authority::called("another authority")?.identity("ada", CLIENT, &NOW)?;
    for tls in [authority.trusted(), authority.trusted().identity(other)] {
        let mut stub = ProductInfoClient::new(channel(addr, tls)?);
        let status = stub.get_product(ProductId::default()).await.unwrap_err();
        assert!(std::error::Error::source(&status).is_some(), "{status}");
    }
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_finishes_calls_here_too() -> anyhow::Result<()> {
    use secure::certificates;
    use testing::call::{Kind, Method};
    use testing::net::Transport;

    let tls = crate::made::trusted()?.identity(certificates::identity("ada")?);
    let path = "/ecommerce.ProductInfo/addProduct";
    let method = Method { kind: Kind::Unary, path, message: b"\x12\x06Kettle" };
    let program = example("rotation")?;
    testing::program::a_ctrl_c_finishes_calls(program, &method, &Transport::tls(tls)).await
}
