//! Generates the Rust code of the proto files, before the lesson is compiled.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: step2-generate
    let descriptors = protox::compile(["teams.proto"], ["proto"])?;
    tonic_prost_build::compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    // ANCHOR_END: step2-generate
    // ANCHOR: exercise-generate

    // A package gives its file the name. Neither of these protos has one, so both files are
    // called `_.rs`, and the second one needs a folder of its own.
    let folder = std::path::Path::new(&std::env::var("OUT_DIR")?).join("team_stream");
    std::fs::create_dir_all(&folder)?;
    let descriptors = protox::compile(["team_stream.proto"], ["proto"])?;
    tonic_prost_build::configure().out_dir(folder).compile_fds(descriptors)?;
    // ANCHOR_END: exercise-generate
    Ok(())
}
