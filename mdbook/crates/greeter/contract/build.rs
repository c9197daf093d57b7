fn main() -> Result<(), Box<dyn std::error::Error>> {
    let descriptors = protox::compile(["helloworld.proto"], ["proto"])?;
    tonic_prost_build::compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    Ok(())
}
