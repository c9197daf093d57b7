//! Our servers answer the requests in the lessons' tables as the tables say. `cargo xtask check` sends
//! the same ones to a learner's server.

use std::future::pending;

use anyhow::{Context, ensure};
use methods::Lesson;
use testing::call::{name, send};
use testing::net::listen;
use xtask::workspace::{Workspace, requests};

#[tokio::test]
async fn every_method_answers_the_requests_of_its_table() -> anyhow::Result<()> {
    for lesson in Workspace::load().await?.lessons.iter().filter(|lesson| !lesson.is_apart) {
        let row = Lesson::of(&lesson.package).context("not in the table")?;
        let (incoming, channel) = listen().await?;
        tokio::spawn(row.serve(incoming, Box::pin(pending())));
        let requests = requests::read(lesson)?;
        for method in row.methods {
            let of_it = || requests.iter().filter(|request| request.path() == method.path);
            ensure!(of_it().count() > 0, "{}: {} has none", requests::REQUESTS, method.path);
            for request in of_it() {
                let status = send(&channel, method.path, request.body.clone()).await?;
                let wrong = request.wrong(&name(status.code()), status.message());
                ensure!(wrong.is_none(), "{}: it {}", lesson.name, wrong.unwrap_or_default());
            }
        }
    }
    Ok(())
}
