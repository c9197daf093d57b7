//! The file: made if it isn't there, and brought up to date if it's old.

use anyhow::Context;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use std::time::Duration;

/// What takes a file from each version to the next one. An empty file has version 0.
const MIGRATIONS: &[&str] = &[
    // 0 to 1: the teams.
    include_str!("teams.sql"),
    // ANCHOR: step5-migration
    // 1 to 2: what was done for which request.
    include_str!("requests.sql"),
    // ANCHOR_END: step5-migration
];

/// How long anybody waits while the database is busy.
pub const PATIENCE: Duration = Duration::from_secs(5);
// ANCHOR: step7-busy

/// What SQLite says if somebody else writes, and goes on writing.
pub const BUSY: u32 = 5;
// ANCHOR_END: step7-busy
// ANCHOR: step8-constants

/// What it says if the disk is full, and of files that it can't use.
pub const FULL: u32 = 13;
const READ_ONLY: u32 = 8;
const CANNOT_OPEN: u32 = 14;
const NO_DATABASE: u32 = 26;

/// What `teams.sql` has put into the file.
const APPLICATION_ID: i64 = 0x7465616d;
// ANCHOR_END: step8-constants

/// Makes the file at `path` ready to be used, and says how to connect to it. Fails if it isn't a
/// database of ours, or can't be written to.
pub async fn prepare(path: &str) -> anyhow::Result<SqliteConnectOptions> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        // It's on the disk, and not only on its way there, before anybody is told.
        .synchronous(SqliteSynchronous::Full)
        // Other programs may use the file, too.
        .busy_timeout(PATIENCE);
    let migrated = migrate(&options).await;
    // ANCHOR: step8-advise
    let migrated = migrated.map_err(advise);
    let migrated = migrated.and_then(|()| {
        // To SQLite, some names mean none: each connection has a database of its own then.
        anyhow::ensure!(std::path::Path::new(path).is_file(), "that's no file: give another FILE");
        Ok(())
    });
    // ANCHOR_END: step8-advise
    migrated.with_context(|| format!("cannot use the database {path:?}"))?;
    // If somebody removes it now, no empty one takes its place.
    Ok(options.create_if_missing(false))
}

/// Does what the file hasn't seen yet, in one transaction: all of it or nothing.
async fn migrate(options: &SqliteConnectOptions) -> anyhow::Result<()> {
    let mut connection = options.connect().await?;
    // Nobody else writes from here on: another server may have been started at the same time.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let version: u32 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    // ANCHOR: step8-check
    let application: i64 =
        sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *transaction).await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *transaction)
        .await?;
    anyhow::ensure!(
        application == APPLICATION_ID || tables == 0,
        "it belongs to another program: give another FILE"
    );
    let newest = MIGRATIONS.len();
    anyhow::ensure!(
        version as usize <= newest,
        "its version is {version}, and {newest} is the newest that is known here: start a newer \
         program, or give another FILE"
    );
    // ANCHOR_END: step8-check
    for migration in MIGRATIONS.iter().skip(version as usize) {
        sqlx::raw_sql(migration).execute(&mut *transaction).await?;
    }
    // Written in any case: if that's impossible, it's better to know it now.
    let new_version = MIGRATIONS.len().max(version as usize);
    let sql = format!("PRAGMA user_version = {new_version}");
    sqlx::raw_sql(&sql).execute(&mut *transaction).await?;
    transaction.commit().await?;
    // From now on, what is written goes to a log first, beside the file. So a reader needn't
    // wait for a writer, and sees everything as it was when they began.
    sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
// ANCHOR: step8-advice

/// What to do about `error`, if that is known, and `error` itself if it isn't.
fn advise(error: anyhow::Error) -> anyhow::Error {
    let advice = match code(&error) {
        Some(BUSY) => "another program is busy with it: try again",
        Some(READ_ONLY) => {
            "it or its folder is read-only: make both writable, or give another FILE"
        }
        Some(FULL) => "the disk is full: make room, or give another FILE",
        Some(CANNOT_OPEN) => "it can't be opened: give a FILE in a folder that can be written to",
        Some(NO_DATABASE) => "it isn't a database: give a FILE that isn't there yet",
        _ => return error,
    };
    anyhow::Error::msg(advice)
}
// ANCHOR_END: step8-advice
// ANCHOR: step7-code

/// The code with which SQLite has failed, if that is behind `error`.
pub fn code(error: &anyhow::Error) -> Option<u32> {
    let code = error.downcast_ref::<sqlx::Error>()?.as_database_error()?.code()?;
    // What is above the lowest byte says in which way it has failed.
    Some(code.parse::<u32>().ok()? & 0xff)
}
// ANCHOR_END: step7-code
