//! Pages: the Markdown files of the book, and what stands where in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::pages::FOLDER;

/// A page of the book.
pub struct Page {
    /// Relative to `mdbook/src`, with `/`.
    pub path: String,
    pub text: String,
}

/// A fenced block of a page.
pub struct Block<'a> {
    /// The line of its fence, from 1.
    pub line: usize,
    pub language: &'a str,
    /// The lines between the fences, with their numbers.
    pub lines: Vec<(usize, &'a str)>,
}

/// What a line of a page asks for, instead of holding it.
#[derive(Debug, PartialEq)]
pub enum Directive<'a> {
    /// A file, relative to the page, or a region or an item of it.
    Include { path: &'a str, region: Option<&'a str> },
    /// A picture, by its name and what it is of.
    Picture(Vec<&'a str>),
}

/// The directive on a line: it has to be alone there.
pub fn directive(line: &str) -> Option<Directive<'_>> {
    let inside = line.trim().strip_prefix("{{#")?.strip_suffix("}}")?;
    match inside.split_once(' ')? {
        ("include", file) => {
            let (path, region) = match file.split_once(':') {
                Some((path, region)) => (path, Some(region)),
                None => (file, None),
            };
            let is_path = !path.is_empty() && !path.contains(' ');
            is_path.then_some(Directive::Include { path, region })
        }
        ("picture", words) => Some(Directive::Picture(words.split_whitespace().collect())),
        _ => None,
    }
}

/// Reads all pages of the book in the workspace at `root`, the summary among them, in the order of
/// their paths.
///
/// # Errors
///
/// If one cannot be read.
pub fn read_all(root: &Path) -> anyhow::Result<Vec<Page>> {
    let folder = root.join(FOLDER).join("src");
    let mut pages = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                pages.push(Page { path: slashed(path.strip_prefix(&folder)?), text });
            }
        }
    }
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(pages)
}

/// Where on `pages` the file at `path`, from the folder of the workspace, is shown: `page:line: `.
/// Nothing if it is on none.
pub fn place_of(pages: &[Page], path: &str) -> String {
    for page in pages {
        for (index, line) in page.text.lines().enumerate() {
            if let Some(Directive::Include { path: included, .. }) = directive(line)
                && in_workspace(&page.path, included).is_some_and(|included| included == path)
            {
                return format!("{}:{}: ", page.file().display(), index + 1);
            }
        }
    }
    String::new()
}

/// The step of a page, `02-unary-displacement/step3.md`.
pub fn step_of(page: &Page) -> Option<usize> {
    let (_, name) = page.path.rsplit_once('/')?;
    name.strip_prefix("step")?.strip_suffix(".md")?.parse().ok()
}

/// `path` with `/`, on every system.
pub fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// `path`, which the page at `page` includes, from the folder of the workspace. None if it leads out
/// of it.
pub fn in_workspace(page: &str, path: &str) -> Option<String> {
    join(&format!("{FOLDER}/src/{page}"), path)
}

/// `path` from the folder of `from`, both relative to the same folder. None if it leads out of it.
pub fn join(from: &str, path: &str) -> Option<String> {
    let mut joined: Vec<&str> = from.split('/').collect();
    joined.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                joined.pop()?;
            }
            part => joined.push(part),
        }
    }
    Some(joined.join("/"))
}

impl Page {
    /// The file of the page, from the folder of the workspace: as problems name it.
    pub fn file(&self) -> PathBuf {
        Path::new(FOLDER).join("src").join(&self.path)
    }

    /// What Markdown makes of the page, with the line at which each thing begins.
    pub fn events(&self) -> impl Iterator<Item = (usize, Event<'_>)> {
        let events = Parser::new_ext(&self.text, options()).into_offset_iter();
        events.map(|(event, range)| (self.line(range.start), event))
    }

    /// The line of a position in the text, from 1.
    fn line(&self, position: usize) -> usize {
        self.text[..position].matches('\n').count() + 1
    }

    /// The blocks of code on the page. One without a fence has no language.
    pub fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        for (event, range) in Parser::new_ext(&self.text, options()).into_offset_iter() {
            if let Event::Start(Tag::CodeBlock(kind)) = event {
                let first = self.line(range.start);
                let block = &self.text[range];
                let (language, lines) = match kind {
                    CodeBlockKind::Indented => ("", block.lines().collect()),
                    CodeBlockKind::Fenced(_) => {
                        let fence = block.lines().next().unwrap_or_default();
                        let language = fence.trim_start_matches(['`', '~']).trim();
                        let mut lines: Vec<_> = block.lines().skip(1).collect();
                        lines.pop_if(|last| last.trim_start().starts_with(['`', '~']));
                        (language, lines)
                    }
                };
                let begin = first + usize::from(!language.is_empty());
                let lines = lines.into_iter().enumerate().map(|(i, line)| (begin + i, line));
                blocks.push(Block { line: first, language, lines: lines.collect() });
            }
        }
        blocks
    }

    /// The title: the text of the first heading.
    pub fn title(&self) -> Option<String> {
        let mut title: Option<String> = None;
        for (_, event) in self.events() {
            match event {
                Event::Start(Tag::Heading { .. }) => title = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => return title,
                Event::Text(text) | Event::Code(text) => {
                    if let Some(title) = &mut title {
                        *title += &text;
                    }
                }
                _ => {}
            }
        }
        None
    }
}

impl Block<'_> {
    /// Whether it holds nothing but includes.
    pub fn is_includes(&self) -> bool {
        let is_include = |line: &str| matches!(directive(line), Some(Directive::Include { .. }));
        !self.lines.is_empty()
            && self.lines.iter().all(|(_, line)| line.trim().is_empty() || is_include(line))
    }
}

fn options() -> Options {
    // As mdBook reads its pages.
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_GFM
}
