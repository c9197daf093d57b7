//! What the server and the client survive when others do not.

use std::future::pending;

use tonic::transport::Server as Builder;
use tonic::{Request, Response, Status};
use unary_displacement::pb::displacement_service_server::{
    DisplacementService, DisplacementServiceServer,
};
use unary_displacement::pb::{Displacement, DisplacementResponse};
use unary_displacement::server;

#[path = "../../testing.rs"]
mod testing;
use testing::{Kind, Method, Server, alone};

/// Every method, with `start { y: 12 } end { x: 12 y: 14 }`.
const METHODS: [Method; 1] = [Method {
    kind: Kind::Unary,
    path: "/my_package.DisplacementService/computeDisplacement",
    message: b"\x0a\x02\x10\x0c\x12\x04\x08\x0c\x10\x0e",
}];

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
        let server = env!("CARGO_BIN_EXE_unary-displacement");
        for method in &METHODS {
            testing::a_ctrl_c_finishes_calls(server, method).await?;
        }
        Ok(())
    })
}

/// Answers the first call of the client, and leaves the second one, without an end, unanswered.
struct Fake;

#[tonic::async_trait]
impl DisplacementService for Fake {
    async fn compute_displacement(
        &self,
        request: Request<Displacement>,
    ) -> Result<Response<DisplacementResponse>, Status> {
        match request.into_inner().end {
            Some(_) => Ok(Response::new(DisplacementResponse { distance: 1.5 })),
            None => pending().await,
        }
    }
}

#[test]
fn client_says_that_the_call_failed() -> anyhow::Result<()> {
    alone("client_says_that_the_call_failed", async || {
        let fake = Server::start(async |incoming, _| {
            let router = Builder::builder().add_service(DisplacementServiceServer::new(Fake));
            Ok(router.serve_with_incoming(incoming).await?)
        });
        let lines = [
            "calling server...",
            "displacement from (0, 12) to (12, 14): 1.5",
            "calling server without an end...",
        ];
        let client = env!("CARGO_BIN_EXE_unary-displacement");
        testing::client_says_that_the_call_failed(client, fake.await?, &lines).await
    })
}
