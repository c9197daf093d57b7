//! Scenes: commands and what they print, mostly when something is wrong.
//!
//! A scene is a file `mdbook/scenes/LESSON/NAME.console`: see `mdbook/README.md`.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use xtask::run::transcript;
use xtask::workspace::Workspace;

use crate::pages::files::{SETTING, scenes};
use crate::pages::listing::Listings;
use crate::pages::page;
use crate::reader::desk::Desk;

/// What begins a command.
const PROMPT: &str = "$ ";

/// Plays all scenes, and returns what is wrong: which does not print what it says, and how it
/// differs. With `bless`, such a scene is rewritten instead.
///
/// # Errors
///
/// If a scene cannot be read or written.
pub async fn play_all(workspace: &Workspace, bless: bool) -> anyhow::Result<Vec<String>> {
    let listings = Listings::read(workspace)?;
    let pages = page::read_all(&workspace.root)?;
    let mut problems = Vec::new();
    let mut desk = Desk::new(workspace).await?;
    let mut scripts = Vec::new();
    for path in scenes(&workspace.root)? {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        scripts.push((path, text));
    }
    // Those that begin at the same step one after the other: little has to be compiled in between.
    scripts.sort_by(|(_, a), (_, b)| a.lines().next().cmp(&b.lines().next()));
    for (path, text) in scripts {
        let name = page::slashed(path.strip_prefix(&workspace.root)?);
        let place = page::place_of(&pages, &name);
        let played = match play(&mut desk, &listings, &text).await {
            Ok(played) => played,
            Err(error) => {
                problems.push(format!("{place}{name}: {error:#}"));
                continue;
            }
        };
        let Some(difference) = transcript::compare(&path, &played)? else { continue };
        if bless {
            difference.bless(&path)?;
            eprintln!("wrote {name}");
        } else {
            let line = difference.line.unwrap_or(1);
            problems
                .push(format!("{name}:{line}: it prints something else:\n{}", difference.diff()?));
        }
    }
    desk.stop().await?;
    Ok(problems)
}

/// Plays the scene that `text` is, and returns it with what is printed now.
async fn play(desk: &mut Desk<'_>, listings: &Listings, text: &str) -> anyhow::Result<String> {
    desk.clear().await?;
    let mut played = String::new();
    for (index, line) in text.lines().enumerate() {
        let at = || format!("line {}", index + 1);
        if let Some(setting) = line.strip_prefix(SETTING) {
            played += &format!("{line}\n");
            set(desk, listings, setting).await.with_context(at)?;
        } else if let Some(command) = line.strip_prefix(PROMPT) {
            played += &format!("{line}\n");
            if let Some(folder) = command.strip_prefix("cd ") {
                desk.go(folder).with_context(at)?;
                continue;
            }
            let (output, status) = desk.run(command).await.with_context(at)?;
            let says_error = output.lines().any(|line| line.starts_with("error"));
            ensure!(
                !says_error || !status.success(),
                "{}: `{command}` speaks of an error, and ends with {status}",
                at()
            );
            played += &output;
            if !output.is_empty() && !output.ends_with('\n') {
                played.push('\n');
            }
        } else if played.is_empty() {
            bail!("{}: a scene begins with `{SETTING}` or `{PROMPT}`", at());
        }
    }
    Ok(played)
}

/// Does what a line that begins with [`SETTING`] says.
async fn set(desk: &mut Desk<'_>, listings: &Listings, setting: &str) -> anyhow::Result<()> {
    let words = shell_words::split(setting)?;
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["start", package, step] => desk.start(listings.of(package)?, step.parse()?).await,
        ["replace", file, old, new] => desk.replace(file, old, new),
        ["write", file, text] => desk.write(Path::new(file), text),
        ["meanwhile", ref command @ ..] if !command.is_empty() => {
            desk.start_meanwhile(&shell_words::join(command)).await.map(|_| ())
        }
        _ => bail!("`{SETTING}{setting}` sets no scene: see mdbook/README.md"),
    }
}
