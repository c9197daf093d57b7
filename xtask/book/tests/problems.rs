//! Each check of the book, on a page that does not pass it.

use std::fs;

use anyhow::{Context, Result, ensure};
use book::checks::check;
use book::pages::FOLDER;
use book::pages::listing::Listings;
use book::pages::page::{Page, read_all};
use book::reader::session;
use xtask::workspace::Workspace;

/// What a page of lesson 1 includes.
const LESSON: &str = "../../../lessons/01-helloworld";

/// What the checks say of a book with the page `path`, which is `text`.
async fn problems_of(path: &str, text: &str) -> Result<Vec<String>> {
    let workspace = Workspace::load().await?;
    let mut pages = read_all(&workspace.root)?;
    pages.retain(|page| page.path != path);
    pages.push(Page { path: path.into(), text: text.replace("LESSON", LESSON) });
    // Of the pages to which links lead here, with their headings.
    let built = tempfile::tempdir()?;
    fs::write(built.path().join("start.html"), r#"<h2 id="see-a-call-work">See a call work</h2>"#)?;
    let problems = check::problems(&workspace, &pages, built.path())?;
    let of_page = format!("{FOLDER}/src/{path}:");
    Ok(problems.into_iter().filter_map(|it| Some(it.strip_prefix(&of_page)?.to_owned())).collect())
}

#[tokio::test]
async fn a_page_that_breaks_a_rule_is_named_with_its_line() -> Result<()> {
    let cases = [
        // Listings.
        ("```rust\nfn main() {}\n```", "3: a listing has to be an include, and nothing else"),
        ("```json\n{}\n```", "3: a listing has to be an include"),
        ("```text\nHello\n```", "3: a listing has to be an include"),
        ("```\nHello\n```", "3: a block in \"\": it has to be rust, proto,"),
        ("```css\n\n```", "3: a block in \"css\""),
        ("    an indented block", "3: a block in \"\""),
        (
            "```rust\n{{#include LESSON/src/server.rs:fn run}}\nfn main() {}\n```",
            "3: a listing has to be an include",
        ),
        ("```rust\n{{#include LESSON/src/server.rs:step3-nothing}}\n```", "4: lessons/01-hell"),
        ("```rust\n{{#include LESSON/src/server.rs:fn nothing}}\n```", "4: lessons/01-hell"),
        ("```rust\n{{#include LESSON/src/server.rs:step5 fn nothing}}\n```", "4: lessons/01-hell"),
        ("```rust\n{{#include LESSON/src/nothing.rs}}\n```", "4: cannot read lessons/01-hell"),
        ("```rust\n{{#include ../../../../nothing.rs}}\n```", "4: ../../../../nothing.rs is outs"),
        ("```text\n{{#include LESSON/src/server.rs}}\n```", "4: LESSON/src/server.rs is no trans"),
        (
            "```console\n{{#include LESSON/src/server.rs}}\n```",
            "4: LESSON/src/server.rs is nothing to be shown as console",
        ),
        (
            "```rust\n{{#include LESSON/../06-routeguide/tests/all/hardened.rs}}\n```",
            "4: LESSON/../06-routeguide/tests/all/hardened.rs: longer than 100 columns:",
        ),
        ("{{#include LESSON/src/server.rs}}", "3: an include outside a block"),
        // Commands.
        ("```console\n$ cargo xtask list\n```", "4: commands stand without `$`"),
        // Links.
        ("[a](../nothing.md)", "3: the link to ../nothing.md leads to no page"),
        ("[a](../start.md#nothing)", "3: the link to ../start.md#nothing leads to no heading"),
        // Pictures.
        ("![](../start.md)", "3: a picture without a text alternative"),
        ("<img src=\"a.svg\">", "3: a picture without a text alternative"),
        ("<b>bold</b>", "3: <b> is none of the HTML that a page may have"),
    ];
    for (text, expected) in cases {
        let text = format!("# Remote\n\n{text}\n");
        let problems = problems_of("01-helloworld/index.md", &text).await?;
        let expected = expected.replace("LESSON", LESSON);
        ensure!(
            problems.iter().any(|problem| problem.starts_with(&expected)),
            "{text}\n{expected}\n{problems:#?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_is_as_it_should_be_is_no_problem() -> Result<()> {
    let page = "# Hello, world\n\n[a](../start.md#see-a-call-work) [b](https://grpc.io/)\n\n\
                ```rust\n{{#include LESSON/src/server.rs:fn run}}\n```\n\n\
                ```text\n{{#include LESSON/transcripts/step4/client.txt}}\n```\n\n\
                ```console\ncargo xtask list\n```\n\n\
                ![a house](../start.md)\n\n\
                <details>\n<summary>More</summary>\n\nmore\n\n</details>\n";
    let problems = problems_of("01-helloworld/index.md", page).await?;
    ensure!(problems.is_empty(), "{problems:#?}");
    Ok(())
}

#[tokio::test]
async fn a_page_has_its_title_and_its_place_in_the_summary() -> Result<()> {
    let problems = problems_of("concepts/nowhere.md", "# Nowhere\n").await?;
    assert_eq!(problems, ["1: the page is not in SUMMARY.md"]);
    let problems = problems_of("01-helloworld/step1.md", "# Step 1\n").await?;
    ensure!(
        problems.iter().any(|p| p == "1: its title has to be \"Step 1: define the service\""),
        "{problems:#?}"
    );
    let problems = problems_of("01-helloworld/index.md", "# Hi\n").await?;
    assert_eq!(problems, ["1: its title has to be \"Hello, world\""]);
    Ok(())
}

#[tokio::test]
async fn a_region_that_no_page_shows_is_named() -> Result<()> {
    let page = "# Step 1: define the service\n";
    let problems = problems_of("01-helloworld/step1.md", page).await?;
    let problem = problems.first().context("no problem")?;
    let expected = "1: it does not show the region `step1-helloworld`, \
                    lessons/01-helloworld/proto/helloworld.proto:";
    ensure!(problem.starts_with(expected), "{problem}");
    Ok(())
}

#[tokio::test]
async fn a_command_that_does_not_work_is_named_with_its_line() -> Result<()> {
    let workspace = Workspace::load().await?;
    let listings = Listings::read(&workspace)?;
    for (command, expected) in [
        ("protoc --version", "nobody runs `protoc --version`"),
        ("cargo xtask nothing", "`cargo xtask nothing` ends with "),
        ("cd my-helloworld", "there is no my-helloworld here"),
    ] {
        let text = format!("# Page\n\n```console\ncargo xtask list\n{command}\n```\n");
        let page = Page { path: "page.md".into(), text };
        let read = session::read(&workspace, &listings, None, &[&page]).await;
        let error = format!("{:#}", read.err().context(command)?);
        ensure!(error.starts_with(&format!("{FOLDER}/src/page.md:5: {expected}")), "{error}");
    }
    Ok(())
}
