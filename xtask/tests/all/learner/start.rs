//! What `cargo xtask start` writes.

use std::env;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use snapbox::{assert_data_eq, str};
use xtask::workspace::lesson::Lesson;

use super::{Desk, files, lessons};
use crate::common::{Folder, Run, cargo, root, target};

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn what_start_writes_stands_alone() -> Result<()> {
    let desk = Desk::new()?;
    assert_data_eq!(
        desk.succeed("start 01")?,
        str![[r#"
my-helloworld is 01-helloworld as it stands before step 1, define the service.
Read my-helloworld/README.md, write the step, then run `cargo xtask check my-helloworld`.

"#]]
    );
    #[cfg(unix)]
    {
        let run = Run::of(desk.alias("start 01").arg("my own"))?;
        ensure!(run.stdout.contains(" run `cargo xtask check 'my own'`."), "{}", run.stdout);
    }
    let mut sources = Vec::new();
    for Lesson { name: lesson, package, steps, .. } in lessons()? {
        let steps = steps.len();
        for step in 1..=steps {
            let name = format!("{lesson}-{step}");
            desk.succeed(&format!("start {lesson} --step {step} {name}"))?;
            for path in files(&desk.path(&name))? {
                let text = fs::read_to_string(&path)?;
                ensure!(!text.contains("ANCHOR"), "{path:?} has markers");
                ensure!(!text.contains("../"), "{path:?} needs what is above it");
            }
            let readme = desk.read(&format!("{name}/README.md"))?;
            ensure!(readme.lines().next().is_some_and(|l| l.contains(&format!("step {step},"))));
            let manifest = desk.read(&format!("{name}/Cargo.toml"))?;
            ensure!(manifest.contains(&format!("\nlesson = \"{lesson}\"\n")), "{manifest}");
            ensure!(manifest.starts_with(&format!("[package]\nname = \"{package}\"\n")));
            ensure!(!manifest.contains("workspace = true"), "{manifest}");
            let all = files(&desk.path(&name))?;
            sources.extend(all.into_iter().filter(|path| path.extension() == Some("rs".as_ref())));
        }
    }
    let run =
        Run::of(Command::new("rustfmt").args(["--check", "--edition", "2024"]).args(sources))?;
    ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);

    // Files of later steps are not there yet.
    let names = |folder| -> Result<Vec<String>> {
        let root = desk.path(folder);
        let paths = files(&root)?;
        let paths = paths.iter().map(|path| Ok(path.strip_prefix(&root)?.to_string_lossy().into()));
        paths.collect()
    };
    assert_eq!(
        names("01-helloworld-1")?,
        [
            ".cargo/config.toml",
            ".gitignore",
            "Cargo.lock",
            "Cargo.toml",
            "README.md",
            "build.rs",
            "rustfmt.toml",
            "src/lib.rs",
            "src/listen.rs",
            "src/main.rs"
        ]
    );
    ensure!(desk.path("01-helloworld-1/proto").is_dir());
    ensure!(names("06-routeguide-4")?.contains(&"data/route_guide_db.json".into()));
    ensure!(!names("06-routeguide-4")?.contains(&"src/client.rs".into()));

    // With the versions that the lessons have, and nobody to be asked for others.
    let ours = fs::read_to_string(root().join("Cargo.lock"))?;
    for name in ["01-helloworld-1", "04-movie-json-5", "06-routeguide-5"] {
        let run = Run::of(&mut cargo(&desk.path(name), &["build", "--offline"])?)?;
        ensure!(run.code == Some(0), "{name}: {}", run.stderr);
        let locked = desk.read(&format!("{name}/Cargo.lock"))?;
        let is_from_elsewhere = |package: &&str| package.contains("\nchecksum = ");
        for package in locked.split("[[package]]").filter(is_from_elsewhere) {
            let version = package.lines().take(3).collect::<Vec<_>>().join("\n");
            ensure!(ours.contains(&version), "{name}: {version}");
        }
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn the_alias_of_a_crate_works_among_the_lessons_too() -> Result<()> {
    // Cargo merges its configuration with that of the folders around it.
    for folder in [Folder::new()?, Folder::within(env!("CARGO_TARGET_TMPDIR"))?] {
        let desk = Desk { folder };
        desk.succeed("start 01")?;
        let mut check = Command::new(env::var_os("CARGO").context("no CARGO")?);
        check.args(["xtask", "check"]).current_dir(desk.path("my-helloworld"));
        check.env("CARGO_TARGET_DIR", target());
        let run = Run::of(&mut check)?;
        ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
        ensure!(run.stdout.contains("\nNext: step 1, define the service. "), "{}", run.stdout);
    }
    Ok(())
}

#[test]
fn start_overwrites_nothing() -> Result<()> {
    let desk = Desk::new()?;
    desk.write("mine/notes.txt", "dear to me")?;
    desk.write("file", "a file")?;
    fs::create_dir(desk.path("empty"))?;
    for (args, code, error) in [
        ("start 01 mine", 1, "error: mine is not empty: go on in it, or give another folder\n"),
        ("start 01 file", 1, "error: cannot make the folder file: File exists (os error 17)\n"),
        ("start 99", 2, "error: no lesson `99`: there are 01-helloworld, [..]\n"),
        ("start 01 --step 0", 2, "error: 01-helloworld has the steps 1 to 5\n"),
        ("start 01 --step 6", 2, "error: 01-helloworld has the steps 1 to 5\n"),
    ] {
        let run = desk.run(args)?;
        assert_eq!((run.code, &*run.stdout), (Some(code), ""), "{args}");
        if cfg!(unix) || code == 2 {
            assert_data_eq!(run.stderr, error.to_owned());
        }
    }
    assert_eq!(desk.read("mine/notes.txt")?, "dear to me");
    assert_eq!(fs::read_dir(desk.path("mine"))?.count(), 1);

    desk.succeed("start 01 empty")?;
    let again = desk.run("start 01 empty")?;
    assert_eq!(again.stderr, "error: empty is not empty: go on in it, or give another folder\n");
    Ok(())
}
