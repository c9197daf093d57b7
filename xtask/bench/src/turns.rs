//! Small calls that are compared with each other: each of them has its turn, again and again.

use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

use crate::load::{Call, Figures, Rounds, rounds};
use crate::progress::Progress;
use crate::server::Server;

/// How often each call has its turn at each number of calls in flight, and for how long. Many short
/// turns: what disturbs one of them then disturbs the others as often.
const ROUNDS: usize = rounds(21);
const TURN: Duration = Duration::from_millis(100);

/// Each call on a connection of its own. The system remembers each of them for a while, so they
/// are few.
const CONNECTING_TURN: Duration = Duration::from_millis(50);

/// What one server did with so many calls in flight.
#[derive(Serialize)]
pub struct Unary {
    /// The package of the lesson, or how it is served: `bare` is the ceiling.
    pub server: String,
    /// `rust` or `python`.
    pub language: &'static str,
    pub method: &'static str,
    /// Whether each call has a connection of its own; else all share one for each server.
    pub connects: bool,
    /// Whether the server has one core, and the client another one; else both have all of them.
    pub core_each: bool,
    pub in_flight: usize,
    #[serde(flatten)]
    pub figures: Figures,
    /// The processor time that the servers need for a call, in microseconds, where the system says so.
    pub server_cpu_us: Option<f64>,
}

/// A call that is compared with others, and the servers that answer it.
pub struct Subject {
    /// Without figures yet.
    pub row: Unary,
    call: Call,
    rounds: Rounds,
    turn: Duration,
    servers: Vec<Rc<Server>>,
    /// The processor time of the servers in all rounds, where the system says so.
    cpu: Option<Duration>,
}

impl Subject {
    /// `in_flight` calls at a time of `method`. All of this is in Rust, on the same cores.
    ///
    /// # Errors
    ///
    /// If there can be no histogram.
    pub fn new(
        server: &str,
        method: &'static str,
        in_flight: usize,
        call: &Call,
        servers: &[Rc<Server>],
    ) -> anyhow::Result<Subject> {
        let rounds = Rounds::new()?;
        let row = Unary {
            server: server.into(),
            language: "rust",
            method,
            connects: false,
            core_each: false,
            in_flight,
            figures: rounds.figures(),
            server_cpu_us: None,
        };
        let (call, servers, cpu) = (Call::clone(call), servers.to_vec(), Some(Duration::ZERO));
        Ok(Subject { row, call, rounds, turn: TURN, servers, cpu })
    }

    /// The same, where each call has a connection of its own.
    pub fn connecting(mut self) -> Subject {
        self.row.connects = true;
        self.turn = CONNECTING_TURN;
        self
    }

    async fn takes_turn(&mut self) -> anyhow::Result<()> {
        let before = self.cpu_time()?;
        self.rounds.run(self.row.in_flight, self.turn, &self.call).await?;
        self.cpu = match (self.cpu, before, self.cpu_time()?) {
            (Some(sum), Some(before), Some(after)) => Some(sum + after.saturating_sub(before)),
            _ => None,
        };
        Ok(())
    }

    fn cpu_time(&self) -> anyhow::Result<Option<Duration>> {
        self.servers.iter().map(|server| server.cpu_time()).sum()
    }
}

/// Measures `subjects`, in turns. `what` they are is said while it lasts.
///
/// # Errors
///
/// If a call fails.
pub async fn in_turns(
    mut subjects: Vec<Subject>,
    what: &str,
    progress: &Progress,
) -> anyhow::Result<Vec<Unary>> {
    // Those with the same number of calls in flight one after the other: they are compared.
    subjects.sort_by_key(|subject| (subject.row.connects, subject.row.in_flight));
    // The first time does not count: everything is new to everybody then.
    for subject in &subjects {
        Rounds::new()?.run(subject.row.in_flight, subject.turn, &subject.call).await?;
    }
    for round in 1..=ROUNDS {
        progress.says(format!("{what}, round {round} of {ROUNDS}"));
        for compared in subjects.chunk_by_mut(|a, b| a.row.in_flight == b.row.in_flight) {
            // Somebody else begins in each round, so that nobody is always the first.
            let first = round % compared.len();
            let (before, from_first) = compared.split_at_mut(first);
            for subject in from_first.iter_mut().chain(before) {
                subject.takes_turn().await?;
            }
        }
    }
    let row = |subject: Subject| {
        let figures = subject.rounds.figures();
        let cpu = subject.cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / figures.calls as f64);
        Unary { figures, server_cpu_us: cpu, ..subject.row }
    };
    Ok(subjects.into_iter().map(row).collect())
}
