//! What the server and the client survive when others do not.

use std::future::pending;

use async_stream::stream;
use movie_json::DATA;
use movie_json::pb::movie_server::{Movie, MovieServer};
use movie_json::pb::{Empty, MovieData, MovieId};
use movie_json::server::{self, Movies};
use tonic::codegen::BoxStream;
use tonic::transport::Server as Builder;
use tonic::{Request, Response, Status};

#[path = "../../testing.rs"]
mod testing;
use testing::{Kind, Method, Server, alone};

/// Every method; the id is that of a film.
const METHODS: [Method; 2] = [
    Method {
        kind: Kind::Unary,
        path: "/Movie/GetMovieByID",
        message: b"\x0a\x24a8034f44-aee4-44cf-b32c-74cf452aaaae",
    },
    Method { kind: Kind::ServerStream, path: "/Movie/GetListMovies", message: b"" },
];

/// A server of the lesson's films.
async fn serve() -> anyhow::Result<Server> {
    let movies = Movies::load(DATA)?;
    Server::start(|incoming, stop| server::run(incoming, movies, stop)).await
}

#[test]
fn forgets_killed_clients() -> anyhow::Result<()> {
    alone("forgets_killed_clients", async || {
        testing::forgets_killed_clients(serve().await?, &METHODS).await
    })
}

#[test]
fn serves_ten_thousand_calls_on_a_thousand_connections() -> anyhow::Result<()> {
    alone("serves_ten_thousand_calls_on_a_thousand_connections", async || {
        testing::serves_ten_thousand_calls(serve().await?, &METHODS).await
    })
}

#[test]
fn cuts_garbage_off_and_lets_a_silent_connection_stay() -> anyhow::Result<()> {
    alone("cuts_garbage_off_and_lets_a_silent_connection_stay", async || {
        testing::serves_beside_bad_connections(serve().await?, &METHODS[0]).await
    })
}

#[test]
fn keeps_the_deadline_of_a_unary_call() -> anyhow::Result<()> {
    alone("keeps_the_deadline_of_a_unary_call", async || {
        // A stream is not kept to one: its call has an answer, as far as tonic is concerned, once
        // its messages may come.
        testing::keeps_deadlines(serve().await?, &METHODS[..1]).await
    })
}

#[test]
fn finishes_calls_and_waits_for_silent_connections() -> anyhow::Result<()> {
    alone("finishes_calls_and_waits_for_silent_connections", async || {
        testing::finishes_calls(serve().await?, &METHODS).await
    })
}

#[cfg(unix)]
#[test]
fn a_ctrl_c_finishes_calls() -> anyhow::Result<()> {
    alone("a_ctrl_c_finishes_calls", async || {
        let server = env!("CARGO_BIN_EXE_movie-json");
        for method in &METHODS {
            testing::a_ctrl_c_finishes_calls(server, method).await?;
        }
        Ok(())
    })
}

/// Answers the first call of the client, and the second one with two films of a stream.
struct Fake;

#[tonic::async_trait]
impl Movie for Fake {
    async fn get_movie_by_id(&self, _: Request<MovieId>) -> Result<Response<MovieData>, Status> {
        Ok(Response::new(MovieData::default()))
    }

    type GetListMoviesStream = BoxStream<MovieData>;

    async fn get_list_movies(
        &self,
        _: Request<Empty>,
    ) -> Result<Response<Self::GetListMoviesStream>, Status> {
        let movies = stream! {
            for title in ["One", "Two"] {
                yield Ok(MovieData { title: title.into(), ..MovieData::default() });
            }
            pending::<()>().await;
        };
        Ok(Response::new(Box::pin(movies)))
    }
}

#[test]
fn client_prints_what_it_has_and_says_that_the_call_failed() -> anyhow::Result<()> {
    alone("client_prints_what_it_has_and_says_that_the_call_failed", async || {
        let fake = Server::start(async |incoming, _| {
            let router = Builder::builder().add_service(MovieServer::new(Fake));
            Ok(router.serve_with_incoming(incoming).await?)
        });
        let lines = [
            "----- GetMovieByID -----",
            "title: \"\"",
            "rating: 0",
            "director: \"\"",
            "id: \"\"",
            "",
            "----- GetListMovies -----",
            "Movie called One",
            "Movie called Two",
        ];
        let client = env!("CARGO_BIN_EXE_movie-json");
        testing::client_says_that_the_call_failed(client, fake.await?, &lines).await
    })
}
