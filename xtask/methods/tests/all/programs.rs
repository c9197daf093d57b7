//! The programs of all lessons: servers that get Ctrl-C, clients that lose their server.

use std::fs;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use async_stream::stream;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use methods::Lesson;
use testing::net::{Transport, connect};
use testing::program;
use testing::server::Server;
use tonic::body::Body;
use tonic::codegen::{Bytes, http};
use tonic::service::Routes;
use tonic::transport::{self, Channel};
use tower::layer::layer_fn;
use tower::{ServiceExt, service_fn};
use xtask::workspace::Workspace;

#[cfg(unix)]
#[tokio::test]
async fn a_ctrl_c_finishes_calls_and_a_second_one_cuts_them() -> anyhow::Result<()> {
    let workspace = Workspace::load().await?;
    let lessons = Vec::from_iter(workspace.lessons.iter().filter(|lesson| !lesson.is_apart));
    let programs = workspace.build(&lessons, false).await?;
    for lesson in lessons {
        let program = programs.path(&lesson.pairs[0].server)?;
        let row = Lesson::of(&lesson.package).context("not in the table")?;
        let in_the_clear = Transport::default();
        for method in row.methods {
            program::a_ctrl_c_finishes_calls(program, method, &in_the_clear).await?;
            if row.has_second_ctrl_c {
                program::a_second_ctrl_c_cuts_calls(program, method).await?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn clients_print_what_they_have_and_say_that_the_call_failed() -> anyhow::Result<()> {
    let workspace = Workspace::load().await?;
    let lessons = Vec::from_iter(workspace.lessons.iter().filter(|lesson| !lesson.is_apart));
    let programs = workspace.build(&lessons, false).await?;
    for lesson in lessons {
        let pair = &lesson.pairs[0];
        let broken = &Lesson::of(&lesson.package).context("not in the table")?.broken;
        let transcript = fs::read_to_string(pair.transcript("client"))?;
        let mut lines = Vec::from_iter(transcript.lines());
        let last = lines.iter().position(|line| *line == broken.printed);
        lines.truncate(1 + last.with_context(|| format!("not printed: {}", broken.printed))?);

        let (_server, addr) = program::start(programs.path(&pair.server)?, None).await?;
        let relay = Relay {
            server: connect(addr)?,
            calls: Arc::default(),
            last: broken.call,
            messages: broken.messages,
        };
        let relay = Server::start(|incoming, _| async move {
            let service = service_fn(move |request| relay.clone().pass_on(request));
            let layer = layer_fn(move |_| service.clone());
            let router = transport::Server::builder().layer(layer).add_routes(Routes::default());
            Ok(router.serve_with_incoming(incoming).await?)
        });
        let client = programs.path(&pair.client)?;
        program::client_says_that_the_call_failed(client, relay.await?.addr, &lines).await?;
    }
    Ok(())
}

/// Passes calls on to a server, but of the answer to the last one only some messages, and then
/// nothing any more.
#[derive(Clone)]
struct Relay {
    server: Channel,
    calls: Arc<AtomicUsize>,
    last: usize,
    messages: usize,
}

impl Relay {
    async fn pass_on(self, request: http::Request<Body>) -> anyhow::Result<http::Response<Body>> {
        let call = 1 + self.calls.fetch_add(1, Ordering::Relaxed);
        let response = self.server.oneshot(request).await?;
        if call < self.last {
            return Ok(response);
        }
        if self.messages == 0 {
            return pending().await;
        }
        let (head, mut body) = response.into_parts();
        let mut begin = Vec::new();
        while !cut_after(self.messages, &mut begin) {
            let frame = body.frame().await.context("there are fewer messages")??;
            begin.extend(frame.into_data().ok().context("there are fewer messages")?);
        }
        let body = StreamBody::new(stream! {
            yield anyhow::Ok(Frame::data(Bytes::from(begin)));
            pending::<()>().await;
        });
        Ok(http::Response::from_parts(head, Body::new(body)))
    }
}

/// Whether `bytes` has so many messages already. Then the rest is cut off.
fn cut_after(messages: usize, bytes: &mut Vec<u8>) -> bool {
    let mut end = 0;
    for _ in 0..messages {
        // Each is behind a byte and its length.
        let Some(&[_, a, b, c, d]) = bytes[end..].first_chunk() else { return false };
        end += 5 + u32::from_be_bytes([a, b, c, d]) as usize;
        if bytes.len() < end {
            return false;
        }
    }
    bytes.truncate(end);
    true
}
