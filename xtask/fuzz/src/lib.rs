//! Feeds bytes into the handlers of all lessons: those of the corpus in its test, and those that
//! libFuzzer makes up in `fuzz/`.

use std::future::pending;
use std::time::Duration;

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Full};
use movie_json::server::Movies;
use routeguide::places::Places;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tonic::body::Body;
use tonic::codegen::{Bytes, http};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tower::ServiceExt;

/// Far longer than an answer takes.
const STUCK: Duration = Duration::from_secs(60);

/// A method of a lesson.
pub struct Method {
    /// The number of its lesson.
    lesson: usize,
    /// Where a request for it goes.
    path: &'static str,
    /// Whether it takes a stream of messages.
    takes_stream: bool,
    /// A message that it answers.
    good: &'static [u8],
}

/// The first byte of an input is an index of this list: a new method belongs to its end.
pub const METHODS: [Method; 14] = [
    one(1, "/helloworld.Greeter/SayHello", b"\x0a\x03you"),
    one(1, "/helloworld.Greeter/SayHelloAgain", b"\x0a\x03you"),
    one(2, "/my_package.DisplacementService/computeDisplacement", b"\x0a\x00\x12\x00"),
    one(3, "/Teams/GetTeam", b"\x0a\x05Miami"),
    one(4, "/Movie/GetMovieByID", b"\x0a\x24a8034f44-aee4-44cf-b32c-74cf452aaaae"),
    one(4, "/Movie/GetListMovies", b""),
    one(5, "/helloworld.Greeter/SayHello_v1", b"\x0a\x03you"),
    many(5, "/helloworld.Greeter/SayHello_v2", b"\x0a\x03you"),
    many(5, "/helloworld.Greeter/SayHello_v3", b"\x0a\x03you"),
    many(5, "/my_package.RequestStreaming/stream_state", b"\x08\x01"),
    one(6, "/routeguide.RouteGuide/GetFeature", b"\x08\x01\x10\x01"),
    one(6, "/routeguide.RouteGuide/ListFeatures", b"\x0a\x00\x12\x00"),
    many(6, "/routeguide.RouteGuide/RecordRoute", b"\x08\x01\x10\x01"),
    many(6, "/routeguide.RouteGuide/RouteChat", b"\x0a\x00\x12\x02hi"),
];

/// A method that takes one message.
const fn one(lesson: usize, path: &'static str, good: &'static [u8]) -> Method {
    Method { lesson, path, takes_stream: false, good }
}

/// A method that takes a stream of messages.
const fn many(lesson: usize, path: &'static str, good: &'static [u8]) -> Method {
    Method { lesson, path, takes_stream: true, good }
}

impl Method {
    /// Its name without that of its service.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('/').map_or(self.path, |(_, name)| name)
    }

    /// The method that `input` is for, and the rest of it.
    pub fn of(input: &[u8]) -> Option<(&'static Method, &[u8])> {
        let (&first, rest) = input.split_first()?;
        Some((&METHODS[usize::from(first) % METHODS.len()], rest))
    }
}

/// The servers of all lessons, in this process and on one thread.
pub struct Servers {
    runtime: Runtime,
    /// A channel to each, in the order of the lessons.
    channels: [Channel; 6],
}

impl Servers {
    /// Starts them, each on a free port of this machine.
    ///
    /// # Errors
    ///
    /// If the data of a lesson cannot be read, or there is no free port.
    pub fn start() -> anyhow::Result<Servers> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let channels = runtime.block_on(async {
            let movies = Movies::load(movie_json::DATA)?;
            let places = Places::load(routeguide::DATA)?;
            anyhow::Ok([
                serve(async |incoming| helloworld::server::run(incoming, pending()).await).await?,
                serve(async |incoming| unary_displacement::server::run(incoming, pending()).await)
                    .await?,
                serve(async |incoming| teams::server::run(incoming, pending()).await).await?,
                serve(async |incoming| movie_json::server::run(incoming, movies, pending()).await)
                    .await?,
                serve(async |incoming| streaming::server::run(incoming, pending()).await).await?,
                serve(async |incoming| routeguide::server::run(incoming, places, pending()).await)
                    .await?,
            ])
        })?;
        Ok(Servers { runtime, channels })
    }

    /// Sends `input` to the method that its first byte chooses: as one message, or, if it takes a
    /// stream, as several, each behind a byte that says how long it is. Then calls the same
    /// method with a good message.
    ///
    /// # Errors
    ///
    /// If there is no answer (then the handler has panicked, or hangs), or none to the good call.
    pub fn feed(&self, input: &[u8]) -> anyhow::Result<()> {
        let Some((method, mut rest)) = Method::of(input) else { return Ok(()) };
        let mut body = Vec::new();
        if method.takes_stream {
            while let Some((&length, behind)) = rest.split_first() {
                let (message, behind) = behind.split_at(behind.len().min(length.into()));
                add_message(&mut body, message)?;
                rest = behind;
            }
        } else {
            add_message(&mut body, rest)?;
        }
        self.call(method, body)?;

        let mut body = Vec::new();
        add_message(&mut body, method.good)?;
        let code = self.call(method, body).context("the next good call")?;
        ensure!(code == Code::Ok, "{}: the next good call: {code:?}", method.path);
        Ok(())
    }

    /// Calls `method`, and returns the code that the server has sent.
    fn call(&self, method: &Method, body: Vec<u8>) -> anyhow::Result<Code> {
        let request = http::Request::post(method.path)
            .header("content-type", "application/grpc")
            .body(Body::new(Full::new(Bytes::from(body))))?;
        let channel = self.channels[method.lesson - 1].clone();
        let answer = async {
            let response = channel.oneshot(request).await?;
            // A call that fails at once has its status in the headers, any other one behind its
            // body. If it is in neither, the call was not answered.
            if let Some(status) = Status::from_header_map(response.headers()) {
                return Ok(status.code());
            }
            let body = response.into_body().collect().await?;
            let status = body.trailers().and_then(Status::from_header_map);
            anyhow::Ok(status.context("no status")?.code())
        };
        self.runtime
            .block_on(async { timeout(STUCK, answer).await })
            .context("it hangs")
            .and_then(|answer| answer)
            .with_context(|| format!("{} was not answered", method.path))
    }
}

/// Starts a server, and returns a channel to it.
async fn serve<F>(run: impl FnOnce(TcpIncoming) -> F) -> anyhow::Result<Channel>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = Endpoint::from_shared(format!("http://{}", listener.local_addr()?))?;
    tokio::spawn(run(TcpIncoming::from(listener)));
    Ok(endpoint.connect_lazy())
}

/// Adds `message` as gRPC sends it: behind a zero, because it is not compressed, and its length.
fn add_message(body: &mut Vec<u8>, message: &[u8]) -> anyhow::Result<()> {
    body.push(0);
    body.extend(u32::try_from(message.len())?.to_be_bytes());
    body.extend(message);
    Ok(())
}
