// ANCHOR: step3-server
// ANCHOR: step3-imports
//! The server: it checks what it is told before it believes it.

use std::sync::Arc;

use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::pb::route_guide_server::{RouteGuide, RouteGuideServer};
use crate::pb::{Feature, Point};
use crate::places::Places;
// ANCHOR_END: step3-imports
// ANCHOR: step5-server-imports

use std::pin::Pin;

use async_stream::try_stream;
use tokio_stream::Stream;

use crate::pb::Rectangle;
// ANCHOR_END: step5-server-imports
// ANCHOR: step6-server-imports

use std::time::Instant;

use tonic::Streaming;

use crate::limits::{CONNECTION_WINDOW, STREAM_WINDOW};
use crate::pb::RouteSummary;

/// The earth, taken for a sphere: its radius in metres.
const EARTH_RADIUS: f64 = 6_371_000.0;
// ANCHOR_END: step6-server-imports
// ANCHOR: step7-server-imports

use std::collections::HashMap;

use prost::Message;

use crate::limits::{BYTES_AROUND_A_NOTE, MAX_BYTES_OF_NOTES, MAX_NOTES_AT_A_POINT};
use crate::pb::RouteNote;
// ANCHOR_END: step7-server-imports
// ANCHOR: step8-server-imports

use tokio::sync::watch;

use crate::bounded::{Bounded, Drain};
use crate::connections;
use crate::limits::{MAX_CALLS_ON_A_CONNECTION, MAX_MESSAGE_BYTES, SILENCE_TIME};
// ANCHOR_END: step8-server-imports
// ANCHOR: step3-servicer

/// Implements the service `routeguide.RouteGuide`.
pub struct RouteGuideServicer {
    /// Shared, because a stream lasts longer than the function that begins it.
    places: Arc<Places>,
}

#[tonic::async_trait]
impl RouteGuide for RouteGuideServicer {
    async fn get_feature(&self, request: Request<Point>) -> Result<Response<Feature>, Status> {
        let point = on_earth(request.into_inner())?;
        let feature = match self.places.at(point) {
            Some(place) => place.to_feature(),
            None => Feature { name: String::new(), location: Some(point) },
        };
        Ok(Response::new(feature))
    }
    // ANCHOR: step5-list-features

    type ListFeaturesStream = Pin<Box<dyn Stream<Item = Result<Feature, Status>> + Send>>;

    async fn list_features(
        &self,
        request: Request<Rectangle>,
    ) -> Result<Response<Self::ListFeaturesStream>, Status> {
        let Rectangle { lo, hi } = request.into_inner();
        let (lo, hi) = (given(lo, "lo")?, given(hi, "hi")?);
        let places = Arc::clone(&self.places);
        // At each `yield` the search stands still until the client has room for the place.
        let features = try_stream! {
            for place in places.within(lo, hi) {
                yield place.to_feature();
            }
        };
        Ok(Response::new(Box::pin(features)))
    }
    // ANCHOR_END: step5-list-features
    // ANCHOR: step6-record-route

    async fn record_route(
        &self,
        request: Request<Streaming<Point>>,
    ) -> Result<Response<RouteSummary>, Status> {
        let started = Instant::now();
        let mut points = request.into_inner();
        let mut summary = RouteSummary::default();
        let mut metres = 0.0;
        let mut last = None;
        while let Some(point) = points.message().await? {
            let point = on_earth(point)?;
            summary.point_count = summary.point_count.saturating_add(1);
            if self.places.at(point).is_some() {
                summary.feature_count = summary.feature_count.saturating_add(1);
            }
            if let Some(last) = last {
                metres += distance(last, point);
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

    type RouteChatStream = Pin<Box<dyn Stream<Item = Result<RouteNote, Status>> + Send>>;

    async fn route_chat(
        &self,
        request: Request<Streaming<RouteNote>>,
    ) -> Result<Response<Self::RouteChatStream>, Status> {
        let mut incoming = request.into_inner();
        let answers = try_stream! {
            let mut notes: HashMap<Point, Vec<RouteNote>> = HashMap::new();
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
        Ok(Response::new(Box::pin(answers)))
    }
    // ANCHOR_END: step7-route-chat
}
// ANCHOR_END: step3-servicer
// ANCHOR: step3-on-earth

/// `point`, if its coordinates are degrees times 10^7.
fn on_earth(point: Point) -> Result<Point, Status> {
    let Point { latitude, longitude } = point;
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
// ANCHOR_END: step3-on-earth
// ANCHOR: step5-given

/// The point in the field `name` of a message, if there is one, and it is on earth.
fn given(point: Option<Point>, name: &str) -> Result<Point, Status> {
    on_earth(point.ok_or_else(|| Status::invalid_argument(format!("{name} is missing")))?)
}
// ANCHOR_END: step5-given
// ANCHOR: step6-distance

/// The length in metres of the shortest way from `a` to `b` over the surface of the earth, by the
/// haversine formula.
pub fn distance(a: Point, b: Point) -> f64 {
    let radians = |degrees_e7: i32| (f64::from(degrees_e7) / 1e7).to_radians();
    let (from, to) = (radians(a.latitude), radians(b.latitude));
    let half_height = (to - from) / 2.0;
    let half_width = (radians(b.longitude) - radians(a.longitude)) / 2.0;
    let h = half_height.sin().powi(2) + from.cos() * to.cos() * half_width.sin().powi(2);
    // Should rounding lift the root above 1: there the arc sine has no value.
    2.0 * EARTH_RADIUS * h.sqrt().min(1.0).asin()
}
// ANCHOR_END: step6-distance
// ANCHOR: step7-too-many-notes

fn too_many_notes() -> Status {
    Status::resource_exhausted(format!(
        "a stream keeps {MAX_NOTES_AT_A_POINT} notes at a point and {MAX_BYTES_OF_NOTES} bytes in \
         all: begin a new one"
    ))
}
// ANCHOR_END: step7-too-many-notes
// ANCHOR: step3-run

/// Serves `places` on `listener` until `shutdown` ends. Calls that are under way then may
/// finish; new ones are refused.
///
/// # Errors
///
/// If the connections of `listener` cannot be served.
pub async fn run(
    listener: TcpListener,
    places: Places,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let servicer = RouteGuideServicer { places: Arc::new(places) };
    // ANCHOR: step8-stop
    let (stopping, drain) = watch::channel(None);
    let shutdown = async move {
        shutdown.await;
        stopping.send_replace(Some(tokio::time::Instant::now()));
    };
    let servicer = Bounded::new(servicer, Drain(drain.clone()));
    let incoming = connections::limited(incoming, Drain(drain));
    // ANCHOR_END: step8-stop
    let service = RouteGuideServer::new(servicer);
    let mut builder = Server::builder();
    // ANCHOR: step6-windows
    builder = builder
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    // ANCHOR_END: step6-windows
    // ANCHOR: step8-builder
    let service = service.max_decoding_message_size(MAX_MESSAGE_BYTES);
    builder = builder
        .max_concurrent_streams(MAX_CALLS_ON_A_CONNECTION)
        .http2_keepalive_interval(Some(SILENCE_TIME))
        .http2_keepalive_timeout(Some(SILENCE_TIME));
    // ANCHOR_END: step8-builder
    builder.add_service(service).serve_with_incoming_shutdown(incoming, shutdown).await?;
    Ok(())
}
// ANCHOR_END: step3-run
// ANCHOR_END: step3-server
