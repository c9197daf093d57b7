//! What somebody does with a page, and what it shows then: a transcript.
//!
//! A line that begins with `> ` is what is done: `> Your name: you` types into the field with that
//! label, and `> Greet me` presses the button with that text. Behind it stands what the page shows
//! then, where it announces what is new.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use xtask::run::transcript::{self, Difference};

/// How long a page may take to show what it should. Far longer than any does.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where a page says what is new: what a screen reader reads out by itself.
const SHOWN: &str = "
    const place = document.querySelector('[role=log], [role=status], [aria-live], output');
    const lines = place ? place.innerText.split('\\n') : [];
    return lines.map((line) => line.trim()).filter((line) => line !== '');
";

/// Does with the page in `browser` what stands in `transcript`, and returns the transcript of that. In
/// the first one, a line `...` stands for any number of lines.
///
/// # Errors
///
/// If the page has no such field or button, or the browser is gone.
pub async fn play(browser: &Client, transcript: &str) -> Result<String> {
    let mut played = String::new();
    let mut lines = transcript.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(action) = line.strip_prefix("> ") else { continue };
        act(browser, action).await.with_context(|| format!("{action:?} cannot be done"))?;
        played += &format!("{line}\n");
        let mut expected = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("> ")) {
            expected.push(line);
        }
        if !expected.is_empty() {
            for line in wait_for(browser, &expected).await? {
                played += &format!("{line}\n");
            }
        }
    }
    Ok(played)
}

/// Opens the page at `url` in `browser` and plays the transcript in the file `path`. Returns what differs,
/// if something does: three times in a row, because whoever cancels a call on a slow machine may be too late.
///
/// # Errors
///
/// If there is no such page or transcript, or the browser is gone.
pub async fn difference(browser: &Client, url: &str, path: &Path) -> Result<Option<Difference>> {
    let expected =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut difference = None;
    for _ in 0..3 {
        browser.goto(url).await?;
        difference = transcript::compare(path, &play(browser, &expected).await?)?;
        if difference.is_none() {
            break;
        }
    }
    Ok(difference)
}

/// What the page in `browser` shows, a line each.
///
/// # Errors
///
/// If the browser is gone.
pub async fn shown(browser: &Client) -> Result<Vec<String>> {
    let lines = browser.execute(SHOWN, vec![]).await?;
    let lines = lines.as_array().context("no lines")?.iter().filter_map(Value::as_str);
    Ok(lines.map(str::to_owned).collect())
}

/// What the page in `browser` shows as soon as it is `expected`, or in the end.
///
/// # Errors
///
/// If the browser is gone.
pub async fn wait_for(browser: &Client, expected: &[&str]) -> Result<Vec<String>> {
    let end = Instant::now() + PATIENCE;
    loop {
        let shown = shown(browser).await?;
        if fits(expected, &shown) || Instant::now() > end {
            return Ok(shown);
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Types into a field, or presses a button.
///
/// # Errors
///
/// If there is no such field or button.
pub async fn act(browser: &Client, action: &str) -> Result<()> {
    if let Some((label, text)) = action.split_once(": ") {
        let field = format!(
            "//*[@id=//label[normalize-space()='{label}']/@for] \
             | //label[normalize-space()='{label}']//input"
        );
        let field = browser.find(Locator::XPath(&field)).await?;
        field.clear().await?;
        field.send_keys(text).await?;
    } else {
        let button = format!("//button[normalize-space()='{action}']");
        browser.find(Locator::XPath(&button)).await?.click().await?;
    }
    Ok(())
}

/// Presses `keys` in whatever has the focus.
///
/// # Errors
///
/// If the browser is gone.
pub async fn press(browser: &Client, keys: &[Key]) -> Result<()> {
    for key in keys {
        browser.active_element().await?.send_keys(&char::from(*key).to_string()).await?;
    }
    Ok(())
}

/// Whether a page shows what is `expected`.
fn fits(expected: &[&str], shown: &[String]) -> bool {
    match (expected, shown) {
        (["...", rest @ ..], _) => (0..=shown.len()).any(|skipped| fits(rest, &shown[skipped..])),
        ([first, rest @ ..], [line, lines @ ..]) => first == line && fits(rest, lines),
        _ => expected.is_empty() && shown.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn three_dots_stand_for_any_number_of_lines() {
        let shown = ["a", "b", "b"].map(str::to_owned);
        for expected in
            [&["a", "b", "b"][..], &["..."], &["a", "...", "b"], &["a", "b", "b", "..."]]
        {
            assert!(fits(expected, &shown), "{expected:?}");
        }
        for expected in
            [&["a", "b"][..], &[], &["a", "...", "a"], &["...", "a"], &["a", "b", "b", "b"]]
        {
            assert!(!fits(expected, &shown), "{expected:?}");
        }
    }
}
