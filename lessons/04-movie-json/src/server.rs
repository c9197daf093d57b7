//! The server: it reads its films from a file, once, and finds each by its id.

// ANCHOR: step5-server-import
use crate::pb::Empty;
// ANCHOR_END: step5-server-import
use crate::pb::movie_server::{Movie, MovieServer};
use crate::pb::{MovieData, MovieId};
use anyhow::Context;
use serde::Deserialize;
use std::{collections::HashMap, fs, sync::Arc};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

/// The films of a data file, in its order.
#[derive(Deserialize)]
#[serde(expecting = "an object with the key `movies`")]
pub struct Movies {
    movies: Vec<MovieData>,
    /// Where in `movies` each id is, so that nobody has to search for it.
    #[serde(skip)]
    index: HashMap<String, usize>,
}

impl Movies {
    /// Reads the JSON file at `path`, or says where in it something is wrong. If an id is there
    /// more than once, the first film has it.
    pub fn load(path: &str) -> anyhow::Result<Movies> {
        let json = fs::read(path).with_context(|| format!("cannot read the films in {path:?}"))?;
        let mut all: Movies =
            serde_json::from_slice(&json).with_context(|| format!("no films in {path:?}"))?;
        for (i, movie) in all.movies.iter().enumerate() {
            all.index.entry(movie.id.clone()).or_insert(i);
        }
        Ok(all)
    }

    /// The film with this id.
    pub fn by_id(&self, id: &str) -> Option<&MovieData> {
        self.index.get(id).map(|&i| &self.movies[i])
    }
}

/// Implements the service `Movie`.
pub struct MovieServicer {
    /// Shared, because a call can last longer than the function that answers it.
    movies: Arc<Movies>,
}

#[tonic::async_trait]
impl Movie for MovieServicer {
    async fn get_movie_by_id(
        &self,
        request: Request<MovieId>,
    ) -> Result<Response<MovieData>, Status> {
        let id = request.into_inner().id;
        let Some(movie) = self.movies.by_id(&id) else {
            return Err(Status::not_found("no movie has this id"));
        };
        println!("Movie found!");
        Ok(Response::new(movie.clone()))
    }
    // ANCHOR: step5-get-list-movies

    type GetListMoviesStream = tonic::codegen::BoxStream<MovieData>;

    async fn get_list_movies(
        &self,
        _request: Request<Empty>,
    ) -> Result<Response<Self::GetListMoviesStream>, Status> {
        let all = Arc::clone(&self.movies);
        // Runs up to the next `yield` whenever the client has room for one more film.
        let stream = async_stream::try_stream! {
            for movie in &all.movies {
                yield movie.clone();
            }
        };
        Ok(Response::new(Box::pin(stream)))
    }
    // ANCHOR_END: step5-get-list-movies
}

/// Serves the films of the file `data` on `addr` (HOST:PORT) until Ctrl-C. Fails if it can't read
/// the one or listen on the other.
pub async fn serve(addr: &str, data: &str) -> anyhow::Result<()> {
    let movies = Movies::load(data)?;
    let (incoming, ctrl_c) = crate::listen::on(addr).await?;
    run(incoming, movies, ctrl_c).await
}

/// Serves `movies` on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(
    incoming: TcpIncoming,
    movies: Movies,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    Server::builder()
        .add_service(MovieServer::new(MovieServicer { movies: Arc::new(movies) }))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
