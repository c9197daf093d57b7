//! The server of the lesson, with an end to everything: to what is too much, to clients that have
//! gone without a word, and to the server itself.

use async_stream::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use routeguide::pb::route_guide_server::RouteGuideServer;
use routeguide::{deadline, places::Places, server::RouteGuideServicer};
use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};
use tokio::io::AsyncReadExt;
use tokio::time::{sleep, timeout};
use tokio::{net::TcpStream, sync::Semaphore, task::JoinSet};
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use tonic::{Status, body::Body, codegen::http, metadata::MetadataMap};
use tower::{Service, service_fn};

/// How many bytes a message may have: tonic's own limit, written down. The longest message here
/// is a note, and no text that somebody types is as long.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// How many bytes of a stream, and of a connection, a client may send ahead: as in the lesson.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// How many connections there may be; the next one waits until one of them ends. Each is an open
/// file, and many systems give a process 1,024 of them.
pub const MAX_CONNECTIONS: usize = 1_000;

/// How many calls there may be at once on a connection; its client holds the next ones back. The
/// standard of HTTP/2 advises against fewer than 100.
pub const MAX_CALLS_ON_A_CONNECTION: u32 = 100;

/// How many streams there may be on all connections; the next one is refused. Should each of them
/// be a chat that is full of notes, they take 8 GiB.
pub const MAX_STREAMS: usize = 512;

/// How long a stream may last, whatever its client says. One in which nobody speaks would keep its
/// place from others forever; an honest client begins a new one.
pub const STREAM_TIME: Duration = Duration::from_secs(10 * 60);

/// How long a connection may take to say that it speaks HTTP/2: 24 bytes, with which every client
/// begins at once.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// How long a connection may be silent before we ask whether somebody is there, and how long the
/// answer may take. A computer that has lost its power says no goodbye.
pub const SILENCE_TIME: Duration = Duration::from_secs(10);

/// How long calls may go on once the server has been told to stop. Long enough for what is nearly
/// done; and container runtimes kill a program that takes 10 seconds.
pub const DRAIN_TIME: Duration = Duration::from_secs(5);

/// How long it may take after that to tell the clients whose calls were cut.
pub const FAREWELL_TIME: Duration = Duration::from_secs(1);

/// Serves `places` on `incoming`, each stream for `stream_time` at most, until `stop` ends, and
/// then as long as it takes to finish what is under way: six seconds at most.
///
/// It has a loop of its own to accept connections. That of tonic's server waits without end for
/// those that are there, and cannot cut them off: grpc/grpc-rust, issue 1820.
pub async fn run(
    mut incoming: TcpIncoming,
    places: Places,
    stream_time: Duration,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let server = Server::of(places, stream_time);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            // The others wait in the queue of the system.
            Some(accepted) = incoming.next(), if connections.len() < MAX_CONNECTIONS => {
                match accepted {
                    Ok(socket) => _ = connections.spawn(server.clone().serve(socket)),
                    // There are too few files, say. In a moment there may be more.
                    Err(_) => sleep(Duration::from_millis(100)).await,
                }
            }
        }
    }

    drop(incoming);
    server.draining.cancel();
    let mut all_ended = pin!(async { while connections.join_next().await.is_some() {} });
    if timeout(DRAIN_TIME, &mut all_ended).await.is_err() {
        server.over.cancel();
        _ = timeout(FAREWELL_TIME, all_ended).await;
    }
    // What is left in a `JoinSet` is cut off when that is dropped.
    Ok(())
}

/// What all connections and their calls share.
#[derive(Clone)]
struct Server {
    http: Builder<TokioExecutor>,
    service: RouteGuideServer<RouteGuideServicer>,
    streams: Arc<Semaphore>,
    stream_time: Duration,
    /// Cancelled when no new calls are to begin.
    draining: CancellationToken,
    /// Cancelled when the calls under way have had their time.
    over: CancellationToken,
}

impl Server {
    fn of(places: Places, stream_time: Duration) -> Server {
        let mut http = Builder::new(TokioExecutor::new()).http2_only();
        http.http2()
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_concurrent_streams(MAX_CALLS_ON_A_CONNECTION)
            .keep_alive_interval(SILENCE_TIME)
            .keep_alive_timeout(SILENCE_TIME);
        let service = RouteGuideServer::new(RouteGuideServicer { places: Arc::new(places) });
        Server {
            http,
            service: service.max_decoding_message_size(MAX_MESSAGE_BYTES),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            stream_time,
            draining: CancellationToken::new(),
            over: CancellationToken::new(),
        }
    }

    /// Serves one connection, until its client hangs up or has been told to.
    async fn serve(self, mut socket: TcpStream) -> io::Result<()> {
        // A client begins with 24 bytes, for which hyper waits without end, even when it's told to
        // stop: hyperium/hyper, issue 4170. It asks whether somebody is there only when it has got
        // them.
        let mut preface = [0; 24];
        timeout(HANDSHAKE_TIME, socket.read_exact(&mut preface)).await??;
        let (reader, writer) = socket.into_split();
        let socket = tokio::io::join(io::Cursor::new(preface).chain(reader), writer);

        let (http, draining) = (self.http.clone(), self.draining.clone());
        let service = service_fn(move |request: http::Request<_>| {
            self.clone().answer(request.map(Body::new))
        });
        let service = TowerToHyperService::new(service);
        let mut connection = pin!(http.serve_connection(TokioIo::new(socket), service));
        if draining.run_until_cancelled(&mut connection).await.is_none() {
            connection.as_mut().graceful_shutdown();
            _ = connection.await;
        }
        Ok(())
    }

    /// Answers one call, if there is room for it, and as long as there is time.
    async fn answer(
        mut self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, Infallible> {
        // A stream takes its place until its last message has left. In tower's limits, a call has
        // one only until its answer begins: tower-rs/tower-http, pull request 447.
        let is_stream = request.uri().path() != "/routeguide.RouteGuide/GetFeature";
        let Ok(place) = self.streams.try_acquire_many_owned(is_stream.into()) else {
            let why = format!("{MAX_STREAMS} streams are open: try again later");
            return Ok(Status::resource_exhausted(why).into_http());
        };
        let deadline = deadline::of(&MetadataMap::from_headers(request.headers().clone()));
        let (over, stream_time) = (self.over.clone(), self.stream_time);
        let mut end = Box::pin(async move {
            tokio::select! {
                () = deadline => Status::deadline_exceeded("the time is over"),
                () = sleep(stream_time), if is_stream => too_long(),
                () = over.cancelled() => stopping(),
            }
        });
        let response = tokio::select! {
            response = self.service.call(request) => response?,
            status = &mut end => return Ok(status.into_http()),
        };
        Ok(response.map(|mut body| {
            Body::new(StreamBody::new(stream! {
                let _place = place;
                loop {
                    let next = tokio::select! {
                        frame = body.frame() => Ok(frame),
                        status = &mut end => Err(status),
                    };
                    match next {
                        Ok(Some(frame)) => yield frame,
                        Ok(None) => return,
                        Err(status) => {
                            // A status has its place behind the messages, in the trailers.
                            let mut trailers = http::HeaderMap::new();
                            _ = status.add_header(&mut trailers);
                            yield Ok(Frame::trailers(trailers));
                            return;
                        }
                    }
                }
            }))
        }))
    }
}

/// What a client is told whose stream has lasted for too long.
fn too_long() -> Status {
    Status::deadline_exceeded("no stream may last for so long: begin a new one")
}

/// What a client is told whose call takes longer than the server has time.
fn stopping() -> Status {
    Status::unavailable("the server stops: call another one")
}
