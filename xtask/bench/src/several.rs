//! Lesson 8's server, once and three times, and what it costs to be ready to try again.

use std::rc::Rc;
use std::sync::Arc;

use fleet::backoff::chance;
use fleet::fleet::Fleet;
use fleet::pb::teams_client::TeamsClient;
use fleet::pb::{TeamRequest, TeamResponse};
use fleet::retries::{CALL_TIME, Repeat, Retries};
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use xtask::workspace::lesson::{Lesson, Programs};

use crate::load::call;
use crate::progress::Progress;
use crate::server::Server;
use crate::turns::{Subject, Unary, in_turns};

/// Fewer than elsewhere: no call waits for others until it is tried again.
pub const IN_FLIGHT: [usize; 2] = [1, 16];

/// One server.
const ONE: &str = "1 server";
/// Three of them, in turn.
pub const THREE: &str = "3 servers";
/// The same, where a call that fails would be made again.
pub const RETRIES: &str = "3 servers, with retries";

/// Measures it, if lesson 8 is among `lessons`.
///
/// # Errors
///
/// If a server cannot be started, or a call fails.
pub async fn measure(
    lessons: &[&Lesson],
    programs: &Programs,
    progress: &Progress,
) -> anyhow::Result<Vec<Unary>> {
    let Some(lesson) = lessons.iter().find(|lesson| lesson.package == "fleet") else {
        return Ok(Vec::new());
    };
    let side = programs.side(&lesson.pairs[0].server)?;
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(Rc::new(Server::start(&side, None).await?));
    }
    let addrs: Vec<&str> = servers.iter().map(|server| &*server.addr).collect();
    let one = Arc::new(Fleet::connect(addrs[0]).await?);
    let three = Arc::new(Fleet::connect(&addrs.join(",")).await?);
    let retries = Fleet::connect(&addrs.join(",")).await?;
    let retries = Arc::new(Retries::new(retries, Repeat::Always));
    let through = |fleet: Arc<Fleet>| {
        call(move || {
            let fleet = Arc::clone(&fleet);
            async move {
                fleet.call(chicago(), in_time).await?;
                Ok(1)
            }
        })
    };
    let through_retries = call(move || {
        let retries = Arc::clone(&retries);
        async move {
            retries.call(chicago(), get_team).await?;
            Ok(1)
        }
    });
    let calls = [
        (ONE, through(one), &servers[..1]),
        (THREE, through(three), &servers[..]),
        (RETRIES, through_retries, &servers[..]),
    ];
    let mut subjects = Vec::new();
    for (name, call, servers) in &calls {
        for in_flight in IN_FLIGHT {
            subjects.push(Subject::new(name, "GetTeam", in_flight, call, servers)?);
        }
    }
    in_turns(subjects, "several servers", progress).await
}

fn chicago() -> TeamRequest {
    TeamRequest { city: "Chicago".into() }
}

/// A call with a deadline and an id of its own, as each has that may be made again.
async fn in_time(
    server: Channel,
    mut request: Request<TeamRequest>,
) -> Result<Response<TeamResponse>, Status> {
    request.set_timeout(CALL_TIME);
    request.metadata_mut().insert("request-id", chance().into());
    get_team(server, request).await
}

async fn get_team(
    server: Channel,
    request: Request<TeamRequest>,
) -> Result<Response<TeamResponse>, Status> {
    TeamsClient::new(server).get_team(request).await
}
