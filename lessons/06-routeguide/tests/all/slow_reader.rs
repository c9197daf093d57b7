//! What clients that do not read cost the server. Alone in its process, whose memory it measures.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use async_stream::stream;
use routeguide::pb::route_guide_client::RouteGuideClient;
use routeguide::pb::{Point, Rectangle, RouteNote};
use routeguide::places::{Place, Places};
use routeguide::server;
use testing::alone::alone;
use testing::net::{connect, listen};
use tonic::Status;
use tonic::transport::Channel;

const HERE: Point = Point { latitude: 0, longitude: 0 };

/// How many KiB of memory this process has. Only Linux says so.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(size.context("no VmRSS")?.parse()?)
}

/// Two hundred calls of somebody else, as the clock.
async fn serve_others(stub: &mut RouteGuideClient<Channel>) -> Result<(), Status> {
    for _ in 0..200 {
        stub.get_feature(HERE).await?;
    }
    Ok(())
}

#[test]
fn keeps_nothing_for_clients_that_do_not_read() -> anyhow::Result<()> {
    alone("slow_reader::keeps_nothing_for_clients_that_do_not_read", measure)
}

async fn measure() -> anyhow::Result<()> {
    if !cfg!(target_os = "linux") {
        testing::skipped("nothing here says how much memory a process has");
        return Ok(());
    }
    const PLACES: i32 = 30_000;
    const NOTES: usize = 100;
    let name = "x".repeat(1_650);
    let location = |n| Point { latitude: n, longitude: 0 };
    let places = (0..PLACES).map(|n| Place { location: location(n), name: name.clone() });
    let places = Places::new(places.collect());
    let (incoming, channel) = listen().await?;
    let addr = incoming.local_addr()?;
    tokio::spawn(server::run(incoming, places, pending()));
    let mut others = RouteGuideClient::new(channel);
    serve_others(&mut others).await?;
    let before = resident()?;

    // 50 MB of places. Each client has a connection of its own, because the windows of HTTP/2
    // are full for the connection as well.
    let all = Rectangle { lo: Some(HERE), hi: Some(location(PLACES)) };
    let mut lists = RouteGuideClient::new(connect(addr)?);
    let unread_list = lists.list_features(all).await?;
    serve_others(&mut others).await?;
    let growth = resident()?.saturating_sub(before);
    assert!(growth < 16 * 1024, "{growth} KiB more with a list that nobody reads");

    // 6 MB of notes, and 300 MB of answers.
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let note = RouteNote { location: Some(HERE), message: "x".repeat(64 * 1024) };
    let notes = stream! {
        for _ in 0..NOTES {
            counter.fetch_add(1, Ordering::Relaxed);
            yield note.clone();
        }
        pending::<()>().await;
    };
    let mut chats = RouteGuideClient::new(connect(addr)?);
    let unread_chat = chats.route_chat(notes).await?;
    let mut last = 0;
    loop {
        serve_others(&mut others).await?;
        let now = sent.load(Ordering::Relaxed);
        assert!(now < NOTES, "the server has taken everything");
        if now == last {
            break;
        }
        last = now;
    }
    let growth = resident()?.saturating_sub(before);
    assert!(growth < 16 * 1024, "{growth} KiB more with a chat that nobody reads");
    drop((unread_list, unread_chat));
    Ok(())
}
