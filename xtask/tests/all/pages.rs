//! What `check` says of a learner's page, which it looks at in Chromium if it can.
#![cfg(unix)]

use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use snapbox::assert_data_eq;
use xtask::workspace::Workspace;

use crate::common::{Folder, Run};

const PAGE: &str = "src/page/index.html";
const SCRIPT: &str = "src/page/greeter.js";
const SERVER: &str = "src/server.rs";
const FILES: &str = "src/page.rs";
const ORIGIN: &str = "src/origin.rs";
const MAIN: &str = "src/main.rs";
const TEMPORARY: &str = ".temporary";
const UNLUCKY: &str = ".unlucky/chromedriver";

const DONE: &str =
    "ok    step 5: a page\nok    step 6: a stream in a page\nok    step 7: who may call\n";

/// What stands in which file instead of what.
type Edit = (&'static str, &'static str, &'static str);

/// All of the lesson, in `my-browser`.
async fn desk() -> Result<Folder> {
    let (workspace, desk) = (Workspace::load().await?, Folder::new()?);
    desk.write_all_of(&workspace, workspace.the("browser")?)?;
    fs::create_dir(desk.path(TEMPORARY))?;
    Ok(desk)
}

/// What `check` says of the steps with a page, if `edits` are made for it and undone.
fn check(desk: &Folder, edits: &[Edit], path: Option<&OsString>) -> Result<String> {
    let mut whole = Vec::new();
    for (file, old, new) in edits {
        let file = format!("my-browser/{file}");
        whole.push((file.clone(), desk.read(&file)?));
        desk.replace(&file, old, new)?;
    }
    let mut command = desk.alias("check");
    command.env("TMPDIR", desk.path(TEMPORARY));
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let run = Run::of(&mut command)?;
    for (file, text) in whole.iter().rev() {
        desk.write(file, text)?;
    }
    let begin = run.stdout.find("  step 5: ").with_context(|| run.stderr.clone())?;
    let end = run.stdout.rfind("Next: ").or(run.stdout.rfind("All ")).context("no next")?;
    let fails = run.stdout.contains("\nFAIL  ");
    ensure!(run.code == Some(fails.into()), "{}{}", run.stdout, run.stderr);
    Ok(run.stdout[run.stdout[..begin].rfind('\n').map_or(0, |at| at + 1)..end].to_owned())
}

/// Whether this machine has a `chromedriver`; if not, that is said, and in CI a failure.
fn has_chromedriver() -> Result<bool> {
    let is_there = Command::new("chromedriver").arg("--version").output().is_ok();
    ensure!(is_there || env::var_os("CI").is_none(), "CI needs chromium and chromium-driver");
    if !is_there {
        testing::skipped("no learner's page is looked at: there is no chromedriver");
    }
    Ok(is_there)
}

/// Otherwise `check` could not tell by one play at which step a page is.
#[tokio::test]
async fn each_transcript_of_a_page_begins_with_that_of_the_step_before() -> Result<()> {
    for lesson in Workspace::load().await?.lessons {
        let mut before = String::new();
        for step in 1..=lesson.steps.len() {
            let path = lesson.folder.join(format!("transcripts/step{step}/page.txt"));
            if path.is_file() || !before.is_empty() {
                let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                ensure!(text.starts_with(&before), "{}", path.display());
                before = text;
            }
        }
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn check_does_on_a_page_what_its_transcript_says() -> Result<()> {
    if !has_chromedriver()? {
        return Ok(());
    }
    let desk = desk().await?;
    for (edits, expected) in [
        (vec![], DONE),
        // A page in another style.
        (
            vec![
                (PAGE, "<label for=\"name\">Your name</label>", "<label>Your name"),
                (PAGE, "required>", "required></label>"),
                (PAGE, "role=\"log\" aria-label=\"Greetings\"", "id=\"said\" aria-live=\"polite\""),
                (SCRIPT, "[role=log]", "#said"),
                (SCRIPT, "createElement(\"div\")", "createElement(\"ul\")"),
                (SCRIPT, "createElement(\"p\")", "createElement(\"li\")"),
            ],
            DONE,
        ),
        (
            vec![(SCRIPT, "show(greeting, lines)", "show(greeting + \"!\", lines)")],
            "FAIL  step 5: a page\n      \
             your page shows `Hello, you!!`, expected `Hello, you!`\n      \
             (lessons/10-browser/transcripts/step5/page.txt:3)\n\
             --    step 6: a stream in a page\n--    step 7: who may call\n",
        ),
        // Why it shows nothing, the browser knows.
        (
            vec![(FILES, "script-src 'self'", "script-src 'none'")],
            "FAIL  step 5: a page\n      \
             your page shows nothing more, expected `Hello, you!`\n      \
             (lessons/10-browser/transcripts/step5/page.txt:3)\n      \
             the browser says: Loading the script 'greeter.js' violates [..]\n\
             --    step 6: a stream in a page\n--    step 7: who may call\n",
        ),
        // And in which line, as people count.
        (
            vec![(SCRIPT, "querySelector(\"[role=log]\")", "querySelector(\"[role=]\")")],
            "FAIL  step 5: a page\n      \
             your page shows nothing more, expected `Hello, you!`\n      \
             (lessons/10-browser/transcripts/step5/page.txt:3)\n      \
             the browser says: greeter.js:3:22 Uncaught DOMException: [..]\n\
             --    step 6: a stream in a page\n--    step 7: who may call\n",
        ),
        (
            vec![(PAGE, ">Greet me<", ">Say hello<")],
            "--    step 5: a page; your page has no button `Greet me`\n\
             --    step 6: a stream in a page\n--    step 7: who may call\n",
        ),
        (
            vec![(PAGE, ">Greet me five times<", ">Stream<")],
            "ok    step 5: a page\n\
             --    step 6: a stream in a page; your page has no button `Greet me five times`\n\
             --    step 7: who may call\n",
        ),
        (
            vec![(SCRIPT, "abort(\"Cancelled.\")", "abort(\"Stopped.\")")],
            "ok    step 5: a page\n\
             FAIL  step 6: a stream in a page\n      \
             your page shows `Stopped.`, expected `Cancelled.`\n      \
             (lessons/10-browser/transcripts/step6/page.txt:16)\n\
             --    step 7: who may call\n",
        ),
        (
            vec![(SCRIPT, "line.textContent =", "line.innerHTML =")],
            "ok    step 5: a page\nok    step 6: a stream in a page\n\
             FAIL  step 7: who may call\n      \
             your page shows `Hello, !`, expected `Hello, <script>alert(\"you\")</script>!`\n      \
             (lessons/10-browser/transcripts/step7/page.txt:19)\n",
        ),
    ] {
        assert_data_eq!(check(&desk, &edits, None)?, expected.to_owned());
    }
    let path = with_a_chromedriver_that_ends_once(&desk)?;
    assert_data_eq!(check(&desk, &[], Some(&path))?, DONE);
    ensure!(!desk.path(UNLUCKY).exists(), "it has not been started");
    let left: Vec<_> = fs::read_dir(desk.path(TEMPORARY))?.collect();
    ensure!(left.is_empty() || cfg!(not(target_os = "linux")), "left behind: {left:?}");
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn check_asks_what_a_browser_would_ask_and_says_that_nobody_has_looked() -> Result<()> {
    let desk = desk().await?;
    let path = without_chromedriver(&desk)?;
    let unseen = "nobody has looked at the page: install Chromium and its `chromedriver` (cannot \
                  start chromedriver: [..])\n";
    let told = ", started with `ADDR http://localhost:8000`\n";
    let none = "--    step 6: a stream in a page\n--    step 7: who may call\n";
    let two = format!("ok    step 5: a page\nok    step 6: a stream in a page; {unseen}");
    let seven = "step 7: who may call";
    let lacks = "your server does not";
    for (edits, expected) in [
        (vec![], format!("{}; {unseen}", DONE.trim_end())),
        (
            vec![(SERVER, ".accept_http1(true)", "")],
            format!("--    step 5: a page; {lacks} answer `GET /` with a page in HTTP/1.1\n{none}"),
        ),
        (
            vec![(SERVER, ".layer(tonic_web::GrpcWebLayer::new())", "")],
            format!("--    step 5: a page; {lacks} answer a call in gRPC-Web\n{none}"),
        ),
        (
            vec![
                (FILES, "    CONTENT_SECURITY_POLICY,\n", "    X_FRAME_OPTIONS,\n"),
                (FILES, "::CONTENT_SECURITY_POLICY;", "::X_FRAME_OPTIONS;"),
            ],
            format!("{two}--    {seven}; {lacks} send `content-security-policy` with its page\n"),
        ),
        // As a comment in the page, it's none.
        (
            vec![
                (FILES, "    CONTENT_SECURITY_POLICY,\n", "    X_FRAME_OPTIONS,\n"),
                (FILES, "::CONTENT_SECURITY_POLICY;", "::X_FRAME_OPTIONS;"),
                (PAGE, "<title>", "<!-- Content-Security-Policy: later --><title>"),
            ],
            format!("{two}--    {seven}; {lacks} send `content-security-policy` with its page\n"),
        ),
        // Whoever has begun with the policy has no origin yet.
        (
            vec![(MAIN, "[\"server\", addr, from] =>", "[\"later\", addr, from] =>")],
            format!(
                "{two}--    {seven}; {lacks} let a page from http://localhost:8000 call it{told}"
            ),
        ),
        (
            vec![(ORIGIN, "[\"grpc-timeout\", ", "[")],
            format!(
                "{two}--    {seven}; {lacks} let a page from http://localhost:8000 call it{told}"
            ),
        ),
        (
            vec![(ORIGIN, "[\"grpc-status\", ", "[")],
            format!(
                "{two}--    {seven}; {lacks} let a page from http://localhost:8000 read \
                 `grpc-status`{told}"
            ),
        ),
        (
            vec![(
                ORIGIN,
                ".allow_origin(HeaderValue::from_str(origin)?)",
                ".allow_origin(tower_http::cors::Any)",
            )],
            format!(
                "{two}FAIL  {seven}\n      {lacks} keep out a page from http://localhost:8001{told}"
            ),
        ),
        // It answers the question whether it may be called, and refuses the call with which it's asked.
        (
            vec![(
                ORIGIN,
                "layer(layer).into()",
                "layer(layer).layer(axum::middleware::from_fn(|asked: axum::extract::Request, next: \
                 axum::middleware::Next| async move { let is_first = asked.method() == \
                 Method::OPTIONS; let mut answer = next.run(asked).await; if is_first { \
                 *answer.status_mut() = axum::http::StatusCode::BAD_REQUEST; } answer })).into()",
            )],
            format!(
                "{two}--    {seven}; {lacks} let a page from http://localhost:8000 call it{told}"
            ),
        ),
        (
            vec![(
                MAIN,
                "[\"server\", addr] => server::serve(addr, server::routes())",
                "[\"server\", addr] => server::serve(addr, server::routes().into_axum_router()\
                 .layer(tower_http::cors::CorsLayer::permissive()).into())",
            )],
            format!(
                "{two}FAIL  {seven}\n      your server lets in a page from http://localhost:8001, \
                 started with `ADDR` alone\n"
            ),
        ),
    ] {
        assert_data_eq!(check(&desk, &edits, Some(&path))?, expected);
    }
    let mut all = desk.alias("check --all .");
    let run = Run::of(all.env("PATH", &path))?;
    let expected = format!("ok    my-browser  10-browser  1 2 3 4 5 6 7  {unseen}[..]");
    assert_data_eq!(run.stdout, expected);
    Ok(())
}

/// The PATH with another `chromedriver` in front, which ends as the real one does if it comes upon a
/// port that somebody else has, and never comes back.
fn with_a_chromedriver_that_ends_once(desk: &Folder) -> Result<OsString> {
    let program = desk.path(UNLUCKY);
    let folder = program.parent().context("no folder")?.to_owned();
    fs::create_dir_all(&folder)?;
    fs::write(
        &program,
        "#!/bin/sh\nrm \"$0\"\necho 'IPv4 port not available. Exiting...'\nexit 1\n",
    )?;
    fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    let others = env::var_os("PATH").context("no PATH")?;
    Ok(env::join_paths([folder].into_iter().chain(env::split_paths(&others)))?)
}

/// The PATH without `chromedriver`: in place of a folder that has it, one with all else.
fn without_chromedriver(desk: &Folder) -> Result<OsString> {
    let mut folders = Vec::new();
    for (index, folder) in env::split_paths(&env::var_os("PATH").context("no PATH")?).enumerate() {
        if !folder.join("chromedriver").exists() {
            folders.push(folder);
            continue;
        }
        let others = desk.path(&format!(".path/{index}"));
        fs::create_dir_all(&others)?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name() != "chromedriver" {
                symlink(entry.path(), others.join(entry.file_name()))?;
            }
        }
        folders.push(others);
    }
    Ok(env::join_paths(folders)?)
}
