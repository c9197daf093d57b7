//! The pages in a real browser: headless Chromium, driven by its `chromedriver`.
//!
//! Where there is none, nothing is tested, and that is said; in CI there has to be one.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use fantoccini::Locator;
use page::{DESKTOP, Driver, PHONE, Window, complaints};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::broadcast;
use tokio::time::timeout;
use xtask::system::process::Program;
use xtask::workspace::Workspace;

/// Far longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(60);

/// The book, built and served, and the paths of its pages.
async fn serve() -> Result<(String, Vec<String>, tempfile::TempDir)> {
    let workspace = Workspace::load().await?;
    let folder = tempfile::tempdir()?;
    book::weave::build(&workspace, folder.path(), None)?;
    let mut pages = Vec::new();
    for page in book::pages::page::read_all(&workspace.root)? {
        if page.path != "SUMMARY.md" {
            pages.push(Path::new(&page.path).with_extension("html").display().to_string());
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let built = folder.path().to_owned();
    tokio::spawn(
        async move { book::serve::serve(listener, &built, broadcast::channel(1).0).await },
    );
    Ok((address, pages, folder))
}

/// What is wrong with the page that is loaded: run in the browser.
const LOOK: &str = r#"
const [width, isPhone] = arguments;
const problems = [];
// mdBook lets the part with the text scroll by itself.
for (const box of [document.documentElement, document.querySelector(".content")]) {
    if (box.scrollWidth > box.clientWidth || box.clientWidth > width) {
        const edge = box.getBoundingClientRect().right;
        const wide = [...document.querySelectorAll("main *")]
            .find((it) => it.getBoundingClientRect().right > edge && !it.closest("pre, table"));
        problems.push(`it scrolls sideways: ${box.scrollWidth} > ${box.clientWidth}: ${wide?.outerHTML.slice(0, 200)}`);
    }
}
for (const pair of document.querySelectorAll(".side-by-side")) {
    const [left, right] = [...pair.children].map((it) => it.getBoundingClientRect());
    const isBeside = Math.abs(left.top - right.top) < 1 && left.right <= right.left;
    const isBelow = left.bottom <= right.top && Math.abs(left.left - right.left) < 1;
    if (isPhone ? !isBelow : !isBeside) {
        problems.push(`side by side: ${JSON.stringify([left, right])}`);
    }
}
for (const code of document.querySelectorAll(".side-by-side code, pre > code.language-rust")) {
    if (!isPhone && code.scrollWidth > code.clientWidth) {
        problems.push(`a listing is cut off: ${code.textContent.slice(0, 60)}`);
    }
}
const light = (color) => {
    const [red, green, blue] = color.match(/[\d.]+/g).slice(0, 3).map((part) => {
        const value = part / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
for (const text of document.querySelectorAll("svg[role=img] text")) {
    const ground = text.previousElementSibling?.matches("rect")
        ? getComputedStyle(text.previousElementSibling).fill
        : getComputedStyle(document.querySelector("html")).backgroundColor;
    const [dark, bright] = [light(getComputedStyle(text).fill), light(ground)].sort((a, b) => a - b);
    if ((bright + 0.05) / (dark + 0.05) < 4.5) {
        problems.push(`"${text.textContent}" cannot be read in a picture`);
    }
    if (text.getBBox().x < 0 || text.getBBox().x + text.getBBox().width > text.ownerSVGElement.viewBox.baseVal.width) {
        problems.push(`"${text.textContent}" does not fit into its picture`);
    }
}
return problems;
"#;

/// Looks at all `pages` in `window`, in a light theme of mdBook's and in a dark one.
async fn look(
    driver: &Driver,
    window: Window,
    address: &str,
    pages: &[String],
) -> Result<Vec<String>> {
    let browser = driver.browser(window).await?;
    browser.goto(&format!("{address}/start.html")).await?;
    browser.execute("localStorage.setItem('mdbook-theme', 'light')", vec![]).await?;
    let mut problems = Vec::new();
    let mut pairs = 0;
    for page in pages {
        browser.goto(&format!("{address}/{page}")).await?;
        let mut problem = |what: &str| problems.push(format!("{page}, {window:?}: {what}"));
        let size = || vec![json!(window.width), json!(window.is_phone)];
        let light = browser.execute(LOOK, size()).await?;
        let darken = "return document.documentElement.classList.replace('light', 'navy')";
        if browser.execute(darken, vec![]).await? != Value::Bool(true) {
            problem("it does not have the light theme");
        }
        let dark = browser.execute(LOOK, size()).await?;
        for (theme, found) in [("light", light), ("dark", dark)] {
            for what in found.as_array().context("no list")? {
                problem(&format!("{theme}: {}", what.as_str().unwrap_or_default()));
            }
        }
        let of_page = browser.find_all(Locator::Css(".side-by-side")).await?.len();
        pairs += of_page;
        if page.ends_with("/python.html") && of_page == 0 {
            problem("nothing stands side by side");
        }
        for complaint in complaints(&browser).await? {
            problem(&format!("its console says {complaint}"));
        }
    }
    browser.close().await?;
    ensure!(pairs > 0, "no page has listings side by side");
    Ok(problems)
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn every_page_can_be_read_on_any_screen() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let (address, pages, _folder) = serve().await?;
    let mut problems = Vec::new();
    for window in [DESKTOP, PHONE] {
        problems.extend(look(&driver, window, &address, &pages).await?);
    }
    driver.end().await?;
    ensure!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn search_finds_what_is_in_the_book() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let (address, _, _folder) = serve().await?;
    for window in [DESKTOP, PHONE] {
        let browser = driver.browser(window).await?;
        browser.goto(&format!("{address}/start.html")).await?;
        let toggle = browser.find(Locator::Id("mdbook-search-toggle")).await?;
        toggle.click().await?;
        let wait = browser.wait().at_most(LIMIT);
        let bar = wait.for_element(Locator::Css("#mdbook-searchbar:not([disabled])")).await?;
        bar.send_keys("Status").await?;
        let results = Locator::Css("#mdbook-searchresults li a");
        browser.wait().at_most(LIMIT).for_element(results).await?;
        let mut titles = Vec::new();
        for result in browser.find_all(results).await? {
            titles.push(result.text().await?);
        }
        ensure!(titles.iter().any(|title| title.contains("Status codes")), "{titles:?}");
        browser.close().await?;
    }
    driver.end().await
}

/// Fields and their values.
type Values = &'static [(&'static str, &'static str)];

/// What is typed into the machine, and what it shows after the five bytes before the message.
const TYPED: &[(&str, Values, &[&str])] = &[
    ("a name", &[("name", "you")], &["0a", "03", "79 6f 75"]),
    ("a name", &[("name", "é")], &["0a", "02", "c3 a9"]),
    ("a name", &[("name", "")], &[]),
    ("a number", &[("value", "127")], &["08", "7f"]),
    ("a number", &[("value", "128")], &["08", "80 01"]),
    ("a number", &[("value", "-2147483648")], &["08", "80 80 80 80 f8 ff ff ff ff 01"]),
    (
        "a point",
        &[("x", "300"), ("y", "-1")],
        &["08", "ac 02", "10", "ff ff ff ff ff ff ff ff ff 01"],
    ),
    ("a point", &[("x", "0"), ("y", "12")], &["10", "0c"]),
];

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn whoever_types_a_message_sees_its_bytes() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let (address, _, _folder) = serve().await?;
    let browser = driver.browser(DESKTOP).await?;
    browser.goto(&format!("{address}/concepts/bytes.html")).await?;
    let fill = async |kind: &str, values: &[(&str, &str)]| -> Result<()> {
        let select = browser.find(Locator::Css(".message-in-bytes select")).await?;
        select.select_by_label(kind).await?;
        for (name, value) in values {
            let input = format!(".message-in-bytes input[name={name}]");
            let input = browser.find(Locator::Css(&input)).await?;
            // Not `clear`, of which the page hears nothing.
            let keys = format!("{}{}{value}", "\u{e010}", "\u{e003}".repeat(12));
            input.send_keys(&keys).await?;
        }
        Ok(())
    };
    let texts = async |css: &str| -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for found in browser.find_all(Locator::Css(css)).await? {
            texts.push(found.text().await?);
        }
        Ok(texts)
    };
    for (kind, values, expected) in TYPED {
        fill(kind, values).await?;
        let bytes = texts(".message-in-bytes code").await?;
        let length: usize = expected.iter().map(|bytes| bytes.split(' ').count()).sum();
        let prefix = ["00".to_owned(), format!("00 00 00 {length:02x}")];
        let (first, rest) = bytes.split_at_checked(2).with_context(|| format!("{bytes:?}"))?;
        ensure!(*first == prefix && rest == *expected, "{values:?}: {bytes:?}");
    }
    fill("a number", &[("value", "2147483648")]).await?;
    let says = texts(".message-in-bytes p").await?;
    ensure!(says == ["value has to be a whole number from -2147483648 to 2147483647."], "{says:?}");
    ensure!(texts(".message-in-bytes tr").await?.is_empty(), "bytes of what is no number");
    browser.close().await?;
    driver.end().await
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn a_page_is_loaded_again_when_a_file_changes() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let workspace = Workspace::load().await?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_serve-book"));
    command.current_dir(&workspace.root);
    let mut server = Program::start(command)?;
    let line = timeout(LIMIT, server.stdout.first_line()).await?;
    let Some(line) = line else { bail!("{}", server.stderr.text()) };
    let address = line.split_whitespace().find(|word| word.starts_with("http://"));
    let address = address.with_context(|| line.clone())?.trim_end_matches(':');

    let browser = driver.browser(DESKTOP).await?;
    browser.goto(address).await?;
    browser.execute("window.isOld = true", vec![]).await?;
    // The page asks for changes once it is loaded: then, and not before, it can be told of one.
    let css = workspace.root.join(book::pages::FOLDER).join("book.css");
    let is_new = async {
        loop {
            File::options().append(true).open(&css)?.set_modified(SystemTime::now())?;
            timeout(LIMIT, server.stdout.line_with("Built again")).await?;
            let is_old = browser.execute("return window.isOld === true", vec![]).await?;
            if is_old == Value::Bool(false) {
                return anyhow::Ok(());
            }
        }
    };
    timeout(LIMIT, is_new).await.context("the page stays as it is")??;
    browser.close().await?;
    server.interrupt()?;
    timeout(LIMIT, server.ended()).await??;
    driver.end().await
}
