//! Generates the Rust code of `proto/helloworld.proto`, before the lesson is compiled.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: step2-generate
    let descriptors = protox::compile(["helloworld.proto"], ["proto"])?;
    tonic_prost_build::compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    // ANCHOR_END: step2-generate
    Ok(())
}
