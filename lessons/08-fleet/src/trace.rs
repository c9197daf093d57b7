//! A line for each call that the server answers: whose it is, how it has ended, and how long it
//! took.

use tonic::codegen::http::{Request, Response};
use tonic::{Code, Status};
use tracing::field::{Empty, debug};
use tracing::subscriber::{SetGlobalDefaultError, set_global_default};
use tracing::{Span, info_span};
use tracing_subscriber::fmt::{self, format::FmtSpan};

/// From now on, prints a line at the end of each span: just what is in it, and how long it took.
/// When and where that was is known to whatever collects the lines. Fails the second time.
pub fn init() -> Result<(), SetGlobalDefaultError> {
    let line = fmt::format().without_time().with_level(false).with_target(false);
    let lines = tracing_subscriber::fmt().event_format(line).with_span_events(FmtSpan::CLOSE);
    set_global_default(lines.finish())
}

/// The span of a call of `Teams`, from its request to its answer. It has no more of the metadata
/// than the caller's id: there could be secrets in the rest.
pub fn span(request: &Request<()>) -> Span {
    let method = request.uri().path();
    if !method.starts_with("/Teams/") {
        return Span::none();
    }
    let id = request.headers().get("request-id").and_then(|id| id.to_str().ok());
    // A stranger may send any.
    let id = id.filter(|id| id.len() <= 40).unwrap_or_default();
    info_span!("call", id, method, code = Empty)
}

/// Notes the code of a `response` in the span of its call.
pub fn answered<B>(response: Response<B>) -> Response<B> {
    // A call that fails has it in the headers; otherwise, it follows behind the message.
    let status = Status::from_header_map(response.headers());
    let code = status.map_or(Code::Ok, |status| status.code());
    Span::current().record("code", debug(code));
    response
}
