//! What somebody does with a page, and what it shows then: a transcript.
//!
//! A line that begins with `> ` is what is done: `> Your name: you` types into the field with that
//! label, and `> Greet me` presses the button with that text. Behind it stands what the page shows
//! then, where it announces what is new.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use xtask::run::transcript::{self, Difference};

/// How long a page may take to change, until it shows what it should. Far longer than any does.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a page says what is new: what a screen reader reads out by itself.
const SHOWN: &str = "
    const place = document.querySelector('[role=log], [role=status], [aria-live], output');
    const lines = place ? place.innerText.split('\\n') : [];
    return lines.map((line) => line.trim()).filter((line) => line !== '');
";

/// Does with the page in `browser` what stands in `transcript`, and returns the transcript of that.
/// In the first one, a line `...` stands for any number of lines. It ends where the page shows
/// something else, or has no such field or button: then with a line that begins with `! ` and says so.
///
/// # Errors
///
/// If the browser is gone, or something else is in the way.
pub async fn play(browser: &Client, transcript: &str) -> Result<String> {
    let mut played = String::new();
    let mut lines = transcript.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(action) = line.strip_prefix("> ") else { continue };
        if let Err(error) = act(browser, action).await {
            if !error.downcast_ref().is_some_and(CmdError::is_no_such_element) {
                return Err(error.context(format!("{action:?} cannot be done")));
            }
            played += &match action.split_once(": ") {
                Some((label, _)) => format!("! no field `{label}`\n"),
                None => format!("! no button `{action}`\n"),
            };
            break;
        }
        played += &format!("{line}\n");
        let mut expected = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("> ")) {
            expected.push(line);
        }
        if !expected.is_empty() {
            let shown = wait_for(browser, &expected).await?;
            for line in with_dots(&expected, &shown) {
                played += &format!("{line}\n");
            }
            if !fits(&expected, &shown) {
                break;
            }
        }
    }
    Ok(played)
}

/// Opens the page at `url` in `browser`, plays the transcript in the file `path`, and returns the
/// transcript of that. Where it differs behind a line `...`, for the third time in a row, because
/// whoever cancels a call on a slow machine may be too late.
///
/// # Errors
///
/// If there is no such page or transcript, or the browser is gone.
pub async fn played(browser: &Client, url: &str, path: &Path) -> Result<String> {
    let expected =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut times = 0;
    loop {
        browser.goto(url).await?;
        let played = play(browser, &expected).await?;
        times += 1;
        let line = transcript::compare(path, &played)?.and_then(|difference| difference.line);
        let may_be_late = |line| {
            let lines: Vec<&str> = expected.lines().take(line).collect();
            let shown = lines.rsplit(|line| line.starts_with("> ")).next();
            shown.is_some_and(|shown| shown.contains(&"..."))
        };
        if times == 3 || !line.is_some_and(may_be_late) {
            return Ok(played);
        }
    }
}

/// How that differs from the transcript, if it does.
///
/// # Errors
///
/// Those of [`played`].
pub async fn difference(browser: &Client, url: &str, path: &Path) -> Result<Option<Difference>> {
    transcript::compare(path, &played(browser, url, path).await?)
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
    let (mut before, mut end) = (Vec::new(), Instant::now() + PATIENCE);
    loop {
        let shown = shown(browser).await?;
        if fits(expected, &shown) || Instant::now() > end {
            return Ok(shown);
        }
        if shown != before {
            (before, end) = (shown, Instant::now() + PATIENCE);
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
             | //label[normalize-space()='{label}']//input | //input[@aria-label='{label}']"
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

/// What a page shows, with the first `...` where it stands in what is `expected`, if the page is right
/// up to there: behind it is its end then, whatever that is.
fn with_dots<'a>(expected: &[&'a str], shown: &'a [String]) -> Vec<&'a str> {
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    let dots = expected.iter().position(|line| *line == "...");
    let Some(dots) = dots.filter(|dots| shown.starts_with(&expected[..*dots])) else {
        return shown;
    };
    let end = shown.len().saturating_sub(expected.len() - dots - 1).max(dots);
    [&shown[..dots], &expected[dots..=dots], &shown[end..]].concat()
}

#[cfg(test)]
mod tests {
    use super::{fits, with_dots};

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

    #[test]
    fn what_stands_behind_three_dots_is_compared_with_the_end() {
        let shown = ["a", "b", "c"].map(str::to_owned);
        for (expected, played) in [
            (&["a", "...", "d"][..], &["a", "...", "c"][..]),
            (&["a", "..."], &["a", "..."]),
            (&["a", "b", "c", "...", "d"], &["a", "b", "c", "..."]),
            (&["b", "...", "c"], &["a", "b", "c"]),
            (&["a", "b"], &["a", "b", "c"]),
        ] {
            assert_eq!(with_dots(expected, &shown), played);
        }
    }
}
