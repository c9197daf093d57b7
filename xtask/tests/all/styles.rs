//! `hint` and `check` agree on whole solutions in other styles than ours.

use std::fs;

use anyhow::{Context, Result, ensure};
use xtask::steps::regions::{self, Source};
use xtask::workspace::Workspace;
use xtask::workspace::lesson::Lesson;

use crate::common::{Folder, Run};

/// How somebody else may have laid out a lesson.
#[derive(Clone, Copy, Debug)]
enum Style {
    /// All of it is in `main.rs`.
    OneFile,
    /// Modules, types and functions have other names.
    OtherNames,
    /// Only what is within a file.
    OwnWords,
}

/// The files of the lesson at the end of `step`, in `style`: path and text.
fn styled(sources: &[Source], lesson: &Lesson, step: usize, style: Style) -> Vec<(String, String)> {
    let files = sources.iter().filter_map(|source| {
        let path = source.path.display().to_string().replace('\\', "/");
        Some((path, source.at(step)?.text.replace("/../../data/", "/data/")))
    });
    let (source, others): (Vec<_>, Vec<_>) = files
        .filter(|(path, _)| path != "Cargo.toml")
        .partition(|(path, _)| path.starts_with("src/") && path.ends_with(".rs"));
    let package = lesson.package.replace('-', "_");
    let source = match style {
        Style::OneFile => vec![("src/main.rs".to_owned(), one_file(&source, &package))],
        Style::OwnWords => {
            let own = |text: &str| text.replace("Servicer", "Answers").replace("reply", "answer");
            source.into_iter().map(|(path, text)| (path, own(&text))).collect()
        }
        Style::OtherNames => source
            .into_iter()
            .map(|(path, text)| {
                let path = path.replace("server.rs", "service.rs").replace("client.rs", "asker.rs");
                (path, other_names(&text))
            })
            .collect(),
    };
    [source, others].concat()
}

fn one_file(source: &[(String, String)], package: &str) -> String {
    let mut all = String::new();
    for (path, text) in source {
        let name = path.trim_start_matches("src/").trim_end_matches(".rs");
        all += &match name {
            // What it imports from the library is beside it now.
            "main" => text.lines().map(|line| own_import(line, package)).collect(),
            "lib" => {
                let is_kept = |line: &&str| !line.starts_with("//!") && !is_module(line);
                text.lines().filter(is_kept).map(|line| format!("{line}\n")).collect()
            }
            _ => format!("pub mod {name} {{\n{text}}}\n"),
        };
    }
    // What says what a file is would have to come first.
    let lines = all.lines().filter(|line| !line.starts_with("//!"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// `line`, an import from the library as it is in the same file: what is in a module of it.
fn own_import(line: &str, package: &str) -> String {
    let Some(names) = line.strip_prefix(&format!("use {package}::")) else {
        return format!("{line}\n");
    };
    let names = names.trim_matches(['{', '}', ';']).split(", ").filter(|it| it.contains("::"));
    names.map(|name| format!("use crate::{name};\n")).collect()
}

/// Whether `line` declares a module with a file of its own.
fn is_module(line: &str) -> bool {
    line.trim_start_matches("pub ").starts_with("mod ") && line.ends_with(';')
}

fn other_names(text: &str) -> String {
    let mut text = text.to_owned();
    for (old, new) in [
        ("mod server;", "mod service;"),
        ("mod client;", "mod asker;"),
        ("server::serve", "service::serve"),
        ("server::routes", "service::routes"),
        ("client::run(", "asker::start("),
        ("client::run_", "asker::run_"),
        ("::client;", "::asker;"),
        ("::server;", "::service;"),
        (", server}", ", service}"),
        ("pub async fn run(", "pub async fn start("),
        ("    run(incoming", "    start(incoming"),
        ("Servicer", "Answers"),
        ("stub", "remote"),
        ("reply", "answer"),
        ("= server::", "= service::"),
    ] {
        text = text.replace(old, new);
    }
    text
}

/// Writes `files` as all the source that `my-PACKAGE` has.
fn write(desk: &Folder, lesson: &Lesson, files: &[(String, String)]) -> Result<()> {
    let own = format!("my-{}", lesson.package);
    for folder in ["src", "proto"] {
        fs::remove_dir_all(desk.path(&own).join(folder))?;
    }
    files.iter().try_for_each(|(path, text)| desk.write(&format!("{own}/{path}"), text))
}

fn run(desk: &Folder, args: &str) -> Result<Run> {
    Run::of(&mut desk.alias(args))
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn a_whole_solution_in_another_style_needs_no_hint() -> Result<()> {
    let workspace = Workspace::load().await?;
    for (index, lesson) in workspace.lessons.iter().enumerate() {
        let desk = Folder::new()?;
        let sources = regions::read_sound(lesson, &workspace.root)?;
        run(&desk, &format!("start {}", lesson.package))?;
        let done = match workspace.lessons.get(index + 1) {
            Some(next) => format!("The next lesson: `cargo xtask start {}`", next.package),
            None => "and this was the last lesson.".into(),
        };
        // Both for every other one: a build costs seconds.
        let styles = [Style::OneFile, Style::OtherNames];
        for style in styles.into_iter().skip(index % 2) {
            write(&desk, lesson, &styled(&sources, lesson, lesson.steps.len(), style))?;
            let hint = run(&desk, "hint --solution")?;
            let name = &lesson.name;
            ensure!(hint.stdout.starts_with("All "), "{name} {style:?}: {}", hint.stdout);
            ensure!(hint.stdout.contains(&done), "{name} {style:?}: {}", hint.stdout);
        }
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn a_patch_for_a_crate_in_another_style_compiles() -> Result<()> {
    let workspace = Workspace::load().await?;
    let mut patches = 0;
    for style in [Style::OneFile, Style::OwnWords] {
        let package = "helloworld";
        let lesson = workspace.the(package)?;
        let sources = regions::read_sound(lesson, &workspace.root)?;
        let desk = Folder::new()?;
        run(&desk, &format!("start {package}"))?;
        let (last, own) = (lesson.steps.len(), format!("my-{package}"));
        let step_before = styled(&sources, lesson, last - 1, style);
        write(&desk, lesson, &step_before)?;
        let mut finished = styled(&sources, lesson, last, style);
        // A patch that is offered is taken; what is only shown, the learner writes in their own way.
        while !finished.is_empty() {
            let hint = run(&desk, "hint --solution")?.stdout;
            let has_begun = hint.starts_with(&format!("Step {last}, "));
            ensure!(has_begun || hint.starts_with("It does not compile: "), "{package}: {hint}");
            ensure!(!hint.contains("at the beginning"), "{hint}");
            let Some(begin) = hint.find("\n--- ") else {
                ensure!(hint.contains("It is no patch, because "), "{package}: {hint}");
                // The client comes last, where it has a file of its own.
                let is_client = |path: &str| path.ends_with("client.rs");
                let all = finished.iter().all(|(path, _)| is_client(path));
                for (path, text) in finished.extract_if(.., |(path, _)| all || !is_client(path)) {
                    desk.write(&format!("{own}/{path}"), &text)?;
                }
                continue;
            };
            let patch = diffy::Patch::from_str(&hint[begin + 1..])?;
            let path =
                patch.modified().and_then(|path| path.strip_prefix("b/")).context("no path")?;
            let path = format!("{own}/{path}");
            let old = desk.read(&path).unwrap_or_default();
            desk.write(&path, &diffy::apply(&old, &patch)?)?;
            patches += 1;
            finished.retain(|(file, _)| path != format!("{own}/{file}"));
            let check = run(&desk, "check")?;
            ensure!(
                !check.stdout.contains("It does not compile"),
                "{package}: {hint}{}",
                check.stderr
            );
        }
        let hint = run(&desk, "hint")?.stdout;
        ensure!(hint.starts_with("All of it works"), "{package}: {hint}");
    }
    ensure!(patches > 0, "no patch was offered");
    Ok(())
}
