//! Generates the Rust code of `proto/teams.proto`, before the lesson is compiled.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: step2-generate
    let descriptors = protox::compile(["teams.proto"], ["proto"])?;
    // ANCHOR: step5-descriptors
    // What the server tells a client that asks it which services it has.
    let file = format!("{}/teams.bin", std::env::var("OUT_DIR")?);
    std::fs::write(file, protox::prost::Message::encode_to_vec(&descriptors))?;
    // ANCHOR_END: step5-descriptors
    tonic_prost_build::compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    // ANCHOR_END: step2-generate
    Ok(())
}
