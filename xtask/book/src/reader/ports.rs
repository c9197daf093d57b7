//! Ports: a page shows them, and a reader may be using the same ones meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

use anyhow::Context;
use xtask::workspace::Workspace;

/// Which free port stands for which one that a page shows.
#[derive(Default)]
pub struct Ports {
    by_shown: BTreeMap<u16, u16>,
}

impl Ports {
    /// The arguments of `cargo run -p PACKAGE`, with a free port wherever there is one, or would be:
    /// an address that is left out is the lesson's own.
    ///
    /// # Errors
    ///
    /// If no port is free, or it has to be the lesson's and there is none.
    pub fn stand_in(
        &mut self,
        workspace: &Workspace,
        package: &str,
        args: &[&str],
    ) -> anyhow::Result<Vec<String>> {
        let (before, own) = match args {
            ["--example", name, own @ ..] => (vec!["--example", name], own),
            own => (vec![], own),
        };
        let is_client = before.last().is_some_and(|name| name.ends_with("_client"));
        let mut words: Vec<String> = before.into_iter().map(str::to_owned).collect();
        for word in own {
            // A client may take several addresses.
            let addrs = word.split(',').map(|addr| match host_and_port(addr) {
                Some((host, port)) if port > 0 => Ok(format!("{host}:{}", self.free(port)?)),
                _ => Ok(addr.to_owned()),
            });
            words.push(addrs.collect::<anyhow::Result<Vec<_>>>()?.join(","));
        }
        if matches!(own, ["server" | "client"]) || own.is_empty() && is_client {
            let port = default_port(&workspace.the(package)?.folder)?;
            words.push(format!("127.0.0.1:{}", self.free(port)?));
        }
        Ok(words)
    }

    /// The free port that stands for `shown`.
    fn free(&mut self, shown: u16) -> anyhow::Result<u16> {
        if let Some(port) = self.by_shown.get(&shown) {
            return Ok(*port);
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        self.by_shown.insert(shown, port);
        Ok(port)
    }

    /// `output`, with the ports that a reader sees.
    pub fn as_shown(&self, output: &str) -> String {
        let mut output = output.to_owned();
        for (shown, port) in &self.by_shown {
            output = output.replace(&format!(":{port}"), &format!(":{shown}"));
        }
        output
    }
}

/// What `addr` consists of, if it is an address.
pub fn host_and_port(addr: &str) -> Option<(&str, u16)> {
    let (host, port) = addr.rsplit_once(':')?;
    Some((host, port.parse().ok()?))
}

/// The port that the programs of the lesson in `folder` use if nobody says otherwise.
fn default_port(folder: &Path) -> anyhow::Result<u16> {
    let main = folder.join("src/main.rs");
    let text = fs::read_to_string(&main).with_context(|| main.display().to_string())?;
    let addr =
        text.lines().find_map(|line| line.strip_prefix("const ADDR: &str = \"")?.split('"').next());
    let port = addr.and_then(|addr| addr.rsplit_once(':')?.1.parse().ok());
    port.with_context(|| format!("{} has no constant ADDR with a port", main.display()))
}
