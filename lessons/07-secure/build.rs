//! Generates the Rust code of `proto/product_info.proto`, before the lesson is compiled.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: step2-generate
    let descriptors = protox::compile(["product_info.proto"], ["proto"])?;
    tonic_prost_build::compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    // ANCHOR_END: step2-generate
    Ok(())
}
