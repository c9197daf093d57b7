//! A file of a test's own, and servers of it.

use std::future::pending;
use std::path::PathBuf;

use anyhow::Context;
use database::pb::teams_client::TeamsClient;
use database::pb::{AddTeamRequest, TeamRequest, TradeTeamsRequest};
use database::{server, store::Store};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use testing::folder::Folder;
use testing::net::listen;
use tonic::Status;
use tonic::transport::Channel;

/// The programs of the lesson.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_database");

/// A file that is not there yet, in a folder of its own.
pub struct Scratch {
    folder: Folder,
}

impl Scratch {
    pub fn new() -> anyhow::Result<Scratch> {
        Ok(Scratch { folder: Folder::within(env!("CARGO_TARGET_TMPDIR"))? })
    }

    /// Where the file is.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("teams.db")
    }

    /// Opens it as the server does.
    pub async fn store(&self) -> anyhow::Result<Store> {
        Store::open(self.path().to_str().context("a path that is not UTF-8")?).await
    }

    /// A channel to a server of the file, which goes on until the test ends.
    pub async fn serve(&self) -> anyhow::Result<Channel> {
        let (incoming, channel) = listen().await?;
        tokio::spawn(server::run(incoming, self.store().await?, pending()));
        Ok(channel)
    }

    /// A stub of such a server.
    pub async fn stub(&self) -> anyhow::Result<TeamsClient<Channel>> {
        Ok(TeamsClient::new(self.serve().await?))
    }

    /// A connection of somebody else, past the server.
    pub async fn connection(&self) -> anyhow::Result<SqliteConnection> {
        let options = SqliteConnectOptions::new().filename(self.path()).create_if_missing(true);
        Ok(options.connect().await?)
    }

    /// Runs some SQL there, and closes it.
    pub async fn run(&self, sql: &str) -> anyhow::Result<()> {
        let mut connection = self.connection().await?;
        sqlx::raw_sql(sql).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// The number that some SQL comes to.
    pub async fn number(&self, sql: &str) -> anyhow::Result<i64> {
        let mut connection = self.connection().await?;
        let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(number)
    }

    /// Adds so many teams behind the ten: `city 11` has `team 11`.
    pub async fn fill(&self, count: u32) -> anyhow::Result<()> {
        self.store().await?.close().await;
        self.run(&format!(
            "WITH RECURSIVE numbers (n) AS
                 (SELECT 11 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10 + {count})
             INSERT INTO teams SELECT n, 'city ' || n, 'team ' || n FROM numbers"
        ))
        .await
    }
}

/// The nickname of the team of `city`.
pub async fn nickname(stub: &mut TeamsClient<Channel>, city: &str) -> Result<String, Status> {
    Ok(stub.get_team(TeamRequest { city: city.into() }).await?.into_inner().nickname)
}

pub fn add(city: &str, nickname: &str, id: &str) -> AddTeamRequest {
    AddTeamRequest { city: city.into(), nickname: nickname.into(), request_id: id.into() }
}

pub fn trade(city: &str, other_city: &str, id: &str) -> TradeTeamsRequest {
    TradeTeamsRequest { city: city.into(), other_city: other_city.into(), request_id: id.into() }
}
