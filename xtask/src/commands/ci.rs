//! `cargo xtask ci`: every check that a change must pass, in parts.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use anstream::adapter::strip_str;
use anyhow::{Context, bail};
use clap::builder::PossibleValuesParser;
use tokio::process::Command;

use crate::system::cargo::cargo;
use crate::system::process;
use crate::system::style::BOLD;
use crate::workspace::Workspace;

mod needs;
mod words;

/// A check, or some that belong together.
pub struct Part {
    pub name: &'static str,
    /// As a contributor types them. With `-p APART`, one is run for each lesson that is built apart; in
    /// `--exclude APART` they all take its place.
    pub commands: &'static [&'static str],
    /// What is so if they succeed.
    pub proves: &'static str,
}

/// Two are run at a time, one from either end, as one leaves much of two cores idle. At the beginning
/// stands what takes seconds, then what builds in the lessons' target directory, where Cargo has one
/// wait for the other; at the end what has a directory of its own, or hardly builds.
pub const PARTS: &[Part] = &[
    Part {
        name: "format",
        commands: &["cargo fmt --check"],
        proves: "all source is laid out as rustfmt does it",
    },
    Part {
        name: "ruff",
        commands: &["ruff check lessons", "ruff format --check lessons"],
        proves: "the lessons in Python are laid out as ruff does it, and it finds nothing to say",
    },
    Part { name: "typos", commands: &["typos"], proves: "no common word is misspelled" },
    Part {
        name: "workflows",
        commands: &[
            "check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*",
            "check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml",
            "check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml",
        ],
        proves: "what GitHub is told has the form that its published schemas ask for",
    },
    Part {
        name: "deny",
        commands: &["cargo deny check licenses bans sources"],
        proves: "every dependency has a licence that we accept, and none comes twice without a reason",
    },
    Part {
        name: "clippy",
        commands: &["cargo clippy --workspace --all-targets -- -D warnings"],
        proves: "everything compiles, and clippy finds nothing to say",
    },
    Part {
        name: "test",
        commands: &["cargo test", "cargo test -p APART"],
        proves: "the lessons and the runner pass their quick tests",
    },
    Part {
        name: "verify",
        commands: &["cargo xtask verify", "cargo xtask verify --examples"],
        proves: "every program prints what its transcript says",
    },
    Part {
        name: "python",
        commands: &["cargo xtask verify --python", "cargo xtask verify 05 --python --examples"],
        proves: "the lessons in Python and in Rust understand each other",
    },
    Part {
        name: "steps",
        commands: &["cargo xtask steps"],
        proves: "every lesson compiles and runs at every step",
    },
    Part { name: "book", commands: &["cargo xtask book"], proves: "the book can be built" },
    Part {
        name: "runner",
        commands: &["cargo test -p xtask -- --ignored"],
        proves: "every lesson can be written from its hints, and the runner finds what is wrong",
    },
    Part {
        name: "pages",
        commands: &["cargo test -p book --lib --test book --test problems -- --include-ignored"],
        proves: "whoever types what a page shows, sees what the page says",
    },
    Part {
        name: "lessons",
        commands: &[
            "cargo test --workspace --exclude xtask --exclude book --exclude bench --exclude junit \
             --exclude page --exclude wire --exclude APART -- --ignored",
            "cargo test -p APART -- --ignored",
        ],
        proves: "every server survives a thousand deaths, and ten thousand calls at once",
    },
    Part {
        name: "browser",
        commands: &[
            "cargo test -p book --test browser -- --include-ignored",
            "cargo test -p page --test browser -- --include-ignored",
            "cargo test -p page --lib --test clients -- --include-ignored",
        ],
        proves: "in Chromium, the book can be read and a lesson's page used, on a desktop and a phone",
    },
    Part {
        name: "bench",
        commands: &["cargo test -p bench -- --include-ignored"],
        proves: "`cargo xtask bench` measures all that it says",
    },
    Part {
        name: "wire",
        commands: &["cargo test -p wire -- --include-ignored"],
        proves: "`cargo xtask wire` reads all that crosses the wire, and changes nothing of it",
    },
    Part {
        name: "windows",
        commands: &[
            "cargo check --bins --examples --target x86_64-pc-windows-msvc",
            "cargo check -p APART --bins --examples --target x86_64-pc-windows-msvc",
        ],
        proves: "the lessons and the runner compile for Windows",
    },
    Part {
        name: "macos",
        commands: &[
            "cargo check --bins --examples --target aarch64-apple-darwin",
            "cargo check -p APART --bins --examples --target aarch64-apple-darwin",
        ],
        proves: "the lessons and the runner compile for macOS",
    },
    Part {
        name: "minimum",
        commands: &[concat!(
            "cargo +",
            env!("CARGO_PKG_RUST_VERSION"),
            " check --workspace --all-targets --target-dir target/minimum"
        )],
        proves: "everything compiles on the oldest Rust that we promise",
    },
    Part {
        name: "advisories",
        commands: &["cargo deny check advisories"],
        proves: "no dependency is known to be unsafe",
    },
];

/// Which parts.
#[derive(clap::Args)]
#[command(after_long_help = "\
Two parts are run at a time, one from either end of the list, and what one prints is shown when it has
ended. The first one that fails ends the run, and the exit code is 1. A part is
skipped, and the reason printed, if it needs what this machine neither has nor gets: another version of
Rust or its standard library for another system (rustup gets them), Python, Chromium's chromedriver, the
network. With CI set in the environment, to lack Python or chromedriver is a failure; on GitHub, to lack
anything is.

CONTRIBUTING.md says how long each takes.")]
pub struct Args {
    /// Which parts [default: all]
    #[arg(value_name = "PART", hide_possible_values = true, value_parser = names())]
    parts: Vec<String>,
    /// Show the parts, their commands and what each proves, and run none
    #[arg(long, conflicts_with = "parts")]
    list: bool,
}

fn names() -> PossibleValuesParser {
    PARTS.iter().map(|part| part.name).collect::<Vec<_>>().into()
}

/// Whether `line` is a command of one of the parts.
pub fn runs(line: &str) -> bool {
    PARTS.iter().any(|part| part.commands.contains(&line))
}

/// Runs the parts that `args` names, up to the first that fails.
///
/// # Errors
///
/// If one fails: the error names it.
pub async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut out = anstream::stdout();
    let workspace = Workspace::load().await?;
    if args.list {
        for part in PARTS {
            writeln!(out, "{BOLD}{:<10}{BOLD:#}  {}", part.name, part.proves)?;
            for line in part.lines(&workspace) {
                writeln!(out, "            $ {line}")?;
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let is_wanted =
        |part: &&Part| args.parts.is_empty() || args.parts.iter().any(|name| name == part.name);
    let parts: VecDeque<_> = PARTS.iter().filter(is_wanted).collect();
    let is_alone = parts.len() == 1;
    let begin = Instant::now();
    let (left, ended) = (RefCell::new(parts), RefCell::new(Vec::new()));
    let lane = async |take: fn(&mut VecDeque<&'static Part>) -> Option<&'static Part>| {
        while let Some(part) = { take(&mut left.borrow_mut()) } {
            part.run(&workspace, !is_alone, &ended).await?;
        }
        anyhow::Ok(())
    };
    let failure = tokio::try_join!(lane(VecDeque::pop_front), lane(VecDeque::pop_back)).err();

    let mut ended = ended.into_inner();
    ended.sort_by_key(|(name, ..)| PARTS.iter().position(|part| part.name == *name));
    writeln!(out)?;
    for (name, time, what) in &ended {
        writeln!(out, "{BOLD}{name:<10}{BOLD:#}  {:>6.1} s  {what}", time.as_secs_f64())?;
    }
    let skipped = ended.iter().filter(|(.., what)| what.starts_with("skipped")).count();
    let failed = usize::from(failure.is_some());
    let passed = ended.len() - skipped - failed;
    writeln!(out, "{BOLD}all{BOLD:#}         {:>6.1} s", begin.elapsed().as_secs_f64())?;
    writeln!(out, "\n{passed} passed, {failed} failed, {skipped} skipped")?;
    failure.map_or(Ok(ExitCode::SUCCESS), Err)
}

/// The parts that have ended: name, time, and how.
type Ended = RefCell<Vec<(&'static str, Duration, String)>>;

impl Part {
    /// Its commands, for the lessons that there are.
    pub fn lines(&self, workspace: &Workspace) -> Vec<String> {
        self.commands.iter().flat_map(|line| words::with_lessons(line, workspace)).collect()
    }

    /// Runs the part, and notes how it has ended. If it runs `beside` another, what it prints is shown
    /// then.
    async fn run(&self, workspace: &Workspace, beside: bool, ended: &Ended) -> anyhow::Result<()> {
        let title = format!("\n{BOLD}{}{BOLD:#}: {}", self.name, self.proves);
        let path = workspace.target.join("ci").join(self.name).with_extension("log");
        let mut log = None;
        if beside {
            fs::create_dir_all(workspace.target.join("ci"))?;
            log = Some(File::create(&path).with_context(|| path.display().to_string())?);
        } else {
            writeln!(anstream::stdout(), "{title}")?;
        }
        let begin = Instant::now();
        let result = self.commands(workspace, log.as_ref()).await;
        let (what, result) = match result {
            Ok(None) => ("ok".to_owned(), Ok(())),
            Ok(Some(reason)) => (format!("skipped: {reason}"), Ok(())),
            Err(error) => {
                let why = format!("the part `{}` has failed", self.name);
                ("FAILED".to_owned(), Err(error.context(why)))
            }
        };
        ended.borrow_mut().push((self.name, begin.elapsed(), what));
        if beside {
            writeln!(anstream::stdout(), "{title}\n{}", fs::read_to_string(&path)?)?;
        }
        result
    }

    /// Runs the commands of the part, which print to `log`, if there is one. If this machine lacks what
    /// they need, says what.
    async fn commands(
        &self,
        workspace: &Workspace,
        log: Option<&File>,
    ) -> anyhow::Result<Option<String>> {
        let say = |text: &str| match log {
            Some(mut log) => writeln!(log, "{}", strip_str(text)),
            None => writeln!(anstream::stdout(), "{text}"),
        };
        let mut path = env::var_os("PATH").unwrap_or_default();
        for line in &self.lines(workspace) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let Err(lack) = needs::provide(&words, workspace, &mut path).await {
                // Who sets CI sees to it that all is there. But not everywhere can these be had.
                let is_rare = |word: &&str| {
                    word.starts_with('+') || ["--target", "advisories"].contains(word)
                };
                let strict = if words.iter().any(is_rare) { "GITHUB_ACTIONS" } else { "CI" };
                if env::var_os(strict).is_some() {
                    return Err(lack);
                }
                let reason = format!("{lack:#}");
                say(&format!("skipped: {reason}"))?;
                return Ok(Some(reason));
            }
            if let Some(package) = needs::compiler_of_c(&words, workspace).await? {
                let why = "it compiles C, and this machine may have no compiler for that system";
                say(&format!("{package} is left out: {why}"))?;
                continue;
            }
            say(&format!("{BOLD}$ {line}{BOLD:#}"))?;
            // The Cargo that runs us; but only rustup's knows of others.
            let is_ours = words[0] == "cargo" && !words[1].starts_with('+');
            let mut command = if is_ours { cargo() } else { Command::new(words[0]) };
            for word in &words[1..] {
                command.args(words::expanded(word, workspace)?);
            }
            command.env("PATH", &path).current_dir(&workspace.root);
            if let Some(log) = log {
                command.stdout(log.try_clone()?).stderr(log.try_clone()?);
            }
            let status = process::spawn(command)?.child.wait().await?;
            if !status.success() {
                bail!("`{line}` failed: {status}");
            }
        }
        Ok(None)
    }
}
