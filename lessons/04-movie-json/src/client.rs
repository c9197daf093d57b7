//! The client: it asks for one film, and then for all of them.

// ANCHOR: step5-client-import
use crate::pb::Empty;
// ANCHOR_END: step5-client-import
use crate::pb::MovieId;
use crate::pb::movie_client::MovieClient;
use anyhow::Context;

/// Asks the server at `addr` (HOST:PORT) for films. Fails without a server, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let mut stub = MovieClient::connect(format!("http://{addr}")).await.with_context(|| {
        format!("no server at {addr} (start one with `cargo run -p movie-json server`)")
    })?;

    println!("----- GetMovieByID -----");
    let request = MovieId { id: "a8034f44-aee4-44cf-b32c-74cf452aaaae".into() };
    let movie = stub.get_movie_by_id(request).await?.into_inner();
    println!("title: {:?}", movie.title);
    // As a number of 64 bits, it shows that its 32 bits are not exactly 8.2.
    println!("rating: {}", f64::from(movie.rating));
    println!("director: {:?}", movie.director);
    println!("id: {:?}\n", movie.id);
    // ANCHOR: step5-call-get-list-movies

    println!("----- GetListMovies -----");
    let mut movies = stub.get_list_movies(Empty {}).await?.into_inner();
    while let Some(movie) = movies.message().await? {
        println!("Movie called {}", movie.title);
    }
    // ANCHOR_END: step5-call-get-list-movies
    Ok(())
}
