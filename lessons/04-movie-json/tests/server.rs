//! Every method, and every hostile input that can reach it, on a server in this process.

use std::future::pending;

use movie_json::DATA;
use movie_json::pb::movie_client::MovieClient;
use movie_json::pb::{Empty, MovieId};
use movie_json::server::{self, Movies};
use tonic::Code;

#[path = "../../testing.rs"]
mod testing;
use testing::{call_raw, listen};

#[tokio::test]
async fn finds_each_film_by_its_id_and_lists_all_in_order() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, Movies::load(DATA)?, pending()));
    let mut stub = MovieClient::new(channel);
    let mut list = stub.get_list_movies(Empty {}).await?.into_inner();
    let mut titles = Vec::new();
    while let Some(movie) = list.message().await? {
        let found = stub.get_movie_by_id(MovieId { id: movie.id.clone() }).await?.into_inner();
        assert_eq!(found, movie);
        titles.push(movie.title);
    }
    assert_eq!(
        titles,
        [
            "The Good Dinosaur",
            "The Martian",
            "The Night Before",
            "Creed",
            "Victor Frankenstein",
            "The Danish Girl",
            "Spectre"
        ]
    );
    Ok(())
}

#[tokio::test]
async fn says_that_there_is_no_such_film() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, Movies::load(DATA)?, pending()));
    let mut stub = MovieClient::new(channel);
    // The message of a status travels in a header: what comes from a client may be too long for it.
    for id in ["", "1", "A8034F44-AEE4-44CF-B32C-74CF452AAAAE", &"\u{1}".repeat(1 << 20)] {
        let answer = stub.get_movie_by_id(MovieId { id: id.into() }).await;
        let status = answer.map(|_| ()).unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(status.message(), "no movie has this id");
    }
    Ok(())
}

#[tokio::test]
async fn answers_hostile_bytes_with_an_error_and_goes_on() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, Movies::load(DATA)?, pending()));
    for (path, what, message, code) in [
        ("/Movie/GetMovieByID", "no protobuf", &b"\xff\xff\xff\xff"[..], Code::Internal),
        ("/Movie/GetMovieByID", "cut short", b"\x0a\x24a8034f44", Code::Internal),
        ("/Movie/GetMovieByID", "no UTF-8", b"\x0a\x02\xc3\x28", Code::Internal),
        ("/Movie/GetMovieByID", "over 4 MiB", &[0; (4 << 20) + 1], Code::OutOfRange),
        ("/Movie/GetListMovies", "no protobuf", b"\xff\xff\xff\xff", Code::Internal),
        ("/Movie/GetListMovies", "over 4 MiB", &[0; (4 << 20) + 1], Code::OutOfRange),
    ] {
        assert_eq!(call_raw(&channel, path, message).await?, code, "{path}: {what}");
        let next = call_raw(&channel, "/Movie/GetListMovies", b"").await?;
        assert_eq!(next, Code::Ok, "after {what}");
    }
    Ok(())
}
