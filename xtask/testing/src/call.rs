//! Any bytes as a call, and a call that stays in the middle.

use std::convert::Infallible;
use std::time::Duration;

use anyhow::Context;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::{Bytes, http};
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::ServiceExt;

use crate::STUCK;

/// A method of a server, and a message that it takes.
pub struct Method {
    /// How many messages each side sends.
    pub kind: Kind,
    /// Where its calls go: `/helloworld.Greeter/SayHello`.
    pub path: &'static str,
    /// A message that it answers, as protobuf has it.
    pub message: &'static [u8],
}

/// How many messages each side of a call sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// One request, one answer.
    Unary,
    /// One request, many answers.
    ServerStream,
    /// Many requests, one answer.
    ClientStream,
    /// Many requests, many answers.
    BothStream,
}

impl Kind {
    /// Whether a call has many requests.
    pub fn has_many_requests(self) -> bool {
        matches!(self, Kind::ClientStream | Kind::BothStream)
    }

    /// Whether a call has many answers.
    pub fn has_many_answers(self) -> bool {
        matches!(self, Kind::ServerStream | Kind::BothStream)
    }
}

/// Sends `message` to the method at `path` as it stands, whether it's a message or not. Returns the
/// code of the answer.
///
/// # Errors
///
/// If there's no answer: whatever else happens to a call, somebody has to say how it ended.
pub async fn call_raw(channel: &Channel, path: &str, message: &[u8]) -> anyhow::Result<Code> {
    Ok(send(channel, path, framed(message)?).await?.code())
}

/// Sends a whole `body` to the method at `path`. Returns the status of the answer.
///
/// # Errors
///
/// If there's no answer.
pub async fn send(channel: &Channel, path: &str, body: Vec<u8>) -> anyhow::Result<Status> {
    send_as(None, channel, path, body).await
}

/// Does the same, and shows a `token`, if there is one: `authorization: Bearer TOKEN`.
///
/// # Errors
///
/// If there's no answer, or what ought to be a token can't be in a header.
pub async fn send_as(
    token: Option<&str>,
    channel: &Channel,
    path: &str,
    body: Vec<u8>,
) -> anyhow::Result<Status> {
    let mut request = request(path, Body::new(Full::from(body)))?;
    if let Some(token) = token {
        let value = format!("Bearer {token}").parse()?;
        request.headers_mut().insert(http::header::AUTHORIZATION, value);
    }
    let answer = async {
        let response = channel.clone().oneshot(request).await?;
        // A call that fails at once has its status in the headers, any other one behind its body.
        if let Some(status) = Status::from_header_map(response.headers()) {
            return Ok(status);
        }
        let body = response.into_body().collect().await?;
        let status = body.trailers().and_then(Status::from_header_map);
        status.context("it says no status")
    };
    let answer = timeout(STUCK, answer).await.context("it hangs").and_then(|answer| answer);
    answer.with_context(|| format!("{path} was not answered"))
}

/// The name of `code` in the specification of gRPC: `INVALID_ARGUMENT`.
pub fn name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// `message` as gRPC sends it: behind a zero, because it isn't compressed, and its length.
///
/// # Errors
///
/// If it's longer than a message can be.
pub fn framed(message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let length = u32::try_from(message.len())?.to_be_bytes();
    Ok([&[0], &length[..], message].concat())
}

/// The bytes that `digits` are in hexadecimal.
///
/// # Errors
///
/// If they're no such digits.
pub fn bytes(digits: &str) -> anyhow::Result<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| anyhow::Ok(u8::from_str_radix(str::from_utf8(pair)?, 16)?);
    pairs.map(byte).collect()
}

pub(crate) fn request(path: &str, body: Body) -> Result<http::Request<Body>, http::Error> {
    // Some servers refuse a call of a client that doesn't say it takes trailers.
    let request = http::Request::post(path).header("te", "trailers");
    request.header("content-type", "application/grpc").body(body)
}

/// A call that stays in the middle: of one request, half has been sent; of many, one and a half; and
/// many answers have no room to arrive in.
pub(crate) struct Call {
    pub path: &'static str,
    /// What has not been sent yet.
    pub rest: Option<Rest>,
    pub response: Response,
}

/// Where the rest of the requests goes, and what it is.
type Rest = (mpsc::Sender<Result<Frame<Bytes>, Infallible>>, Vec<u8>);

/// What a call will be answered.
type Response = JoinHandle<Result<http::Response<Body>, tonic::transport::Error>>;

impl Call {
    /// Begins a call of `method`, which has to be over within `deadline`, if there is one.
    pub async fn begin(
        channel: &Channel,
        method: &Method,
        deadline: Option<Duration>,
    ) -> anyhow::Result<Call> {
        let message = framed(method.message)?;
        let (half, other_half) = message.split_at(message.len() / 2);
        let (sent, rest) = match method.kind {
            Kind::Unary => (half.to_vec(), Some(other_half)),
            Kind::ServerStream => (message.clone(), None),
            Kind::ClientStream | Kind::BothStream => ([&message, half].concat(), Some(other_half)),
        };
        let (sender, requests) = mpsc::channel(1);
        sender.send(Ok(Frame::data(sent.into()))).await?;
        let body = Body::new(StreamBody::new(ReceiverStream::new(requests)));
        let mut request = request(method.path, body)?;
        if let Some(deadline) = deadline {
            let value = format!("{}m", deadline.as_millis()).parse()?;
            request.headers_mut().insert("grpc-timeout", value);
        }
        let response = tokio::spawn(channel.clone().oneshot(request));
        let rest = rest.map(|rest| (sender, rest.to_vec()));
        Ok(Call { path: method.path, rest, response })
    }

    /// Sends what is missing, and returns the code of the answer.
    pub async fn finish(mut self) -> anyhow::Result<Code> {
        if let Some((sender, rest)) = self.rest.take() {
            sender.send(Ok(Frame::data(rest.into()))).await?;
        }
        self.end().await
    }

    /// The code with which the call ends, whether the server has sent it, or our own side found out
    /// that the server will not.
    pub async fn end(self) -> anyhow::Result<Code> {
        let response = match timeout(STUCK, self.response).await?? {
            Ok(response) => response,
            Err(error) => return Ok(Status::from_error(error.into()).code()),
        };
        let in_headers = Status::from_header_map(response.headers());
        let status = match response.into_body().collect().await {
            Ok(body) => in_headers.or_else(|| Status::from_header_map(body.trailers()?)),
            Err(status) => in_headers.or(Some(status)),
        };
        Ok(status.map_or(Code::Unknown, |status| status.code()))
    }
}
