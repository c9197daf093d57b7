//! What every client needs, whatever it calls: a connection, or the reason why there is none.

use anyhow::{Context, anyhow};
use std::{error::Error, io};
use tokio_rustls::rustls;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint, Uri};

/// A server, and how to speak to it.
#[derive(Clone)]
pub struct Server {
    addr: String,
    tls: Option<ClientTlsConfig>,
}

/// The server at `addr` (HOST:PORT), in the clear.
pub fn to(addr: &str) -> Server {
    Server { addr: addr.into(), tls: None }
}

impl Server {
    /// From now on over TLS, with what `add` puts into the configuration.
    pub fn tls(self, add: impl FnOnce(ClientTlsConfig) -> ClientTlsConfig) -> Server {
        Server { tls: Some(add(self.tls.unwrap_or_default())), ..self }
    }

    /// Where it is: `http://` in the clear, and `https://` over TLS. Without that `s`, tonic would
    /// take a configuration for TLS and speak in the clear all the same.
    pub fn uri(&self) -> anyhow::Result<Uri> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let uri = format!("{scheme}://{}", self.addr);
        uri.parse().with_context(|| format!("{} is not HOST:PORT", self.addr))
    }

    /// Connects, or says why that cannot be.
    pub async fn open(&self) -> anyhow::Result<Channel> {
        let mut endpoint = Endpoint::from(self.uri()?);
        if let Some(tls) = self.tls.clone() {
            endpoint = endpoint.tls_config(tls)?;
        }
        endpoint.connect().await.map_err(|error| {
            let addr = &self.addr;
            let error = anyhow::Error::from(error);
            let cause = error.root_cause();
            let why = match error.chain().find_map(of_tls) {
                Some(error) => format!("the server at {addr} {}", refusal(error)),
                None => {
                    format!("no server at {addr} (start one with `cargo run -p secure server`)")
                }
            };
            anyhow!("{why}: {cause}")
        })
    }
}

/// The error of TLS that is in `error`, if there is one.
fn of_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    error.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref()
}

/// What we have against a server, or it against us, for people.
fn refusal(error: &rustls::Error) -> &'static str {
    use rustls::{CertificateError::*, Error::*};
    match error {
        InvalidMessage(_) => "doesn't speak TLS",
        // The latter: an authority of the same name, with another key.
        InvalidCertificate(UnknownIssuer | BadSignature) => {
            "has a certificate of an authority that we don't trust"
        }
        InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "has a certificate for another name"
        }
        InvalidCertificate(Expired | ExpiredContext { .. }) => "has an expired certificate",
        InvalidCertificate(_) => "has a bad certificate",
        _ => "and we don't agree on TLS",
    }
}
