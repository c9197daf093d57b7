//! What the page shows at each step.

use anyhow::{Result, bail, ensure};
use page::play::difference;
use page::{DESKTOP, Driver, complaints};
use testing::program;
use xtask::steps::states::at_step;
use xtask::workspace::Workspace;

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn the_page_shows_what_its_transcript_says() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    let workspace = Workspace::load().await?;
    let mut played = 0;
    for lesson in &workspace.lessons {
        for step in 1..=lesson.steps.len() {
            let path = lesson.folder.join(format!("transcripts/step{step}/page.txt"));
            if !path.is_file() {
                continue;
            }
            let (pair, programs) = at_step(&workspace, lesson, step, true).await?;
            let (_server, addr) = program::start(programs.path(&pair.server)?, None).await?;
            let browser = driver.browser(DESKTOP).await?;
            let url = format!("http://{addr}/");
            let difference = difference(&browser, &url, &path).await?;
            if let Some(difference) = difference {
                bail!("{} at step {step}:\n{}", lesson.name, difference.diff()?);
            }
            let complaints = complaints(&browser).await?;
            ensure!(complaints.is_empty(), "{} at step {step}: {complaints:?}", lesson.name);
            browser.close().await?;
            played += 1;
        }
    }
    driver.end().await?;
    ensure!(played > 0, "no page has a transcript");
    Ok(())
}
