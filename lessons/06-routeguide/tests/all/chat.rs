//! The exercise about a chat between people: what happens to somebody who does not read.

use std::future::pending;

use anyhow::{Context, bail};
use routeguide::pb::RouteNote;
use routeguide::pb::route_guide_client::RouteGuideClient;
use testing::STUCK;
use testing::net::{connect, listen};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::exercise;

#[tokio::test]
async fn tells_a_slow_listener_and_keeps_nobody_waiting() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    let other_channel = connect(incoming.local_addr()?)?;
    tokio::spawn(exercise::run(incoming, pending()));
    let nothing = tokio_stream::pending();
    let mut slow = RouteGuideClient::new(other_channel).route_chat(nothing).await?.into_inner();
    let (says, requests) = mpsc::channel(1);
    let requests = ReceiverStream::new(requests);
    let mut hears = RouteGuideClient::new(channel).route_chat(requests).await?.into_inner();

    // Together, they are more than the windows of HTTP/2 and all buffers hold.
    let note = RouteNote { location: None, message: "x".repeat(64 * 1024) };
    for _ in 0..200 {
        says.send(note.clone()).await?;
        hears.message().await?.context("the chat is over")?;
    }
    let status = loop {
        match timeout(STUCK, slow.message()).await? {
            Ok(Some(_)) => {}
            Ok(None) => bail!("the chat is over"),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::DataLoss, "{status}");
    Ok(())
}
