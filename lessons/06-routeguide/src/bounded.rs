// ANCHOR: step8-bounded
// ANCHOR: step8-drain
//! Streams that end: when the client no longer waits, and when the server stops.

use std::future::pending;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use async_stream::try_stream;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_stream::{Stream, StreamExt};
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use crate::limits::{DRAIN_TIME, MAX_STREAMS};
use crate::pb::route_guide_server::RouteGuide;
use crate::pb::{Feature, Point, Rectangle, RouteNote, RouteSummary};

/// Knows since when the server has been about to stop, if it has.
#[derive(Clone)]
pub struct Drain(pub watch::Receiver<Option<Instant>>);

impl Drain {
    /// Ends `time` after the server was told to stop: never, if nobody tells it.
    pub async fn lasts(mut self, time: Duration) {
        // An error: whoever could tell is gone.
        let since = self.0.wait_for(Option::is_some).await.map_or(None, |since| *since);
        match since {
            Some(since) => sleep_until(since + time).await,
            None => pending().await,
        }
    }
}
// ANCHOR_END: step8-drain
// ANCHOR: step8-until

/// What `stream` yields, until `end` comes: its status is the last item then. Whatever computes
/// the stream is dropped with it.
fn until<T>(
    stream: impl Stream<Item = Result<T, Status>>,
    end: impl Future<Output = Status>,
) -> impl Stream<Item = Result<T, Status>> {
    try_stream! {
        let (mut stream, mut end) = (pin!(stream), pin!(end));
        loop {
            // The end first: it has to be seen in a stream that is never short of items, too.
            let next = tokio::select! {
                biased;
                status = &mut end => Some(Err(status)),
                next = stream.next() => next,
            };
            match next {
                Some(item) => yield item?,
                None => break,
            }
        }
    }
}
// ANCHOR_END: step8-until
// ANCHOR: step8-end

/// How long the client is going to wait, which is in the header `grpc-timeout`: a number and a
/// unit, `100m`. For ever, if there is none.
fn timeout(metadata: &MetadataMap) -> Option<Duration> {
    let value = metadata.get("grpc-timeout")?.to_str().ok()?;
    let (number, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    let unit = match unit {
        "H" => Duration::from_secs(60 * 60),
        "M" => Duration::from_secs(60),
        "S" => Duration::from_secs(1),
        "m" => Duration::from_millis(1),
        "u" => Duration::from_micros(1),
        "n" => Duration::from_nanos(1),
        _ => return None,
    };
    Some(unit * number.parse::<u32>().ok()?)
}

/// A servicer around a servicer, whose calls it keeps within limits.
pub struct Bounded<T> {
    servicer: T,
    drain: Drain,
    streams: Arc<Semaphore>,
}

impl<T> Bounded<T> {
    /// A servicer that does what `servicer` does, and ends its streams soon after `drain` begins.
    pub fn new(servicer: T, drain: Drain) -> Bounded<T> {
        Bounded { servicer, drain, streams: Arc::new(Semaphore::new(MAX_STREAMS)) }
    }

    /// Begins a stream, and returns what ends it. It counts among [`MAX_STREAMS`] until that
    /// is dropped.
    fn begin<R>(
        &self,
        request: &Request<R>,
    ) -> Result<impl Future<Output = Status> + use<T, R>, Status> {
        let place = Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            Status::resource_exhausted(format!("{MAX_STREAMS} streams are open: try again later"))
        })?;
        let timeout = timeout(request.metadata());
        let drain = self.drain.clone();
        Ok(async move {
            let _place = place;
            tokio::select! {
                () = sleep(timeout.unwrap_or(Duration::MAX)) => {
                    Status::deadline_exceeded("the time that you gave is over")
                }
                () = drain.lasts(DRAIN_TIME) => {
                    Status::unavailable("the server stops: call another one")
                }
            }
        })
    }
}
// ANCHOR_END: step8-end
// ANCHOR: step8-servicer

#[tonic::async_trait]
impl<T: RouteGuide> RouteGuide for Bounded<T> {
    async fn get_feature(&self, request: Request<Point>) -> Result<Response<Feature>, Status> {
        self.servicer.get_feature(request).await
    }

    type ListFeaturesStream = Pin<Box<dyn Stream<Item = Result<Feature, Status>> + Send>>;

    async fn list_features(
        &self,
        request: Request<Rectangle>,
    ) -> Result<Response<Self::ListFeaturesStream>, Status> {
        let end = self.begin(&request)?;
        let features = self.servicer.list_features(request).await?;
        Ok(features.map(|features| Box::pin(until(features, end)) as _))
    }

    async fn record_route(
        &self,
        request: Request<Streaming<Point>>,
    ) -> Result<Response<RouteSummary>, Status> {
        let end = self.begin(&request)?;
        tokio::select! {
            status = end => Err(status),
            summary = self.servicer.record_route(request) => summary,
        }
    }

    type RouteChatStream = Pin<Box<dyn Stream<Item = Result<RouteNote, Status>> + Send>>;

    async fn route_chat(
        &self,
        request: Request<Streaming<RouteNote>>,
    ) -> Result<Response<Self::RouteChatStream>, Status> {
        let end = self.begin(&request)?;
        let answers = self.servicer.route_chat(request).await?;
        Ok(answers.map(|answers| Box::pin(until(answers, end)) as _))
    }
}
// ANCHOR_END: step8-servicer
// ANCHOR_END: step8-bounded
