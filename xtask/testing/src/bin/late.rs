//! Prints the code with which a server ends a stream whose client has stopped waiting, and how many
//! bytes it sent. `cargo xtask check` compiles it when there is such a server, so that the runner
//! itself can do without tonic.
//!
//! Its arguments are the path of the method, a message in hexadecimal digits, and the address.

use std::env;

use anyhow::bail;
use testing::call::{bytes, name};
use testing::late;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [path, digits, addr] = &args[..] else { bail!("give a path, a message and an address") };
    let (code, sent) = late::end(addr.parse()?, path, &bytes(digits)?).await?;
    println!("{} {sent}", name(code));
    Ok(())
}
