//! Generates the Rust code of the proto files, before the lesson is compiled.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: step2-generate
    let descriptors = protox::compile(["teams.proto"], ["proto"])?;
    tonic_prost_build::compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    // ANCHOR_END: step2-generate
    // ANCHOR: exercise-generate

    let descriptors = protox::compile(["team_stream.proto"], ["examples/team_stream"])?;
    // Neither proto has a package, so this file, too, would be called `_.rs`.
    let mut config = tonic_prost_build::Config::new();
    config.default_package_filename("team_stream");
    tonic_prost_build::configure().compile_fds_with_config(descriptors, config)?;
    println!("cargo::rerun-if-changed=examples/team_stream/team_stream.proto");
    // ANCHOR_END: exercise-generate
    Ok(())
}
