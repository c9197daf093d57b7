//! The book: what it is woven from, and what checks that it is so.

#![allow(missing_docs, reason = "public for the tests only, and named for what they are")]

pub mod checks;
pub mod pages;
pub mod pictures;
pub mod preprocess;
pub mod reader;
#[cfg(feature = "serve")]
pub mod serve;

use std::path::Path;

use mdbook_driver::MDBook;
use xtask::workspace::Workspace;

use crate::pages::FOLDER;
use crate::pages::listing::Listings;
use crate::preprocess::Lessons;

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
