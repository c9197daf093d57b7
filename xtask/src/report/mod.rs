//! What `verify` has found, for people and for programs.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anstream::adapter::strip_str;
use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::{ElementWriter, Writer};
use serde::Serialize;

use crate::system::style::{GREEN, RED};

/// A form of the results that programs read.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Format {
    /// A list of objects
    Json,
    /// The XML that test runners and CI systems exchange
    Junit,
}

/// What came of a pair. As JSON it is what `verify --help` describes.
#[derive(Serialize)]
pub struct Verdict {
    pub lesson: String,
    /// What the pair is called here.
    #[serde(skip)]
    pub pair: String,
    pub server: String,
    pub client: String,
    #[serde(rename = "verdict", serialize_with = "verdict")]
    pub ok: bool,
    pub seconds: f64,
    /// What there is to say of it, in lines that end with `\n`. For people, in colour.
    #[serde(rename = "difference", serialize_with = "difference")]
    pub details: String,
}

fn verdict<S: serde::Serializer>(ok: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *ok { "passed" } else { "failed" })
}

fn difference<S: serde::Serializer>(details: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let details = strip_str(details).to_string();
    if details.is_empty() {
        serializer.serialize_none()
    } else {
        serializer.serialize_str(&details)
    }
}

/// Takes verdicts as they come.
pub struct Report {
    format: Option<Format>,
    verdicts: Vec<Verdict>,
}

impl Report {
    pub fn new(format: Option<Format>) -> Report {
        Report { format, verdicts: Vec::new() }
    }

    /// Where people read: standard output, unless that is for a program.
    fn out(&self) -> Box<dyn Write> {
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
        let Verdict { lesson, pair, ok, seconds, details, .. } = &verdict;
        let (style, word) = if *ok { (GREEN, "ok  ") } else { (RED, "FAIL") };
        let mut out = self.out();
        writeln!(out, "{style}{word}{style:#}  {lesson:22}  {pair:26}  {seconds:5.2} s")?;
        write!(out, "{details}")?;
        self.verdicts.push(verdict);
        Ok(())
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
        let style = if failed == 0 { GREEN } else { RED };
        let time = time.as_secs_f64();
        writeln!(self.out(), "{style}{passed} passed, {failed} failed{style:#} in {time:.2} s")?;

        // In the order of the lessons, whichever pair was the fastest.
        self.verdicts.sort_by(|a, b| (&a.lesson, &a.pair).cmp(&(&b.lesson, &b.pair)));
        let text = match self.format {
            None => return Ok(exit_code(failed)),
            Some(Format::Json) => serde_json::to_string_pretty(&self.verdicts)?,
            Some(Format::Junit) => junit(&self.verdicts)?,
        };
        writeln!(std::io::stdout(), "{text}")?;
        Ok(exit_code(failed))
    }
}

fn exit_code(failed: usize) -> ExitCode {
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The verdicts as JUnit has them: a `testsuite` a lesson, a `testcase` a pair.
fn junit(verdicts: &[Verdict]) -> anyhow::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = writer.create_element("testsuites");
    totals(suites, "cargo xtask verify", verdicts).write_inner_content(|writer| {
        for of_lesson in verdicts.chunk_by(|a, b| a.lesson == b.lesson) {
            let lesson = &of_lesson[0].lesson;
            let suite = writer.create_element("testsuite");
            totals(suite, lesson, of_lesson).write_inner_content(|writer| {
                of_lesson.iter().try_for_each(|verdict| test_case(writer, verdict))
            })?;
        }
        Ok(())
    })?;
    Ok(String::from_utf8(writer.into_inner())?)
}

/// Says of an element what it is called, and how many of its cases have failed.
fn totals<'a>(
    element: ElementWriter<'a, Vec<u8>>,
    name: &str,
    verdicts: &[Verdict],
) -> ElementWriter<'a, Vec<u8>> {
    let failures = verdicts.iter().filter(|verdict| !verdict.ok).count();
    let seconds: f64 = verdicts.iter().map(|verdict| verdict.seconds).sum();
    element
        .with_attribute(("name", name))
        .with_attribute(("tests", verdicts.len().to_string().as_str()))
        .with_attribute(("failures", failures.to_string().as_str()))
        .with_attribute(("errors", "0"))
        .with_attribute(("time", format!("{seconds:.3}").as_str()))
}

fn test_case(writer: &mut Writer<Vec<u8>>, verdict: &Verdict) -> io::Result<()> {
    let Verdict { lesson, server, client, ok, seconds, details, .. } = verdict;
    let case = writer
        .create_element("testcase")
        .with_attribute(("classname", lesson.as_str()))
        .with_attribute(("name", legal(&format!("{server} + {client}")).as_str()))
        .with_attribute(("time", format!("{seconds:.3}").as_str()));
    if *ok {
        case.write_empty()?;
        return Ok(());
    }
    let text = legal(&strip_str(details).to_string());
    let message = text.lines().next().unwrap_or_default().trim().to_owned();
    case.write_inner_content(|writer| {
        let failure =
            writer.create_element("failure").with_attribute(("message", message.as_str()));
        failure.write_text_content(BytesText::new(&text))?;
        Ok(())
    })?;
    Ok(())
}

/// `text` without the characters that no XML may have, in whatever form.
fn legal(text: &str) -> String {
    let is_legal = |c: char| match c {
        '\n' | '\r' | '\t' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => !c.is_control(),
    };
    text.chars().map(|c| if is_legal(c) { c } else { '\u{fffd}' }).collect()
}
