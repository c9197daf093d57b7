//! Whoever uses the page: on a phone, in the dark, by keyboard, with a screen reader.

use anyhow::{Result, ensure};
use browser::server;
use fantoccini::Client;
use fantoccini::key::Key;
use page::play::{act, press, wait_for};
use page::{DESKTOP, Driver, PHONE, SMALL_PHONE, Window, complaints, darken, heard};
use serde_json::{Value, json};
use testing::server::Server;

/// The page of a server of the lesson's.
async fn open(driver: &Driver, window: Window) -> Result<(Client, Server)> {
    let serve = |incoming, stop| server::run(incoming, server::routes(), stop);
    let server = Server::start(serve).await?;
    let browser = driver.browser(window).await?;
    browser.goto(&format!("http://{}/", server.addr)).await?;
    Ok((browser, server))
}

/// What is wrong with what is on the screen: run in the browser.
const LOOK: &str = r#"
const problems = [];
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) {
    problems.push(`it scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}`);
}
const light = (color) => {
    const [red, green, blue] = color.match(/[\d.]+/g).slice(0, 3).map((part) => {
        const value = part / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
// What nothing else has painted is the canvas.
const canvas = document.body.appendChild(document.createElement("i"));
canvas.style.backgroundColor = "Canvas";
const ground = getComputedStyle(canvas).backgroundColor;
canvas.remove();
for (const it of document.querySelectorAll("h1, label, input, button, p")) {
    const style = getComputedStyle(it);
    const isBare = style.backgroundColor === "rgba(0, 0, 0, 0)";
    const behind = isBare ? ground : style.backgroundColor;
    const [dark, bright] = [light(style.color), light(behind)].sort((a, b) => a - b);
    if ((bright + 0.05) / (dark + 0.05) < 4.5) {
        problems.push(`${it.outerHTML} cannot be read: ${style.color} on ${behind}`);
    }
    const { height, right } = it.getBoundingClientRect();
    if (it.matches("input, button") && height < 44) {
        problems.push(`${it.outerHTML} is too small for a finger: ${height}`);
    }
    if (right > root.clientWidth) {
        problems.push(`${it.outerHTML} is cut off`);
    }
    if (parseFloat(style.fontSize) < 16) {
        problems.push(`${it.outerHTML} has small letters: ${style.fontSize}`);
    }
}
return [problems, light(ground) < 0.5];
"#;

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn the_page_can_be_read_on_any_screen_and_in_the_dark() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    for window in [DESKTOP, PHONE, SMALL_PHONE] {
        let (browser, _server) = open(&driver, window).await?;
        let name = "x".repeat(200);
        act(&browser, &format!("Your name: {name}")).await?;
        act(&browser, "Greet me").await?;
        wait_for(&browser, &[&format!("Hello, {name}!")]).await?;
        for is_dark in [false, true] {
            if is_dark {
                darken(&browser).await?;
            }
            let found = browser.execute(LOOK, vec![]).await?;
            ensure!(found == json!([[], is_dark]), "{window:?}: {found:#}");
        }
        browser.close().await?;
    }
    driver.end().await
}

/// What has the focus, and whether one can see that.
const FOCUS: &str = "
    const it = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(it);
    return [(it.labels?.[0] ?? it).textContent, outlineStyle !== 'none' && outlineWidth !== '0px'];
";

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn the_page_can_be_used_by_keyboard() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let (browser, _server) = open(&driver, DESKTOP).await?;
    let focus = async || browser.execute(FOCUS, vec![]).await;
    press(&browser, &[Key::Tab]).await?;
    ensure!(focus().await? == json!(["Your name", true]), "{}", focus().await?);
    // An empty name isn't sent: the browser asks for one.
    press(&browser, &[Key::Enter]).await?;
    browser.active_element().await?.send_keys("you").await?;
    press(&browser, &[Key::Enter]).await?;
    let shown = wait_for(&browser, &["Hello, you!"]).await?;
    ensure!(shown == ["Hello, you!"], "{shown:?}");
    for (button, expected) in [
        ("Greet me", &["Hello, you!"][..]),
        ("Greet me five times", &["Hello, you! - 0", "..."]),
        ("Cancel", &["Hello, you! - 0", "...", "Cancelled."]),
    ] {
        press(&browser, &[Key::Tab]).await?;
        ensure!(focus().await? == json!([button, true]), "{}", focus().await?);
        press(&browser, &[Key::Space]).await?;
        let shown = wait_for(&browser, expected).await?;
        ensure!(shown.first().is_some_and(|line| line == expected[0]), "{button}: {shown:?}");
    }
    let complaints = complaints(&browser).await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    browser.close().await?;
    driver.end().await
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn a_screen_reader_says_what_is_what_and_what_is_new() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let (browser, _server) = open(&driver, DESKTOP).await?;
    act(&browser, "Your name: you").await?;
    act(&browser, "Greet me").await?;
    wait_for(&browser, &["Hello, you!"]).await?;
    let heard = heard(&browser).await?;
    for (role, name) in [
        ("RootWebArea", "Greeter"),
        ("heading", "Greeter"),
        ("textbox", "Your name"),
        ("button", "Greet me"),
        ("button", "Greet me five times"),
        ("button", "Cancel"),
        // What is new in a log is read out by itself.
        ("log", "Greetings"),
    ] {
        let is_it = |(its, name_of_it): &&(String, String)| its == role && name_of_it == name;
        let count = heard.iter().filter(is_it).count();
        ensure!(count == 1, "{role} {name:?} is heard {count} times: {heard:?}");
    }
    let language = browser.execute("return document.documentElement.lang", vec![]).await?;
    ensure!(language == "en", "{language}");
    browser.close().await?;
    driver.end().await
}

/// A script that somebody has got into the page. Says whether it was run, and what was violated.
const SLIP_IN: &str = r#"
const done = arguments[0];
document.addEventListener("securitypolicyviolation", (event) => {
    done([window.isRun ?? false, event.effectiveDirective]);
});
const script = document.createElement("script");
script.textContent = "window.isRun = true";
document.body.append(script);
if (window.isRun) {
    done([true, null]);
}
"#;

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn a_name_that_is_a_script_is_text() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let (browser, _server) = open(&driver, DESKTOP).await?;
    for name in [
        "<script>window.isRun = true</script>",
        "<img src=x onerror='window.isRun = true'>",
        "</p><b>bold</b>",
        "&lt;b&gt;",
        "javascript:alert(1)",
        "\u{202e}\u{263a}%0A%00",
    ] {
        act(&browser, &format!("Your name: {name}")).await?;
        act(&browser, "Greet me").await?;
        let expected = format!("Hello, {name}!");
        let shown = wait_for(&browser, &[&expected]).await?;
        ensure!(shown == [expected], "{name}: {shown:?}");
        let within = "return [document.querySelectorAll('[role=log] p *').length, window.isRun]";
        let found = browser.execute(within, vec![]).await?;
        ensure!(found == json!([0, Value::Null]), "{name}: {found}");
    }
    let complaints = complaints(&browser).await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    // The second wall, for what gets over the first.
    let found = browser.execute_async(SLIP_IN, vec![]).await?;
    ensure!(found == json!([false, "script-src-elem"]), "{found}");
    browser.close().await?;
    driver.end().await
}
