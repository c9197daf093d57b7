//! The page behind the bridge in Python, with the servers in either language.

use anyhow::{Context, Result, ensure};
use page::play::difference;
use page::{DESKTOP, Driver, complaints};
use testing::{program, skipped};
use xtask::run::python::Python;
use xtask::workspace::Workspace;

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn the_page_behind_the_bridge_shows_the_same() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let workspace = Workspace::load().await?;
    let python = match Python::prepare(&workspace).await {
        Ok(python) => python,
        Err(error) => {
            skipped(&format!("{error:#}"));
            return driver.end().await;
        }
    };
    let lesson = workspace.the("browser")?;
    let programs = workspace.build(&[lesson], false).await?;
    let side = async |name| python.side(lesson, name).await?.context("not there");
    let path = lesson.folder.join(format!("transcripts/step{}/page.txt", lesson.steps.len()));
    for server in [side("server").await?, programs.side(&lesson.pairs[0].server)?] {
        let (_server, addr) = program::started(server.command("127.0.0.1:0", None)).await?;
        let mut bridge = side("bridge").await?.command("127.0.0.1:0", None);
        bridge.arg(addr.to_string());
        let (_bridge, addr) = program::started(bridge).await?;
        let browser = driver.browser(DESKTOP).await?;
        let url = format!("http://{addr}/");
        let difference = difference(&browser, &url, &path).await?;
        let diff = difference.map(|difference| difference.diff()).transpose()?;
        ensure!(diff.is_none(), "{}:\n{}", server.name, diff.unwrap_or_default());
        let complaints = complaints(&browser).await?;
        ensure!(complaints.is_empty(), "{}: {complaints:?}", server.name);
        browser.close().await?;
    }
    driver.end().await
}
