//! The program of every made-up lesson, `server ADDR` and `client ADDR`, and of the examples.
//! The server greets, the client prints the greeting, unless the name of the crate says that
//! something goes wrong.

use std::io::{Error, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio, exit};
use std::{env, panic};

/// The package; in an example, the name of the example.
const NAME: &str = env!("CARGO_CRATE_NAME");

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["server", addr] => server(addr),
        ["client", addr] | [addr] => client(addr),
        _ => {
            wait(report_to_test("helper")?);
            Ok(())
        }
    }
}

fn server(addr: &str) -> Result<()> {
    let test = report_to_test("server")?;
    match NAME {
        "server_exits" => {
            eprintln!("no disk");
            exit(7);
        }
        "server_never_ready" => wait(test),
        "server_endless" => loop {
            print!("no end of this line ");
        },
        "server_deaf" => ctrl_c::does(ctrl_c::nothing),
        "server_rude" => {}
        _ => ctrl_c::does(ctrl_c::exit),
    }
    if NAME == "client_hangs" {
        // It must not hold on to our outputs: the runner reads them to their end.
        let mut helper = Command::new(env::current_exe()?);
        helper.arg("helper").stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        report_to_test_of_helper();
    }
    Ok(())
}
