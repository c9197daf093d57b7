//! The server of the exercise: it takes every character for what it is.

use crate::pb::search_server::{Search, SearchServer};
use crate::pb::{FindCitiesRequest, FindCitiesResponse};
use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

/// Implements the service `search.Search`.
pub struct SearchServicer {
    pool: SqlitePool,
}

#[tonic::async_trait]
impl Search for SearchServicer {
    async fn find_cities(
        &self,
        request: Request<FindCitiesRequest>,
    ) -> Result<Response<FindCitiesResponse>, Status> {
        let beginning = request.into_inner().beginning;
        // A parameter is never SQL, but this one is a pattern: `%` is any text there, `_` any
        // letter.
        let pattern = beginning.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_") + "%";
        let sql = r"SELECT city FROM teams WHERE city LIKE ? ESCAPE '\' ORDER BY city";
        let cities = sqlx::query_scalar(sql).bind(pattern).fetch_all(&self.pool).await;
        let cities = cities.map_err(|error| {
            eprintln!("error: {error}");
            Status::internal("the database failed")
        })?;
        Ok(Response::new(FindCitiesResponse { cities }))
    }
}

/// Serves the ten teams on `incoming` until `shutdown` ends.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    // A database in memory belongs to its connection: with two of them, there would be two.
    let one = SqlitePoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let pool = one.connect("sqlite::memory:").await?;
    sqlx::raw_sql(include_str!("../../src/teams.sql")).execute(&pool).await?;
    Server::builder()
        .add_service(SearchServer::new(SearchServicer { pool }))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
