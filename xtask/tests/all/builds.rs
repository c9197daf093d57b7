//! What is compiled when, as Cargo plans it: nothing is, here.
//!
//! Cargo compiles a dependency again if it is asked for other features, or one that it depends on
//! was, or if the profile is another. So what a learner builds first has to agree with the rest.
//! Elsewhere than on Linux, the dependencies of some dependencies are others.

#![cfg(target_os = "linux")]

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xtask::commands::ci::PARTS;
use xtask::workspace::{Workspace, packages};

/// What a bare hello world compiles twice as well: once for its build script, with other features.
const TWICE_ANYWAY: &[&str] = &["indexmap", "libc", "memchr", "once_cell"];

/// What tower-http has with the features that it needs, and build scripts with others.
const TWICE_FOR_A_LESSON: &[&str] = &["bitflags"];

/// What the tests of the runner have for themselves, and build scripts with other features; and
/// tower-http, because their tempfile asks for more of bitflags.
const TWICE_FOR_TESTS: &[&str] = &["bitflags", "getrandom", "tempfile", "tower-http"];

/// mdBook's regex has Unicode, and that of the build scripts has not; its toml_edit can more than the
/// runner's, and its tracing less than tonic's; its tempfile is not for a build script, and its typenum
/// not for sqlx.
const TWICE_FOR_THE_BOOK: &[&str] = &[
    "aho-corasick",
    "getrandom",
    "regex",
    "regex-automata",
    "tempfile",
    "toml_datetime",
    "toml_edit",
    "tracing",
    "typenum",
];

/// The libraries that have been compiled.
#[derive(Default)]
struct Compiled {
    units: HashSet<u64>,
    crates: BTreeSet<String>,
}

impl Compiled {
    /// Compiles what `cargo args` would. Returns which crates it compiles although they have been
    /// compiled before.
    fn again(&mut self, args: &[&str]) -> Result<BTreeSet<String>> {
        let cargo = Command::new(env!("CARGO"))
            .args(args)
            .args(["--unit-graph", "-Zunstable-options"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            // Only a nightly Cargo shows its plan, else. What it builds stays the same.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("builds"))
            .output()?;
        let said = String::from_utf8_lossy(&cargo.stderr);
        ensure!(cargo.status.success(), "cargo {args:?}: {said}");
        let graph: Value = serde_json::from_slice(&cargo.stdout)?;
        let units = graph["units"].as_array().context("no units")?;

        let mut again = BTreeSet::new();
        let mut hashes = HashMap::new();
        for (index, unit) in units.iter().enumerate() {
            let id = unit["pkg_id"].as_str().context("no package")?;
            let is_library = unit["mode"] == "build" && unit["target"]["kind"][0] != "custom-build";
            // registry+https://github.com/rust-lang/crates.io-index#anyhow@1.0.104
            let Some((name, _)) = id.rsplit('#').next().and_then(|name| name.split_once('@'))
            else {
                continue;
            };
            if id.starts_with("registry+")
                && is_library
                && self.units.insert(hash(units, index, &mut hashes)?)
                && !self.crates.insert(id.to_owned())
            {
                again.insert(name.to_owned());
            }
        }
        Ok(again)
    }
}

/// What Cargo tells a unit from others by, and those that it depends on.
fn hash(units: &[Value], index: usize, known: &mut HashMap<usize, u64>) -> Result<u64> {
    if let Some(hash) = known.get(&index) {
        return Ok(*hash);
    }
    let unit = &units[index];
    let mut profile = unit["profile"].clone();
    // `dev` and `test` may be the same.
    profile.as_object_mut().context("no profile")?.remove("name");
    let mut dependencies = BTreeSet::new();
    for dependency in unit["dependencies"].as_array().context("no dependencies")? {
        let index = dependency["index"].as_u64().context("no index")?;
        dependencies.insert(hash(units, usize::try_from(index)?, known)?);
    }
    let mut hasher = DefaultHasher::new();
    for what in ["pkg_id", "target", "features", "mode", "platform"] {
        unit[what].to_string().hash(&mut hasher);
    }
    profile.to_string().hash(&mut hasher);
    dependencies.hash(&mut hasher);
    let hash = hasher.finish();
    known.insert(index, hash);
    Ok(hash)
}

fn all_of(lists: &[&[&str]]) -> BTreeSet<String> {
    lists.concat().into_iter().map(str::to_owned).collect()
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn no_dependency_is_compiled_twice() -> Result<()> {
    let workspace = Workspace::load().await?;
    let mut compiled = Compiled::default();
    let mut again = compiled.again(&["build", "--package", "xtask", "--bin", "xtask"])?;
    let [apart @ .., together] = &packages(&Vec::from_iter(&workspace.lessons))[..] else {
        anyhow::bail!("there are no lessons");
    };
    ensure!(together.len() > 2, "no lessons are built together");
    let build = ["build", "--bins"];
    again.extend(compiled.again(&[&build, &**together].concat())?);
    let more = &again - &all_of(&[TWICE_ANYWAY, TWICE_FOR_A_LESSON]);
    ensure!(more.is_empty(), "cargo xtask verify compiles twice: {more:?}");

    // What these ask for other features of, and what depends on that.
    for packages in apart {
        compiled.again(&[&build, &**packages].concat())?;
    }

    for package in workspace.lessons.iter().map(|lesson| lesson.package.as_str()) {
        let of_it = ["--package", package];
        let run = [&["build", "--bin", package][..], &of_it].concat();
        let again = compiled.again(&run)?;
        ensure!(again.is_empty(), "cargo run -p {package} compiles again: {again:?}");
        // As `check` does it.
        let callers = ["--bin", "call", "--bin", "late", "--bin", "web"];
        let call = [&["build", "--package", "testing"][..], &callers, &of_it].concat();
        let again = compiled.again(&call)?;
        ensure!(again.is_empty(), "what calls its server compiles again: {again:?}");
        for args in [&["build", "--bins", "--examples"][..], &["test", "--no-run"]] {
            let again = compiled.again(&[args, &of_it].concat())?;
            ensure!(again.is_empty(), "cargo {args:?} -p {package} compiles again: {again:?}");
        }
    }
    let again = compiled.again(&["test", "--no-run"])?;
    let more = &again - &all_of(&[TWICE_FOR_TESTS]);
    ensure!(more.is_empty(), "cargo test compiles again: {more:?}");
    for package in ["methods", "xtask"] {
        let again = compiled.again(&["test", "--no-run", "--package", package])?;
        let more = &again - &all_of(&[TWICE_FOR_TESTS]);
        ensure!(more.is_empty(), "cargo test -p {package} compiles again: {more:?}");
    }

    for part in PARTS.iter().filter(|part| part.name == "lessons") {
        for command in part.lines(&workspace) {
            let args = command.strip_prefix("cargo ").and_then(|rest| rest.split(" -- ").next());
            let args: Vec<&str> = args.context("not Cargo's")?.split_whitespace().collect();
            let again = compiled.again(&[&args[..], &["--no-run"]].concat())?;
            ensure!(again.is_empty(), "{command} compiles again: {again:?}");
        }
    }

    let again = compiled.again(&["build", "--package", "wire"])?;
    ensure!(again.is_empty(), "cargo xtask wire compiles again: {again:?}");

    let book = ["build", "--package", "book", "--bin", "book", "--no-default-features"];
    let more = &compiled.again(&book)? - &all_of(&[TWICE_FOR_THE_BOOK]);
    ensure!(more.is_empty(), "cargo xtask book compiles again: {more:?}");
    Ok(())
}
