//! Prints the code with which a server ends a stream whose client has stopped waiting. `cargo xtask
//! check` compiles it when there is such a server, so that the runner itself can do without tonic.
//!
//! Its arguments are the path of the method, a message in hexadecimal digits, and the address.

use std::env;

use anyhow::bail;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [path, digits, addr] = &args[..] else { bail!("give a path, a message and an address") };
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2).unwrap_or_default(), 16);
    let message = (0..digits.len()).step_by(2).map(byte).collect::<Result<Vec<u8>, _>>()?;
    println!("{:?}", testing::late::end(addr.parse()?, path, &message).await?);
    Ok(())
}
