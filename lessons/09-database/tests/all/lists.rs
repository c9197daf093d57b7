//! Lists of any length, as they were when they began, for clients who take their time.

use std::time::Duration;

use anyhow::Context;
use database::pb::teams_client::TeamsClient;
use database::pb::{ListTeamsRequest, ListTeamsResponse, TeamResponse};
use testing::net::connect;
use testing::server::Server;
use testing::{STUCK, until};
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};

use crate::scratch::{Scratch, add, nickname, trade};

/// More teams than there is room for on the way to a client that is [`narrow`].
const MANY: u32 = 10_000;

/// How many lists there can be at once.
const LISTS: usize = 16;

/// A server of `scratch`.
async fn serve(scratch: &Scratch) -> anyhow::Result<Server> {
    let store = scratch.store().await?;
    Server::start(|incoming, stop| database::server::run(incoming, store, stop)).await
}

/// A client that has room for little, and a connection of its own: it is full for others as well.
fn narrow(server: &Server) -> anyhow::Result<TeamsClient<Channel>> {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.addr))?;
    Ok(TeamsClient::new(endpoint.initial_stream_window_size(1 << 14).connect_lazy()))
}

/// Asks for the teams behind `page_token`, in pages of `page_size`.
async fn list(
    stub: &mut TeamsClient<Channel>,
    page_size: i32,
    page_token: &str,
) -> anyhow::Result<Streaming<ListTeamsResponse>> {
    let request = ListTeamsRequest { page_size, page_token: page_token.into() };
    Ok(stub.list_teams(request).await?.into_inner())
}

async fn next(pages: &mut Streaming<ListTeamsResponse>) -> anyhow::Result<ListTeamsResponse> {
    timeout(STUCK, pages.message()).await??.context("there are fewer pages")
}

/// The teams on all pages that are left.
async fn rest(mut pages: Streaming<ListTeamsResponse>) -> anyhow::Result<Vec<TeamResponse>> {
    let mut all = Vec::new();
    while let Some(page) = timeout(STUCK, pages.message()).await?? {
        all.extend(page.teams);
    }
    Ok(all)
}

#[tokio::test]
async fn lists_the_teams_in_the_order_in_which_they_came() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    stub.add_team(add("Albany", "Ghosts", "")).await?;
    let teams = rest(list(&mut stub, 0, "").await?).await?;
    let cities = Vec::from_iter(teams.iter().map(|team| team.city.as_str()));
    let expected = "Chicago, Detroit, Minneapolis, New York, Arizona, San Francisco, Seattle, Los \
                    Angeles, Philadelphia, Boston, Albany";
    assert_eq!(cities.join(", "), expected);
    assert_eq!(teams[10].nickname, "Ghosts");
    Ok(())
}

#[tokio::test]
async fn cuts_them_into_pages_and_goes_on_behind_any() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    scratch.fill(1_500).await?;
    let mut stub = scratch.stub().await?;
    let all = rest(list(&mut stub, 0, "").await?).await?;
    for (page_size, expected) in
        [(7, 7), (1_000, 1_000), (0, 1_000), (1_001, 1_000), (i32::MAX, 1_000)]
    {
        let mut pages = list(&mut stub, page_size, "").await?;
        let mut taken = Vec::new();
        while let Some(page) = pages.message().await? {
            taken.extend(page.teams);
            let left = all.len() - taken.len();
            assert!(taken.len() % expected == 0 || left == 0, "{page_size}");
            if taken.len() < 30 || left < 600 {
                let others = rest(list(&mut stub, 500, &page.page_token).await?).await?;
                assert_eq!(others, all[taken.len()..], "{page_size}: behind {}", taken.len());
            }
        }
        assert_eq!(taken, all, "{page_size}");
    }
    Ok(())
}

#[tokio::test]
async fn says_what_it_cannot_go_on_behind() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let mut stub = scratch.stub().await?;
    for (page_size, page_token, message) in [
        (0, "a", "page_token is not one of this server"),
        (0, "1.5", "page_token is not one of this server"),
        (0, " 1", "page_token is not one of this server"),
        (0, "1 OR 1 = 1", "page_token is not one of this server"),
        (0, "9223372036854775808", "page_token is not one of this server"),
        (-1, "", "page_size is less than 0"),
        (i32::MIN, "", "page_size is less than 0"),
    ] {
        let request = ListTeamsRequest { page_size, page_token: page_token.into() };
        let refused = stub.list_teams(request).await.err().context("it is taken")?;
        assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, message));
    }
    // Behind the last one there is nothing.
    assert_eq!(rest(list(&mut stub, 0, "9223372036854775807").await?).await?, []);
    Ok(())
}

#[tokio::test]
async fn stays_as_it_was_while_others_write() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    scratch.fill(MANY).await?;
    let last = format!("city {}", MANY + 10);
    let server = serve(&scratch).await?;
    let mut stub = TeamsClient::new(connect(server.addr)?);
    let mut pages = list(&mut narrow(&server)?, 1, "").await?;
    assert_eq!(next(&mut pages).await?.teams[0].nickname, "Jackals");
    stub.trade_teams(trade("Chicago", &last, "")).await?;
    stub.add_team(add("Denver", "Miners", "")).await?;
    assert_eq!(nickname(&mut stub, &last).await?, "Jackals");

    let (mut count, mut end) = (1, ListTeamsResponse::default());
    while let Some(page) = timeout(STUCK, pages.message()).await?? {
        (count, end) = (count + 1, page);
    }
    assert_eq!(count, MANY + 10);
    assert_eq!(end.teams[0].city, last);
    assert_eq!(end.teams[0].nickname, format!("team {}", MANY + 10));
    // The next one sees what has happened.
    let teams = rest(list(&mut stub, 0, &end.page_token).await?).await?;
    assert_eq!(Vec::from_iter(teams.iter().map(|team| &team.city)), ["Denver"]);
    Ok(())
}

#[tokio::test]
async fn goes_on_after_a_server_that_has_ended() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    scratch.fill(MANY).await?;
    let (mut token, mut count) = (String::new(), 0);
    for taken in [1, 10, usize::MAX] {
        let server = serve(&scratch).await?;
        let mut pages = list(&mut narrow(&server)?, 0, &token).await?;
        for _ in 0..taken {
            let Some(page) = timeout(STUCK, pages.message()).await?? else { break };
            (token, count) = (page.page_token, count + page.teams.len());
        }
    }
    assert_eq!(count, MANY as usize + 10);
    Ok(())
}

#[tokio::test]
async fn slow_readers_hold_up_nobody() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    scratch.fill(MANY).await?;
    let server = serve(&scratch).await?;
    let mut stub = TeamsClient::new(connect(server.addr)?);
    // As many as there can be, and none is read any further.
    let mut slow = Vec::new();
    for _ in 0..LISTS {
        let mut pages = list(&mut narrow(&server)?, 0, "").await?;
        let first = next(&mut pages).await?.teams.len();
        slow.push((pages, first));
    }
    for i in 0..50 {
        stub.add_team(add(&i.to_string(), "Ghosts", "")).await?;
        assert_eq!(nickname(&mut stub, &i.to_string()).await?, "Ghosts");
    }
    // The next one has its turn when one of them is gone.
    let late = tokio::spawn(async move { rest(list(&mut stub, 0, "").await?).await });
    slow.pop();
    assert_eq!(late.await??.len(), MANY as usize + 60);
    // Those that go on are as they were.
    for (pages, first) in slow {
        assert_eq!(first + rest(pages).await?.len(), MANY as usize + 10);
    }
    until("all lists are forgotten", || server.tasks() == 1).await
}

#[tokio::test]
async fn a_reader_who_stands_still_is_left_at_its_deadline() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    scratch.fill(MANY).await?;
    let server = serve(&scratch).await?;
    let mut slow = Vec::new();
    for _ in 0..LISTS {
        let mut request = Request::new(ListTeamsRequest::default());
        request.set_timeout(Duration::from_millis(500));
        slow.push(narrow(&server)?.list_teams(request).await?.into_inner());
    }
    // Nobody has read anything, and yet there is room for as many others.
    let mut others = Vec::new();
    for _ in 0..LISTS {
        let mut pages = list(&mut narrow(&server)?, 1, "").await?;
        assert_eq!(next(&mut pages).await?.teams[0].city, "Chicago");
        others.push(pages);
    }
    for pages in slow {
        let end = rest(pages).await.err().context("it has gone on")?.downcast::<Status>()?;
        assert_eq!(end.code(), Code::DeadlineExceeded);
        assert_eq!(end.message(), "the time is over: go on with the last page_token");
    }
    Ok(())
}

#[tokio::test]
async fn forgets_a_reader_who_is_gone() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    scratch.fill(MANY).await?;
    let server = serve(&scratch).await?;
    // More than there can be at once: each takes the place of one before.
    for _ in 0..3 * LISTS {
        let mut pages = list(&mut narrow(&server)?, 0, "").await?;
        next(&mut pages).await?;
    }
    until("all lists are forgotten", || server.tasks() == 1).await
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn says_when_there_are_too_many_lists() -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    scratch.fill(MANY).await?;
    let server = serve(&scratch).await?;
    let mut slow = Vec::new();
    for _ in 0..LISTS {
        let mut pages = list(&mut narrow(&server)?, 0, "").await?;
        next(&mut pages).await?;
        slow.push(pages);
    }
    let refused = rest(list(&mut narrow(&server)?, 0, "").await?).await;
    let refused = refused.err().context("there was room")?.downcast::<Status>()?;
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(refused.message(), "the database is busy: send the request again");
    Ok(())
}
