//! A learner's program: what Cargo makes of the crate, and whether it has a side.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cargo_metadata::Message;

use crate::learner::sources::Sources;
use crate::learner::{protos, wording};
use crate::run::outcome::Ended;
use crate::run::side::Side;
use crate::run::told;
use crate::steps::states::State;
use crate::system::cargo::{Build, RENDERED};
use crate::system::files;
use crate::workspace::lesson::Lesson;
use crate::workspace::{Workspace, proto};

/// A role that no program has.
const NO_ROLE: &str = "no-such-role";

/// A learner's program.
pub struct Theirs {
    folder: PathBuf,
    pub server: Side,
    pub client: Side,
    /// The names of the generated files that it is made of.
    pub generated: Vec<String>,
}

impl Theirs {
    /// Builds the crate in `folder`. None if it does not compile.
    ///
    /// # Errors
    ///
    /// If there is no crate, or no program in it.
    pub async fn build(
        workspace: &Workspace,
        folder: &Path,
        lesson: &Lesson,
        quietly: bool,
    ) -> anyhow::Result<Option<Theirs>> {
        if !folder.join("Cargo.toml").is_file() {
            bail!("{} is no crate: it has no Cargo.toml", files::shown(folder));
        }
        let mut build = Build::apart(&workspace.build, folder, &["--bins", RENDERED], quietly)?;
        let mut programs = Vec::new();
        while let Some(message) = build.next().await? {
            if let Message::CompilerArtifact(artifact) = message
                && let Some(executable) = artifact.executable
            {
                programs.push((artifact.target.name, executable.into_std_path_buf()));
            }
        }
        if !build.ended().await?.success() {
            return Ok(None);
        }
        let is_it = |(name, _): &&(String, _)| programs.len() == 1 || *name == lesson.package;
        let program = programs.iter().find(is_it);
        let (_, executable) = program.with_context(|| {
            let (many, name) = (programs.len(), &lesson.package);
            format!(
                "the crate has {many} programs: give it one, called {name}, that takes `server` and \
                 `client`"
            )
        })?;
        let side = |role| Side::ours(role, executable, Some(role));
        Ok(Some(Theirs {
            folder: folder.to_owned(),
            server: side("server").with_file(lesson.file.as_deref()),
            client: side("client"),
            generated: generated(executable),
        }))
    }

    /// The program in a role that there is not.
    pub fn no_role(&self) -> Side {
        Side::ours(NO_ROLE, self.server.program(), Some(NO_ROLE))
    }

    /// What there is of the side `role`, if the program does with it what it does with a role that
    /// there is not: `ended` and `other` are what came of the two, with the addresses that they were
    /// told.
    ///
    /// # Errors
    ///
    /// If the program cannot be started.
    pub async fn lacks(
        &self,
        role: &str,
        ended: (&Ended, &[SocketAddr]),
        other: (&Ended, &[SocketAddr]),
    ) -> anyhow::Result<Option<String>> {
        let plain = |text: &str, addrs: &[SocketAddr]| {
            let ports = addrs.iter().map(|addr| format!(":{}", addr.port()));
            let text = ports.fold(text.to_owned(), |text, port| text.replace(&port, ":0"));
            text.replace(NO_ROLE, role)
        };
        let told = |(ended, addrs): (&Ended, &[SocketAddr])| {
            (ended.status, plain(&ended.stdout, addrs), plain(&ended.stderr, addrs))
        };
        // A program that goes on has taken the role for another one.
        if other.0.status.is_none() || told(ended) != told(other) {
            return Ok(None);
        }
        let sources = Sources::read(&self.folder);
        if let Some(module) = sources.undeclared(role) {
            return Ok(Some(module));
        }
        if !sources.have(role) {
            return Ok(Some(String::new()));
        }
        let is_server = role == "client" && ended.0.stderr.contains(" in use");
        if is_server {
            return Ok(Some("the program does not take `client`: it is a server then, too".into()));
        }
        // Perhaps the program is that side, whatever it is told.
        if !wording::may_have_refused(ended.0)
            || role == "client" && told::connects(&self.no_role(), 1).await?
        {
            return Ok(None);
        }
        Ok(Some(format!("the program does not take `{role}`{}", ended.0.cause())))
    }
}

impl Theirs {
    /// What to say of a server that answers UNIMPLEMENTED, with `message`, to our client of the step
    /// `at`, and works with that of the step `before`, if there is one. None if the step has not been
    /// begun.
    ///
    /// # Errors
    ///
    /// If our own proto files are wrong.
    pub fn unanswered(
        &self,
        at: &State,
        before: Option<&State>,
        message: &str,
    ) -> anyhow::Result<Option<String>> {
        let answered = before.map(protos::methods).transpose()?.unwrap_or_default();
        let mut methods = protos::methods(at)?;
        methods.retain(|method| !answered.contains(method));
        if methods.is_empty() && message.is_empty() {
            // The step adds a service that is in no proto of the lesson, such as health.
            return Ok(None);
        }
        let said = format!("your server answers UNIMPLEMENTED to {}", methods.join(" or "));
        if !message.is_empty() {
            return Ok(Some(format!("{said}: \"{message}\"")));
        }
        let declared = proto::declarations(&self.folder).ok().flatten().unwrap_or_default();
        let is_declared = methods.iter().all(|it| declared.iter().any(|their| their.name == *it));
        let service = |method: &str| method.rsplit('.').nth(1).unwrap_or_default().to_owned();
        let known: Vec<String> = answered.iter().map(|method| service(method)).collect();
        let new = methods.iter().map(|method| service(method)).find(|it| !known.contains(it));
        let sources = Sources::read(&self.folder);
        // The generated trait asks for all methods of a service: so if it is written, it is whole.
        let has_begun = is_declared && new.as_ref().is_none_or(|new| sources.implement(new));
        Ok(match () {
            () if !has_begun => before.is_none().then_some(said),
            () if new.is_none() || sources.say_unimplemented() => Some(said),
            () => Some(format!("{said}: is its service added, with `.add_service`?")),
        })
    }
}

/// The names of the generated files that Cargo notes in the list of what `executable` is made of.
pub fn generated(executable: &Path) -> Vec<String> {
    let list = fs::read_to_string(executable.with_extension("d")).unwrap_or_default();
    let paths = list.split_whitespace().map(|path| path.replace('\\', "/"));
    let names = paths.filter_map(|path| {
        let (folder, name) = path.rsplit_once('/')?;
        (folder.ends_with("/out") && name.ends_with(".rs")).then(|| name.to_owned())
    });
    names.collect()
}
