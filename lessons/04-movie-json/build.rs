//! Generates the Rust code of the lesson's services, before the lesson is compiled.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ANCHOR: step2-generate
    let descriptors = protox::compile(["movie.proto"], ["proto"])?;
    tonic_prost_build::configure()
        // Films are read from a JSON file, straight into the generated messages.
        .type_attribute(".", "#[derive(serde::Deserialize, serde::Serialize)]")
        .compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    // ANCHOR_END: step2-generate
    // ANCHOR: exercise-generate

    // A service needs no proto: it is a name, methods, their types, and a codec for these.
    use tonic_build::manual::{Builder, Method, Service};
    let method = Method::builder()
        .name("get_movie_by_id")
        .route_name("GetMovieByID")
        .input_type("movie_json::pb::MovieId")
        .output_type("movie_json::pb::MovieData")
        .codec_path("crate::codec::JsonCodec")
        .build();
    let service = Service::builder().name("Movie").package("json").method(method).build();
    Builder::new().compile(&[service]);
    // ANCHOR_END: exercise-generate
    // ANCHOR: exercise-catalogue

    let descriptors = protox::compile(["catalogue.proto"], ["examples/catalogue"])?;
    tonic_prost_build::compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=examples/catalogue/catalogue.proto");
    // ANCHOR_END: exercise-catalogue
    Ok(())
}
