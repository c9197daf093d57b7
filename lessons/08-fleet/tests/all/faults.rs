//! Three servers as processes, which are killed, stopped and frozen while sixteen calls are under
//! way.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, ensure};
use fleet::fleet::Fleet;
use fleet::pb::TeamRequest;
use fleet::pb::teams_client::TeamsClient;
use fleet::retries::{Repeat, Retries};
use testing::{STUCK, program, until};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout};
use tonic::Status;

use crate::fake::lock;

/// How many calls of a client are under way at any time.
const IN_FLIGHT: usize = 16;

/// How a server goes, and comes back.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// With `kill -9`, and is started anew.
    Killed,
    /// With SIGTERM, and is started anew.
    Stopped,
    /// With SIGSTOP, and goes on.
    Frozen,
}

/// A server as a process, and a task that reads what it prints.
struct Server {
    addr: SocketAddr,
    process: Child,
    /// The ids of the calls that it has answered.
    ids: JoinHandle<Vec<String>>,
}

impl Server {
    async fn start(addr: &str) -> anyhow::Result<Server> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_fleet"))
            .args(["server", addr])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(process.stdout.take().context("no output")?).lines();
        let line = timeout(STUCK, lines.next_line()).await??.context("it has ended")?;
        let addr = line.strip_prefix("Server started, listening on ").context("not ready")?;
        let ids = tokio::spawn(async move {
            let mut ids = Vec::new();
            while let Ok(Some(line)) = lines.next_line().await {
                let id = line.strip_prefix("call{id=\"").and_then(|rest| rest.split('"').next());
                ids.extend(id.map(str::to_owned));
            }
            ids
        });
        Ok(Server { addr: addr.parse()?, process, ids })
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        program::signal(self.process.id().context("it has ended")?, signal)
    }

    /// Waits until it has ended, and starts it anew. Returns the ids of the calls that it had
    /// answered.
    async fn again(&mut self) -> anyhow::Result<Vec<String>> {
        let ids = timeout(STUCK, &mut self.ids).await??;
        *self = Server::start(&self.addr.to_string()).await?;
        Ok(ids)
    }
}

/// What has become of the calls of a client.
#[derive(Default)]
struct Calls {
    answered: AtomicUsize,
    failed: Mutex<Vec<Status>>,
    /// Who has answered, since a server came back.
    by: Mutex<HashSet<String>>,
}

/// Three servers, and a client that doesn't stop to call them.
struct Scene {
    servers: Vec<Server>,
    calls: Arc<Calls>,
    callers: JoinSet<()>,
    /// The ids of all calls that servers have answered which are gone.
    ids: Vec<String>,
    /// How long it took at most until a server got calls again.
    longest: Duration,
}

impl Scene {
    async fn start(repeat: Repeat) -> anyhow::Result<Scene> {
        let mut servers = Vec::new();
        for _ in 0..3 {
            servers.push(Server::start("127.0.0.1:0").await?);
        }
        let addrs = Vec::from_iter(servers.iter().map(|server| server.addr.to_string())).join(",");
        let fleet = Fleet::connect(&addrs).await?;
        let retries = Arc::new(Retries::new(fleet, repeat));
        let calls = Arc::<Calls>::default();
        let mut callers = JoinSet::new();
        for _ in 0..IN_FLIGHT {
            let (retries, calls) = (Arc::clone(&retries), Arc::clone(&calls));
            callers.spawn(async move {
                loop {
                    match call(&retries).await {
                        Ok(addr) => {
                            calls.answered.fetch_add(1, Ordering::Relaxed);
                            lock(&calls.by).insert(addr);
                        }
                        Err(status) => lock(&calls.failed).push(status),
                    }
                }
            });
        }
        Ok(Scene { servers, calls, callers, ids: Vec::new(), longest: Duration::ZERO })
    }

    /// Waits for so many more answers.
    async fn answers(&self, count: usize) -> anyhow::Result<()> {
        let wanted = self.calls.answered.load(Ordering::Relaxed) + count;
        until("calls are answered", || self.calls.answered.load(Ordering::Relaxed) >= wanted).await
    }

    /// Server `index` has this `fault`, while calls go on. Waits until it's back, and gets calls.
    async fn suffer(&mut self, index: usize, fault: Fault) -> anyhow::Result<()> {
        let server = &self.servers[index];
        match fault {
            Fault::Killed => server.signal("KILL")?,
            Fault::Stopped => server.signal("TERM")?,
            Fault::Frozen => server.signal("STOP")?,
        }
        self.answers(2 * IN_FLIGHT).await?;
        let server = &mut self.servers[index];
        match fault {
            Fault::Killed => self.ids.extend(server.again().await?),
            Fault::Stopped => {
                let status = timeout(STUCK, server.process.wait()).await??;
                ensure!(status.success(), "{status}");
                self.ids.extend(server.again().await?);
            }
            Fault::Frozen => server.signal("CONT")?,
        }
        let back = Instant::now();
        let addr = server.addr.to_string();
        lock(&self.calls.by).clear();
        until("it gets calls again", || lock(&self.calls.by).contains(&addr)).await?;
        self.longest = self.longest.max(back.elapsed());
        Ok(())
    }

    /// Ends all. Returns the ids of all calls that servers have answered.
    async fn end(mut self) -> anyhow::Result<Vec<String>> {
        self.callers.shutdown().await;
        for mut server in self.servers {
            server.process.kill().await?;
            self.ids.extend(timeout(STUCK, server.ids).await??);
        }
        Ok(self.ids)
    }
}

/// Makes a call. Returns who has answered.
async fn call(retries: &Retries) -> Result<String, Status> {
    let get_team = async |server, request| TeamsClient::new(server).get_team(request).await;
    let response = retries.call(TeamRequest { city: "Chicago".into() }, get_team).await?;
    let served_by = response.metadata().get("served-by").and_then(|by| by.to_str().ok());
    Ok(served_by.unwrap_or_default().to_owned())
}

/// Each of the servers has each fault, so many in all.
async fn suffer(scene: &mut Scene, faults: usize) -> anyhow::Result<()> {
    for i in 0..faults {
        let fault = [Fault::Killed, Fault::Frozen, Fault::Stopped][i % 3];
        scene.suffer(i / 3 % 3, fault).await.with_context(|| format!("{fault:?}"))?;
    }
    Ok(())
}

/// So many faults in all, of several fleets at the same time.
async fn no_call_fails(fleets: usize, faults: usize) -> anyhow::Result<()> {
    let mut scenes = JoinSet::new();
    for _ in 0..fleets {
        scenes.spawn(async move {
            let mut scene = Scene::start(Repeat::Always).await?;
            suffer(&mut scene, faults / fleets).await?;
            let (calls, longest) = (Arc::clone(&scene.calls), scene.longest);
            scene.end().await?;
            anyhow::Ok((calls, longest))
        });
    }
    let (mut answered, mut longest) = (0, Duration::ZERO);
    while let Some(scene) = scenes.join_next().await {
        let (calls, its_longest) = scene??;
        ensure!(lock(&calls.failed).is_empty(), "{:?}", lock(&calls.failed));
        answered += calls.answered.load(Ordering::Relaxed);
        longest = longest.max(its_longest);
    }
    eprintln!("{faults} faults, {answered} calls; back after {longest:?} at most");
    Ok(())
}

#[tokio::test]
async fn no_call_fails_whatever_happens_to_one_server() -> anyhow::Result<()> {
    no_call_fails(1, 3).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "slow: cargo xtask ci runs it"]
async fn no_call_fails_in_a_thousand_faults() -> anyhow::Result<()> {
    no_call_fails(10, 1_000).await
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn nothing_is_done_twice_that_may_not() -> anyhow::Result<()> {
    let mut scene = Scene::start(Repeat::IfUnsent).await?;
    suffer(&mut scene, 18).await?;
    let calls = Arc::clone(&scene.calls);
    let ids = scene.end().await?;
    let answered = calls.answered.load(Ordering::Relaxed);
    eprintln!("{answered} calls were answered, and {} failed", lock(&calls.failed).len());
    assert!(ids.len() >= answered, "{} are known", ids.len());
    let distinct: HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "some were made twice");
    Ok(())
}

#[tokio::test]
async fn not_even_such_a_call_fails_while_all_servers_are_replaced() -> anyhow::Result<()> {
    let mut scene = Scene::start(Repeat::IfUnsent).await?;
    for index in 0..3 {
        scene.suffer(index, Fault::Stopped).await?;
    }
    let calls = Arc::clone(&scene.calls);
    let ids = scene.end().await?;
    ensure!(lock(&calls.failed).is_empty(), "{:?}", lock(&calls.failed));
    let distinct: HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "some were made twice");
    Ok(())
}

#[tokio::test]
async fn a_frozen_server_gets_no_calls_until_it_goes_on() -> anyhow::Result<()> {
    let (one, frozen) = (Server::start("127.0.0.1:0").await?, Server::start("127.0.0.1:0").await?);
    let fleet = Fleet::connect(&format!("{},{}", one.addr, frozen.addr)).await?;
    let last_calls = async |addr: SocketAddr, wanted: bool| -> anyhow::Result<()> {
        let deadline = Instant::now() + STUCK;
        let mut in_a_row = 0;
        while in_a_row < 4 {
            ensure!(Instant::now() < deadline, "{addr} has calls, or not: {wanted}");
            let get_team = async |server, request| TeamsClient::new(server).get_team(request).await;
            // Without a deadline: a call that it got before ends when its connection does.
            let answer = fleet.call(TeamRequest::default(), get_team).await.ok();
            let by = answer.as_ref().and_then(|answer| answer.metadata().get("served-by"));
            let is_its = by.is_some_and(|by| by.as_bytes() == addr.to_string().as_bytes());
            in_a_row = match (wanted, is_its) {
                (true, true) => 4,
                (false, false) if answer.is_some() => in_a_row + 1,
                _ => 0,
            };
        }
        Ok(())
    };
    last_calls(frozen.addr, true).await?;
    frozen.signal("STOP")?;
    last_calls(frozen.addr, false).await?;
    frozen.signal("CONT")?;
    last_calls(frozen.addr, true).await
}
