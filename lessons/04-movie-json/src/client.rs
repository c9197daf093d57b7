// ANCHOR: step4-client
// ANCHOR: step4-connect
//! The client: it asks for one film, and then for all of them.

use std::io::{self, Write, stdout};

use anyhow::Context;
use tonic::transport::Endpoint;

use crate::pb::movie_client::MovieClient;
use crate::pb::{MovieData, MovieId};
// ANCHOR: step5-client-imports

use crate::pb::Empty;
// ANCHOR_END: step5-client-imports

/// Asks the server at `addr` (HOST:PORT) for films and prints them.
///
/// # Errors
///
/// If `addr` is no address, if no server listens there, or if a call fails: then with the
/// `tonic::Status` of that call.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .ok()
        .filter(|endpoint| endpoint.uri().port_u16().is_some())
        .with_context(|| format!("{addr:?} is no address: give HOST:PORT"))?;
    let channel = endpoint.connect().await.with_context(|| {
        format!("no server at {addr}: start one with `cargo run -p movie-json server`")
    })?;
    let mut stub = MovieClient::new(channel);
    // ANCHOR_END: step4-connect
    // ANCHOR: step4-call

    writeln!(stdout(), "----- GetMovieByID -----")?;
    let request = MovieId { id: "a8034f44-aee4-44cf-b32c-74cf452aaaae".into() };
    let movie = stub.get_movie_by_id(request).await?.into_inner();
    print_movie(&movie)?;
    // ANCHOR_END: step4-call
    // ANCHOR: step5-call-get-list-movies

    writeln!(stdout(), "----- GetListMovies -----")?;
    let mut movies = stub.get_list_movies(Empty {}).await?.into_inner();
    while let Some(movie) = movies.message().await? {
        writeln!(stdout(), "Movie called {}", movie.title)?;
    }
    // ANCHOR_END: step5-call-get-list-movies
    // ANCHOR: step4-print

    Ok(())
}

/// Prints a film, field by field, and an empty line.
fn print_movie(movie: &MovieData) -> io::Result<()> {
    writeln!(stdout(), "title: {:?}", movie.title)?;
    // A float has 24 bits for its digits. 8.2 is not among its values; the nearest one shows
    // itself with the digits of a double.
    writeln!(stdout(), "rating: {}", f64::from(movie.rating))?;
    writeln!(stdout(), "director: {:?}", movie.director)?;
    writeln!(stdout(), "id: {:?}", movie.id)?;
    writeln!(stdout())
}
// ANCHOR_END: step4-print
// ANCHOR_END: step4-client
