//! The server of the lesson, which reads its certificate again for each new connection. So it can
//! be replaced at any time: connections that are there go on with the old one.

use secure::caller::Callers;
use secure::certificates;
use secure::pb::product_info_server::ProductInfoServer;
use secure::server::ProductInfoServicer;
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, time::Duration};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto::ring, sign::CertifiedKey};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::service::InterceptorLayer;
use tonic::transport::{Server, server::TcpIncoming};

/// How long a client may take until both have agreed on TLS: as in the lesson.
const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// Serves on `incoming` until `shutdown` ends. Calls that are under way then may finish.
///
/// tonic's configuration of TLS has one certificate, and keeps it. So TLS is agreed on here, and
/// tonic gets the connections for which it is.
pub async fn run(
    mut incoming: TcpIncoming,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    certificates::make()?;
    let mut trusted = RootCertStore::empty();
    trusted.add(certificates::certificate("authority")?)?;
    let clients = WebPkiClientVerifier::builder(Arc::new(trusted)).build()?;
    let mut config = ServerConfig::builder()
        .with_client_cert_verifier(clients)
        .with_cert_resolver(Arc::new(Latest(Mutex::new(read()?))));
    config.alpn_protocols = vec![b"h2".into()];
    let acceptor = TlsAcceptor::from(Arc::new(config));

    let (sender, connections) = mpsc::channel(1);
    let agree_on_tls = async move {
        let mut handshakes = JoinSet::new();
        loop {
            tokio::select! {
                () = sender.closed() => break,
                Some(_) = handshakes.join_next() => {}
                Some(accepted) = incoming.next() => match accepted {
                    Ok(socket) => {
                        let (handshake, sender) = (acceptor.accept(socket), sender.clone());
                        handshakes.spawn(async move {
                            if let Ok(Ok(connection)) = timeout(HANDSHAKE_TIME, handshake).await {
                                _ = sender.send(Ok::<_, io::Error>(connection)).await;
                            }
                        });
                    }
                    // There are too few files, say. In a moment there may be more.
                    Err(_) => sleep(Duration::from_millis(100)).await,
                },
            }
        }
    };
    let serve = Server::builder()
        .layer(InterceptorLayer::new(Callers::load()?))
        .add_service(ProductInfoServer::new(ProductInfoServicer::default()))
        .serve_with_incoming_shutdown(ReceiverStream::new(connections), shutdown);
    let ((), served) = tokio::join!(agree_on_tls, serve);
    Ok(served?)
}

/// The latest certificate, with its key.
#[derive(Debug)]
struct Latest(Mutex<Arc<CertifiedKey>>);

impl ResolvesServerCert for Latest {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // While the files are replaced, one of them may be missing, or be of another certificate
        // than the other: then the last good one goes on.
        if let Ok(certificate) = read() {
            *latest = certificate;
        }
        Some(Arc::clone(&latest))
    }
}

/// What is in the files now. Fails if the key is that of another certificate.
fn read() -> anyhow::Result<Arc<CertifiedKey>> {
    let certificate = certificates::certificate("server")?;
    let key = PrivateKeyDer::from_pem_slice(certificates::read("server.key")?.as_bytes())?;
    let provider = ring::default_provider();
    Ok(Arc::new(CertifiedKey::from_der(vec![certificate], key, &provider)?))
}
