//! Checks of the book that need nothing but its pages, and what has been built from them.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use anyhow::Context;
use pulldown_cmark::{Event, Tag, TagEnd};
use xtask::workspace::Workspace;

use crate::pages::files::{excerpts, scenes};
use crate::pages::listing::Listings;
use crate::pages::page::{self, Directive, Page, directive, slashed, step_of};
use crate::pages::{CRATES, FOLDER};

/// The HTML that a page may have: see `mdbook/README.md`.
const HTML: [&str; 6] = [
    "<div class=\"side-by-side\">",
    "<div class=\"message-in-bytes\">",
    "<div>",
    "</div>",
    "<details>",
    "</details>",
];

/// Where what a block shows has to come from, by its language.
const SOURCES: [(&str, &[&str]); 10] = [
    ("rust", &["lessons/", "mdbook/generated/", CRATES]),
    ("proto", &["lessons/", CRATES]),
    ("toml", &["lessons/", CRATES]),
    ("python", &["lessons/"]),
    ("json", &["data/", "lessons/"]),
    ("javascript", &["lessons/"]),
    ("html", &["lessons/"]),
    ("sql", &["lessons/"]),
    ("console", &["mdbook/scenes/"]),
    ("text", &["lessons/", "mdbook/scenes/"]),
];

/// How many columns of a listing a page has room for.
const COLUMNS: usize = 100;

/// How long an exercise takes.
const MINUTES: [u8; 5] = [5, 15, 30, 60, 90];

/// Finds what is wrong with `pages`, of which `built` has the HTML. Each problem names its page and
/// line.
///
/// # Errors
///
/// If a file cannot be read.
pub fn problems(
    workspace: &Workspace,
    pages: &[Page],
    built: &Path,
) -> anyhow::Result<Vec<String>> {
    let listings = Listings::read(workspace)?;
    let mut problems = Vec::new();
    for page in pages {
        blocks(page, &listings, &mut problems);
        html_and_pictures(page, &mut problems);
    }
    links(pages, built, &mut problems)?;
    titles(pages, &listings, &mut problems)?;
    exercises(pages, &mut problems);
    coverage(pages, &listings, &mut problems);
    unused(workspace, pages, &mut problems)?;
    Ok(problems)
}

/// Every block is includes of the right kind, or commands.
fn blocks(page: &Page, listings: &Listings, problems: &mut Vec<String>) {
    let mut in_blocks = HashSet::new();
    for block in page.blocks() {
        in_blocks.extend(block.lines.iter().map(|(number, _)| *number));
        let mut problem = |line: usize, what: String| {
            problems.push(format!("{}:{line}: {what}", page.file().display()));
        };
        let sources = SOURCES.iter().find(|(language, _)| *language == block.language);
        let Some((_, sources)) = sources else {
            let known = SOURCES.map(|(language, _)| language).join(", ");
            problem(block.line, format!("a block in {:?}: it has to be {known}", block.language));
            continue;
        };
        if block.is_includes() {
            for (number, line) in &block.lines {
                let Some(Directive::Include { path, region }) = directive(line) else { continue };
                let path_in_workspace = page::in_workspace(&page.path, path).unwrap_or_default();
                let listing = match listings.get(&page.path, path, region) {
                    Ok(listing) => listing,
                    Err(what) => {
                        problem(*number, what);
                        continue;
                    }
                };
                if let Some(line) = too_long(block.language, &listing.text) {
                    problem(*number, format!("{path}: longer than {COLUMNS} columns: {line}"));
                }
                if !sources.iter().any(|source| path_in_workspace.starts_with(source)) {
                    let language = block.language;
                    problem(*number, format!("{path} is nothing to be shown as {language}"));
                } else if block.language == "text"
                    && path_in_workspace.starts_with("lessons/")
                    && !path_in_workspace.contains("/transcripts/")
                {
                    problem(*number, format!("{path} is no transcript"));
                }
            }
        } else if block.language == "console" {
            for (number, line) in &block.lines {
                if line.starts_with('$') || directive(line).is_some() {
                    let what = "commands stand without `$`, and without what they print: see \
                                mdbook/README.md for scenes";
                    problem(*number, what.into());
                }
            }
        } else {
            problem(block.line, "a listing has to be an include, and nothing else".into());
        }
    }
    for (index, line) in page.text.lines().enumerate() {
        let number = index + 1;
        if matches!(directive(line), Some(Directive::Include { .. }))
            && !in_blocks.contains(&number)
        {
            problems
                .push(format!("{}:{number}: an include outside a block", page.file().display()));
        }
    }
}

/// The first line of a listing that a page would cut off. What a program prints is wrapped, and data may
/// go on.
fn too_long<'a>(language: &str, listing: &'a str) -> Option<&'a str> {
    let may_be_long = ["console", "text", "json", "toml"].contains(&language);
    listing.lines().find(|line| !may_be_long && line.chars().count() > COLUMNS)
}

/// No HTML but that of the conventions; each picture says in words what it shows.
fn html_and_pictures(page: &Page, problems: &mut Vec<String>) {
    // Where an image has begun whose text has not come yet.
    let mut image = None;
    for (number, event) in page.events() {
        let mut problem = |what: String| {
            problems.push(format!("{}:{number}: {what}", page.file().display()));
        };
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                for line in html.lines().map(str::trim).filter(|line| !line.is_empty()) {
                    let is_summary = line.starts_with("<summary>") && line.ends_with("</summary>");
                    if line.starts_with("<img") || line.starts_with("<svg") {
                        problem(
                            "a picture without a text alternative: use `{{#picture …}}`".into(),
                        );
                    } else if !HTML.contains(&line) && !is_summary {
                        problem(format!("{line} is none of the HTML that a page may have"));
                    }
                }
            }
            Event::Start(Tag::Image { .. }) => image = Some(number),
            Event::End(TagEnd::Image) if image.take().is_some() => {
                problem("a picture without a text alternative".into());
            }
            Event::Text(text) if !text.trim().is_empty() => image = None,
            _ => {}
        }
    }
}

/// No link within the book leads nowhere.
fn links(pages: &[Page], built: &Path, problems: &mut Vec<String>) -> anyhow::Result<()> {
    let mut ids: HashMap<String, HashSet<String>> = HashMap::new();
    for page in pages.iter().filter(|page| page.path != "SUMMARY.md") {
        let file = built.join(&page.path).with_extension("html");
        // A page that is in no summary is not built.
        let Ok(html) = fs::read_to_string(&file) else { continue };
        let of_page = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next());
        ids.insert(page.path.clone(), of_page.map(str::to_owned).collect());
    }
    for page in pages {
        for (number, event) in page.events() {
            let Event::Start(Tag::Link { dest_url: url, .. } | Tag::Image { dest_url: url, .. }) =
                event
            else {
                continue;
            };
            if url.contains("://") || url.starts_with("mailto:") {
                continue;
            }
            let (path, id) = match url.split_once('#') {
                Some((path, id)) => (path, Some(id)),
                None => (&*url, None),
            };
            let target = if path.is_empty() {
                Some(page.path.clone())
            } else {
                page::join(&page.path, path)
            };
            let what = match target.as_ref().and_then(|target| ids.get(target)) {
                None => format!("the link to {url} leads to no page"),
                Some(ids) if id.is_some_and(|id| !ids.contains(id)) => {
                    format!("the link to {url} leads to no heading of that page")
                }
                Some(_) => continue,
            };
            problems.push(format!("{}:{number}: {what}", page.file().display()));
        }
    }
    Ok(())
}

/// Every page is in the summary, under its own title; lessons and steps are called what their
/// manifests call them.
fn titles(pages: &[Page], listings: &Listings, problems: &mut Vec<String>) -> anyhow::Result<()> {
    let summary = pages.iter().find(|page| page.path == "SUMMARY.md").context("no SUMMARY.md")?;
    let mut listed = HashMap::new();
    let mut link = None;
    let mut title = String::new();
    for (number, event) in summary.events() {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => link = Some((number, dest_url.to_string())),
            Event::Text(text) | Event::Code(text) if link.is_some() => title += &text,
            Event::End(TagEnd::Link) => {
                if let Some((number, path)) = link.take() {
                    listed.insert(path, (number, std::mem::take(&mut title)));
                }
            }
            _ => {}
        }
    }
    for page in pages.iter().filter(|page| page.path != "SUMMARY.md") {
        let file = page.file();
        let title = page.title();
        let Some((number, in_summary)) = listed.get(&page.path) else {
            problems.push(format!("{}:1: the page is not in SUMMARY.md", file.display()));
            continue;
        };
        if title.as_ref() != Some(in_summary) {
            let title = title.unwrap_or_default();
            problems.push(format!(
                "{}:{number}: {in_summary:?} is the title of a page that calls itself {title:?}",
                summary.file().display()
            ));
        }
        let (folder, name) = page.path.split_once('/').unwrap_or_default();
        let lesson = listings.lessons.iter().find(|lesson| lesson.name == folder);
        let Some(lesson) = lesson else { continue };
        let expected = match step_of(page) {
            Some(step) => match lesson.steps.get(step.wrapping_sub(1)) {
                Some(title) => format!("Step {step}: {title}"),
                None => format!("no page: the lesson has {} steps", lesson.steps.len()),
            },
            None if name == "index.md" => lesson.title.clone(),
            None => continue,
        };
        if page.title().as_ref() != Some(&expected) {
            problems.push(format!("{}:1: its title has to be {expected:?}", file.display()));
        }
    }
    Ok(())
}

/// A lesson has four exercises. Each says how long it takes, and one is a test.
fn exercises(pages: &[Page], problems: &mut Vec<String>) {
    for page in pages.iter().filter(|page| page.path.ends_with("/exercises.md")) {
        let titles: Vec<&str> =
            page.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let says_how_long =
            |title: &&str| MINUTES.iter().any(|it| title.ends_with(&format!(" ({it} minutes)")));
        let is_test = |title: &&str| title.starts_with("A test ");
        if titles.len() != 4 || !titles.iter().all(says_how_long) || !titles.iter().any(is_test) {
            problems.push(format!(
                "{}:1: four exercises, `## TITLE (N minutes)` with {MINUTES:?}, and one of them \
                 `A test …`: {titles:?}",
                page.file().display()
            ));
        }
    }
}

/// Every line of every region of a step stands on the page of that step.
fn coverage(pages: &[Page], listings: &Listings, problems: &mut Vec<String>) {
    for (index, lesson) in listings.lessons.iter().enumerate() {
        let mut shown = HashSet::new();
        for page in pages {
            let Some(step) = step_of(page).filter(|_| page.path.starts_with(&lesson.name)) else {
                continue;
            };
            for line in page.text.lines() {
                let Some(Directive::Include { path, region }) = directive(line) else { continue };
                if let Ok(listing) = listings.get(&page.path, path, region)
                    && let (Some(file), Some((of, lines))) = (listing.file, listing.step)
                    && of == index
                {
                    shown.extend(lines.into_iter().map(|line| (step, file.clone(), line)));
                }
            }
        }
        let mut told = HashSet::new();
        for source in lesson.sources.iter().filter(|s| s.path != Path::new("Cargo.toml")) {
            let file = slashed(&source.path);
            for line in &source.lines {
                let is_of_a_step = (1..=lesson.steps.len()).contains(&line.since);
                if !is_of_a_step
                    || line.text.trim().is_empty()
                    || shown.contains(&(line.since, file.clone(), line.number))
                {
                    continue;
                }
                let mut around = source.regions.iter().filter(|r| r.contains(line.number));
                let Some(region) = around.rfind(|region| region.step == Some(line.since)) else {
                    continue;
                };
                if told.insert(region.name.clone()) {
                    problems.push(format!(
                        "{FOLDER}/src/{}/step{}.md:1: it does not show the region `{}`, \
                         lessons/{}/{file}:{}",
                        lesson.name, line.since, region.name, lesson.name, line.number
                    ));
                }
            }
        }
    }
}

/// Every scene and every excerpt of generated code is on a page.
fn unused(workspace: &Workspace, pages: &[Page], problems: &mut Vec<String>) -> anyhow::Result<()> {
    let mut used = HashSet::new();
    for page in pages {
        for line in page.text.lines() {
            if let Some(Directive::Include { path, .. }) = directive(line) {
                used.extend(page::in_workspace(&page.path, path));
            }
        }
    }
    let root = &workspace.root;
    for path in scenes(root)?.into_iter().chain(excerpts(root)?) {
        let name = slashed(path.strip_prefix(root)?);
        if !used.contains(&name) {
            problems.push(format!("{name}:1: it is on no page"));
        }
    }
    Ok(())
}
