//! The program of every made-up lesson: `server ADDR` greets one client, `client ADDR` prints the
//! greeting of a server, or the last of several (`ADDR,ADDR`). The name of the lesson says what goes wrong, if anything does.

use std::env;
use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio, exit};

/// What a client says first. The last of them is what the server wants to hear.
const WORDS: &[u8] = b"?";

/// The package; of an example, the example.
const NAME: &str = env!("CARGO_CRATE_NAME");

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["server", addr] => server(addr),
        ["client", addr] | [addr] => client(addr),
        [] => wait(report("helper")?),
        _ => {
            eprintln!("unknown role");
            exit(1)
        }
    }
}

fn server(addr: &str) -> Result<()> {
    let test = report("server")?;
    match NAME {
        "server_exits" => {
            eprintln!("no disk");
            exit(7);
        }
        "server_never_ready" => wait(test),
        "server_endless" => loop {
            print!("on and on ");
        },
        // Only on Unix does the runner end this one, too.
        "client_hangs" if cfg!(unix) => {
            // Without our outputs: the runner reads those until nobody has them any more.
            let mut helper = Command::new(env::current_exe()?);
            helper.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        }
        _ => {}
    }
    #[cfg(unix)]
    match NAME {
        "server_deaf" | "client_hangs" => ctrl_c::means(ctrl_c::nothing),
        "server_cut_off" => {}
        _ => ctrl_c::means(ctrl_c::exit),
    }
    let listener = TcpListener::bind(addr)?;
    println!("Server started, listening on {}", listener.local_addr()?);
    // The runner looks whether somebody listens, and says nothing.
    let mut client = loop {
        let (mut client, _) = listener.accept()?;
        let mut word = [0];
        if client.read(&mut word)? == 1 && WORDS.ends_with(&word) {
            break client;
        }
    };
    println!("Greeted a client");
    client.write_all(b"Hello")?;
    if NAME == "one_exits" && client.read(&mut [0])? == 1 {
        exit(7);
    }
    if NAME == "client_hangs" {
        // As a server does that lets its calls finish before it stops.
        _ = client.read(&mut [0]);
        exit(0);
    }
    wait(test)
}

fn client(addr: &str) -> Result<()> {
    let test = report("client")?;
    println!("Will greet the server");
    let mut greeting = [0; 5];
    let mut servers = Vec::new();
    let separator = if NAME == "one_only" { '\n' } else { ',' };
    for (index, addr) in addr.split(separator).enumerate() {
        if NAME == "one_left_out" && index == 1 {
            continue;
        }
        let mut server = TcpStream::connect(addr)?;
        server.write_all(&WORDS[WORDS.len() - 1..])?;
        if server.read_exact(&mut greeting).is_err() {
            eprintln!("error: nobody greets me");
            exit(1);
        }
        if NAME == "one_exits" && index == 2 {
            server.write_all(b"x")?;
            // Until it has ended.
            _ = server.read(&mut [0]);
        }
        servers.push(server);
    }
    let greeting = String::from_utf8_lossy(&greeting);
    for n in 1..=3 {
        println!("Reply {n}: {greeting}");
    }
    match NAME {
        "client_fails" => {
            eprintln!("no more replies");
            exit(3);
        }
        "client_hangs" => {
            eprintln!("waiting for one more");
            wait(test);
        }
        "client_endless" => loop {
            println!("on and on");
        },
        "odd_client" => println!("One more reply"),
        "client_complains" => eprintln!("too few replies"),
        _ => {}
    }
    println!("Done");
    Ok(())
}

/// Tells the test that this program has started. The connection is open until the program ends.
fn report(role: &str) -> Result<TcpStream> {
    let mut test = TcpStream::connect(env::var("TEST").unwrap_or_default())?;
    writeln!(test, "{NAME} {role}")?;
    Ok(test)
}

/// Waits for the end of the test, so that nothing outlives it.
fn wait(mut test: TcpStream) -> ! {
    _ = test.read_to_end(&mut Vec::new());
    exit(1)
}

/// What std does not have.
#[cfg(unix)]
mod ctrl_c {
    type Handler = extern "C" fn(i32);

    unsafe extern "C" {
        fn signal(signal: i32, handler: Handler) -> usize;
        fn _exit(code: i32) -> !;
    }

    pub extern "C" fn exit(_: i32) {
        unsafe { _exit(0) }
    }

    pub extern "C" fn nothing(_: i32) {}

    pub fn means(handler: Handler) {
        const SIGINT: i32 = 2;
        unsafe { signal(SIGINT, handler) };
    }
}
