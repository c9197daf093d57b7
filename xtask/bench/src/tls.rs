//! What TLS costs: lesson 7's server beside the same servicer with less of TLS, or none.

use std::env;
use std::rc::Rc;

use secure::caller::Callers;
use secure::connect;
use secure::pb::product_info_client::ProductInfoClient;
use secure::pb::product_info_server::ProductInfoServer;
use secure::pb::{Product, ProductId};
use secure::server::ProductInfoServicer;
use secure::token::Token;
use secure::{certificates, listen};
use serde::Serialize;
use tonic::Status;
use tonic::service::InterceptorLayer;
use tonic::transport::{Server, ServerTlsConfig};
use xtask::run::side::Side;
use xtask::workspace::lesson::{Lesson, Programs};

use crate::load::call;
use crate::progress::Progress;
use crate::server::Server as Running;
use crate::turns::{Subject, Unary, in_turns};
use crate::unary::IN_FLIGHT;

/// Nothing is encrypted.
pub const CLEAR: &str = "clear";
/// The server shows a certificate.
pub const TLS: &str = "tls";
/// Both sides do: this is lesson 7's own server.
pub const MUTUAL_TLS: &str = "mutual tls";

/// A handshake of TLS 1.3.
#[derive(Serialize)]
pub struct Handshake {
    /// `tls` or `mutual tls`.
    pub server: &'static str,
    /// How much longer the first answer on a new connection takes than in the clear: the median.
    pub median_us: f64,
}

/// Serves as lesson 7 does, but asks clients for no certificate, and without `with_tls` speaks in the
/// clear.
///
/// # Errors
///
/// If nobody can listen on `addr`, or there are no certificates.
pub async fn serve(addr: &str, with_tls: bool) -> anyhow::Result<()> {
    let (incoming, ctrl_c) = listen::on(addr).await?;
    certificates::make()?;
    let mut server = Server::builder();
    if with_tls {
        let identity = certificates::identity("server")?;
        server = server.tls_config(ServerTlsConfig::new().identity(identity))?;
    }
    server
        .layer(InterceptorLayer::new(Callers::load()?))
        .add_service(ProductInfoServer::new(ProductInfoServicer::default()))
        .serve_with_incoming_shutdown(incoming, ctrl_c)
        .await?;
    Ok(())
}

/// Measures it, if lesson 7 is among `lessons`.
///
/// # Errors
///
/// If a server cannot be started, or a call fails.
pub async fn measure(
    lessons: &[&Lesson],
    programs: &Programs,
    progress: &Progress,
) -> anyhow::Result<Vec<Unary>> {
    let Some(lesson) = lessons.iter().find(|lesson| lesson.package == "secure") else {
        return Ok(Vec::new());
    };
    let bench = env::current_exe()?;
    let ours = |args: &[&str]| Side::with("product-server", &bench, args.iter().map(|&s| s.into()));
    let sides = [
        (CLEAR, ours(&["product-server"])),
        (TLS, ours(&["product-server", "--tls"])),
        (MUTUAL_TLS, programs.side(&lesson.pairs[0].server)?),
    ];
    let mut subjects = Vec::new();
    for (name, side) in sides {
        let running = [Rc::new(Running::start(&side, None).await?)];
        let mut server = connect::to(&running[0].addr);
        if name != CLEAR {
            let authority = certificates::authority()?;
            server = server.tls(|tls| tls.ca_certificate(authority));
        }
        if name == MUTUAL_TLS {
            let ada = certificates::identity("ada")?;
            server = server.tls(|tls| tls.identity(ada));
        }
        // Also in the clear, where no client of lesson 7 sends it: the servicer is the same.
        let token = Token::of("ada")?;
        let mut stub = ProductInfoClient::with_interceptor(server.open().await?, token.clone());
        stub.add_product(Product::default()).await?;
        let once = call(move || {
            let mut stub = stub.clone();
            async move {
                stub.get_product(first_product()).await?;
                Ok(1)
            }
        });
        for in_flight in IN_FLIGHT {
            subjects.push(Subject::new(name, "getProduct", in_flight, &once, &running)?);
        }
        // Each time with a new configuration: it knows no earlier handshake, and does all of it.
        let connecting = call(move || {
            let (server, token) = (server.clone(), token.clone());
            async move {
                let opened = server.open().await;
                let channel = opened.map_err(|error| Status::unavailable(format!("{error:#}")))?;
                let mut stub = ProductInfoClient::with_interceptor(channel, token);
                stub.get_product(first_product()).await?;
                Ok(1)
            }
        });
        subjects.push(Subject::new(name, "getProduct", 1, &connecting, &running)?.connecting());
    }
    in_turns(subjects, "TLS", progress).await
}

fn first_product() -> ProductId {
    ProductId { value: "1".into() }
}

/// What `rows` say of handshakes.
pub fn handshakes(rows: &[Unary]) -> Vec<Handshake> {
    let first = |server: &str| {
        let row = rows.iter().find(|row| row.connects && row.server == server)?;
        Some(row.figures.median_us)
    };
    let longer = |server| Some(Handshake { server, median_us: first(server)? - first(CLEAR)? });
    [TLS, MUTUAL_TLS].into_iter().filter_map(longer).collect()
}
