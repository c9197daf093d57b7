//! Which films the server finds.

use std::future::pending;

use movie_json::DATA;
use movie_json::pb::movie_client::MovieClient;
use movie_json::pb::{Empty, MovieId};
use movie_json::server::{self, Movies};
use testing::net::listen;
use tonic::Code;

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
async fn does_not_repeat_an_id_that_may_be_too_long() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(server::run(incoming, Movies::load(DATA)?, pending()));
    let mut stub = MovieClient::new(channel);
    // The message of a status travels in a header: what comes from a client may be too long for it.
    let answer = stub.get_movie_by_id(MovieId { id: "\u{1}".repeat(1 << 20) }).await;
    let status = answer.map(|_| ()).unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "no movie has this id"));
    Ok(())
}
