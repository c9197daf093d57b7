//! What the book promises: that what it shows is so.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use book::checks::{check, generated};
use book::pages::FOLDER;
use book::pages::listing::Listings;
use book::pages::page::{Page, read_all};
use book::reader::{scene, session};
use book::weave::build;
use clap::Parser;
use mdbook_driver::MDBook;
use xtask::cli::Cli;
use xtask::commands::ci;
use xtask::workspace::Workspace;

fn pages(workspace: &Workspace) -> Result<Vec<Page>> {
    read_all(&workspace.root)
}

fn none(problems: Vec<String>) -> Result<()> {
    ensure!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    Ok(())
}

#[tokio::test]
async fn every_page_keeps_to_the_conventions() -> Result<()> {
    let workspace = Workspace::load().await?;
    let built = tempfile::tempdir()?;
    build(&workspace, built.path(), None)?;
    none(check::problems(&workspace, &pages(&workspace)?, built.path())?)
}

#[tokio::test]
async fn plain_mdbook_gives_the_same_pages() -> Result<()> {
    let workspace = Workspace::load().await?;
    let (ours, plain) = (tempfile::tempdir()?, tempfile::tempdir()?);
    build(&workspace, ours.path(), None)?;
    // All that `mdbook build` does: what is in book.toml is the rest.
    let mut book = MDBook::load(workspace.root.join(FOLDER))?;
    book.config.build.build_dir = plain.path().to_owned();
    book.build()?;
    let (ours, plain) = (contents(ours.path())?, contents(plain.path())?);
    ensure!(ours.keys().eq(plain.keys()), "{:?}\n{:?}", ours.keys(), plain.keys());
    for (path, content) in ours {
        ensure!(plain[&path] == content, "{path} is not the same");
    }
    Ok(())
}

/// All files below `folder`.
fn contents(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut contents = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder)?.display().to_string();
                contents.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(contents)
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn every_scene_prints_what_it_says() -> Result<()> {
    let workspace = Workspace::load().await?;
    none(scene::play_all(&workspace, false).await?)
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn the_generator_writes_what_the_book_shows() -> Result<()> {
    let workspace = Workspace::load().await?;
    none(generated::problems(&workspace).await?)
}

/// The pages below `folder` in the order of the summary; those in no folder of a lesson if it is
/// empty.
fn in_order<'a>(pages: &'a [Page], listings: &Listings, folder: &str) -> Result<Vec<&'a Page>> {
    let summary = pages.iter().find(|page| page.path == "SUMMARY.md");
    let summary = summary.map(|page| page.text.as_str()).unwrap_or_default();
    let links = summary.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let is_lessons =
        |path: &str| listings.lessons.iter().any(|l| path.split('/').next() == Some(&l.name));
    let wanted = links.filter(|path| match folder {
        "" => !is_lessons(path),
        folder => path.split('/').next() == Some(folder),
    });
    let mut found = Vec::new();
    for path in wanted {
        found.extend(pages.iter().find(|page| page.path == path));
    }
    ensure!(!found.is_empty(), "no page of {folder:?} is in the summary");
    Ok(found)
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn whoever_types_a_chapter_gets_its_lesson() -> Result<()> {
    let workspace = Workspace::load().await?;
    let (listings, pages) = (Listings::read(&workspace)?, pages(&workspace)?);
    for lesson in listings.lessons.iter().enumerate() {
        let of_lesson = in_order(&pages, &listings, &lesson.1.name)?;
        session::read(&workspace, &listings, Some(lesson), &of_lesson).await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn every_command_of_the_other_pages_does_what_it_says() -> Result<()> {
    let workspace = Workspace::load().await?;
    let (listings, pages) = (Listings::read(&workspace)?, pages(&workspace)?);
    for page in in_order(&pages, &listings, "")? {
        session::read(&workspace, &listings, None, &[page]).await?;
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn every_command_of_the_readme_does_what_it_says() -> Result<()> {
    // Those that would accept what is wrong, that need a desktop, or that take minutes: `bench` has
    // a test of its own, and `ci` runs this one.
    let not_here = ["--bless", "--open", "cargo xtask bench", "cargo xtask ci"];
    let workspace = Workspace::load().await?;
    let readme = fs::read_to_string(workspace.root.join("README.md"))?;
    for lesson in &workspace.lessons {
        let row = format!("](lessons/{}) | `{}` |", lesson.name, lesson.package);
        ensure!(readme.contains(&row), "README.md has no row with {row}");
    }
    ensure!(readme.lines().count() <= 100, "README.md takes more than one screen");
    let mut pages = Vec::new();
    for name in ["README.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(workspace.root.join(name))?;
        let mut page = Page { path: format!("../../{name}"), text };
        let blocks = page.blocks();
        let consoles = blocks.iter().filter(|block| block.language == "console");
        for (number, line) in consoles.flat_map(|block| &block.lines) {
            ensure!(is_command(line), "{name}:{number}: nobody knows the command `{line}`");
        }
        let lines = page
            .text
            .lines()
            .map(|line| if not_here.iter().any(|words| line.contains(words)) { "" } else { line });
        page.text = lines.collect::<Vec<_>>().join("\n");
        ensure!(page.blocks().len() > 1, "{name} has no commands");
        pages.push(page);
    }
    let listings = Listings::read(&workspace)?;
    for page in &pages {
        session::read(&workspace, &listings, None, &[page]).await?;
    }
    Ok(())
}

/// Whether `line` is a check, a program of a lesson, or a command line that xtask takes.
fn is_command(line: &str) -> bool {
    // A comment says what it does.
    let line = line.split(" #").next().unwrap_or_default().trim();
    let words = shell_words::split(line).unwrap_or_default();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["cargo", "run", ..] => true,
        ["cargo", "xtask", ..] => Cli::try_parse_from(&words[1..]).is_ok(),
        _ => ci::runs(line),
    }
}
