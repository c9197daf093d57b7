//! The films of the lesson once more, as JSON on the wire.

use movie_json::pb::{MovieData, MovieId};
use movie_json::server::Movies;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use super::json::movie_server::{Movie, MovieServer};

// ANCHOR: servicer
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
        let MovieId { id } = request.into_inner();
        match self.movies.by_id(&id) {
            Some(movie) => Ok(Response::new(movie.clone())),
            None => Err(Status::not_found("no movie has this id")),
        }
    }
}
// ANCHOR_END: servicer

/// Serves `movies` on `listener` until `shutdown` ends.
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
        .add_service(MovieServer::new(JsonMovieServicer { movies }))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
