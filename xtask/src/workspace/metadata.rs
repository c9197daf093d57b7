//! What the manifest of a lesson says of it: `[package.metadata.lesson]`.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::ensure;
use serde::Deserialize;

use crate::workspace::lesson::FIRST_RUNNABLE_STEP;

/// What `[package.metadata.lesson]` says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    pub title: String,
    pub steps: Vec<String>,
    /// How long it takes to type.
    #[serde(default)]
    pub minutes: usize,
    /// The packages of the lessons that it builds on.
    #[serde(default)]
    pub after: Vec<String>,
    #[serde(default)]
    pub files: HashMap<PathBuf, usize>,
    pub late: Option<Late>,
    #[serde(default)]
    pub breaks: Vec<usize>,
    pub several: Option<Several>,
    pub tls: Option<Tls>,
    /// What a file is called that a server makes for itself, if it takes the path of one.
    pub file: Option<String>,
}

/// Servers that a client gets the addresses of, joined by commas.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Several {
    /// From which step on.
    pub step: usize,
    /// How many.
    pub servers: usize,
}

/// What shows a server who calls it: files in the folder of certificates, which a server makes.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// From which step on.
    pub step: usize,
    /// The certificate of the authority that the caller trusts.
    pub authority: String,
    /// What the caller sends as `authorization: Bearer TOKEN`.
    pub token: String,
    /// The certificate that the caller shows.
    pub certificate: String,
    /// The key that belongs to it.
    pub key: String,
}

/// A method with so many answers that they have not all arrived when its client stops waiting, if the
/// server has the data file a hundred times over.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// From which step on the server has to look at the clock.
    pub step: usize,
    /// `/routeguide.RouteGuide/ListFeatures`.
    pub path: String,
    /// What it is sent, in hexadecimal digits.
    pub message: String,
    /// A list in JSON, by its name in `data`.
    pub data: String,
}

impl Tls {
    /// What tells a program of `xtask/testing` to call over TLS.
    pub fn caller_args(&self) -> [String; 5] {
        let Tls { authority, token, certificate, key, .. } = self;
        ["tls", authority, token, certificate, key].map(str::to_owned)
    }
}

impl Metadata {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// If something is missing or unknown, or is said of a step that has no client.
    pub fn read(json: &serde_json::Value) -> anyhow::Result<Metadata> {
        let mut metadata = Metadata::deserialize(json)?;
        let first = FIRST_RUNNABLE_STEP;
        let last = metadata.steps.len();
        ensure!(last >= first, "it has fewer than {first} steps");
        metadata.breaks.sort_unstable();
        let mut breaks = metadata.breaks.iter();
        let are_later = breaks.all(|step| (first + 1..=last).contains(step));
        ensure!(are_later, "`breaks` are steps after the first that has a client");
        let has_client = |step: usize| (first..=last).contains(&step);
        if let Some(Several { step, servers }) = metadata.several {
            ensure!(has_client(step), "`several` begins at a step that has a client");
            ensure!(servers > 1, "`several` are two servers or more");
        }
        if let Some(Tls { step, .. }) = metadata.tls {
            ensure!(has_client(step), "`tls` begins at a step that has a client");
        }
        Ok(metadata)
    }
}

/// How many servers a client is told of at the end of `step`.
pub fn servers_at(several: Option<&Several>, step: usize) -> usize {
    several.filter(|several| several.step <= step).map_or(1, |several| several.servers)
}
