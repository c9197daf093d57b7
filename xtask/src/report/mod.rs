//! What `verify` has found, for people and for programs.

pub mod json;
pub mod junit;
pub mod people;
pub mod verdict;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::report::verdict::Verdict;

/// A form of the results that programs read.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Format {
    /// A list of objects
    Json,
    /// The XML that test runners and CI systems exchange
    Junit,
}

/// Takes verdicts as they come.
pub struct Report {
    format: Option<Format>,
    junit: Option<PathBuf>,
    verdicts: Vec<Verdict>,
}

impl Report {
    /// One without verdicts. `junit` builds the program that writes [`Format::Junit`], if that is
    /// wanted.
    ///
    /// # Errors
    ///
    /// If it does not compile.
    pub async fn new(
        format: Option<Format>,
        junit: impl AsyncFnOnce() -> anyhow::Result<PathBuf>,
    ) -> anyhow::Result<Report> {
        let junit = match format {
            Some(Format::Junit) => Some(junit().await?),
            _ => None,
        };
        Ok(Report { format, junit, verdicts: Vec::new() })
    }

    /// Where people read: standard output, unless that is for a program.
    pub fn out(&self) -> Box<dyn Write> {
        match self.format {
            None => Box::new(anstream::stdout()),
            Some(_) => Box::new(anstream::stderr()),
        }
    }

    /// Shows a verdict.
    ///
    /// # Errors
    ///
    /// If the output takes no more.
    pub fn add(&mut self, verdict: Verdict) -> anyhow::Result<()> {
        people::show(&mut self.out(), &verdict)?;
        self.keep(verdict);
        Ok(())
    }

    /// Keeps a verdict, for the totals and for programs.
    pub fn keep(&mut self, verdict: Verdict) {
        self.verdicts.push(verdict);
    }

    /// Shows how many have passed, `time` after the first has begun, and prints what programs
    /// read. Returns the exit code.
    ///
    /// # Errors
    ///
    /// If the output takes no more.
    pub fn end(mut self, time: Duration) -> anyhow::Result<ExitCode> {
        let passed = self.verdicts.iter().filter(|verdict| verdict.ok).count();
        let failed = self.verdicts.len() - passed;
        people::show_totals(&mut self.out(), passed, failed, time)?;

        // In the order of the lessons, whichever pair was the fastest.
        self.verdicts.sort_by(|a, b| (&a.lesson, &a.pair).cmp(&(&b.lesson, &b.pair)));
        if self.format.is_some() {
            let json = json::document(&self.verdicts)?;
            let text = match &self.junit {
                Some(program) => junit::document(program, &json)?,
                None => json,
            };
            writeln!(std::io::stdout(), "{}", text.trim_end())?;
        }
        Ok(exit_code(failed))
    }
}

fn exit_code(failed: usize) -> ExitCode {
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
