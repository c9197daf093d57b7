//! Several servers that do the same. Each says whether it's serving, and those that are get calls
//! in turn.

use crate::backoff;
use crate::pb::teams_server::SERVICE_NAME;
use anyhow::{Context, ensure};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tonic::transport::{Channel, Endpoint};
use tonic::{ConnectError, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// How long a server may be silent before it's asked whether it's there, and how long the answer
/// may take. One that is frozen keeps its connections, and says nothing.
const SILENCE_TIME: Duration = Duration::from_millis(500);

/// How long to wait until each server has said how it is.
const FIRST_ANSWER_TIME: Duration = Duration::from_secs(2);

/// The servers, and a task for each, which watches its health.
pub struct Fleet {
    channels: Vec<Channel>,
    /// Whether each of them is serving; `None` until we know.
    serving: watch::Receiver<Vec<Option<bool>>>,
    turn: AtomicUsize,
    /// They end when this is dropped.
    _watching: JoinSet<()>,
}

impl Fleet {
    /// Begins to watch the servers at `addrs` (HOST:PORT, separated by commas). Fails if that's no
    /// address.
    pub fn watch(addrs: &str) -> anyhow::Result<Fleet> {
        let mut channels = Vec::new();
        for addr in addrs.split(',') {
            let endpoint = Endpoint::from_shared(format!("http://{addr}"));
            let endpoint = endpoint.with_context(|| format!("{addr:?} is not HOST:PORT"))?;
            channels.push(
                endpoint
                    .connect_timeout(SILENCE_TIME)
                    .http2_keep_alive_interval(SILENCE_TIME)
                    .keep_alive_timeout(SILENCE_TIME)
                    .keep_alive_while_idle(true)
                    .connect_lazy(),
            );
        }
        let (sender, serving) = watch::channel(vec![None; channels.len()]);
        let mut watching = JoinSet::new();
        for (index, channel) in channels.iter().cloned().enumerate() {
            let sender = sender.clone();
            watching.spawn(watch_health(channel, move |is_serving| {
                sender.send_modify(|serving| serving[index] = Some(is_serving));
            }));
        }
        Ok(Fleet { channels, serving, turn: AtomicUsize::new(0), _watching: watching })
    }

    /// Does the same, and waits until each server has said how it is, or can't be reached; but not
    /// for long. Fails if none is serving.
    pub async fn connect(addrs: &str) -> anyhow::Result<Fleet> {
        let fleet = Fleet::watch(addrs)?;
        let mut serving = fleet.serving.clone();
        let known = serving.wait_for(|serving| serving.iter().all(Option::is_some));
        // One that is there and says nothing gets no calls. The others do.
        _ = timeout(FIRST_ANSWER_TIME, known).await;
        ensure!(
            fleet.serving.borrow().contains(&Some(true)),
            "no server is serving at {addrs} (start some with `cargo run -p fleet server ADDR`)"
        );
        Ok(fleet)
    }

    /// The turn of a call: of one more than the last.
    pub fn turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// The server whose `turn` it is, among those that are serving. UNAVAILABLE if none is.
    pub fn server(&self, turn: usize) -> Result<Channel, Status> {
        let states = self.serving.borrow();
        let all = self.channels.iter().zip(states.iter());
        let serving = Vec::from_iter(all.filter(|(_, is_serving)| **is_serving == Some(true)));
        let index = turn.checked_rem(serving.len());
        let (server, _) = index.and_then(|index| serving.get(index)).ok_or_else(|| {
            Status::from_error(ConnectError("no server is serving".into()).into())
        })?;
        Ok((*server).clone())
    }

    /// Makes one call with this `message`: `attempt` makes it on the server whose turn it is.
    pub async fn call<M, T>(
        &self,
        message: M,
        attempt: impl AsyncFn(Channel, Request<M>) -> Result<T, Status>,
    ) -> Result<T, Status> {
        attempt(self.server(self.turn())?, Request::new(message)).await
    }
}

/// Tells whether the server of `channel` is serving, now and whenever that changes. One that can't
/// be reached isn't, and is tried again.
async fn watch_health(channel: Channel, tell: impl Fn(bool)) {
    let mut failures = 0;
    loop {
        let request = HealthCheckRequest { service: SERVICE_NAME.into() };
        if let Ok(answers) = HealthClient::new(channel.clone()).watch(request).await {
            let mut answers = answers.into_inner();
            while let Ok(Some(answer)) = answers.message().await {
                tell(answer.status() == ServingStatus::Serving);
                failures = 0;
            }
        }
        tell(false);
        failures += 1;
        sleep(backoff::after(failures)).await;
    }
}
