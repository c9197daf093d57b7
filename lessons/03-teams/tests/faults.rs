//! What the server and the client survive when others do not.

use std::future::pending;

use teams::pb::teams_server::{Teams, TeamsServer};
use teams::pb::{TeamRequest, TeamResponse};
use teams::server;
use tonic::transport::Server as Builder;
use tonic::{Request, Response, Status};

#[path = "../../testing.rs"]
mod testing;
use testing::{Kind, Method, Server, alone};

/// Every method, with `city: "Miami"`.
const METHODS: [Method; 1] =
    [Method { kind: Kind::Unary, path: "/Teams/GetTeam", message: b"\x0a\x05Miami" }];

#[test]
fn forgets_killed_clients() -> anyhow::Result<()> {
    alone("forgets_killed_clients", async || {
        testing::forgets_killed_clients(Server::start(server::run).await?, &METHODS).await
    })
}

#[test]
fn serves_ten_thousand_calls_on_a_thousand_connections() -> anyhow::Result<()> {
    alone("serves_ten_thousand_calls_on_a_thousand_connections", async || {
        testing::serves_ten_thousand_calls(Server::start(server::run).await?, &METHODS).await
    })
}

#[test]
fn cuts_garbage_off_and_lets_a_silent_connection_stay() -> anyhow::Result<()> {
    alone("cuts_garbage_off_and_lets_a_silent_connection_stay", async || {
        testing::serves_beside_bad_connections(Server::start(server::run).await?, &METHODS[0]).await
    })
}

#[test]
fn keeps_deadlines() -> anyhow::Result<()> {
    alone("keeps_deadlines", async || {
        testing::keeps_deadlines(Server::start(server::run).await?, &METHODS).await
    })
}

#[test]
fn finishes_calls_and_waits_for_silent_connections() -> anyhow::Result<()> {
    alone("finishes_calls_and_waits_for_silent_connections", async || {
        testing::finishes_calls(Server::start(server::run).await?, &METHODS).await
    })
}

#[cfg(unix)]
#[test]
fn a_ctrl_c_finishes_calls() -> anyhow::Result<()> {
    alone("a_ctrl_c_finishes_calls", async || {
        let server = env!("CARGO_BIN_EXE_teams");
        for method in &METHODS {
            testing::a_ctrl_c_finishes_calls(server, method).await?;
        }
        Ok(())
    })
}

/// Answers the first two calls of the client, and leaves the third one, about Miami, unanswered.
struct Fake;

#[tonic::async_trait]
impl Teams for Fake {
    async fn get_team(
        &self,
        request: Request<TeamRequest>,
    ) -> Result<Response<TeamResponse>, Status> {
        let TeamRequest { city } = request.into_inner();
        if city == "Miami" {
            return pending().await;
        }
        Ok(Response::new(TeamResponse { city, nickname: "Fakes".into() }))
    }
}

#[test]
fn client_says_that_the_call_failed() -> anyhow::Result<()> {
    alone("client_says_that_the_call_failed", async || {
        let fake = Server::start(async |incoming, _| {
            let router = Builder::builder().add_service(TeamsServer::new(Fake));
            Ok(router.serve_with_incoming(incoming).await?)
        });
        let lines =
            ["Teams client received: Chicago Fakes", "Teams client received: Philadelphia Fakes"];
        let client = env!("CARGO_BIN_EXE_teams");
        testing::client_says_that_the_call_failed(client, fake.await?, &lines).await
    })
}
