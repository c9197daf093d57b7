//! The store: the teams in a file, and the SQL that finds and changes them.

use crate::file;
// ANCHOR: step5-store-imports
use crate::once::Once;
use crate::pb;
// ANCHOR_END: step5-store-imports
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
// ANCHOR: step6-store-imports
use std::mem;
use tokio_stream::{Stream, StreamExt};
// ANCHOR_END: step6-store-imports

/// How many calls read at once. Each connection has a thread of its own: that's the one that waits
/// for the disk, and none of those on which Tokio runs all calls.
const READERS: u32 = 8;
// ANCHOR: step6-lists

/// How many lists are read at once.
const LISTS: u32 = 16;
// ANCHOR_END: step6-lists

/// The teams in a file. Its clones share the connections.
#[derive(Clone)]
pub struct Store {
    readers: SqlitePool,
    // ANCHOR: step5-writer
    /// A single connection: SQLite lets one write at a time, and here they queue.
    writer: SqlitePool,
    // ANCHOR_END: step5-writer
    // ANCHOR: step6-list-pool
    /// Connections that slow clients may keep, without others having to wait for one.
    lists: SqlitePool,
    // ANCHOR_END: step6-list-pool
}

impl Store {
    /// Opens the file at `path`. If it isn't there, it's made, with ten teams.
    pub async fn open(path: &str) -> anyhow::Result<Store> {
        let options = file::prepare(path).await?;
        Ok(Store {
            // ANCHOR: step5-open-writer
            writer: pool(1, options.clone()),
            // ANCHOR_END: step5-open-writer
            // ANCHOR: step6-open-lists
            lists: pool(LISTS, options.clone().read_only(true)),
            // ANCHOR_END: step6-open-lists
            // A statement that would write fails here.
            readers: pool(READERS, options.read_only(true)),
        })
    }

    /// The nickname of the team of `city`, if it has one.
    pub async fn nickname(&self, city: &str) -> anyhow::Result<Option<String>> {
        // The city is never a part of the SQL, whatever is in it.
        let nickname = sqlx::query_scalar("SELECT nickname FROM teams WHERE city = ?")
            .bind(city)
            .fetch_optional(&self.readers)
            .await?;
        Ok(nickname)
    }
    // ANCHOR: step5-add

    /// Adds a team. Fails with ALREADY_EXISTS if the city has one.
    pub async fn add(&self, request: &pb::AddTeamRequest) -> anyhow::Result<pb::TeamResponse> {
        let pb::AddTeamRequest { city, nickname, request_id } = request;
        let once = Once::new("AddTeam", request_id, request);
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(answer) = once.answer(&mut transaction).await? {
            return Ok(answer);
        }
        let sql = "INSERT INTO teams (city, nickname) VALUES (?, ?) ON CONFLICT (city) DO NOTHING";
        let added = sqlx::query(sql).bind(city).bind(nickname).execute(&mut *transaction).await?;
        anyhow::ensure!(
            added.rows_affected() == 1,
            tonic::Status::already_exists(format!("{city} has a team already"))
        );
        let answer = pb::TeamResponse { city: city.clone(), nickname: nickname.clone() };
        once.keep(&mut transaction, &answer).await?;
        transaction.commit().await?;
        Ok(answer)
    }
    // ANCHOR_END: step5-add
    // ANCHOR: step6-list

    /// The teams behind the one with the id `after`, in pages of `size`. All are as they were when
    /// the first of them was read, and each is read when somebody takes its page.
    pub fn list(
        &self,
        after: i64,
        size: usize,
    ) -> impl Stream<Item = anyhow::Result<pb::ListTeamsResponse>> {
        async_stream::try_stream! {
            let query = "SELECT id, city, nickname FROM teams WHERE id > ? ORDER BY id";
            let mut rows = sqlx::query_as(query).bind(after).fetch(&self.lists);
            let mut page = pb::ListTeamsResponse::default();
            while let Some(row) = rows.next().await {
                let (id, city, nickname): (i64, _, _) = row?;
                page.teams.push(pb::TeamResponse { city, nickname });
                page.page_token = id.to_string();
                if page.teams.len() == size {
                    yield mem::take(&mut page);
                }
            }
            if !page.teams.is_empty() {
                yield page;
            }
        }
    }
    // ANCHOR_END: step6-list
    // ANCHOR: step7-trade

    /// Swaps the teams of two cities. Fails with NOT_FOUND if one of them has none.
    pub async fn trade(
        &self,
        request: &pb::TradeTeamsRequest,
    ) -> anyhow::Result<pb::TradeTeamsResponse> {
        let pb::TradeTeamsRequest { city, other_city, .. } = request;
        // Nobody else writes from here on. After a plain `BEGIN` they may, until the first UPDATE,
        // which fails then: what has been read before isn't so any more.
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        // ANCHOR: step8-trade-once
        let once = Once::new("TradeTeams", &request.request_id, request);
        if let Some(answer) = once.answer(&mut transaction).await? {
            return Ok(answer);
        }
        // ANCHOR_END: step8-trade-once
        let nickname = nickname_of(&mut transaction, city).await?;
        let other_nickname = nickname_of(&mut transaction, other_city).await?;
        let answer = pb::TradeTeamsResponse {
            team: Some(give(&mut transaction, city, other_nickname).await?),
            other_team: Some(give(&mut transaction, other_city, nickname).await?),
        };
        // ANCHOR: step8-trade-keep
        once.keep(&mut transaction, &answer).await?;
        // ANCHOR_END: step8-trade-keep
        // Without this line, whatever the reason, it is as if nothing had happened.
        transaction.commit().await?;
        Ok(answer)
    }
    // ANCHOR_END: step7-trade
    // ANCHOR: step8-store-close

    /// Ends all connections, the one that writes last: it puts what is in the log into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.lists.close().await;
        self.writer.close().await;
    }
    // ANCHOR_END: step8-store-close
}

/// So many connections, each made when it is first needed.
fn pool(size: u32, options: SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(size)
        .acquire_timeout(file::PATIENCE)
        // A connection to a file doesn't age, and doesn't break while nobody uses it.
        .max_lifetime(None)
        .idle_timeout(None)
        .test_before_acquire(false)
        .connect_lazy_with(options)
}
// ANCHOR: step7-trade-parts

/// The nickname of the team of `city`, which has to have one.
async fn nickname_of(
    connection: &mut sqlx::SqliteConnection,
    city: &str,
) -> anyhow::Result<String> {
    let nickname = sqlx::query_scalar("SELECT nickname FROM teams WHERE city = ?")
        .bind(city)
        .fetch_optional(connection)
        .await?;
    nickname.ok_or_else(|| tonic::Status::not_found(format!("{city} has no team")).into())
}

/// Gives `city` the team with this nickname instead of its own.
async fn give(
    connection: &mut sqlx::SqliteConnection,
    city: &str,
    nickname: String,
) -> anyhow::Result<pb::TeamResponse> {
    sqlx::query("UPDATE teams SET nickname = ? WHERE city = ?")
        .bind(&nickname)
        .bind(city)
        .execute(connection)
        .await?;
    Ok(pb::TeamResponse { city: city.into(), nickname })
}
// ANCHOR_END: step7-trade-parts
