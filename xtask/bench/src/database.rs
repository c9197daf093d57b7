//! Lesson 9's server: with a hundred rows and with a million, beside lesson 3's array, and what a
//! write costs.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use database::pb::teams_client::TeamsClient;
use database::pb::{AddTeamRequest, ListTeamsRequest, TeamRequest};
use teams::server::TEAMS;
use tonic::transport::Channel;
use tonic::{Code, Status};
use xtask::workspace::Workspace;
use xtask::workspace::lesson::{Lesson, Programs};

use crate::data::{SIZES, city, write_teams};
use crate::load::{Call, call};
use crate::progress::Progress;
use crate::server::Server;
use crate::slow_reader::{SlowReader, WARM_UP, watch};
use crate::turns::{Subject, Unary, in_turns};

/// Lesson 3's server, whose ten teams are an array.
const ARRAY: &str = "array";
/// Lesson 9's, with so many teams.
pub const HUNDRED: &str = "100 rows";
/// The same, with more of them.
pub const MILLION: &str = "a million rows";
/// The same, with a file that it has just made.
const NEW: &str = "new file";
/// No server, but what it waits for: 4 KiB are written, and are on the disk.
const DISK: &str = "disk alone";

/// Fewer than elsewhere: the writes wait for each other.
const IN_FLIGHT: [usize; 2] = [1, 16];

/// How often a request is sent that is told to be sent again: on a slow disk, the last of sixteen
/// may wait for longer than the server likes.
const TRIES: usize = 10;

/// Measures it, if lesson 9 is among `lessons`. Its files are written to `folder`.
///
/// # Errors
///
/// If a file cannot be written, a server cannot be started, or a call fails.
pub async fn measure(
    workspace: &Workspace,
    lessons: &[&Lesson],
    programs: &Programs,
    folder: &Path,
    progress: &Progress,
) -> anyhow::Result<Vec<Unary>> {
    let Some(lesson) = lessons.iter().find(|lesson| lesson.package == "database") else {
        return Ok(Vec::new());
    };
    progress.says("a file with a million rows".into());
    let side = programs.side(&lesson.pairs[0].server)?;
    let array = programs.side(&workspace.the("teams")?.pairs[0].server)?;
    let array = [Rc::new(Server::start(&array, None).await?)];
    let ten = |n: u64| TEAMS[n as usize % TEAMS.len()].0.to_owned();
    let once = get_team(array[0].channel().await?, ten);
    let mut reads = Vec::new();
    for in_flight in IN_FLIGHT {
        reads.push(Subject::new(ARRAY, "GetTeam", in_flight, &once, &array)?);
    }
    for (name, teams) in [(HUNDRED, SIZES[0]), (MILLION, SIZES[2])] {
        let file = folder.join(format!("teams-{teams}.db"));
        write_teams(teams, &file).await?;
        let server = [Rc::new(Server::start(&side, Some(&file)).await?)];
        let once = get_team(server[0].channel().await?, move |n| city(n, teams));
        for in_flight in IN_FLIGHT {
            reads.push(Subject::new(name, "GetTeam", in_flight, &once, &server)?);
        }
    }
    let new = [Rc::new(Server::start(&side, Some(&folder.join("teams-new.db"))).await?)];
    let once = add_team(new[0].channel().await?);
    let mut writes = vec![Subject::new(DISK, "fsync", 1, &sync(&folder.join("page"))?, &[])?];
    for in_flight in IN_FLIGHT {
        writes.push(Subject::new(NEW, "AddTeam", in_flight, &once, &new)?);
    }
    let mut rows = in_turns(reads, "reading rows", progress).await?;
    rows.extend(in_turns(writes, "writing rows", progress).await?);
    Ok(rows)
}

/// What a client that reads a list of a million teams slowly costs the server.
///
/// # Errors
///
/// If the server cannot be started, or a call fails.
pub async fn slow_list(
    lessons: &[&Lesson],
    programs: &Programs,
    folder: &Path,
    progress: &Progress,
) -> anyhow::Result<Option<SlowReader>> {
    let Some(lesson) = lessons.iter().find(|lesson| lesson.package == "database") else {
        return Ok(None);
    };
    progress.says("a slow reader of rows".into());
    let teams = SIZES[2];
    let file = folder.join(format!("teams-{teams}.db"));
    let server = Server::start(&programs.side(&lesson.pairs[0].server)?, Some(&file)).await?;
    let mut stub = TeamsClient::new(server.channel().await?);
    for n in 0..WARM_UP {
        stub.get_team(TeamRequest { city: city(n, teams) }).await?;
    }
    let list = stub.list_teams(ListTeamsRequest::default());
    watch("database", &server, teams, list, |page| page.teams.len()).await
}

/// GetTeam, each time for another of the cities that `city` numbers, all of which have a team.
fn get_team(channel: Channel, city: impl Fn(u64) -> String + Send + Sync + 'static) -> Call {
    let (stub, next) = (TeamsClient::new(channel), AtomicU64::new(0));
    call(move || {
        let mut stub = stub.clone();
        let city = city(next.fetch_add(1, Ordering::Relaxed));
        async move {
            let team = stub.get_team(TeamRequest { city }).await?.into_inner();
            match team.nickname.as_str() {
                "not a member" => Err(Status::internal(format!("{} has no team", team.city))),
                _ => Ok(1),
            }
        }
    })
}

/// AddTeam, each time for another city.
fn add_team(channel: Channel) -> Call {
    let (stub, next) = (TeamsClient::new(channel), AtomicU64::new(0));
    call(move || {
        let mut stub = stub.clone();
        let n = next.fetch_add(1, Ordering::Relaxed);
        async move {
            let (city, nickname) = (format!("city {n}"), format!("team {n}"));
            let request = AddTeamRequest { city, nickname, request_id: n.to_string() };
            for _ in 1..TRIES {
                match stub.add_team(request.clone()).await {
                    Err(status) if status.code() == Code::Unavailable => {}
                    answer => return answer.map(|_| 1),
                }
            }
            stub.add_team(request).await.map(|_| 1)
        }
    })
}

/// Overwrites the start of the file at `path`, and waits for the disk: no write that is
/// acknowledged can do with less.
fn sync(path: &Path) -> anyhow::Result<Call> {
    let file = Arc::new(File::create(path)?);
    Ok(call(move || {
        let file = Arc::clone(&file);
        async move {
            let mut file = &*file;
            file.rewind()?;
            file.write_all(&[0; 4096])?;
            file.sync_all()?;
            Ok(1)
        }
    }))
}
