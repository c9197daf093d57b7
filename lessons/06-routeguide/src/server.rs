//! The server: it checks what it is told before it believes it.

use crate::pb::route_guide_server::{RouteGuide, RouteGuideServer};
use crate::{listen, pb, places::Places};
// ANCHOR: step5-import-try-stream
use async_stream::try_stream;
// ANCHOR_END: step5-import-try-stream
// ANCHOR: step7-server-imports
use prost::Message;
use std::collections::HashMap;
// ANCHOR_END: step7-server-imports
use std::sync::Arc;
// ANCHOR: step8-import-stream
use tokio_stream::{Stream, StreamExt};
// ANCHOR_END: step8-import-stream
// ANCHOR: step5-import-box-stream
use tonic::codegen::BoxStream;
// ANCHOR_END: step5-import-box-stream
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
// ANCHOR: step7-limits

/// How many notes a stream may leave at one point. Each is sent again for every later one, so
/// that n of them cost n * n / 2 answers.
const MAX_NOTES_AT_A_POINT: usize = 500;

/// How many bytes all notes of a stream may take: the server keeps them until it ends.
const MAX_BYTES_OF_NOTES: usize = 16 * 1024 * 1024;

/// What keeping a note takes besides its own bytes, roughly: its place in the map and the vector.
const BYTES_AROUND_A_NOTE: usize = 256;
// ANCHOR_END: step7-limits

/// Implements the service `routeguide.RouteGuide`.
pub struct RouteGuideServicer {
    /// Shared, because a stream lasts longer than the function that begins it.
    pub places: Arc<Places>,
}

#[tonic::async_trait]
impl RouteGuide for RouteGuideServicer {
    async fn get_feature(
        &self,
        request: Request<pb::Point>,
    ) -> Result<Response<pb::Feature>, Status> {
        let point = on_earth(request.into_inner())?;
        let feature = match self.places.at(point) {
            Some(place) => place.to_feature(),
            None => pb::Feature { name: String::new(), location: Some(point) },
        };
        Ok(Response::new(feature))
    }
    // ANCHOR: step5-list-features

    type ListFeaturesStream = BoxStream<pb::Feature>;

    async fn list_features(
        &self,
        request: Request<pb::Rectangle>,
    ) -> Result<Response<BoxStream<pb::Feature>>, Status> {
        // ANCHOR: step8-list-deadline
        let deadline = crate::deadline::of(request.metadata());
        // ANCHOR_END: step8-list-deadline
        let pb::Rectangle { lo, hi } = request.into_inner();
        let (lo, hi) = (given(lo, "lo")?, given(hi, "hi")?);
        let places = Arc::clone(&self.places);
        // At each `yield` the search stands still until the client has room for the place.
        let features = try_stream! {
            for place in places.within(lo, hi) {
                yield place.to_feature();
            }
        };
        // ANCHOR: step8-list-until
        let features = until(deadline, features);
        // ANCHOR_END: step8-list-until
        Ok(Response::new(Box::pin(features)))
    }
    // ANCHOR_END: step5-list-features
    // ANCHOR: step6-record-route

    async fn record_route(
        &self,
        request: Request<tonic::Streaming<pb::Point>>,
    ) -> Result<Response<pb::RouteSummary>, Status> {
        let started = std::time::Instant::now();
        let mut points = request.into_inner();
        let mut summary = pb::RouteSummary::default();
        let mut metres = 0.0;
        let mut last: Option<pb::Point> = None;
        while let Some(point) = points.message().await? {
            let point = on_earth(point)?;
            summary.point_count = summary.point_count.saturating_add(1);
            if self.places.at(point).is_some() {
                summary.feature_count = summary.feature_count.saturating_add(1);
            }
            if let Some(last) = last {
                metres += last.distance_to(point);
            }
            last = Some(point);
        }
        // `as` cuts off the fraction, and stops at the largest i32.
        summary.distance = metres as i32;
        summary.elapsed_time = started.elapsed().as_secs_f64() as i32;
        Ok(Response::new(summary))
    }
    // ANCHOR_END: step6-record-route
    // ANCHOR: step7-route-chat

    type RouteChatStream = BoxStream<pb::RouteNote>;

    async fn route_chat(
        &self,
        request: Request<tonic::Streaming<pb::RouteNote>>,
    ) -> Result<Response<BoxStream<pb::RouteNote>>, Status> {
        // ANCHOR: step8-chat-deadline
        let deadline = crate::deadline::of(request.metadata());
        // ANCHOR_END: step8-chat-deadline
        let mut incoming = request.into_inner();
        let answers = try_stream! {
            let mut notes: HashMap<pb::Point, Vec<pb::RouteNote>> = HashMap::new();
            let mut bytes = 0;
            while let Some(note) = incoming.message().await? {
                let earlier = notes.entry(given(note.location, "location")?).or_default();
                for note in earlier.iter() {
                    yield note.clone();
                }
                bytes += note.encoded_len() + BYTES_AROUND_A_NOTE;
                if earlier.len() == MAX_NOTES_AT_A_POINT || bytes > MAX_BYTES_OF_NOTES {
                    Err(too_many_notes())?;
                }
                earlier.push(note);
            }
        };
        // ANCHOR: step8-chat-until
        let answers = until(deadline, answers);
        // ANCHOR_END: step8-chat-until
        Ok(Response::new(Box::pin(answers)))
    }
    // ANCHOR_END: step7-route-chat
}

/// `point`, if its coordinates are degrees times 10^7.
fn on_earth(point: pb::Point) -> Result<pb::Point, Status> {
    let pb::Point { latitude, longitude } = point;
    for (name, value, limit) in
        [("latitude", latitude, 900_000_000), ("longitude", longitude, 1_800_000_000)]
    {
        if !(-limit..=limit).contains(&value) {
            let why = format!("{name} {value} is not between -{limit} and {limit}");
            return Err(Status::invalid_argument(why));
        }
    }
    Ok(point)
}
// ANCHOR: step5-given

/// The point in the field `name` of a message, if there is one, and it is on earth.
fn given(point: Option<pb::Point>, name: &str) -> Result<pb::Point, Status> {
    on_earth(point.ok_or_else(|| Status::invalid_argument(format!("{name} is missing")))?)
}
// ANCHOR_END: step5-given
// ANCHOR: step7-too-many-notes

fn too_many_notes() -> Status {
    Status::resource_exhausted(format!(
        "a stream keeps {MAX_NOTES_AT_A_POINT} notes at a point and {MAX_BYTES_OF_NOTES} bytes in \
         all: begin a new one"
    ))
}
// ANCHOR_END: step7-too-many-notes
// ANCHOR: step8-until

/// `items`, as long as their client waits for them. Whatever computes them is dropped then.
fn until<T>(
    deadline: tokio::time::Sleep,
    items: impl Stream<Item = Result<T, Status>>,
) -> impl Stream<Item = Result<T, Status>> {
    try_stream! {
        tokio::pin!(deadline, items);
        // The deadline first: it has to be seen in a stream that is never short of items, too.
        while let Some(item) = tokio::select! {
            biased;
            () = &mut deadline => Some(Err(Status::deadline_exceeded("the time is over"))),
            item = items.next() => item,
        } {
            yield item?;
        }
    }
}
// ANCHOR_END: step8-until

/// Serves the places of the file `data` on `addr` (HOST:PORT) until Ctrl-C. Fails if it can't read
/// the one or listen on the other.
pub async fn serve(addr: &str, data: &str) -> anyhow::Result<()> {
    let places = Places::load(data)?;
    let (incoming, ctrl_c) = listen::on(addr).await?;
    run(incoming, places, ctrl_c).await
}

/// Serves `places` on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(
    incoming: TcpIncoming,
    places: Places,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    listen::builder()
        .add_service(RouteGuideServer::new(RouteGuideServicer { places: Arc::new(places) }))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
