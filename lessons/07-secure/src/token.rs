//! A token: a secret that its owner shows with each call. Anybody who has it is taken for them.

use crate::certificates;
use anyhow::{Context, ensure};
use std::fmt;
use subtle::ConstantTimeEq;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::Uri;
use tonic::{Request, Status};

/// Its key in the metadata of a call, as in HTTP.
pub const KEY: &str = "authorization";

/// The value: `Bearer` and a secret.
#[derive(Clone)]
pub struct Token(MetadataValue<Ascii>);

impl Token {
    /// The token of `name`. Fails if it can't be read.
    pub fn of(name: &str) -> anyhow::Result<Token> {
        let secret = certificates::read(&format!("{name}.token"))?;
        let secret = Some(secret.trim_end()).filter(|secret| !secret.is_empty());
        let value = secret.and_then(|secret| format!("Bearer {secret}").parse().ok());
        let mut value: MetadataValue<_> =
            value.with_context(|| format!("{name}.token needs letters and digits, and no more"))?;
        // For tonic, not to print it, and for HTTP/2, not to remember it for the next call.
        value.set_sensitive(true);
        Ok(Token(value))
    }

    /// The same token, to be sent to `server`. Fails if they would be in the clear, where everybody
    /// on the way could read it.
    pub fn sent_to(self, server: &Uri) -> anyhow::Result<Token> {
        let is_encrypted = server.scheme_str() == Some("https");
        ensure!(is_encrypted, "no token is sent to {server}: use https, or everybody can read it");
        Ok(self)
    }

    /// Whether `shown` is this token. That takes equally long, however many of its bytes are right:
    /// otherwise one could guess them one after the other, with a clock.
    pub fn is(&self, shown: &MetadataValue<Ascii>) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

/// The client's side: the token goes into the metadata of each call.
impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert(KEY, self.0.clone());
        Ok(request)
    }
}

/// So that it gets into no log, not even by mistake.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(secret)")
    }
}
