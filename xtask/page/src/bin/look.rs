//! Plays a transcript on the page of a server, and prints the transcript of that; on standard
//! error, what the browser complains of. `cargo xtask check` compiles it when there is a
//! `chromedriver`, so that the runner itself can do without its dependencies.
//!
//! Its arguments are the transcript, the port of the `chromedriver`, and the address of the server.
//! It ends with 2 if there is no Chromium.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use page::play::played;
use page::{DESKTOP, browser, complaints};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [transcript, port, addr] = &args[..] else {
        bail!("give a transcript, a port, an address")
    };
    let browser = match browser(port, DESKTOP).await {
        Ok(browser) => browser,
        Err(error) => {
            eprintln!("{}", format!("{error:#}").lines().next().unwrap_or_default());
            return Ok(ExitCode::from(2));
        }
    };
    let url = format!("http://{addr}/");
    let played = played(&browser, &url, Path::new(transcript)).await;
    // If there are none to be had, what has been played says it.
    for complaint in complaints(&browser).await.unwrap_or_default() {
        eprintln!("{}", complaint.replace(&url, "").trim_start_matches(" - "));
    }
    browser.close().await?;
    print!("{}", played?);
    Ok(ExitCode::SUCCESS)
}
