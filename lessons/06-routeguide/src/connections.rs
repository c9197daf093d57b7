// ANCHOR: step8-connections
// ANCHOR: step8-accept
//! Connections that end: those that never say that they speak HTTP/2, and all of them when the
//! server stops.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_stream::stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::server::{Connected, TcpConnectInfo, TcpIncoming};

use crate::bounded::Drain;
use crate::limits::{DRAIN_TIME, FAREWELL_TIME, HANDSHAKE_TIME, MAX_CONNECTIONS};

/// The bytes with which each client begins to speak HTTP/2.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The connections of `incoming`, as many at once as there may be.
pub fn limited(
    mut incoming: TcpIncoming,
    drain: Drain,
) -> impl Stream<Item = io::Result<Connection>> {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    stream! {
        // Those for which there is no place wait in the queue of the system.
        while let Ok(place) = Arc::clone(&places).acquire_owned().await
            && let Some(accepted) = incoming.next().await
        {
            let drain = drain.clone();
            yield accepted.map(|stream| Connection {
                stream,
                greeting: PREFACE.len(),
                too_late: Box::pin(sleep(HANDSHAKE_TIME)),
                cut: Some(Box::pin(drain.lasts(DRAIN_TIME + FAREWELL_TIME))),
                _place: place,
            });
        }
    }
}
// ANCHOR_END: step8-accept
// ANCHOR: step8-connection

/// A TCP connection with an end: nothing can be read from it any more when its time is over, and
/// then hyper closes it.
pub struct Connection {
    stream: TcpStream,
    /// How many bytes of the preface are still to come.
    greeting: usize,
    /// Ends when they should have come.
    too_late: Pin<Box<Sleep>>,
    /// Ends when the server no longer waits for anybody.
    cut: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Counts among [`MAX_CONNECTIONS`] until the connection is closed.
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.greeting > 0 && this.too_late.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        if let Some(cut) = &mut this.cut
            && cut.as_mut().poll(cx).is_ready()
        {
            // What has ended must not be polled again.
            this.cut = None;
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        this.greeting = this.greeting.saturating_sub(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}
// ANCHOR_END: step8-connection
// ANCHOR: step8-write

// The rest is what `TcpStream` does.
impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}
// ANCHOR_END: step8-write
// ANCHOR_END: step8-connections
