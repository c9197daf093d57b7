//! Generated code: the excerpts that the book shows, and what the generator writes.
//!
//! An excerpt is a file `mdbook/generated/LESSON/stepN-NAME.rs`: see `mdbook/README.md`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use cargo_metadata::Message;
use xtask::steps::regions;
use xtask::steps::states;
use xtask::system::cargo::RENDERED;
use xtask::workspace::Workspace;

use crate::pages::files::excerpts;
use crate::pages::page;

/// The line of an excerpt that stands for any number of lines.
const ANY_LINES: &str = "...";

/// Builds the states of the lessons of which the book shows generated code, and returns which
/// excerpt is no longer in what was generated, and with which line.
///
/// # Errors
///
/// If a lesson does not build.
pub async fn problems(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let pages = page::read_all(&workspace.root)?;
    let mut problems = Vec::new();
    // By lesson and step: all that was generated.
    let mut generated: HashMap<String, HashMap<usize, Vec<String>>> = HashMap::new();
    for path in excerpts(&workspace.root)? {
        let name = page::slashed(path.strip_prefix(&workspace.root)?);
        let place = page::place_of(&pages, &name);
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let step = file.strip_prefix("step").and_then(|rest| rest.split_once('-'));
        let step = step.and_then(|(step, _)| step.parse().ok());
        let step: usize = step.with_context(|| format!("{name}: call it stepN-NAME.rs"))?;
        let lesson = path.parent().and_then(Path::file_name).unwrap_or_default();
        let lesson = lesson.to_string_lossy().into_owned();
        if !generated.contains_key(&lesson) {
            let of_lesson = generate(workspace, &lesson).await?;
            generated.insert(lesson.clone(), of_lesson);
        }
        let excerpt = fs::read_to_string(&path)?;
        let candidates = generated[&lesson].get(&step).map(Vec::as_slice).unwrap_or_default();
        let missing = candidates.iter().map(|text| first_missing(&excerpt, text));
        // In the file in which most of it is.
        let first = missing.map(|line| line.unwrap_or(usize::MAX)).max();
        match first {
            Some(usize::MAX) => {}
            Some(line) => problems.push(format!(
                "{place}{name}:{line}: the generator does not write this at step {step} of {lesson}"
            )),
            None => problems.push(format!("{place}{name}: nothing is generated at step {step}")),
        }
    }
    Ok(problems)
}

/// What the build scripts of a lesson write at each step.
async fn generate(
    workspace: &Workspace,
    lesson: &str,
) -> anyhow::Result<HashMap<usize, Vec<String>>> {
    let lesson = workspace.the(lesson)?;
    let sources = regions::read_sound(lesson, &workspace.root)?;
    let states = states::derive(workspace, lesson, &sources)?;
    let mut build = states.build(workspace, &[RENDERED], false)?;
    let mut folders = HashMap::new();
    while let Some(message) = build.next().await? {
        if let Message::BuildScriptExecuted(script) = message {
            folders.insert(script.package_id.repr, script.out_dir);
        }
    }
    ensure!(build.ended().await?.success(), "the steps of {} do not build", lesson.name);
    let mut generated = HashMap::new();
    for state in &states.states {
        let is_its = |id: &&String| id.contains(&format!("#{}@", state.package));
        let Some(id) = folders.keys().find(is_its) else { continue };
        let mut texts = Vec::new();
        for entry in fs::read_dir(&folders[id])? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                texts.push(fs::read_to_string(path)?);
            }
        }
        generated.insert(state.step, texts);
    }
    Ok(generated)
}

/// The first line of `excerpt`, from 1, that is not in `text` where it should be. Between two lines
/// `...` all lines stand one after another, whatever their indentation.
fn first_missing(excerpt: &str, text: &str) -> Option<usize> {
    let text: Vec<&str> = text.lines().map(str::trim).collect();
    let lines: Vec<&str> = excerpt.lines().map(str::trim).collect();
    let mut from = 0;
    let mut number = 1;
    for chunk in lines.split(|line| *line == ANY_LINES) {
        let same = |start: usize| {
            text[start..].iter().zip(chunk).take_while(|(there, line)| there == line).count()
        };
        let found = (from..=text.len()).map(|start| (same(start), start));
        // The first place of those where most of it is.
        let best = found.max_by_key(|(same, start)| (*same, usize::MAX - start));
        let (same, start) = best.unwrap_or_default();
        if same < chunk.len() {
            return Some(number + same);
        }
        from = start + chunk.len();
        number += chunk.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::first_missing;

    #[test]
    fn an_excerpt_is_in_a_text_in_its_order() {
        let text = "a\n    b\n\nc\nd\nb\ne\n";
        for excerpt in ["a\nb", "b\n\nc", "a\n...\nd\nb", "...\ne", "a\n...", "  b\ne", "b\n...\nb"]
        {
            assert_eq!(first_missing(excerpt, text), None, "{excerpt:?}");
        }
        for (excerpt, line) in
            [("a\nc", 2), ("x", 1), ("d\n...\na", 3), ("b\n...\nb\n...\nb", 5), ("a\n\nb", 2)]
        {
            assert_eq!(first_missing(excerpt, text), Some(line), "{excerpt:?}");
        }
    }
}
