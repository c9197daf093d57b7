//! Who calls: the server finds out before any method runs.

use crate::certificates::PEOPLE;
use crate::token::{KEY, Token};
use std::fmt;
use std::sync::Arc;
use tonic::metadata::MetadataMap;
use tonic::service::Interceptor;
// ANCHOR: step8-import-certificate
use tonic::transport::CertificateDer;
// ANCHOR_END: step8-import-certificate
use tonic::{Request, Status};

/// Somebody whom the server knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Caller(pub &'static str);

impl Caller {
    /// Who has sent `request`, as `Callers` found out. If nobody looked, it's a stranger.
    pub fn of<T>(request: &Request<T>) -> Result<Caller, Status> {
        request.extensions().get().copied().ok_or_else(stranger)
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// All that a stranger is told: not what was wrong, nor what would be right.
fn stranger() -> Status {
    Status::unauthenticated("say who you are")
}

/// Everybody whom the server knows, and how it recognizes them.
#[derive(Clone)]
pub struct Callers(Arc<Vec<Known>>);

struct Known {
    caller: Caller,
    token: Token,
    // ANCHOR: step8-known
    certificate: CertificateDer<'static>,
    // ANCHOR_END: step8-known
}

impl Callers {
    /// Fails if a token can't be read.
    pub fn load() -> anyhow::Result<Callers> {
        let mut known = Vec::new();
        for name in PEOPLE {
            known.push(Known {
                caller: Caller(name),
                // Read once: a new one counts after the next start.
                token: Token::of(name)?,
                // ANCHOR: step8-load
                certificate: crate::certificates::certificate(name)?,
                // ANCHOR_END: step8-load
            });
        }
        Ok(Callers(Arc::new(known)))
    }

    /// Whose token is in the metadata. With none there, or two, it's nobody's.
    fn by_token(&self, metadata: &MetadataMap) -> Option<Caller> {
        let mut shown = metadata.get_all(KEY).iter();
        let (Some(token), None) = (shown.next(), shown.next()) else { return None };
        self.0.iter().find(|known| known.token.is(token)).map(|known| known.caller)
    }
    // ANCHOR: step8-by-certificate

    /// Whose certificate the connection has. TLS has made sure that the client has its key, too.
    fn by_certificate(&self, request: &Request<()>) -> Option<Caller> {
        let shown = request.peer_certs()?;
        let own = shown.first()?;
        self.0.iter().find(|known| known.certificate == *own).map(|known| known.caller)
    }
    // ANCHOR_END: step8-by-certificate
}

/// The server's side: a caller we know goes into the request's extensions, where methods find it.
impl Interceptor for Callers {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let caller = self.by_token(request.metadata());
        // ANCHOR: step8-caller
        // A stolen token can be shown by anybody. A certificate is worth nothing without its key.
        let caller = self.by_certificate(&request).or(caller);
        // ANCHOR_END: step8-caller
        // No method needs it from here on, or prints it by mistake.
        request.metadata_mut().remove(KEY);
        request.extensions_mut().insert(caller.ok_or_else(stranger)?);
        Ok(request)
    }
}
