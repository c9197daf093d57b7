//! Generates the Rust code of `proto/routeguide.proto`, before the lesson is compiled.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: step2-generate
    let descriptors = protox::compile(["routeguide.proto"], ["proto"])?;
    tonic_prost_build::configure()
        // Points are read from a JSON file, straight into the generated message.
        .type_attribute("Point", "#[derive(serde::Deserialize)]")
        .compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    // ANCHOR_END: step2-generate
    Ok(())
}
