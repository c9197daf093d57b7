//! Requests that are done once, however often they are sent.

use anyhow::ensure;
use prost::Message;
use sqlx::SqliteConnection;
use tonic::Status;

/// A request that may have been done before. What it was and what was answered is kept for a day.
pub struct Once<'a> {
    method: &'static str,
    id: &'a str,
    request: Vec<u8>,
}

impl<'a> Once<'a> {
    /// The `request` of a `method` that its client calls `id`.
    pub fn new(method: &'static str, id: &'a str, request: &impl Message) -> Once<'a> {
        Once { method, id, request: request.encode_to_vec() }
    }

    /// What was answered, if it has been done. Fails with INVALID_ARGUMENT if another request had
    /// that id.
    pub async fn answer<A: Message + Default>(
        &self,
        connection: &mut SqliteConnection,
    ) -> anyhow::Result<Option<A>> {
        let query = "SELECT request, answer FROM requests WHERE method = ? AND id = ?";
        let row: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as(query)
            .bind(self.method)
            .bind(self.id)
            .fetch_optional(connection)
            .await?;
        let Some((request, answer)) = row else { return Ok(None) };
        ensure!(
            request == self.request,
            Status::invalid_argument("request_id is the one of another request")
        );
        Ok(Some(A::decode(answer.as_slice())?))
    }

    /// Keeps its `answer`, in the transaction in which the request is done: so the one is never
    /// without the other.
    pub async fn keep(
        self,
        connection: &mut SqliteConnection,
        answer: &impl Message,
    ) -> anyhow::Result<()> {
        if self.id.is_empty() {
            return Ok(());
        }
        sqlx::query("DELETE FROM requests WHERE at < datetime('now', '-1 day')")
            .execute(&mut *connection)
            .await?;
        sqlx::query("INSERT INTO requests (method, id, request, answer) VALUES (?, ?, ?, ?)")
            .bind(self.method)
            .bind(self.id)
            .bind(self.request)
            .bind(answer.encode_to_vec())
            .execute(connection)
            .await?;
        Ok(())
    }
}
