//! The server that speaks JSON: its method, and what a client can get wrong.

use std::future::pending;

use movie_json::DATA;
use movie_json::pb::MovieId;
use movie_json::server::Movies;
use testing::call::call_raw;
use testing::net::listen;
use tonic::Code;

use crate::example;
use crate::json::movie_client::MovieClient;

const ID: &str = "a8034f44-aee4-44cf-b32c-74cf452aaaae";

#[tokio::test]
async fn serves_the_films_of_the_lesson() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    let movies = Movies::load(DATA)?;
    let martian = movies.by_id(ID).cloned();
    tokio::spawn(example::run(incoming, movies, pending()));
    let mut stub = MovieClient::new(channel);
    let movie = stub.get_movie_by_id(MovieId { id: ID.into() }).await?.into_inner();
    assert_eq!(Some(movie), martian);
    let answer = stub.get_movie_by_id(MovieId { id: "1".into() }).await;
    assert_eq!(answer.map_err(|status| status.code()).unwrap_err(), Code::NotFound);
    Ok(())
}

#[tokio::test]
async fn answers_hostile_bytes_with_an_error_and_goes_on() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(example::run(incoming, Movies::load(DATA)?, pending()));
    let path = "/json.Movie/GetMovieByID";
    let good = format!("{{\"id\": \"{ID}\"}}");
    for (what, message, code) in [
        ("no JSON", &b"\xff\xff\xff\xff"[..], Code::Internal),
        ("protobuf", b"\x0a\x01\x31", Code::Internal),
        ("nothing", b"", Code::Internal),
        ("cut short", b"{\"id\": \"", Code::Internal),
        ("no id", b"{}", Code::Internal),
        ("a long string", format!("\"{}\"", "x".repeat(1 << 20)).as_bytes(), Code::Internal),
        ("no UTF-8", b"{\"id\": \"\xc3\x28\"}", Code::Internal),
        ("no end of it", &[b'['; 1 << 20], Code::Internal),
        ("over 4 MiB", &[b' '; (4 << 20) + 1], Code::OutOfRange),
    ] {
        assert_eq!(call_raw(&channel, path, message).await?, code, "{what}");
        let next = call_raw(&channel, path, good.as_bytes()).await?;
        assert_eq!(next, Code::Ok, "after {what}");
    }
    Ok(())
}
