//! Looks at pages in a real browser: headless Chromium, driven by its `chromedriver`.
//!
//! - [`Driver`]: the browser, in whatever window
//! - [`play`]: what somebody does with a page, and what it shows then

pub mod play;

use std::env;
use std::io::{Write, stderr};

use anyhow::{Context, Result};
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use http::Method;
use serde_json::{Map, Value, json};
use url::{ParseError, Url};
use xtask::system::chromedriver::Chromedriver;

/// A browser window, in pixels of a page.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// How wide.
    pub width: u32,
    /// How high.
    pub height: u32,
    /// Whether it's that of a phone.
    pub is_phone: bool,
}

/// That of a desktop.
pub const DESKTOP: Window = Window { width: 1400, height: 900, is_phone: false };
/// That of a phone.
pub const PHONE: Window = Window { width: 390, height: 844, is_phone: true };
/// That of a small one.
pub const SMALL_PHONE: Window = Window { width: 320, height: 568, is_phone: true };

/// `chromedriver`, under way.
pub struct Driver(Chromedriver);

impl Driver {
    /// Starts it. None if this machine has none: that is said.
    ///
    /// # Errors
    ///
    /// If it doesn't start; with CI set in the environment, if there's none, too.
    pub async fn start() -> Result<Option<Driver>> {
        match Chromedriver::start().await {
            Ok(driver) => Ok(Some(Driver(driver))),
            Err(error) if env::var_os("CI").is_some() => {
                Err(error.context("CI needs chromium and chromium-driver"))
            }
            Err(error) => {
                // Not eprintln!, which a test that passes keeps to itself.
                writeln!(stderr(), "skipped: no page is looked at in a browser: {error:#}")?;
                Ok(None)
            }
        }
    }

    /// A browser of its own.
    ///
    /// # Errors
    ///
    /// If there is no Chromium.
    pub async fn browser(&self, window: Window) -> Result<Client> {
        browser(&self.0.port, window).await
    }

    /// Ends it, and all its browsers.
    ///
    /// # Errors
    ///
    /// If it doesn't end.
    pub async fn end(self) -> Result<()> {
        self.0.end().await
    }
}

/// A browser of its own, from the `chromedriver` that listens on `port`.
///
/// # Errors
///
/// If there is no Chromium.
pub async fn browser(port: &str, window: Window) -> Result<Client> {
    let Window { width, height, is_phone } = window;
    let mut options = json!({
        // Nothing is shielded by a sandbox here: a page is ours, or of a server that runs without one.
        "args": [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            format!("--window-size={width},{height}"),
        ],
    });
    if is_phone {
        let metrics = json!({"width": width, "height": height, "pixelRatio": 2, "touch": true});
        options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
    }
    let mut capabilities = Map::new();
    capabilities.insert("goog:chromeOptions".into(), options);
    capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
    let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
    builder.capabilities(capabilities);
    Ok(builder.connect(&format!("http://127.0.0.1:{port}")).await?)
}

/// A command that only Chromium knows: its path below the session, and what is posted.
#[derive(Debug)]
struct Own(&'static str, Value);

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.0))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.1.to_string()))
    }
}

/// What the console of the browser has complained of since the last time.
///
/// # Errors
///
/// If the browser is gone.
pub async fn complaints(browser: &Client) -> Result<Vec<String>> {
    let log = browser.issue_cmd(Own("se/log", json!({ "type": "browser" }))).await?;
    let is_bad = |entry: &&Value| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING"));
    let entries = log.as_array().context("no log")?.iter().filter(is_bad);
    Ok(entries.map(|entry| counted(entry["message"].as_str().unwrap_or_default())).collect())
}

/// `message`, which may begin with the place in a file, but as people count lines and columns: from 1.
fn counted(message: &str) -> String {
    let place = |text: &str| {
        let (line, column) = text.split_once(':')?;
        Some((line.parse::<usize>().ok()? + 1, column.parse::<usize>().ok()? + 1))
    };
    let words: Vec<&str> = message.splitn(3, ' ').collect();
    if let [file, at, said] = words[..]
        && let Some((line, column)) = place(at)
    {
        return format!("{file}:{line}:{column} {said}");
    }
    message.to_owned()
}

/// Lets the pages of `browser` know that whoever reads them likes it dark.
///
/// # Errors
///
/// If the browser is gone.
pub async fn darken(browser: &Client) -> Result<()> {
    let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
    let command =
        json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
    browser.issue_cmd(Own("goog/cdp/execute", command)).await?;
    Ok(())
}

/// What a screen reader hears of the page in `browser`: the role and the name of each element, in order.
///
/// # Errors
///
/// If the browser is gone.
pub async fn heard(browser: &Client) -> Result<Vec<(String, String)>> {
    let command = json!({ "cmd": "Accessibility.getFullAXTree", "params": {} });
    let tree = browser.issue_cmd(Own("goog/cdp/execute", command)).await?;
    let nodes = tree["nodes"].as_array().context("no tree")?.iter();
    let nodes = nodes.filter(|node| node["ignored"] == Value::Bool(false));
    let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
    Ok(nodes.map(|node| (text(&node["role"]), text(&node["name"]))).collect())
}
