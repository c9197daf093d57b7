//! What the page shows at each step.

use std::fs;

use anyhow::{Result, bail, ensure};
use page::play::play;
use page::{DESKTOP, Driver, complaints};
use testing::program;
use xtask::run::transcript;
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
            let Ok(expected) = fs::read_to_string(&path) else { continue };
            let (pair, programs) = at_step(&workspace, lesson, step, true).await?;
            let (_server, addr) = program::start(programs.path(&pair.server)?, None).await?;
            let browser = driver.browser(DESKTOP).await?;
            browser.goto(&format!("http://{addr}/")).await?;
            // Whoever cancels a call may be too late on a slow machine: then it is done once more.
            let mut difference = None;
            for _ in 0..3 {
                difference = transcript::compare(&path, &play(&browser, &expected).await?)?;
                if difference.is_none() {
                    break;
                }
            }
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
