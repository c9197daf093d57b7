//! How a server stops without failing a call: first it says so, then it takes no more calls, and
//! then it finishes those that it has.

use crate::pb::teams_server::SERVICE_NAME;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::sleep;
use tonic_health::{ServingStatus, server::HealthReporter};

/// How long to go on as before once it's said: until the clients know it, and what they have sent
/// before is here.
pub const NOTICE_TIME: Duration = Duration::from_millis(500);

/// How long calls may take to finish after that. A system that stops us doesn't wait forever:
/// container runtimes kill a program that takes 10 seconds.
pub const DRAIN_TIME: Duration = Duration::from_secs(5);

/// The same end as `stop`, in order: says in our `health` that we're not serving any more. The
/// first future ends when the server takes no more calls, and the second one when it waits for
/// none.
pub fn in_order(
    stop: impl Future<Output = ()>,
    health: HealthReporter,
) -> (impl Future<Output = ()>, impl Future<Output = ()>) {
    let (drain, drained) = oneshot::channel();
    let over = async move {
        stop.await;
        say_goodbye(health).await;
        _ = drain.send(());
        sleep(DRAIN_TIME).await;
    };
    (async { drained.await.unwrap_or(()) }, over)
}

/// Tells those who watch our `health`, and gives them time to see it.
async fn say_goodbye(mut health: HealthReporter) {
    let services = ["", SERVICE_NAME];
    for service in services {
        health.set_service_status(service, ServingStatus::NotServing).await;
    }
    sleep(NOTICE_TIME).await;
    // To watch is a call as well, and one that never finishes by itself.
    for service in services {
        health.clear_service_status(service).await;
    }
}
