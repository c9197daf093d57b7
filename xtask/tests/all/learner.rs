//! What a learner sees of `cargo xtask start`, `check` and `hint`, with the lessons themselves.

use std::env;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use snapbox::{assert_data_eq, str};

use xtask::learner::own;
use xtask::steps::regions;
use xtask::workspace::Workspace;
use xtask::workspace::lesson::Lesson;

use crate::common::{Folder, Run, cargo, root, target};

/// The lessons that there are.
fn lessons() -> Result<Vec<Lesson>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(Workspace::load())?.lessons)
}

/// A folder outside the repository, in which somebody learns.
struct Desk {
    folder: Folder,
}

impl Deref for Desk {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Desk {
    fn new() -> Result<Desk> {
        Ok(Desk { folder: Folder::new()? })
    }

    /// A desk with the lesson as it is when all of it is written, in `my-PACKAGE`.
    fn with_all_of(package: &str) -> Result<Desk> {
        let desk = Desk::new()?;
        desk.succeed(&format!("start {package}"))?;
        let lesson = lessons()?.into_iter().find(|lesson| lesson.package == package);
        let lesson = lesson.context("none")?.name;
        for path in sources(&lesson)? {
            desk.write(&format!("my-{package}/{path}"), &solution(&lesson, &path)?)?;
        }
        Ok(desk)
    }

    fn run(&self, args: &str) -> Result<Run> {
        Run::of(&mut self.alias(args))
    }

    /// Runs `cargo xtask` with `args`, which has to succeed, and returns its standard output.
    fn succeed(&self, args: &str) -> Result<String> {
        let run = self.run(args)?;
        ensure!(run.code == Some(0), "{args}: {}{}", run.stdout, run.stderr);
        Ok(run.stdout)
    }
}

/// The source of a lesson, without its manifest and what is an exercise.
fn sources(lesson: &str) -> Result<Vec<String>> {
    let folder = root().join("lessons").join(lesson);
    let mut found = Vec::new();
    for path in files(&folder)? {
        let path = path.strip_prefix(&folder)?.to_string_lossy().replace('\\', "/");
        let is_source = ["build.rs", "proto/", "src/"].iter().any(|begin| path.starts_with(begin));
        if is_source && !solution(lesson, &path)?.is_empty() {
            found.push(path);
        }
    }
    Ok(found)
}

/// A file of a lesson without its markers and exercises, and with the data where a learner has it.
/// It is found here in another way than by the runner.
fn solution(lesson: &str, path: &str) -> Result<String> {
    let text = fs::read_to_string(root().join("lessons").join(lesson).join(path))?;
    let mut solution = String::new();
    let mut is_exercise = false;
    for line in text.lines() {
        if line.contains("ANCHOR") {
            is_exercise = line.contains("ANCHOR: exercise");
        } else if !is_exercise {
            solution += &format!("{line}\n");
        }
    }
    Ok(solution.replace("/../../data/", "/data/"))
}

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
    for name in ["01-helloworld-1", "04-movie-json-5", "06-routeguide-5"] {
        let run = Run::of(&mut cargo(&desk.path(name), &["build", "--locked", "--offline"])?)?;
        ensure!(run.code == Some(0), "{name}: {}", run.stderr);
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

/// The files below `folder`, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
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

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn every_lesson_can_be_written_from_its_hints() -> Result<()> {
    let lessons = lessons()?;
    thread::scope(|scope| {
        let begin = |lesson| scope.spawn(move || write_from_hints(lesson));
        let written: Vec<_> = lessons.iter().map(begin).collect();
        written
            .into_iter()
            .try_for_each(|lesson| lesson.join().map_err(|_| anyhow!("see above"))?)
    })
}

fn write_from_hints(lesson: &Lesson) -> Result<()> {
    let mut states = regions::read_sound(lesson, root())?;
    states.retain(|source| source.path != Path::new("Cargo.toml"));
    let Lesson { name: lesson, package, steps, .. } = lesson;
    let steps = steps.len();
    let desk = Desk::new()?;
    desk.succeed(&format!("start {lesson}"))?;
    let mut finished = 0;
    loop {
        let hint = desk.succeed("hint")?;
        if hint.starts_with("All ") {
            break;
        }
        let place = hint.lines().take(2).collect::<Vec<_>>().join("\n");
        let (step, part, parts) = numbers(&hint).with_context(|| hint.clone())?;
        ensure!(step == finished + 1 && part <= parts, "{lesson}: {hint}");
        ensure!(!hint.contains("+++"), "this is the solution: {hint}");

        let solution = desk.succeed("hint --solution")?;
        ensure!(solution.starts_with(&place), "{hint} is not {solution}");
        apply(&desk, &format!("my-{package}"), &solution)?;

        if part == parts {
            finished = step;
            // What `check` says of it, the book's reader sees, who gets there from its listings.
            for source in &states {
                let path = format!("my-{package}/{}", source.path.display());
                let expected = source.at(step).map(|file| own(&file.text)).unwrap_or_default();
                let written = desk.read(&path).unwrap_or_default();
                assert_eq!(written, expected, "{lesson} step {step}: {path}");
            }
        }
    }
    assert_eq!(finished, steps, "{lesson}");
    let run = desk.run("check")?;
    let expected: Vec<_> = (1..=steps).map(|step| format!("ok step {step}")).collect();
    assert_eq!((run.code, marks(&run.stdout)), (Some(0), expected), "{lesson}: {}", run.stderr);
    ensure!(run.stdout.contains("\nAll "), "{}", run.stdout);
    for path in sources(lesson)? {
        assert_eq!(desk.read(&format!("my-{package}/{path}"))?, solution(lesson, &path)?, "{path}");
    }
    Ok(())
}

#[test]
fn hints_come_in_the_order_of_the_book() -> Result<()> {
    let mut seen = 0;
    for lesson in lessons()? {
        for step in 1..=lesson.steps.len() {
            let page = root().join(format!("mdbook/src/{}/step{step}.md", lesson.name));
            let page = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
            let place = |name: &str| page.find(&format!(":{name}}}}}"));
            let regions = lesson.hints.iter().map(|(name, _)| name);
            let of_step = regions.filter(|name| name.starts_with(&format!("step{step}-")));
            let places: Vec<_> = of_step.filter_map(|name| Some((place(name)?, name))).collect();
            ensure!(places.is_sorted(), "{} step {step}: {places:?}", lesson.name);
            seen += places.len();
        }
    }
    ensure!(seen > 0, "no page has a region");
    Ok(())
}

/// The numbers in `Step 3, implement the servicer: part 2 of 5`.
fn numbers(hint: &str) -> Option<(usize, usize, usize)> {
    let (step, rest) = hint.lines().next()?.strip_prefix("Step ")?.split_once(", ")?;
    let (part, parts) = rest.rsplit_once(": part ")?.1.split_once(" of ")?;
    Some((step.parse().ok()?, part.parse().ok()?, parts.parse().ok()?))
}

/// The first words of the lines on the steps: `ok step 1`.
fn marks(printed: &str) -> Vec<String> {
    let lines = printed.lines().filter(|line| line.contains("  step "));
    lines
        .filter_map(|line| {
            Some(line.split_once(':')?.0.split_whitespace().collect::<Vec<_>>().join(" "))
        })
        .collect()
}

/// Does what `patch -p1` does in `folder`.
fn apply(desk: &Desk, folder: &str, hint: &str) -> Result<()> {
    let begin = hint.find("\n--- ").with_context(|| format!("no patch: {hint}"))? + 1;
    let patch = diffy::Patch::from_str(&hint[begin..])?;
    let path = patch.modified().and_then(|path| path.strip_prefix("b/")).context("no path")?;
    let path = format!("{folder}/{path}");
    let is_new = patch.original() == Some("/dev/null");
    ensure!(is_new != desk.path(&path).exists(), "{hint}");
    let old = if is_new { String::new() } else { desk.read(&path)? };
    desk.write(&path, &diffy::apply(&old, &patch)?)
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_runs_the_tests_of_the_learner() -> Result<()> {
    let desk = Desk::with_all_of("unary-displacement")?;
    let test = "my-unary-displacement/tests/servicer.rs";
    let ours = root().join("lessons/02-unary-displacement/tests/servicer.rs");
    // What a test prints need not be text.
    let prints = "#[test]\nfn prints() {\n    \
                  std::io::Write::write_all(&mut std::io::stdout(), &[0xff, 10]).unwrap();\n}\n";
    desk.write(test, &(fs::read_to_string(ours)? + prints))?;
    let printed = desk.succeed("check")?;
    ensure!(printed.contains("\nok    your tests\nAll of it works"), "{printed}");

    desk.replace(test, "\"end is missing\"", "\"no end\"")?;
    let run = desk.run("check")?;
    let fails = "names_the_point_that_is_missing";
    let next = "\nNext: put your tests right, or what they test, and check again.\n";
    let is_said = run.stdout.contains("\nFAIL  your tests\n") && run.stdout.contains(fails);
    ensure!(is_said && run.stdout.ends_with(next), "{}{}", run.stdout, run.stderr);
    assert_eq!(run.code, Some(1));

    // A teacher reads the same verdict.
    let run = desk.run("check --all .")?;
    let expected = "FAIL  my-unary-displacement  02-unary-displacement  1 2 3 4  their own tests: \
                    panicked at tests/servicer.rs:";
    ensure!(run.code == Some(1) && run.stdout.starts_with(expected), "{}", run.stdout);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_says_what_is_wrong_with_a_proto_file() -> Result<()> {
    let desk = Desk::new()?;
    desk.succeed("start 01")?;
    let proto = "syntax = \"proto3\";\n\
                 package helloworld;\n\
                 service Greeter { rpc SayHello (HelloRequest) returns (HelloReply); }\n\
                 message HelloRequest { string name = 1; }\n\
                 message HelloReply { string message = 1; }\n";
    for (old, new, expected) in [
        ("syntax", "synax", "proto/helloworld.proto:1:1: [..]"),
        (
            "package helloworld;\n",
            "",
            "your proto file has no service helloworld.Greeter, but a service Greeter",
        ),
        (
            "SayHello ",
            "sayHello ",
            "your proto file has no method helloworld.Greeter.SayHello, but a method \
             helloworld.Greeter.sayHello",
        ),
        (
            "returns (",
            "returns (stream ",
            "in your proto file the method helloworld.Greeter.SayHello takes \
             helloworld.HelloRequest and returns a stream of helloworld.HelloReply, expected: takes \
             helloworld.HelloRequest and returns helloworld.HelloReply",
        ),
        (
            "name = 1",
            "name = 2",
            "in your proto file the field helloworld.HelloRequest.name has the type \
             string and the number 2, expected: has the type string and the number 1",
        ),
        (
            "string message",
            "bytes message",
            "in your proto file the field helloworld.HelloReply.message has the type \
             bytes and the number 1, expected: has the type string and the number 1",
        ),
        ("string message = 1;", "", "your proto file has no field helloworld.HelloReply.message"),
    ] {
        desk.write("my-helloworld/proto/helloworld.proto", &proto.replace(old, new))?;
        let run = desk.run("check")?;
        assert_eq!(run.code, Some(1), "{}", run.stdout);
        assert_data_eq!(
            run.stdout,
            format!(
                "01-helloworld (package helloworld): Hello, world\n\
                 FAIL  step 1: define the service\n      {expected}\n\
                 --    step 2: generate the code\n\
                 --    step 3: implement the servicer\n\
                 --    step 4: write the client\n\
                 --    step 5: update the service: SayHelloAgain\n\
                 Next: put step 1 right, and check again.\n"
            )
        );
    }
    // What is there besides does no harm.
    let more = "message More {}\n";
    desk.write("my-helloworld/proto/helloworld.proto", &format!("{proto}{more}"))?;
    // An exercise may declare the same names again.
    desk.write("my-helloworld/proto/exercise.proto", proto)?;
    assert_eq!(marks(&desk.succeed("check")?)[..2], ["ok step 1", "-- step 2"]);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_says_what_is_wrong_with_a_server_or_a_client() -> Result<()> {
    let desk = Desk::with_all_of("helloworld")?;
    let all = ["ok step 1", "ok step 2", "ok step 3", "ok step 4", "ok step 5"];
    assert_eq!(marks(&desk.succeed("check")?), all);

    let server = "src/server.rs";
    let client = "src/client.rs";
    let listen = "src/listen.rs";
    let said = "println!(\"Greeter client received: {}\", reply.message);";
    let call = "let reply = stub.say_hello(";
    // Which file, what in it, becomes what; which steps fail, and what there is to say.
    for (file, old, new, failed, expected) in [
        (
            server,
            "Hello, {name}!",
            "Hello {name}",
            "3",
            "      your server answered `Hello you`, expected `Hello, you!`\n      \
             (lessons/01-helloworld/transcripts/step4/client.txt:2)\n",
        ),
        (
            server,
            "Hello again, {name}!",
            "Hello, {name}, again!",
            "5",
            "      your server answered `Hello, you, again!`, expected `Hello again, you!`\n      \
             (lessons/01-helloworld/transcripts/step5/client.txt:3)\n",
        ),
        (
            server,
            "let name = request.into_inner().name;",
            "let name = request.into_inner().name;\n\
             if !name.is_empty() { return Err(Status::internal(\"not today\")); }",
            "3",
            "      your server answered code: 'Internal error', message: \"not today\"; our client \
             should have printed `Greeter client received: Hello, you!`\n",
        ),
        (
            listen,
            "Server started, listening on",
            "Up and running on",
            "3",
            "      your server printed `Up and running on 127.0.0.1:[..]`, expected `Server \
             started, listening on 127.0.0.1:[..]`\n      \
             (lessons/01-helloworld/transcripts/step4/server.txt:1)\n",
        ),
        (
            listen,
            "listening on {addr}",
            "listening",
            "3",
            "      your server printed `Server started, listening` first, expected `Server started, \
             listening on HOST:PORT`\n",
        ),
        (
            listen,
            "let addr = listener.local_addr()?;",
            "if true { anyhow::bail!(\"no idea\"); }\nlet addr = listener.local_addr()?;",
            "3",
            "      your server ended with exit status: 1, before it was ready: error: no idea\n",
        ),
        (
            client,
            "Will try to greet world ...",
            "Will greet world",
            "4",
            "      your client printed `Will greet world`, expected `Will try to greet world \
             ...`\n      (lessons/01-helloworld/transcripts/step4/client.txt:1)\n",
        ),
        (
            client,
            "name: \"you\"",
            "name: \"me\"",
            "4",
            "      your client printed `Greeter client received: Hello, me!`, expected `Greeter \
             client received: Hello, you!`\n",
        ),
        (
            client,
            said,
            "return Ok(());",
            "4",
            "      your client printed nothing more, expected `Greeter client received: Hello, \
             you!`\n",
        ),
        (
            client,
            "    Ok(())\n",
            "    println!(\"Bye\");\n    Ok(())\n",
            "5",
            "      your client printed `Bye`, expected nothing more\n      \
             (lessons/01-helloworld/transcripts/step5/client.txt:4)\n",
        ),
        (
            client,
            call,
            "if true { anyhow::bail!(\"no idea\"); }\nlet reply = stub.say_hello(",
            "4",
            "      your client (with our server) ended with exit status: 1: error: no idea\n",
        ),
    ] {
        let path = format!("my-helloworld/{file}");
        let whole = desk.read(&path)?;
        desk.replace(&path, old, new)?;
        let run = desk.run("check")?;
        let marks = marks(&run.stdout);
        ensure!(run.code == Some(1), "{new}: {}{}", run.stdout, run.stderr);
        ensure!(marks.contains(&format!("FAIL step {failed}")), "{new}: {}", run.stdout);
        let fails = marks.iter().filter(|mark| mark.starts_with("FAIL"));
        ensure!(fails.count() == 1, "{new}: {}", run.stdout);
        ensure!(run.stdout.contains(expected), "{new}: {}", run.stdout);
        let next = format!("\nNext: put step {failed} right, and check again.\n");
        ensure!(run.stdout.ends_with(&next), "{new}: {}", run.stdout);
        desk.write(&path, &whole)?;
    }
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_finds_what_a_client_sends_in_what_our_server_prints() -> Result<()> {
    let desk = Desk::with_all_of("streaming")?;
    desk.replace("my-streaming/src/client.rs", "Requires watering.", "Requires water.")?;
    let run = desk.run("check")?;
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    let expected = "FAIL  step 7: a second service: RequestStreaming\n      \
                    your client sent something else: our server printed `payload Recv: status: \
                    THIRSTY | info: 'Requires water.'`, expected `payload Recv: status: THIRSTY | \
                    info: 'Requires watering.'`\n";
    ensure!(run.stdout.contains(expected), "{}", run.stdout);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_says_nothing_of_what_comes_after_a_step_that_is_wrong() -> Result<()> {
    let desk = Desk::with_all_of("streaming")?;
    desk.replace("my-streaming/src/server.rs", "Hello, {names}!", "Hello {names}")?;
    let run = desk.run("check")?;
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    let expected = "\n--    step 6: bidirectional streaming: SayHello_v3\n\
                    --    step 7: a second service: RequestStreaming\n";
    ensure!(run.stdout.contains(expected), "{}", run.stdout);

    let server = "my-streaming/src/server.rs";
    desk.replace(server, "Hello {names}", "Hello, {names}!")?;

    // A client that comes no further than a method which an older server does not know.
    let client = "my-streaming/src/client.rs";
    let whole = desk.read(client)?;
    let prints = "\n    println!(\"[CLIENT]";
    desk.replace(client, prints, &format!("\n    anyhow::ensure!(false, \"no idea\");{prints}"))?;
    let run = desk.run("check")?;
    let expected = "\nFAIL  step 5: client streaming: SayHello_v2\n      your client (with our server) \
                    ended with exit status: 1: error: no idea\n";
    ensure!(run.stdout.contains(expected), "{}{}", run.stdout, run.stderr);
    desk.write(client, &whole)?;

    // A service that is written, and not added.
    let add = ".add_service(RequestStreamingServer::new(RequestStreamingServicer))";
    desk.replace(server, add, "")?;
    let unanswered = "your server answers UNIMPLEMENTED to my_package.RequestStreaming.stream_state: \
                      is its service added, with `.add_service`?\n";
    let stdout = desk.succeed("check")?;
    let expected = format!("\n--    step 7: a second service: RequestStreaming; {unanswered}");
    ensure!(stdout.contains(&expected), "{stdout}");
    let hint = desk.succeed("hint --solution")?;
    let region = format!(
        "add the service of a `RequestStreamingServicer` to the same server\n`check` says: {unanswered}"
    );
    ensure!(hint.contains(&region) && hint.contains(&format!("\n+        {add}\n")), "{hint}");
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_finds_a_server_that_does_not_fail_as_it_is_asked_to() -> Result<()> {
    let desk = Desk::with_all_of("fleet")?;
    desk.replace("my-fleet/src/server.rs", "\"fail-at\"", "\"fail-never\"")?;
    let run = desk.run("check")?;
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    let wrong = run.stdout.split_once("\nFAIL  step 7: try again: retries\n");
    let said = wrong.is_some_and(|(_, why)| why.contains(" has answered instead of failing\n"));
    ensure!(said, "{}", run.stdout);

    // A file that is not there, though other files have most of its words.
    let drain = "my-fleet/src/drain.rs";
    fs::remove_file(desk.path(drain))?;
    let hint = desk.succeed("hint")?;
    ensure!(hint.contains("\nsrc/drain.rs, a new file: "), "{hint}");
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_finds_a_server_that_ends_a_chat_after_a_time_of_its_own() -> Result<()> {
    let desk = Desk::with_all_of("routeguide")?;
    let server = "my-routeguide/src/server.rs";
    let whole = desk.read(server)?;
    let title = "step 8: deadlines: as long as the client waits\n";
    let stdout = desk.succeed("check")?;
    ensure!(stdout.contains(&format!("\nok    {title}")), "{stdout}");

    let too_early = "a chat that may last an hour has ended";
    let too_late = "the server goes on after the deadline of a call";
    for (time, said) in [
        ("from_millis(50)", too_early),
        ("from_millis(100)", too_early),
        ("from_secs(1)", too_early),
        ("from_secs(10)", too_late),
        ("MAX", too_late),
    ] {
        let sleep = format!("tokio::time::sleep(std::time::Duration::{time})");
        desk.write(server, &whole.replace("crate::deadline::of(request.metadata())", &sleep))?;
        let run = desk.run("check")?;
        let expected = format!(
            "\nFAIL  {title}      our client (with your server) ended with exit status: 1: \
             error: {said}\n"
        );
        ensure!(run.code == Some(1) && run.stdout.contains(&expected), "{time}: {}", run.stdout);
    }

    // Our client would not see it of a list of a hundred places, and those are all that a server
    // may have.
    desk.write(server, &whole)?;
    let until = "let features = until(deadline, features);";
    let late = "let features = until(deadline, features).map(|it| Ok(it.expect(\"late\")));";
    for (file, old, new, said) in [
        ("server", until, "", Some("goes on with ListFeatures after the deadline of the call")),
        (
            "server",
            until,
            late,
            Some(
                "did not end ListFeatures at the deadline of the call: panicked at src/server.rs:[..]: \
                 late: [..]",
            ),
        ),
        ("main", "server::serve(addr, data)", "{ _ = data; server::serve(addr, DATA) }", None),
        (
            "places",
            "places.sort_by_key(|place| key(place.location));",
            "places.sort_by_key(|place| key(place.location)); places.dedup();",
            None,
        ),
    ] {
        let file = format!("my-routeguide/src/{file}.rs");
        let whole = desk.read(&file)?;
        desk.replace(&file, old, new)?;
        let run = desk.run("check")?;
        let at = run.stdout.lines().position(|line| line.ends_with(title.trim_end()));
        let mut lines = run.stdout.lines().skip(at.with_context(|| run.stderr.clone())?);
        let (first, second) = (lines.next(), lines.next().unwrap_or_default());
        let word = if said.is_some() { "FAIL" } else { "ok  " };
        assert_eq!(first, Some(&*format!("{word}  {}", title.trim_end())), "{new}: {second}");
        if let Some(said) = said {
            assert_data_eq!(second.to_owned(), format!("      your server {said}"));
        }
        desk.write(&file, &whole)?;
    }

    // Before the step is begun, it is not wrong.
    let begun = Desk::new()?;
    begun.succeed("start routeguide --step 8")?;
    let stdout = begun.succeed("check")?;
    ensure!(stdout.contains(&format!("\n--    {title}Next: step 8, ")), "{stdout}");
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_finds_a_server_and_a_client_that_only_we_understand() -> Result<()> {
    let desk = Desk::with_all_of("helloworld")?;
    // The two know each other, and then do something else.
    desk.replace(
        "my-helloworld/src/client.rs",
        "stub.say_hello(HelloRequest { name: \"you\".into() })",
        "stub.say_hello({\n\
             let mut request = tonic::Request::new(HelloRequest { name: \"you\".into() });\n\
             request.metadata_mut().insert(\"friend\", tonic::metadata::MetadataValue::from(1));\n\
             request\n\
         })",
    )?;
    desk.replace(
        "my-helloworld/src/server.rs",
        "let name =",
        "if request.metadata().contains_key(\"friend\") {\n\
             return Err(Status::unavailable(\"not you\"));\n\
         }\n\
         let name =",
    )?;
    let run = desk.run("check")?;
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    let expected = "FAIL  step 5: update the service: SayHelloAgain\n      \
                    your client (with your server) ended with exit status: 1: error: code: \
                    'The service is currently unavailable', message: \"not you\"\n";
    ensure!(run.stdout.contains(expected), "{}", run.stdout);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_does_not_mind_what_is_not_written_yet() -> Result<()> {
    let desk = Desk::with_all_of("helloworld")?;
    let server = "my-helloworld/src/server.rs";
    let client = "my-helloworld/src/client.rs";
    let (old_server, old_client) = (desk.read(server)?, desk.read(client)?);

    // A client that stops after the first call.
    let second = old_client.rfind("\n    let reply =").context("no second call")?;
    desk.write(client, &format!("{}\n    Ok(())\n}}\n", &old_client[..second]))?;
    let stdout = desk.succeed("check")?;
    let expected = "--    step 5: update the service: SayHelloAgain; your server has it, your \
                    client does not call it yet\nNext: step 5, ";
    ensure!(stdout.contains(expected), "{stdout}");
    desk.write(client, &old_client)?;

    // A server that does not know the second method.
    desk.replace(
        server,
        "Ok(Response::new(HelloReply { message: format!(\"Hello again, {name}!\") }))",
        "Err(Status::unimplemented(name))",
    )?;
    let stdout = desk.succeed("check")?;
    let expected = "; your server answers UNIMPLEMENTED to helloworld.Greeter.SayHelloAgain: \
                    \"you\"\nNext: step 5, ";
    ensure!(stdout.contains(expected), "{stdout}");
    desk.write(server, &old_server)?;

    // No client at all, in words of the learner's own.
    desk.replace(
        "my-helloworld/src/main.rs",
        "[\"client\", addr] => client::run(addr).await,",
        "",
    )?;
    desk.replace("my-helloworld/src/main.rs", "use helloworld::client;\n", "")?;
    desk.replace(
        "my-helloworld/src/main.rs",
        "_ => bail!(\"",
        "_ => bail!(\"I do not understand {args:?}: ",
    )?;
    let stdout = desk.succeed("check")?;
    let expected = ["ok step 1", "ok step 2", "ok step 3", "-- step 4", "-- step 5"];
    assert_eq!(marks(&stdout), expected);
    ensure!(stdout.contains("\nNext: step 4, write the client. "), "{stdout}");
    Ok(())
}

#[test]
fn what_does_not_compile_is_not_run() -> Result<()> {
    let desk = Desk::new()?;
    desk.succeed("start 01 --step 4")?;
    desk.replace("my-helloworld/src/server.rs", "Hello, {name}!", "Hello, {nam}!")?;
    let run = desk.run("check")?;
    assert_eq!(run.code, Some(1));
    assert_eq!(run.stdout, "It does not compile: Cargo says above what is wrong, and where.\n");
    ensure!(run.stderr.contains("cannot find value `nam` in this scope"), "{}", run.stderr);
    ensure!(run.stderr.contains("--> src/server.rs:"), "{}", run.stderr);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn the_crate_is_found_or_said_to_be_missing() -> Result<()> {
    let desk = Desk::new()?;
    let error = |args| -> Result<String> {
        let run = desk.run(args)?;
        assert_eq!((run.code, &*run.stdout), (Some(1), ""), "{args}: {}", run.stderr);
        Ok(run.stderr)
    };
    let none = "error: no crate from `cargo xtask start` is here: give its folder\n";
    assert_eq!(error("check")?, none);
    assert_eq!(error("hint")?, none);
    ensure!(error("check nowhere")?.starts_with("error: cannot read nowhere/Cargo.toml: "));

    desk.succeed("start 01 one")?;
    for command in ["check", "check one", "hint one"] {
        desk.succeed(command)?;
    }
    let mut inside = desk.alias("check");
    assert_eq!(Run::of(inside.current_dir(desk.path("one/src")))?.code, Some(0));

    desk.succeed("start 01 two")?;
    assert_eq!(
        error("check")?,
        "error: there are 2 crates from `cargo xtask start` here: give a folder, say one\n"
    );

    let manifest = desk.read("two/Cargo.toml")?;
    desk.write(
        "two/Cargo.toml",
        &manifest.replace("[package.metadata.start]", "[package.metadata.no]"),
    )?;
    assert_eq!(error("check two")?, "error: two is not from `cargo xtask start`: give --lesson\n");
    let stdout = desk.succeed("check two --lesson helloworld")?;
    ensure!(stdout.contains("\nNext: step 1, define the service. "), "{stdout}");
    let run = desk.run("check two --lesson hello")?;
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.starts_with("error: no lesson `hello`: "), "{}", run.stderr);

    fs::remove_dir_all(desk.path("one/src"))?;
    fs::remove_file(desk.path("one/Cargo.toml"))?;
    assert_eq!(error("check one --lesson 01")?, "error: one is no crate: it has no Cargo.toml\n");
    let here = "error: this folder is no crate: it has no Cargo.toml\n";
    assert_eq!(error("check . --lesson 01")?, here);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn a_hint_respects_what_the_learner_has() -> Result<()> {
    let desk = Desk::new()?;
    desk.succeed("start 01 --step 3")?;
    let server = solution("01-helloworld", "src/server.rs")?;
    let begin = server.find("    async fn say_hello_again").context("no second method")?;
    let end = server.find("/// Serves on").context("no run")?;
    let first = server[..begin].trim_end();
    let server = format!("{first}\n}}\n\n{}", &server[end..]);

    // A beginning of it.
    let beginning: String = server.lines().take(12).map(|line| format!("{line}\n")).collect();
    desk.write("my-helloworld/src/server.rs", &beginning)?;
    let hint = desk.succeed("hint --solution")?;
    ensure!(hint.starts_with("Step 3, implement the servicer: part 1 of 4\nsrc/server.rs, "));
    apply(&desk, "my-helloworld", &hint)?;
    assert_eq!(desk.read("my-helloworld/src/server.rs")?, server);

    // In words of the learner's own, and with the line ends of Windows.
    let own = server
        .replace("///", "// in short:")
        .replace("let name = request.into_inner().name;", "let who = request.into_inner().name;")
        .replace("format!(\"Hello, {name}!\")", "[\"Hello, \", &who, \"!\"].concat()")
        .replace('\n', "\r\n");
    desk.write("my-helloworld/src/server.rs", &own)?;
    let hint = desk.succeed("hint")?;
    ensure!(
        hint.starts_with("Step 3, implement the servicer: part 2 of 4\nsrc/lib.rs, after line "),
        "{hint}"
    );
    Ok(())
}

#[cfg(unix)]
#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn watching_goes_on_until_ctrl_c() -> Result<()> {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let desk = Desk::new()?;
    desk.succeed("start 01 --step 4")?;
    let mut command = desk.alias("check --watch");
    let mut watcher = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut lines = BufReader::new(watcher.stdout.take().context("no output")?).lines();
    let mut until_it_waits = || -> Result<Vec<String>> {
        let mut seen = Vec::new();
        for line in lines.by_ref() {
            let line = line?;
            if line.starts_with("Waiting for a change in my-helloworld") {
                return Ok(marks(&seen.join("\n")));
            }
            seen.push(line);
        }
        anyhow::bail!("it has ended: {seen:?}");
    };

    assert_eq!(until_it_waits()?[2..4], ["ok step 3", "-- step 4"]);
    desk.replace("my-helloworld/src/server.rs", "Hello, {name}!", "Hi, {name}!")?;
    assert_eq!(until_it_waits()?[2..4], ["FAIL step 3", "-- step 4"]);
    desk.replace("my-helloworld/src/server.rs", "format!", "formt!")?;
    assert!(until_it_waits()?.is_empty());
    // In a folder that is new, as well.
    desk.replace(
        "my-helloworld/src/server.rs",
        "formt!(\"Hi, {name}!\")",
        "crate::a::b::hello(&name)",
    )?;
    desk.replace(
        "my-helloworld/src/lib.rs",
        "pub mod server;",
        "pub mod server;\nmod a { pub mod b; }",
    )?;
    desk.write(
        "my-helloworld/src/a/b.rs",
        "pub fn hello(name: &str) -> String { format!(\"Hello, {name}!\") }",
    )?;
    while until_it_waits()?.get(2).is_none_or(|mark| mark != "ok step 3") {}

    crate::common::kill("INT", &watcher)?;
    assert_eq!(watcher.wait()?.code(), Some(0));
    Ok(())
}
