//! What `check` and `hint` say of mistakes that learners make, in a crate of their own style.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::common::{Folder, Run};

/// Its `main.rs`.
const OWN: &str = include_str!("made_up/own.rs");

const BUILD: &str = "fn main() -> Result<(), Box<dyn std::error::Error>> {\n    \
    tonic_prost_build::compile_fds(protox::compile([\"proto/helloworld.proto\"], [\".\"])?)?;\n    \
    Ok(())\n}\n";

const PROTO: &str = "syntax = \"proto3\";\npackage helloworld;\n\
    service Greeter {\n  rpc SayHello (HelloRequest) returns (HelloReply);\n}\n\
    message HelloRequest { string name = 1; }\nmessage HelloReply { string message = 1; }\n";

/// A folder with lesson 1 in its own style, in `my-helloworld`.
fn own() -> Result<Folder> {
    let desk = Folder::new()?;
    let run = Run::of(&mut desk.alias("start helloworld"))?;
    ensure!(run.code == Some(0), "{}", run.stderr);
    for given in ["lib.rs", "listen.rs"] {
        fs::remove_file(desk.path("my-helloworld/src").join(given))?;
    }
    for (path, text) in
        [("src/main.rs", OWN), ("build.rs", BUILD), ("proto/helloworld.proto", PROTO)]
    {
        desk.write(&format!("my-helloworld/{path}"), text)?;
    }
    Ok(desk)
}

/// What `check` says of each step, without the lines around it.
fn steps(run: &Run) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for line in run.stdout.lines() {
        match line.split_once(' ') {
            Some(("ok" | "FAIL" | "--", _)) => steps.push(line.to_owned()),
            Some(("", more)) if !steps.is_empty() => {
                let last = steps.len() - 1;
                steps[last] += &format!("\n{}", more.trim());
            }
            _ => {}
        }
    }
    steps
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_names_the_cause_of_what_a_program_does() -> Result<()> {
    let desk = own()?;
    let check = |mistake: &str| Run::of(desk.alias("check").env("MISTAKE", mistake));
    let run = check("none")?;
    let step5 = "--    step 5: update the service: SayHelloAgain";
    let all = [
        "ok    step 1: define the service",
        "ok    step 2: generate the code",
        "ok    step 3: implement the servicer",
        "ok    step 4: write the client",
        step5,
    ];
    assert_eq!((run.code, steps(&run)), (Some(0), all.map(str::to_owned).into()));

    let fails = Some(1);
    for (mistake, step, code, expected) in [
        (
            "prints port 0",
            3,
            fails,
            "\nyour server printed port 0: print the port that the listener has",
        ),
        (
            "prints another port",
            3,
            fails,
            "\nyour server was told 127.0.0.1:[..] and prints 127.0.0.1:1: print the address of the listener",
        ),
        (
            "prints a name",
            3,
            fails,
            "\nyour server printed `Server started, listening on localhost:[..]`: it has to end with an address such as 127.0.0.1:50051",
        ),
        (
            "binds twice",
            3,
            fails,
            "\nyour server was told 127.0.0.1:0 and does not listen there: Error: [..]",
        ),
        (
            "answers nothing",
            3,
            fails,
            "\nyour server did not answer our client to the end within [..] s",
        ),
        (
            "listens elsewhere",
            3,
            fails,
            "\nyour server was told 127.0.0.1:[..] and listens elsewhere, on 127.0.0.1:[..]",
        ),
        (
            "listens on all",
            3,
            fails,
            "\nyour server was told 127.0.0.1:0 and listens elsewhere, on 0.0.0.0:[..]",
        ),
        (
            "no await",
            3,
            fails,
            "\nyour server ended by itself, before it was called: is there an `.await` behind what serves?",
        ),
        ("ends in a call", 3, fails, "\nyour server ended by itself while it was called"),
        (
            "adds no service",
            3,
            fails,
            "\nyour server answers UNIMPLEMENTED to helloworld.Greeter.SayHello: is its service \
             added, with `.add_service`?",
        ),
        (
            "says unimplemented",
            3,
            fails,
            "\nyour server answers UNIMPLEMENTED to helloworld.Greeter.SayHello: \"later\"",
        ),
        ("exits in a call", 3, fails, "\nyour server ended with exit [..]: 4 while it was called"),
        (
            "panics in a call",
            3,
            fails,
            "\nyour server panicked at src/main.rs:[..]: called `Result::unwrap()` on an `Err` value: [..]",
        ),
        (
            "panics at first",
            3,
            fails,
            "\nyour server ended with exit [..]: 101, before it was ready: panicked at src/main.rs:[..]",
        ),
        (
            "says where on standard error",
            3,
            fails,
            "\nyour server printed on standard error: expected `Server started, listening on HOST:PORT` on standard output: [..]",
        ),
        ("no arm for server", 3, Some(0), "; the program does not take `server`: [..]"),
        (
            "dbg in the server",
            3,
            Some(0),
            "; your server printed on standard error: [src/main.rs:[..]] name = \"you\"",
        ),
        (
            "dbg in the client",
            4,
            Some(0),
            "; your client printed on standard error: [src/main.rs:[..]] &url = [..]",
        ),
        (
            "no scheme",
            4,
            fails,
            "\nyour client was told 127.0.0.1:[..] and does not connect to it: Error: [..]",
        ),
        (
            "calls elsewhere",
            4,
            fails,
            "\nyour client was told 127.0.0.1:[..] and does not connect to it: Error: [..]",
        ),
        (
            "calls nobody",
            4,
            fails,
            "\nyour client was told 127.0.0.1:[..] and does not connect to it: is there an `.await` behind what calls?",
        ),
        (
            "panics in the client",
            4,
            fails,
            "\nyour client (with our server) ended with exit [..]: 101: panicked at src/main.rs:[..]",
        ),
        (
            "no arm for client",
            4,
            Some(0),
            "; the program does not take `client`: Error: \"unknown role: client\"",
        ),
        ("a client by default", 4, Some(0), ""),
        #[cfg(unix)]
        (
            "handles no Ctrl-C",
            3,
            fails,
            "\nyour server ended with signal: 2 (SIGINT)\n`check` pressed Ctrl-C: the server has to end with exit code 0",
        ),
        #[cfg(unix)]
        (
            "exit code 3",
            3,
            fails,
            "\nyour server ended with exit status: 3\n`check` pressed Ctrl-C: [..]",
        ),
        #[cfg(unix)]
        (
            "aborts at first",
            3,
            fails,
            "\nyour server ended with signal: 6 (SIGABRT)[..], before it was ready",
        ),
        #[cfg(unix)]
        (
            "aborts before it is called",
            3,
            fails,
            "\nyour server ended with signal: 6 (SIGABRT)[..], before it was called",
        ),
        #[cfg(unix)]
        (
            "aborts in a call",
            3,
            fails,
            "\nyour server ended with signal: 6 (SIGABRT)[..] while it was called",
        ),
        #[cfg(unix)]
        (
            "aborts when it stops",
            3,
            fails,
            "\nyour server ended with signal: 6 (SIGABRT)[..]\n`check` pressed Ctrl-C: [..]",
        ),
    ] {
        let run = check(mistake)?;
        let steps = steps(&run);
        let mark = match (code, expected.starts_with("; the program")) {
            (Some(0), false) => "ok   ",
            (_, true) => "--   ",
            _ => "FAIL ",
        };
        let title = all[step - 1].trim_start_matches("ok   ");
        snapbox::assert_data_eq!(steps[step - 1].clone(), format!("{mark}{title}{expected}"));
        assert_eq!(run.code, code, "{mistake}: {}", run.stdout);
        // The other side is right, and it is said.
        let other = if step == 3 { 4 } else { 3 };
        assert_eq!(steps[other - 1], all[other - 1], "{mistake}: {}", run.stdout);
        // `hint` says the same, and does not go on to what comes after it.
        if ["no await", "no arm for client", "calls elsewhere"].contains(&mistake) {
            let hint = Run::of(desk.alias("hint").env("MISTAKE", mistake))?.stdout;
            ensure!(hint.starts_with(&format!("Step {step}, ")), "{mistake}: {hint}");
            let why = expected.trim_start_matches(['\n', ';', ' ']).split("[..]").next();
            ensure!(why.is_some_and(|why| hint.contains(why)), "{mistake}: {hint}");
        }
    }

    // A teacher reads the same verdict.
    let dbg = "dbg in the server";
    let mut verify = desk.alias("verify 01 --step 4 --server");
    verify.args(["cargo run -q --manifest-path my-helloworld/Cargo.toml server"]);
    let run = Run::of(verify.env("MISTAKE", dbg))?;
    ensure!(run.code == Some(0), "{}{}", run.stdout, run.stderr);
    Ok(())
}

#[test]
#[ignore = "slow: cargo xtask ci runs it"]
fn check_looks_at_the_crate_for_what_a_program_does_not_do() -> Result<()> {
    let desk = own()?;
    let again = "  rpc SayHelloAgain (HelloRequest) returns (stream HelloReply);\n}";
    let implemented = "    type SayHelloAgainStream = tonic::codegen::BoxStream<HelloReply>;\n    \
        async fn say_hello_again(&self, _: Request<HelloRequest>) \
        -> Result<Response<Self::SayHelloAgainStream>, Status> { Err(Status::internal(\"\")) }\n}\n\n\
        async fn serve(";
    // What is replaced in which file; which step, and how it ends.
    for (edits, step, expected) in [
        (
            vec![("proto/helloworld.proto", PROTO, "\u{feff}PROTO")],
            0,
            "proto/helloworld.proto begins with a byte order mark, which `protoc` skips and protox \
             does not take: save it as UTF-8 without one.\n",
        ),
        // The name of what Cargo complains of is not what is wrong.
        (
            vec![("proto/helloworld.proto", "string message", "string messages")],
            0,
            "your proto file has no field helloworld.HelloReply.message, but a field \
             helloworld.HelloReply.messages.\n",
        ),
        (
            vec![
                ("proto/helloworld.proto", "}", again),
                ("src/main.rs", "}\n\nasync fn serve(", implemented),
            ],
            5,
            "FAIL  step 5: update the service: SayHelloAgain\nin your proto file the method \
             helloworld.Greeter.SayHelloAgain takes helloworld.HelloRequest and returns a stream of \
             helloworld.HelloReply, expected: takes helloworld.HelloRequest and returns \
             helloworld.HelloReply",
        ),
        (
            vec![
                (
                    "src/main.rs",
                    "        \"client\" if !makes(\"no arm for client\") => call(addr).await,\n",
                    "",
                ),
                ("src/client.rs", "", "pub async fn run() {}\n"),
            ],
            4,
            "--    step 4: write the client; src/client.rs is there, and src/main.rs does not name \
             it: `pub mod client;`",
        ),
        // What has just been generated does not count.
        (
            vec![("build.rs", BUILD, "fn main() {}\n")],
            0,
            "It does not compile: Cargo says above what is wrong, and where.\n",
        ),
        (
            vec![("src/main.rs", OWN, "fn main() {}\n")],
            2,
            "--    step 2: generate the code; build.rs generates code, and nothing in src includes \
             it: `tonic::include_proto!`",
        ),
        (
            vec![
                ("src/main.rs", OWN, "fn main() {}\n"),
                ("build.rs", BUILD, "fn main() {}\n"),
                ("proto/hello.proto", "", PROTO),
                ("proto/helloworld.proto", PROTO, ""),
            ],
            1,
            "ok    step 1: define the service; your file is proto/hello.proto, the lesson's \
             proto/helloworld.proto: so build.rs has to name yours",
        ),
    ] {
        let mut old = Vec::new();
        for (file, from, to) in &edits {
            let path = format!("my-helloworld/{file}");
            let text = desk.read(&path).unwrap_or_default();
            ensure!(text.contains(from), "{path} has no {from}");
            old.push((path.clone(), text.clone()));
            if to.is_empty() && *from == text {
                fs::remove_file(desk.path(&path))?;
            } else {
                desk.write(&path, &text.replacen(from, &to.replace("PROTO", PROTO), 1))?;
            }
        }
        let run = Run::of(&mut desk.alias("check"))?;
        let said = match step {
            0 => run.stdout.clone(),
            _ => steps(&run).get(step - 1).with_context(|| run.stderr.clone())?.clone(),
        };
        ensure!(said.ends_with(expected), "{said}\ninstead of\n{expected}");
        for (path, text) in old {
            match text.is_empty() {
                true => fs::remove_file(desk.path(&path))?,
                false => desk.write(&path, &text)?,
            }
        }
    }

    // What a build script says, Cargo has no message for.
    desk.replace("my-helloworld/build.rs", "    Ok(())", "    Err(\"no luck\".into())")?;
    let hint = Run::of(&mut desk.alias("hint"))?.stdout;
    ensure!(hint.starts_with("It does not compile: build.rs says Error: \"no luck\"\n"), "{hint}");
    Ok(())
}
