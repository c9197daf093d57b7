//! Two people in one chat.

use anyhow::Context;
use routeguide::pb::RouteNote;
use routeguide::pb::route_guide_client::RouteGuideClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

/// Somebody who is in the chat.
struct Person {
    name: &'static str,
    says: mpsc::Sender<RouteNote>,
    hears: Streaming<RouteNote>,
}

impl Person {
    /// Enters the chat.
    async fn new(
        name: &'static str,
        mut stub: RouteGuideClient<Channel>,
    ) -> anyhow::Result<Person> {
        let (says, requests) = mpsc::channel(1);
        let requests = ReceiverStream::new(requests);
        let hears = stub.route_chat(requests).await?;
        Ok(Person { name, says, hears: hears.into_inner() })
    }

    async fn say(&self, message: &str) -> anyhow::Result<()> {
        let message = format!("{}: {message}", self.name);
        Ok(self.says.send(RouteNote { location: None, message }).await?)
    }

    async fn hear(&mut self) -> anyhow::Result<()> {
        let note = self.hears.message().await?.context("the chat is over")?;
        println!("{} hears `{}`", self.name, note.message);
        Ok(())
    }
}

/// Lets two people talk to each other at the server at `addr` (HOST:PORT). Fails without a server,
/// or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let stub = RouteGuideClient::connect(format!("http://{addr}")).await.with_context(|| {
        let server = "cargo run -p routeguide --example chat server";
        format!("no server at {addr} (start one with `{server}`)")
    })?;
    let mut anna = Person::new("Anna", stub.clone()).await?;
    let mut ben = Person::new("Ben", stub).await?;
    anna.say("is anybody here?").await?;
    ben.hear().await?;
    ben.say("I am").await?;
    anna.hear().await?;
    anna.hear().await?;
    Ok(())
}
