//! A lesson's client and server, or a learner's, with us between them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::bail;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use xtask::learner::Which;
use xtask::learner::theirs::Theirs;
use xtask::run::outcome::Outcome;
use xtask::run::pair::run_through;
use xtask::run::side::Side;
use xtask::steps::states;
use xtask::system::error::WrongUse;
use xtask::workspace::Workspace;
use xtask::workspace::lesson::{FIRST_RUNNABLE_STEP, Lesson, Pair, Programs};

use crate::proxy::{self, To};
use crate::schema::Schema;
use crate::show::Show;

/// A server and a client, and the folders of their protos.
pub struct Both {
    pub server: Side,
    pub client: Side,
    /// How many servers the client is told of.
    pub servers: usize,
    pub protos: Vec<PathBuf>,
}

impl Both {
    /// The pair of `lesson`, or the one of an example or of a step of it, built.
    ///
    /// # Errors
    ///
    /// With [`WrongUse`] if there is no such step or example; and if it does not compile.
    pub async fn of_lesson(
        workspace: &Workspace,
        lesson: &Lesson,
        step: Option<usize>,
        example: Option<&str>,
    ) -> anyhow::Result<Both> {
        let (pair, programs) = match (step, example) {
            (Some(step), _) => states::at_step(workspace, lesson, step, true).await?,
            (None, None) => (lesson.pairs[0].clone(), workspace.build(&[lesson], false).await?),
            (None, Some(example)) => {
                (the_example(lesson, example)?.clone(), workspace.build(&[lesson], true).await?)
            }
        };
        Both::of_pair(&pair, &programs)
    }

    /// The programs of `pair`.
    ///
    /// # Errors
    ///
    /// If Cargo has built no such programs.
    pub fn of_pair(pair: &Pair, programs: &Programs) -> anyhow::Result<Both> {
        let source = pair.server.source.as_std_path();
        // An example may have protos beside it.
        let folders: Vec<_> = source.ancestors().skip(1).take(3).collect();
        let is_crate = |folder: &&Path| folder.join("Cargo.toml").is_file();
        let root = folders.iter().copied().find(is_crate);
        let mut protos: Vec<_> = folders[..1].iter().map(|folder| folder.to_path_buf()).collect();
        protos.extend(root.map(|root| root.join("proto")));
        let (server, client) = (programs.side(&pair.server)?, programs.side(&pair.client)?);
        Ok(Both { server, client, servers: pair.servers, protos })
    }

    /// The program of the learner's crate in `folder`, built. Unless it is said to be at another `step`, it
    /// is as far as having a client, which calls one server.
    ///
    /// # Errors
    ///
    /// If nothing says which lesson it is of, or it does not compile: Cargo has said why.
    pub async fn of_crate(
        workspace: &Workspace,
        folder: &Path,
        step: Option<usize>,
    ) -> anyhow::Result<Both> {
        let which = Which { dir: Some(folder.to_owned()), lesson: None };
        let learner = which.find(workspace)?;
        let servers = learner.lesson.servers_at(step.unwrap_or(FIRST_RUNNABLE_STEP));
        let theirs = Theirs::build(workspace, folder, learner.lesson, false).await?;
        let Some(Theirs { server, client, .. }) = theirs else {
            bail!("{} does not compile: see above", folder.display());
        };
        Ok(Both { server, client, servers, protos: vec![folder.join("proto")] })
    }

    /// The protos of both. If one is wrong, says so, and does without.
    pub fn schema(&self) -> Schema {
        Schema::of_folders(&self.protos).unwrap_or_else(|error| {
            eprintln!("warning: {error:#}: messages are shown by number and wire type");
            Schema::default()
        })
    }

    /// Runs the client against the server, and shows what crosses between them.
    ///
    /// # Errors
    ///
    /// If one of them cannot be started, or what was seen cannot be shown.
    pub async fn run(&self, show: Show) -> anyhow::Result<Outcome> {
        let (mut listeners, mut addrs) = (Vec::new(), Vec::new());
        for _ in 0..self.servers {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            addrs.push(listener.local_addr()?);
            listeners.push(listener);
        }
        let shown = Arc::new(Mutex::new(show));
        let (tell, told) = oneshot::channel::<Vec<SocketAddr>>();
        let (end, ended) = watch::channel(());
        let run = async {
            let between = async |servers| {
                // If nobody takes them, showing has failed, which says so itself.
                _ = tell.send(servers);
                Ok(addrs)
            };
            let outcome = run_through(&self.server, self.servers, &self.client, between).await?;
            drop(end);
            anyhow::Ok(outcome)
        };
        let serve = async {
            let Ok(servers) = told.await else { return Ok(()) };
            let mut proxies = JoinSet::new();
            for (number, (listener, addr)) in listeners.into_iter().zip(servers).enumerate() {
                let server = (self.servers > 1).then_some(number + 1);
                let to = To { addr: addr.to_string(), server };
                let (shown, mut ended) = (shown.clone(), ended.clone());
                proxies.spawn(async move {
                    // Dropped: it is the end.
                    let done = async { ended.changed().await.unwrap_or_default() };
                    proxy::serve(listener, to, shown, done).await
                });
            }
            while let Some(ended) = proxies.join_next().await {
                ended??;
            }
            anyhow::Ok(())
        };
        let (outcome, ()) = tokio::try_join!(run, serve)?;
        Ok(outcome)
    }
}

/// The pair of the example `name`: `chat`, or `tour_client`.
fn the_example<'a>(lesson: &'a Lesson, name: &str) -> anyhow::Result<&'a Pair> {
    let examples = &lesson.pairs[1..];
    let own = |pair: &'a Pair| pair.name.strip_prefix("server + ").unwrap_or(&pair.name);
    examples.iter().find(|pair| own(pair) == name).ok_or_else(|| {
        let names: Vec<_> = examples.iter().map(own).collect();
        WrongUse(format!("{} has no example `{name}`: it has {}", lesson.name, names.join(", ")))
            .into()
    })
}
