//! Many crates of the same name, as a class hands them in: each is judged by what it does itself.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use snapbox::{assert_data_eq, str};
use xtask::workspace::Workspace;

use crate::common::{Folder, Run, root, target, typed_cargo};

/// A folder with submissions.
struct Class(Folder);

impl Class {
    fn new() -> Result<Class> {
        Ok(Class(Folder::new()?))
    }

    /// Writes a crate of lesson 1 that depends on nothing, so that it is built at once. Its server
    /// says who it is, and ends.
    fn hand_in(&self, folder: &str, who: &str) -> Result<()> {
        let manifest = "[package]\nname = \"helloworld\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                        [package.metadata.start]\nlesson = \"01-helloworld\"\n[workspace]\n";
        self.0.write(&format!("{folder}/Cargo.toml"), manifest)?;
        let main = "fn main() {\n    if std::env::args().nth(1).as_deref() == Some(\"server\") {\n        \
                    eprintln!(\"{}\", helloworld::WHO);\n        std::process::exit(3);\n    }\n}\n";
        self.0.write(&format!("{folder}/src/main.rs"), main)?;
        self.write_library(folder, who)
    }

    fn write_library(&self, folder: &str, who: &str) -> Result<()> {
        let library = format!("pub const WHO: &str = \"I am {who}\";\n");
        self.0.write(&format!("{folder}/src/lib.rs"), &library)
    }

    /// `cargo xtask`, as somebody calls it who has set `CARGO_TARGET_DIR`.
    fn xtask(&self, args: &str) -> Result<Command> {
        let mut command = self.0.xtask(args);
        command.env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
        let target = target();
        command.env("CARGO_TARGET_DIR", target.join("desk")).env("CARGO_BUILD_BUILD_DIR", target);
        Ok(command)
    }

    /// Checks the crate in `folder`, which has to be that of `who`.
    fn check(&self, folder: &str, who: &str) -> Result<()> {
        let run = Run::of(&mut self.xtask(&format!("check {folder}"))?)?;
        let expected = format!(", before it was ready: I am {who}\n");
        ensure!(run.code == Some(1) && run.stdout.contains(&expected), "{who}: {}", run.stdout);
        Ok(())
    }
}

/// Gives the file at `path`, or all files in that folder, a date from before they were written.
fn date_back(path: &Path) -> Result<()> {
    if path.is_dir() {
        return fs::read_dir(path)?.try_for_each(|entry| date_back(&entry?.path()));
    }
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
    Ok(fs::File::options().write(true).open(path)?.set_modified(yesterday)?)
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn no_crate_is_taken_for_another() -> Result<()> {
    let class = Class::new()?;
    for who in ["anna", "ben"] {
        class.hand_in(who, who)?;
        date_back(&class.0.path(who))?;
    }
    for who in ["anna", "ben", "anna"] {
        class.check(who, who)?;
    }

    // Another version of it, that is older than what was built.
    class.write_library("anna", "carla")?;
    date_back(&class.0.path("anna"))?;
    class.check("anna", "carla")?;
    class.write_library("anna", "anna")?;
    date_back(&class.0.path("anna"))?;
    class.check("anna", "anna")?;

    // What is in a crate may be elsewhere, and its folder, too.
    #[cfg(unix)]
    {
        fs::rename(class.0.path("anna/src"), class.0.path("shared"))?;
        std::os::unix::fs::symlink("../shared", class.0.path("anna/src"))?;
        std::os::unix::fs::symlink("..", class.0.path("shared/around"))?;
        std::os::unix::fs::symlink("anna", class.0.path("linked"))?;
        class.check("linked", "anna")?;
        class.0.write("shared/lib.rs", "pub const WHO: &str = \"I am dora\";\n")?;
        for file in ["shared/lib.rs", "shared/main.rs"] {
            date_back(&class.0.path(file))?;
        }
        class.check("linked", "dora")?;
        class.write_library("anna", "anna")?;
    }

    // Somebody has configured where all crates are built.
    class.0.write(".cargo/config.toml", "[build]\ntarget-dir = \"shared\"\n")?;
    for who in ["anna", "ben"] {
        let mut check = class.xtask(&format!("check {who}"))?;
        let run = Run::of(check.env_remove("CARGO_TARGET_DIR"))?;
        ensure!(run.stdout.contains(&format!(": I am {who}\n")), "{who}: {}", run.stdout);
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn crates_are_checked_at_the_same_time() -> Result<()> {
    let class = Class::new()?;
    let mut running = Vec::new();
    for who in ["anna", "ben", "carla"] {
        class.hand_in(who, who)?;
        let mut check = class.xtask(&format!("check {who}"))?;
        let check = check.stdout(Stdio::piped()).stderr(Stdio::null());
        running.push((who, check.spawn()?));
    }
    for (who, check) in running {
        let stdout = String::from_utf8(check.wait_with_output()?.stdout)?;
        ensure!(stdout.contains(&format!(": I am {who}\n")), "{who}: {stdout}");
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn cargo_run_starts_the_program_of_the_crate_that_it_names() -> Result<()> {
    let class = Class::new()?;
    for who in ["anna", "ben"] {
        class.hand_in(who, who)?;
        date_back(&class.0.path(who))?;
    }
    let in_shared = "-q --target-dir shared server";
    for who in ["anna", "ben"] {
        for (folder, command) in [
            (who, "cargo run -p helloworld server".to_owned()),
            (&format!("{who}/src"), "cargo run server".to_owned()),
            (".", format!("cargo run --manifest-path {who}/Cargo.toml {in_shared}")),
            (".", format!("cargo run --manifest-path={who}/Cargo.toml {in_shared}")),
        ] {
            let mut verify = class.xtask("verify 01 --step 4 --server")?;
            let run = Run::of(verify.arg(&command).current_dir(class.0.path(folder)))?;
            let is_theirs = run.stdout.contains(&format!("I am {who}\n"));
            ensure!(run.code == Some(1) && is_theirs, "{command}: {}{}", run.stdout, run.stderr);
        }
    }
    Ok(())
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn a_check_compiles_nothing_but_the_crate() -> Result<()> {
    let class = Class::new()?;
    let among_the_lessons = Folder::within(env!("CARGO_TARGET_TMPDIR"))?;
    for folder in [class.0.path("first"), class.0.path("second"), among_the_lessons.path("third")] {
        compiles_nothing_else(&class, "helloworld", 5, &folder)?;
    }
    for lesson in Workspace::load().await?.lessons.iter().filter(|lesson| lesson.is_apart) {
        let dir = class.0.path(&lesson.name);
        compiles_nothing_else(&class, &lesson.package, lesson.steps.len(), &dir)?;
    }
    Ok(())
}

/// Ensures that nothing but the crate is compiled when somebody starts a lesson at `step` in `dir`,
/// has it checked, and builds it.
fn compiles_nothing_else(class: &Class, package: &str, step: usize, dir: &Path) -> Result<()> {
    let compiled = |run: &Run| -> Vec<String> {
        let lines = run.stderr.lines().filter(|line| line.contains(" Compiling "));
        lines.map(str::to_owned).collect()
    };
    // The lesson has been run before.
    let mut build = typed_cargo(root(), &["build", "--package", package]);
    let run = Run::of(build.env("CARGO_TARGET_DIR", target()))?;
    ensure!(run.code == Some(0), "{}", run.stderr);

    let mut start = class.xtask(&format!("start {package} --step {step}"))?;
    let run = Run::of(start.env_remove("CARGO_TARGET_DIR").arg(dir))?;
    ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);

    let mut check = class.xtask("check")?;
    let run = Run::of(check.env_remove("CARGO_TARGET_DIR").arg(dir))?;
    ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
    ensure!(run.stdout.contains(&format!("\nok    step {}", step - 1)), "{}", run.stdout);
    // What calls the servers of all who are checked is ours, and so is the lesson at each step.
    let ours = [&format!(" {package} "), &format!(" {package}-step"), " testing "];
    let is_dependency = |line: &String| !ours.iter().any(|name| line.contains(*name));
    let dependencies: Vec<_> = compiled(&run).into_iter().filter(is_dependency).collect();
    ensure!(dependencies.is_empty(), "{package}: {dependencies:?}");

    // And neither does what the learner runs next.
    let run = Run::of(&mut typed_cargo(dir, &["build", "--offline"]))?;
    ensure!(run.code == Some(0), "{}", run.stderr);
    let compiled = compiled(&run);
    let is_own = compiled.len() == 1 && compiled[0].contains(&format!(" {package} "));
    ensure!(is_own, "{package}: {compiled:?}");
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_class_is_marked_in_one_go() -> Result<()> {
    let class = Class::new()?;
    let start = |args: &str| -> Result<()> {
        let run = Run::of(&mut class.xtask(&format!("start {args}"))?)?;
        ensure!(run.code == Some(0), "{args}: {}", run.stderr);
        Ok(())
    };
    // All of lesson 1, and a wrong version of it, that is older.
    start("01 class/anna")?;
    for file in ["proto/helloworld.proto", "build.rs", "src/lib.rs", "src/main.rs"]
        .into_iter()
        .chain(["src/server.rs", "src/client.rs"])
    {
        let text = fs::read_to_string(root().join("lessons/01-helloworld").join(file))?;
        class.0.write(&format!("class/anna/{file}"), &text)?;
        class.0.write(&format!("class/ben/{file}"), &text.replace("Hello again,", "Hi again,"))?;
    }
    for file in ["Cargo.toml", "Cargo.lock", "src/listen.rs"] {
        class
            .0
            .write(&format!("class/ben/{file}"), &class.0.read(&format!("class/anna/{file}"))?)?;
    }
    date_back(&class.0.path("class/ben"))?;
    // Another lesson, in an archive with a folder of its own.
    start("teams class/carla/my-teams")?;
    // The rest depends on nothing.
    for who in ["dora", "emil", "fay"] {
        class.hand_in(&format!("class/{who}"), who)?;
    }
    class.0.replace("class/dora/src/main.rs", "WHO", "WO")?;
    class.0.replace(
        "class/emil/src/main.rs",
        "std::process::exit(3)",
        "loop { std::thread::park() }",
    )?;
    class.0.replace("class/fay/src/main.rs", "eprintln!(", "loop { println!(")?;
    class.0.replace("class/fay/src/main.rs", "std::process::exit(3)", "}")?;
    // A copy, and no crate at all.
    for file in ["Cargo.toml", "src/lib.rs", "src/main.rs"] {
        class
            .0
            .write(&format!("class/gus/{file}"), &class.0.read(&format!("class/dora/{file}"))?)?;
    }
    class.0.write("class/hal/notes.txt", "sorry")?;
    // Two programs in place of one.
    class.hand_in("class/ian", "ian")?;
    for program in ["client", "server"] {
        class.0.write(&format!("class/ian/src/bin/{program}.rs"), "fn main() {}\n")?;
    }
    fs::remove_file(class.0.path("class/ian/src/main.rs"))?;
    class.hand_in("class/joe", "joe")?;

    let run = Run::of(&mut class.xtask("check --all class --format junit")?)?;
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    // What writes JUnit's XML may have to be built first.
    let lines: Vec<_> = run.stderr.lines().filter(|line| !line.starts_with("   ")).collect();
    assert_data_eq!(
        lines.join("\n"),
        str![[r#"
ok    anna   01-helloworld  1 2 3 4 5
FAIL  ben    01-helloworld  1 2 3 4 -  step 5: your server answered `Hi again, you!`, expected `Hello again, you!`
FAIL  carla  03-teams  - - - -  step 1: not there yet
FAIL  dora   01-helloworld  does not compile: cannot find value `WO` in crate `helloworld` (src/main.rs:3)
FAIL  emil   01-helloworld  - - - - -  step 3: your server[..]
FAIL  fay    01-helloworld  - - - - -  step 3: your server[..]
FAIL  gus    01-helloworld  does not compile: cannot find value `WO` in crate `helloworld` (src/main.rs:3)
FAIL  hal    no crate: there is no Cargo.toml in it
FAIL  ian    01-helloworld  the crate has 2 programs: give it one, called helloworld, that takes `server` and `client`
FAIL  joe    01-helloworld  - - - - -  step 3: your server[..]
1 passed, 9 failed in [..] s
"#]]
    );
    let suites = junit_parser::from_reader(run.stdout.as_bytes())?;
    assert_eq!((suites.tests, suites.failures), (10, 9));
    ensure!(run.stdout.contains("name=\"ben\" classname=\"01-helloworld\""), "{}", run.stdout);
    Ok(())
}
