//! A server whose tasks can be counted.

use std::net::SocketAddr;
use std::pin::Pin;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::transport::server::TcpIncoming;

use crate::alone::open_files;
use crate::call::Call;
use crate::net::{Transport, incoming};
use crate::{STUCK, until};

/// When a server has to stop.
pub type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server in a runtime of its own: every task of that runtime is the server's.
pub struct Server {
    runtime: Option<Runtime>,
    /// Where it listens.
    pub addr: SocketAddr,
    /// How it's spoken to.
    pub(crate) transport: Transport,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<anyhow::Result<()>>,
}

impl Server {
    /// Starts what `run` returns, on a free port.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub async fn start<F>(run: impl FnOnce(TcpIncoming, Stop) -> F) -> anyhow::Result<Server>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let runtime = Runtime::new()?;
        let listener = runtime.spawn(TcpListener::bind("127.0.0.1:0")).await??;
        let addr = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let stopped = Box::pin(async { stopped.await.unwrap_or(()) });
        let served = runtime.spawn(run(incoming(listener), stopped));
        let transport = Transport::default();
        Ok(Server { runtime: Some(runtime), addr, transport, stop: Some(stop), served })
    }

    /// The same server, which is spoken to in another way than in the clear.
    pub fn over(mut self, transport: Transport) -> Server {
        self.transport = transport;
        self
    }

    /// How many tasks the server has: one, one for each connection, and one for each call.
    pub fn tasks(&self) -> usize {
        self.runtime.as_ref().map_or(0, |runtime| runtime.metrics().num_alive_tasks())
    }

    /// Tells the server to stop. It may wait for the calls under way.
    ///
    /// # Errors
    ///
    /// If it had stopped by itself, or was told before.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let told = self.stop.take().and_then(|stop| stop.send(()).ok());
        told.context("the server had stopped by itself")
    }

    /// Whether it has stopped.
    pub fn has_stopped(&self) -> bool {
        self.served.is_finished()
    }

    /// Waits until it has stopped.
    ///
    /// # Errors
    ///
    /// If it doesn't, or didn't end well.
    pub async fn stopped(&mut self) -> anyhow::Result<()> {
        timeout(STUCK, &mut self.served).await.context("the server goes on")??
    }

    /// Waits until the server is in the middle of `calls`, on so many connections.
    pub(crate) async fn is_within(&self, calls: &[Call], connections: usize) -> anyhow::Result<()> {
        // A task goes on as long as there are requests to come. Answers that have to wait for the
        // client can be left to the task of the connection; their beginning is there.
        let tasks = 1 + connections + calls.iter().filter(|call| call.rest.is_some()).count();
        let has_begun = |call: &Call| call.rest.is_some() || call.response.is_finished();
        until("all calls are under way", || self.tasks() == tasks && calls.iter().all(has_begun))
            .await
    }

    /// Waits until the server has nothing to do and holds no more files open than before.
    pub(crate) async fn is_idle(&self, files_before: Option<usize>) -> anyhow::Result<()> {
        until("the server has one task", || self.tasks() == 1).await?;
        if files_before.is_none() {
            eprintln!("not counted: nothing here says how many files are open");
        }
        until("as few files are open", || open_files() <= files_before).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A runtime that is only dropped waits for its threads, which async code must not do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
