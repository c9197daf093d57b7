//! Calls that are made again if they fail: not each of them, not at once, and not for long.

use crate::backoff;
use crate::fleet::Fleet;
use std::error::Error;
use std::iter::successors;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
// ANCHOR: step8-import-metadata
use tonic::metadata::MetadataValue;
// ANCHOR_END: step8-import-metadata
use tonic::transport::Channel;
use tonic::{Code, ConnectError, Request, Status};

/// How often a call is made at most.
pub const MAX_ATTEMPTS: u32 = 4;

/// How long one attempt may take: then another server is asked.
const ATTEMPT_TIME: Duration = Duration::from_millis(500);

/// How long all of them may take, with the waits in between.
pub const CALL_TIME: Duration = Duration::from_secs(2);

/// How many tokens there are. A failure takes one, and with half of them gone, no call is made
/// again: then it isn't one server that is sick, and more calls would only make it worse.
pub const TOKENS: f64 = 100.0;

/// How much of a token comes back with an answer.
const TOKENS_FOR_AN_ANSWER: f64 = 0.1;

/// Which calls are made again.
pub enum Repeat {
    /// Those that fail. Done twice, they do the same as done once.
    Always,
    /// Those that have certainly not been sent. To add a product twice would add two.
    IfUnsent,
}

/// Makes calls on a fleet, again if need be.
pub struct Retries {
    fleet: Fleet,
    repeat: Repeat,
    tokens: Mutex<f64>,
}

impl Retries {
    /// Makes calls on `fleet`, and says which of them are made again.
    pub fn new(fleet: Fleet, repeat: Repeat) -> Retries {
        Retries { fleet, repeat, tokens: Mutex::new(TOKENS) }
    }

    /// Makes one call with this `message`: `attempt` makes it on one server after the other, until
    /// one answers. Otherwise this fails as the last one did.
    pub async fn call<M: Clone, T>(
        &self,
        message: M,
        attempt: impl AsyncFn(Channel, Request<M>) -> Result<T, Status>,
    ) -> Result<T, Status> {
        let deadline = Instant::now() + CALL_TIME;
        // ANCHOR: step8-new-id
        let id = MetadataValue::from(backoff::chance());
        // ANCHOR_END: step8-new-id
        let mut turn = self.fleet.turn();
        let mut failures = 0;
        loop {
            // The server is told, too: it needn't go on when we don't wait any more.
            let time = ATTEMPT_TIME.min(deadline - Instant::now());
            let mut request = Request::new(message.clone());
            request.set_timeout(time);
            // ANCHOR: step8-send-id
            request.metadata_mut().insert("request-id", id.clone());
            // ANCHOR_END: step8-send-id
            let answer = async { attempt(self.fleet.server(turn)?, request).await };
            let late = |_| Err(Status::deadline_exceeded("no server has answered in time"));
            let status = match timeout(time, answer).await.unwrap_or_else(late) {
                Ok(answer) => {
                    self.add_tokens(TOKENS_FOR_AN_ANSWER);
                    return Ok(answer);
                }
                Err(status) => status,
            };
            turn += 1;
            failures += 1;
            let wait = backoff::after(failures);
            let is_last = failures == MAX_ATTEMPTS || Instant::now() + wait >= deadline;
            if !self.may_repeat(&status) || is_last {
                return Err(status);
            }
            sleep(wait).await;
        }
    }

    /// Whether a call that has failed with `status` is made again, if there's time.
    fn may_repeat(&self, status: &Status) -> bool {
        // A status with a source isn't a server's answer: there was none, and our side says why.
        let is_answer = status.source().is_none();
        let codes = [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled];
        if is_answer && !codes.contains(&status.code()) {
            return false;
        }
        let left = self.add_tokens(-1.0);
        let is_allowed = match self.repeat {
            Repeat::Always => true,
            Repeat::IfUnsent => is_unsent(status),
        };
        is_allowed && left > TOKENS / 2.0
    }

    /// Adds tokens, or takes some away. Returns how many there are.
    fn add_tokens(&self, some: f64) -> f64 {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens = (*tokens + some).clamp(0.0, TOKENS);
        *tokens
    }
}

/// Whether there was no connection on which a call could have been sent. Of one that has broken,
/// nobody knows what has arrived.
fn is_unsent(status: &Status) -> bool {
    successors(status.source(), |&error| error.source()).any(|error| error.is::<ConnectError>())
}
