// ANCHOR: step3-server
// ANCHOR: step3-imports
//! The server: it reads its films from a file, once, and finds each by its id.

use std::collections::HashMap;
use std::fs;
use std::io::{Write, stdout};
use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use serde::Deserialize;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::pb::movie_server::{Movie, MovieServer};
use crate::pb::{MovieData, MovieId};
// ANCHOR_END: step3-imports
// ANCHOR: step5-server-imports

use std::pin::Pin;

use async_stream::try_stream;
use tokio_stream::Stream;

use crate::pb::Empty;
// ANCHOR_END: step5-server-imports
// ANCHOR: step3-movies

/// The films of a data file, in its order.
pub struct Movies {
    movies: Vec<MovieData>,
    /// Where in `movies` each id is, so that nobody has to search for it.
    index: HashMap<String, usize>,
}

/// What a data file looks like.
#[derive(Deserialize)]
#[serde(expecting = "an object with the key `movies`")]
struct DataFile {
    movies: Vec<MovieData>,
}
// ANCHOR_END: step3-movies
// ANCHOR: step3-load

impl Movies {
    /// Reads the JSON file at `path`: `{"movies": [{"id": …, "title": …, "rating": …,
    /// "director": …}, …]}`. If an id is there more than once, the first film has it.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not of that form: then with the line and the column.
    pub fn load(path: &Path) -> anyhow::Result<Movies> {
        let json = fs::read(path)
            .map_err(|error| anyhow!("cannot read the films in {path:?}: {error}"))?;
        let DataFile { movies } = serde_json::from_slice(&json)
            .map_err(|error| anyhow!("no films in {path:?}: {error}"))?;
        let mut index = HashMap::with_capacity(movies.len());
        for (i, movie) in movies.iter().enumerate() {
            index.entry(movie.id.clone()).or_insert(i);
        }
        Ok(Movies { movies, index })
    }

    /// The film with this id.
    pub fn by_id(&self, id: &str) -> Option<&MovieData> {
        self.index.get(id).map(|&i| &self.movies[i])
    }
}
// ANCHOR_END: step3-load
// ANCHOR: step3-servicer

/// Implements the service `Movie`.
pub struct MovieServicer {
    /// Shared, because a call can last longer than the function that answers it.
    pub movies: Arc<Movies>,
}

#[tonic::async_trait]
impl Movie for MovieServicer {
    async fn get_movie_by_id(
        &self,
        request: Request<MovieId>,
    ) -> Result<Response<MovieData>, Status> {
        let MovieId { id } = request.into_inner();
        match self.movies.by_id(&id) {
            Some(movie) => {
                writeln!(stdout(), "Movie found!")?;
                Ok(Response::new(movie.clone()))
            }
            None => Err(Status::not_found("no movie has this id")),
        }
    }
    // ANCHOR: step5-get-list-movies

    type GetListMoviesStream = Pin<Box<dyn Stream<Item = Result<MovieData, Status>> + Send>>;

    async fn get_list_movies(
        &self,
        _request: Request<Empty>,
    ) -> Result<Response<Self::GetListMoviesStream>, Status> {
        let all = Arc::clone(&self.movies);
        // Runs up to the next `yield` whenever the client has room for one more film.
        let stream = try_stream! {
            for movie in &all.movies {
                yield movie.clone();
            }
        };
        Ok(Response::new(Box::pin(stream)))
    }
    // ANCHOR_END: step5-get-list-movies
}
// ANCHOR_END: step3-servicer
// ANCHOR: step3-run

/// Serves `movies` on `listener` until `shutdown` ends. Calls that are under way then may
/// finish; new ones are refused.
/// Nothing limits this wait, a stream, or the number of connections: lesson 6 does, in step 8.
///
/// # Errors
///
/// If the connections of `listener` cannot be served.
pub async fn run(
    listener: TcpListener,
    movies: Movies,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(MovieServer::new(MovieServicer { movies: Arc::new(movies) }))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
// ANCHOR_END: step3-run
// ANCHOR_END: step3-server
