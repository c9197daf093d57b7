//! The server: what it knows is in its store.

// ANCHOR: step7-import-file
use crate::file;
// ANCHOR_END: step7-import-file
use crate::pb::teams_server::{Teams, TeamsServer};
use crate::{listen, pb, store::Store};
// ANCHOR: step6-server-imports
use std::{pin::pin, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
// ANCHOR_END: step6-server-imports
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// The nickname of a team that isn't there.
const NOT_A_MEMBER: &str = "not a member";
// ANCHOR: step5-limit

/// How long a text may be that somebody wants to be kept, in bytes.
const MAX_BYTES: usize = 100;
// ANCHOR_END: step5-limit
// ANCHOR: step6-limits

/// How many teams a page may have. Without pages, each team would be a DATA frame of its own, and a
/// client with thousands of small frames to read takes them for an attack.
const MAX_PAGE: usize = 1000;

/// How long a list may take. As long as somebody reads it, what is written stays in the log.
const LIST_TIME: Duration = Duration::from_secs(10 * 60);
// ANCHOR_END: step6-limits

/// Implements the service `Teams`.
pub struct TeamsServicer {
    store: Store,
}

#[tonic::async_trait]
impl Teams for TeamsServicer {
    async fn get_team(
        &self,
        request: Request<pb::TeamRequest>,
    ) -> Result<Response<pb::TeamResponse>, Status> {
        let pb::TeamRequest { city } = request.into_inner();
        let nickname = self.store.nickname(&city).await.map_err(failed)?;
        let nickname = nickname.unwrap_or(NOT_A_MEMBER.into());
        Ok(Response::new(pb::TeamResponse { city, nickname }))
    }
    // ANCHOR: step5-add-team

    async fn add_team(
        &self,
        request: Request<pb::AddTeamRequest>,
    ) -> Result<Response<pb::TeamResponse>, Status> {
        // ANCHOR: step7-add-wait
        let wait = wait(&request);
        // ANCHOR_END: step7-add-wait
        let request = request.into_inner();
        check_name("city", &request.city)?;
        check_name("nickname", &request.nickname)?;
        check_length("request_id", &request.request_id)?;
        let added = self.store.add(&request);
        // ANCHOR: step7-add-within
        let added = within(wait, added);
        // ANCHOR_END: step7-add-within
        Ok(Response::new(added.await.map_err(failed)?))
    }
    // ANCHOR_END: step5-add-team
    // ANCHOR: step6-list-teams

    type ListTeamsStream = ReceiverStream<Result<pb::ListTeamsResponse, Status>>;

    async fn list_teams(
        &self,
        request: Request<pb::ListTeamsRequest>,
    ) -> Result<Response<Self::ListTeamsStream>, Status> {
        let time = crate::deadline::of(request.metadata(), LIST_TIME);
        let pb::ListTeamsRequest { page_size, page_token } = request.into_inner();
        let size = size(page_size)?;
        let after = last_id(&page_token)?;
        let store = self.store.clone();
        let (sender, pages) = mpsc::channel(1);
        // A task of its own, which ends in time even if its client reads nothing.
        tokio::spawn(async move {
            let list = async {
                let mut pages = pin!(store.list(after, size));
                while let Some(page) = pages.next().await {
                    // Here the list stands still until the client has room, or is gone.
                    if sender.send(page.map_err(failed)).await.is_err() {
                        break;
                    }
                }
            };
            if timeout(time, list).await.is_err() {
                _ = sender.send(Err(too_slow())).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(pages)))
    }
    // ANCHOR_END: step6-list-teams
    // ANCHOR: step7-trade-teams

    async fn trade_teams(
        &self,
        request: Request<pb::TradeTeamsRequest>,
    ) -> Result<Response<pb::TradeTeamsResponse>, Status> {
        let wait = wait(&request);
        let request = request.into_inner();
        check_name("city", &request.city)?;
        check_name("other_city", &request.other_city)?;
        if request.city == request.other_city {
            return Err(Status::invalid_argument("other_city is the same as city"));
        }
        // ANCHOR: step8-check-request-id
        check_length("request_id", &request.request_id)?;
        // ANCHOR_END: step8-check-request-id
        let traded = within(wait, self.store.trade(&request));
        Ok(Response::new(traded.await.map_err(failed)?))
    }
    // ANCHOR_END: step7-trade-teams
}
// ANCHOR: step5-check

/// Refuses a `text`, in the field `name` of a request, that can't name a city or a team.
fn check_name(name: &str, text: &str) -> Result<(), Status> {
    check_length(name, text)?;
    let why = if text.is_empty() {
        "is missing"
    } else if text.trim() != text || text.contains(char::is_control) {
        "begins or ends with a space, or has something in it that nobody can see"
    } else if text == NOT_A_MEMBER {
        "means that a city has no team"
    } else {
        return Ok(());
    };
    Err(Status::invalid_argument(format!("{name} {why}")))
}

/// Refuses a `text` that is too long.
fn check_length(name: &str, text: &str) -> Result<(), Status> {
    if text.len() > MAX_BYTES {
        let why = format!("{name} is longer than {MAX_BYTES} bytes");
        return Err(Status::invalid_argument(why));
    }
    Ok(())
}
// ANCHOR_END: step5-check
// ANCHOR: step6-page

/// How many teams a page has.
fn size(page_size: i32) -> Result<usize, Status> {
    match usize::try_from(page_size) {
        Ok(0) => Ok(MAX_PAGE),
        Ok(size) => Ok(size.min(MAX_PAGE)),
        Err(_) => Err(Status::invalid_argument("page_size is less than 0")),
    }
}

/// What a page token says: the id of the last team on its page.
fn last_id(page_token: &str) -> Result<i64, Status> {
    if page_token.is_empty() {
        return Ok(0);
    }
    page_token.parse().map_err(|_| Status::invalid_argument("page_token is not one of this server"))
}

fn too_slow() -> Status {
    Status::deadline_exceeded("the time is over: go on with the last page_token")
}

/// UNAVAILABLE: it is enough to send the same request again. ABORTED would mean that its client has
/// to begin further back, and read again what it has made the request from.
fn busy() -> Status {
    Status::unavailable("the database is busy: send the request again")
}
// ANCHOR_END: step6-page
// ANCHOR: step7-within

/// How long a call waits for the database: so long that its client still hears of it.
fn wait<T>(request: &Request<T>) -> Duration {
    crate::deadline::of(request.metadata(), file::PATIENCE) * 9 / 10
}

/// What comes of `work`, if it is done within `wait`.
async fn within<T>(
    wait: Duration,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    timeout(wait, work).await.unwrap_or_else(|_| Err(busy().into()))
}
// ANCHOR_END: step7-within

/// What a client is told of `error`. The rest is for those who run the server.
fn failed(error: anyhow::Error) -> Status {
    // ANCHOR: step5-refused
    let error = match error.downcast::<Status>() {
        Ok(status) => return status,
        Err(error) => error,
    };
    // ANCHOR_END: step5-refused
    // ANCHOR: step6-failed-busy
    if matches!(error.downcast_ref(), Some(sqlx::Error::PoolTimedOut)) {
        return busy();
    }
    // ANCHOR_END: step6-failed-busy
    // ANCHOR: step7-failed-busy
    if file::code(&error) == Some(file::BUSY) {
        return busy();
    }
    // ANCHOR_END: step7-failed-busy
    eprintln!("error: {error}");
    // ANCHOR: step8-failed-full
    if file::code(&error) == Some(file::FULL) {
        return Status::resource_exhausted("the disk is full: nothing was changed");
    }
    // ANCHOR_END: step8-failed-full
    Status::internal("the database failed")
}

/// Serves the teams of `file` on `addr` (HOST:PORT) until Ctrl-C. Fails if it can't use the one or
/// listen on the other.
pub async fn serve(addr: &str, file: &str) -> anyhow::Result<()> {
    let store = Store::open(file).await?;
    let (incoming, ctrl_c) = listen::on(addr).await?;
    run(incoming, store, ctrl_c).await
}

/// Serves `store` on `incoming` until `shutdown` ends. Calls that are under way then may finish.
pub async fn run(
    incoming: TcpIncoming,
    store: Store,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    listen::builder()
        .add_service(TeamsServer::new(TeamsServicer { store: store.clone() }))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    // ANCHOR: step8-close
    store.close().await;
    // ANCHOR_END: step8-close
    Ok(())
}
