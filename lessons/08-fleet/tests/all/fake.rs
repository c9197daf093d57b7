//! Servers that a test can make sick.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fleet::pb::teams_server::{Teams, TeamsServer};
use fleet::pb::{TeamRequest, TeamResponse};
use testing::net::incoming;
use tokio::net::TcpListener;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status};
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};

/// What a server does with a call.
#[derive(Clone, Copy, PartialEq)]
pub enum Answer {
    /// It answers.
    Well,
    /// It fails, with this code.
    Fails(Code),
    /// It never answers.
    Never,
}

/// A server, and what it has got.
pub struct Fake {
    pub addr: SocketAddr,
    pub servicer: Servicer,
    health: HealthReporter,
}

#[derive(Clone)]
pub struct Servicer {
    answer: Arc<Mutex<Answer>>,
    calls: Arc<AtomicUsize>,
    metadata: Arc<Mutex<Vec<MetadataMap>>>,
}

#[tonic::async_trait]
impl Teams for Servicer {
    async fn get_team(
        &self,
        request: Request<TeamRequest>,
    ) -> Result<Response<TeamResponse>, Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        lock(&self.metadata).push(request.metadata().clone());
        let answer = *lock(&self.answer);
        match answer {
            Answer::Well => Ok(Response::new(TeamResponse::default())),
            Answer::Fails(code) => Err(Status::new(code, "sick")),
            Answer::Never => std::future::pending().await,
        }
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Servicer {
    pub fn new(answer: Answer) -> Servicer {
        let answer = Arc::new(Mutex::new(answer));
        Servicer { answer, calls: Arc::default(), metadata: Arc::default() }
    }

    /// From now on, it does this.
    pub fn answers(&self, answer: Answer) {
        *lock(&self.answer) = answer;
    }

    /// How many calls it has got.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// The metadata of these calls.
    pub fn metadata(&self) -> Vec<MetadataMap> {
        lock(&self.metadata).clone()
    }
}

impl Fake {
    /// Starts one.
    pub async fn start(answer: Answer) -> anyhow::Result<Fake> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let servicer = Servicer::new(answer);
        let (health, health_service) = health_reporter();
        health.set_serving::<TeamsServer<Servicer>>().await;
        let router = Server::builder()
            .add_service(TeamsServer::new(servicer.clone()))
            .add_service(health_service);
        tokio::spawn(router.serve_with_incoming(incoming(listener)));
        Ok(Fake { addr, servicer, health })
    }

    /// Says whether it is serving, to those who watch its health.
    pub async fn says(&self, status: ServingStatus) {
        self.health.set_service_status("Teams", status).await;
    }
}

/// Starts three.
pub async fn three(answer: Answer) -> anyhow::Result<[Fake; 3]> {
    Ok([Fake::start(answer).await?, Fake::start(answer).await?, Fake::start(answer).await?])
}

/// Their addresses, as the client takes them.
pub fn addrs(servers: &[Fake]) -> String {
    Vec::from_iter(servers.iter().map(|server| server.addr.to_string())).join(",")
}

/// How many calls each has got.
pub fn calls(servers: &[Fake]) -> Vec<usize> {
    servers.iter().map(|server| server.servicer.calls()).collect()
}
