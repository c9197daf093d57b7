//! Feeds bytes into the handlers of all lessons: those of the fuzzer's corpus in a test, and those
//! that libFuzzer makes up.

use std::future::pending;

use anyhow::{Context, ensure};
use testing::call::{Method, call_raw, framed, send};
use testing::net::listen;
use tokio::runtime::{Builder, Runtime};
use tonic::Code;
use tonic::transport::Channel;

use crate::{LESSONS, all};

/// The method that `input` is for, with the place of its lesson, and the rest of the input. None if
/// there is no input.
pub fn target(input: &[u8]) -> Option<(usize, &'static Method, &[u8])> {
    let (&first, rest) = input.split_first()?;
    let (lesson, method) = all().nth(usize::from(first) % all().count())?;
    Some((lesson, method, rest))
}

/// The servers of all lessons, in this process and on one thread.
pub struct Servers {
    runtime: Runtime,
    /// A channel to each, in the order of the lessons.
    channels: Vec<Channel>,
}

impl Servers {
    /// Starts them, each on a free port of this machine.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub fn start() -> anyhow::Result<Servers> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut channels = Vec::new();
        for lesson in &LESSONS {
            channels.push(runtime.block_on(async {
                let (incoming, channel) = listen().await?;
                tokio::spawn(lesson.serve(incoming, Box::pin(pending())));
                anyhow::Ok(channel)
            })?);
        }
        Ok(Servers { runtime, channels })
    }

    /// Sends `input` to the method that its first byte chooses: as one message, or, if it takes a
    /// stream, as several, each behind a byte that says how long it is. Then calls the same
    /// method with a good message.
    ///
    /// # Errors
    ///
    /// If there is no answer (then the handler has panicked, or hangs), or none to the good call.
    pub fn feed(&self, input: &[u8]) -> anyhow::Result<()> {
        let Some((lesson, method, mut rest)) = target(input) else { return Ok(()) };
        let mut body = Vec::new();
        if method.kind.has_many_requests() {
            while let Some((&length, behind)) = rest.split_first() {
                let (message, behind) = behind.split_at(behind.len().min(length.into()));
                body.extend(framed(message)?);
                rest = behind;
            }
        } else {
            body = framed(rest)?;
        }
        let channel = &self.channels[lesson];
        self.runtime.block_on(async {
            send(channel, method.path, body).await?;
            let code = call_raw(channel, method.path, method.message).await;
            let code = code.context("the next good call")?;
            ensure!(code == Code::Ok, "{}: the next good call: {code:?}", method.path);
            Ok(())
        })
    }
}
