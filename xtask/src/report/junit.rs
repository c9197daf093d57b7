//! For test runners and CI systems: the XML that they exchange.

use std::io;

use anstream::adapter::strip_str;
use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::{ElementWriter, Writer};

use crate::report::verdict::Verdict;

/// The verdicts as JUnit has them: a `testsuite` a lesson, a `testcase` a pair.
///
/// # Errors
///
/// Never: a `Vec` takes all that is written to it.
pub fn document(verdicts: &[Verdict]) -> anyhow::Result<String> {
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
