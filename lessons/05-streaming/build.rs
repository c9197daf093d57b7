//! Generates the Rust code of the proto files, before the lesson is compiled.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: step2-generate
    let descriptors = protox::compile(["helloworld.proto"], ["proto"])?;
    tonic_prost_build::compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    // ANCHOR_END: step2-generate
    // ANCHOR: step7-generate

    let descriptors = protox::compile(["request_streaming.proto"], ["proto"])?;
    tonic_prost_build::compile_fds(descriptors)?;
    // ANCHOR_END: step7-generate
    Ok(())
}
