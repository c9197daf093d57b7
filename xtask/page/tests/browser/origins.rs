//! A page of another origin calls the server.

use std::future::pending;
use std::net::SocketAddr;

use anyhow::{Result, ensure};
use axum::response::Html;
use axum::routing::get;
use browser::{origin, server};
use page::{DESKTOP, Driver};
use serde_json::json;
use testing::net::listen;
use tonic::service::Routes;
use tonic::transport::Server;

/// Calls a method with an empty message, and says what the page hears of it.
const CALL: &str = r#"
const [method, done] = arguments;
const init = {
    method: "POST",
    headers: { "content-type": "application/grpc-web+proto", "grpc-timeout": "5S", "x-grpc-web": "1" },
    body: new Uint8Array(5),
};
fetch(method, init).then(
    async (it) => done([it.headers.get("grpc-status"), (await it.arrayBuffer()).byteLength]),
    (error) => done(String(error)),
);
"#;

/// Serves `routes` for as long as the test goes on.
async fn serve(routes: Routes) -> Result<SocketAddr> {
    let (incoming, _) = listen().await?;
    let addr = incoming.local_addr()?;
    let server = Server::builder().accept_http1(true).add_routes(routes);
    tokio::spawn(server.serve_with_incoming_shutdown(incoming, pending::<()>()));
    Ok(addr)
}

#[tokio::test]
#[ignore = "slow: cargo xtask ci runs it"]
async fn a_page_of_another_origin_may_call_if_it_is_allowed_by_name() -> Result<()> {
    let Some(driver) = Driver::start().await? else { return Ok(()) };
    // An empty page, without a policy of its own.
    let elsewhere = serve(axum::Router::new().route("/", get(Html(""))).into()).await?;
    let browser = driver.browser(DESKTOP).await?;
    let page = format!("http://{elsewhere}");
    browser.goto(&page).await?;
    let refused = json!("TypeError: Failed to fetch");
    for (allowed, is_allowed) in [
        (None, false),
        (Some(page.clone()), true),
        (Some("http://example.com".into()), false),
        // Another name for the same machine.
        (Some(page.replace("127.0.0.1", "localhost")), false),
    ] {
        let mut routes = server::routes();
        if let Some(allowed) = &allowed {
            routes = origin::allow(allowed, routes)?;
        }
        let addr = serve(routes).await?;
        for (method, answer) in [
            ("SayHello", json!([null, 5 + 2 + "Hello, !".len() + 5 + "grpc-status:0\r\n".len()])),
            ("SayHello_v2", json!(["12", 0])),
        ] {
            let url = json!(format!("http://{addr}/helloworld.Greeter/{method}"));
            let heard = browser.execute_async(CALL, vec![url]).await?;
            let expected = if is_allowed { &answer } else { &refused };
            ensure!(heard == *expected, "{method}, {allowed:?}: {heard}");
        }
    }
    browser.close().await?;
    driver.end().await
}
