//! Weaving: listings and pictures are put where pages ask for them, and mdBook makes a book of that.

use std::path::Path;

use anyhow::bail;
use mdbook_driver::MDBook;
use mdbook_preprocessor::book::Book;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use xtask::workspace::Workspace;

use crate::pages::FOLDER;
use crate::pages::listing::Listings;
use crate::pages::page::{Directive, directive, slashed};
use crate::pictures;

/// Builds the book into `folder`; with `live`, its pages ask the server for changes there.
///
/// # Errors
///
/// If something is wrong with the book: a line for each thing, with its page and line.
pub fn build(workspace: &Workspace, folder: &Path, live: Option<&str>) -> anyhow::Result<()> {
    let listings = Listings::read(workspace)?;
    let mut book = MDBook::load(workspace.root.join(FOLDER))?;
    book.config.build.build_dir = folder.to_owned();
    if let Some(endpoint) = live {
        book.config.set("output.html.live-reload-endpoint", endpoint)?;
    }
    // In the place of the command of that name in book.toml, which plain mdBook runs.
    book.with_preprocessor(Lessons::new(listings));
    book.build()
}

/// The preprocessor `lessons` of mdBook. It comes before mdBook's own `links`, which knows nothing
/// of steps.
pub struct Lessons {
    listings: Listings,
}

impl Lessons {
    pub fn new(listings: Listings) -> Lessons {
        Lessons { listings }
    }

    /// `text`, that of the page at `path`, with what it asks for. What cannot be had is added to
    /// `problems`.
    fn fill_in(&self, path: &str, text: &str, problems: &mut Vec<String>) -> String {
        let mut filled = String::with_capacity(text.len());
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let mut problem = |what: String| {
                problems.push(format!("{FOLDER}/src/{path}:{}: {what}", index + 1));
            };
            match directive(line) {
                None if line.contains("{{#") => {
                    problem(format!("{} cannot be understood", line.trim()));
                }
                None if line.starts_with("```") => {
                    let next = lines.get(index + 1).copied().and_then(directive);
                    filled += &self.fence(path, line, next);
                }
                None => filled += line,
                Some(Directive::Include { path: file, region }) => {
                    match self.listings.get(path, file, region) {
                        Ok(listing) => filled += &listing.text,
                        Err(what) => problem(what),
                    }
                }
                Some(Directive::Picture(words)) => match pictures::draw(&words, &self.listings) {
                    Ok(svg) => filled += &svg,
                    Err(what) => problem(what),
                },
            }
            filled.push('\n');
        }
        filled
    }

    /// The fence of a block, and above it the path of the file whose listing begins it, if it is a
    /// lesson's.
    fn fence(&self, path: &str, fence: &str, next: Option<Directive<'_>>) -> String {
        // highlight.js, as mdBook has it, knows no protos: proto.js of the book does.
        let fence = if fence == "```proto" { "```text,proto" } else { fence };
        let file = match next {
            Some(Directive::Include { path: file, region }) => {
                self.listings.get(path, file, region).ok().and_then(|listing| listing.file)
            }
            _ => None,
        };
        match file.filter(|file| !file.starts_with("transcripts/")) {
            Some(file) => format!("<div class=\"file\">{file}</div>\n\n{fence}"),
            None => fence.to_owned(),
        }
    }
}

impl Preprocessor for Lessons {
    fn name(&self) -> &str {
        "lessons"
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> anyhow::Result<Book> {
        let mut problems = Vec::new();
        book.for_each_chapter_mut(|chapter| {
            if let Some(path) = &chapter.source_path {
                chapter.content = self.fill_in(&slashed(path), &chapter.content, &mut problems);
            }
        });
        if !problems.is_empty() {
            bail!("{}", problems.join("\n"));
        }
        Ok(book)
    }
}
