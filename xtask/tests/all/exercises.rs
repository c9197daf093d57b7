//! `check --exercise` runs what the pages of exercises ask for.

use std::fs;

use anyhow::{Context, Result, ensure};
use xtask::workspace::Workspace;
use xtask::workspace::lesson::Lesson;

use crate::common::{Folder, Run, cargo, root};

/// Copies the folder or file at `path` of a lesson to the same place in a crate.
fn copy(desk: &Folder, lesson: &Lesson, path: &str) -> Result<()> {
    let from = lesson.folder.join(path);
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(desk, lesson, &format!("{path}/{}", name.to_string_lossy()))?;
        }
        return Ok(());
    }
    desk.write(&format!("my-{}/{path}", lesson.package), &fs::read_to_string(from)?)
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn check_tells_a_right_solution_of_each_exercise_from_a_wrong_one() -> Result<()> {
    let workspace = Workspace::load().await?;
    for lesson in &workspace.lessons {
        let page = root().join("mdbook/src").join(&lesson.name).join("exercises.md");
        let page = fs::read_to_string(page)?;
        let desk = Folder::new()?;
        desk.write_all_of(&workspace, lesson)?;
        let own = format!("my-{}", lesson.package);
        // As the page says it.
        for command in page.split("`cargo add --dev ").skip(1) {
            let crates = command.split('`').next().context("no end")?;
            let mut args = vec!["add", "--quiet", "--offline", "--dev"];
            args.extend(crates.split_whitespace());
            let run = Run::of(&mut cargo(&desk.path(&own), &args)?)?;
            ensure!(run.code == Some(0), "{}: {args:?}: {}", lesson.name, run.stderr);
        }
        let check = |name: &str| Run::of(&mut desk.alias(&format!("check --exercise {name}")));
        let examples = lesson.pairs[1..].iter().map(|pair| pair.client.source.as_std_path());
        let mut count = 0;
        for source in examples {
            // `chat_client.rs`, or `chat/main.rs`.
            let folder = source.parent().context("in no folder")?;
            let is_folder = source.ends_with("main.rs");
            let path = if is_folder { folder } else { source };
            let name = path.file_stem().context("no name")?.to_string_lossy();
            let is_asked_for = page.contains(&format!("examples/{name}"));
            let command = format!("`cargo xtask check --exercise {name}`");
            ensure!(page.contains(&command) == is_asked_for, "{}: {command}", lesson.name);
            if !is_asked_for {
                continue;
            }
            count += 1;
            let path = path.strip_prefix(&lesson.folder)?.to_string_lossy().replace('\\', "/");
            let main = if is_folder { format!("{path}/main.rs") } else { path.clone() };
            let run = check(&name)?;
            let expected = format!("error: your crate has no {main}: write it, a ");
            ensure!(run.code == Some(1) && run.stderr.starts_with(&expected), "{}", run.stderr);

            copy(&desk, lesson, &path)?;
            if is_folder {
                // It may have a proto of its own.
                copy(&desk, lesson, "build.rs")?;
            }
            let run = check(&name)?;
            let expected = format!("{lesson}\nok    exercise {name}\n");
            ensure!(run.stdout == expected, "{}{}", run.stdout, run.stderr);
            ensure!(run.code == Some(0), "{name}: {}", run.stderr);

            let client = if is_folder { format!("{path}/client.rs") } else { path };
            let client = format!("{own}/{client}");
            if !desk.path(&client).is_file() {
                // Its client is the lesson's.
                continue;
            }
            let text = desk.read(&client)?;
            desk.write(&client, &text.replace("println!(\"", "println!(\"So: "))?;
            let run = check(&name)?;
            let expected =
                format!("{lesson}\nFAIL  exercise {name}\n      your client printed `So: ");
            ensure!(run.stdout.starts_with(&expected), "{}{}", run.stdout, run.stderr);
            ensure!(run.code == Some(1), "{name}: {}", run.stderr);
            desk.write(&client, &text)?;
        }
        ensure!(count > 0, "{} has no exercise with a transcript", lesson.name);
        let run = check("nothing")?;
        let expected = format!("error: no exercise `nothing` in {}: there are ", lesson.name);
        ensure!(run.code == Some(2) && run.stderr.starts_with(&expected), "{}", run.stderr);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn check_names_the_side_of_an_exercise_that_is_wrong() -> Result<()> {
    let workspace = Workspace::load().await?;
    let lesson = workspace.the("unary-displacement")?;
    let desk = Folder::new()?;
    desk.write_all_of(&workspace, lesson)?;
    copy(&desk, lesson, "examples/product_info")?;
    copy(&desk, lesson, "build.rs")?;
    let server = "my-unary-displacement/examples/product_info/server.rs";
    desk.replace(server, "Status::not_found(", "Status::internal(")?;
    let run = Run::of(&mut desk.alias("check --exercise product_info"))?;
    let expected = "\nFAIL  exercise product_info\n      your server answered ";
    ensure!(run.code == Some(1) && run.stdout.contains(expected), "{}{}", run.stdout, run.stderr);
    ensure!(!run.stdout.contains("your client"), "{}", run.stdout);

    desk.replace(server, "Status::internal(", "Status::inner(")?;
    let run = Run::of(&mut desk.alias("check --exercise product_info"))?;
    let expected = "It does not compile: Cargo says above what is wrong, and where.\n";
    assert_eq!((run.code, &*run.stdout), (Some(1), expected));
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn check_says_that_a_client_of_an_exercise_calls_another_server() -> Result<()> {
    let workspace = Workspace::load().await?;
    let lesson = workspace.the("helloworld")?;
    let desk = Folder::new()?;
    desk.write_all_of(&workspace, lesson)?;
    let client = "examples/blocking_client.rs";
    copy(&desk, lesson, client)?;
    let address = "env::args().nth(1).unwrap_or(\"127.0.0.1:50051\".into())";
    desk.replace(&format!("my-helloworld/{client}"), address, "\"127.0.0.1:1\".to_string()")?;
    let run = Run::of(&mut desk.alias("check --exercise blocking_client"))?;
    let expected = "\nFAIL  exercise blocking_client\n      your client was told 127.0.0.1:";
    ensure!(run.code == Some(1) && run.stdout.contains(expected), "{}{}", run.stdout, run.stderr);
    Ok(())
}
