//! Load: the same call again and again, so many at a time, for so long.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::task::JoinSet;
use tonic::Status;

/// How many digits of a latency a histogram keeps.
const DIGITS: u8 = 3;

/// How many rounds something takes that takes `many`. Unoptimized, as in a test, its figures say
/// nothing, and one round shows that it's measured.
pub const fn rounds(many: usize) -> usize {
    if cfg!(debug_assertions) { 1 } else { many }
}

/// A call that can be made any number of times. It returns how many messages came back.
pub type Call = Arc<dyn Fn() -> Calling + Send + Sync>;
type Calling = Pin<Box<dyn Future<Output = Result<u64, Status>> + Send>>;

/// Makes a [`Call`] of a closure: each time it clones its stub, which shares the connection.
pub fn call<F, C>(make: F) -> Call
where
    F: Fn() -> C + Send + Sync + 'static,
    C: Future<Output = Result<u64, Status>> + Send + 'static,
{
    Arc::new(move || Box::pin(make()))
}

/// What came of the rounds of one measurement.
pub struct Rounds {
    /// Calls a second, of each round.
    calls: Vec<f64>,
    /// Messages a second, of each round.
    messages: Vec<f64>,
    /// The median latency of each round, in microseconds.
    medians: Vec<f64>,
    /// The latencies of all rounds, in nanoseconds.
    latencies: Histogram<u64>,
}

/// What [`Rounds`] come to: medians over the rounds.
#[derive(Clone, Serialize)]
pub struct Figures {
    pub calls_per_second: f64,
    pub messages_per_second: f64,
    /// The median over the rounds of their median latencies.
    pub median_us: f64,
    pub p99_us: f64,
    pub p999_us: f64,
    /// How many calls there were.
    pub calls: u64,
    /// Calls a second of each round.
    pub rounds: Vec<f64>,
}

impl Rounds {
    /// No rounds yet.
    ///
    /// # Errors
    ///
    /// If there can be no histogram.
    pub fn new() -> anyhow::Result<Rounds> {
        let latencies = Histogram::new(DIGITS)?;
        Ok(Rounds { calls: Vec::new(), messages: Vec::new(), medians: Vec::new(), latencies })
    }

    /// One more round: `in_flight` tasks make `call` until `time` is over.
    ///
    /// # Errors
    ///
    /// If a call fails.
    pub async fn run(
        &mut self,
        in_flight: usize,
        time: Duration,
        call: &Call,
    ) -> anyhow::Result<()> {
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..in_flight {
            let call = Arc::clone(call);
            tasks.spawn(async move {
                let (mut latencies, mut messages) = (Vec::new(), 0);
                while started.elapsed() < time {
                    let called = Instant::now();
                    messages += call().await?;
                    latencies.push(called.elapsed());
                }
                Ok::<_, Status>((latencies, messages))
            });
        }
        let (mut round, mut messages) = (Histogram::<u64>::new(DIGITS)?, 0);
        while let Some(task) = tasks.join_next().await {
            let (latencies, more) = task??;
            messages += more;
            for latency in latencies {
                round.record(u64::try_from(latency.as_nanos())?)?;
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        self.calls.push(round.len() as f64 / seconds);
        self.messages.push(messages as f64 / seconds);
        self.medians.push(round.value_at_quantile(0.5) as f64 / 1e3);
        self.latencies.add(&round)?;
        Ok(())
    }

    /// What they come to.
    pub fn figures(&self) -> Figures {
        let quantile = |quantile| self.latencies.value_at_quantile(quantile) as f64 / 1e3;
        Figures {
            calls_per_second: median(&self.calls),
            messages_per_second: median(&self.messages),
            median_us: median(&self.medians),
            p99_us: quantile(0.99),
            p999_us: quantile(0.999),
            calls: self.latencies.len(),
            rounds: self.calls.clone(),
        }
    }
}

/// The one in the middle; of two in the middle, the greater one. 0 if there are none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
