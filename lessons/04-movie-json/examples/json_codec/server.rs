//! The films of the lesson once more, as JSON on the wire.

use super::json::movie_server::{Movie, MovieServer};
use movie_json::pb::{MovieData, MovieId};
use movie_json::server::Movies;
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

/// Implements the service `json.Movie`.
pub struct JsonMovieServicer {
    movies: Movies,
}

#[tonic::async_trait]
impl Movie for JsonMovieServicer {
    async fn get_movie_by_id(
        &self,
        request: Request<MovieId>,
    ) -> Result<Response<MovieData>, Status> {
        let id = request.into_inner().id;
        let Some(movie) = self.movies.by_id(&id) else {
            return Err(Status::not_found("no movie has this id"));
        };
        Ok(Response::new(movie.clone()))
    }
}

/// Serves `movies` on `incoming` until `shutdown` ends.
pub async fn run(
    incoming: TcpIncoming,
    movies: Movies,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    Server::builder()
        .add_service(MovieServer::new(JsonMovieServicer { movies }))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
