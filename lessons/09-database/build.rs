//! Generates the Rust code of the proto files, before the lesson is compiled.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: step2-generate
    let descriptors = protox::compile(["teams.proto"], ["proto"])?;
    tonic_prost_build::compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    // ANCHOR_END: step2-generate
    // ANCHOR: exercise-generate

    let descriptors = protox::compile(["search.proto"], ["examples/search"])?;
    tonic_prost_build::compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=examples/search/search.proto");
    // ANCHOR_END: exercise-generate
    Ok(())
}
