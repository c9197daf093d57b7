//! The client of the exercise: beginnings, and what looks like something else.

use crate::pb::FindCitiesRequest;
use crate::pb::search_client::SearchClient;
use anyhow::Context;

/// Asks the server at `addr` (HOST:PORT) for cities, and prints those that it finds. Fails without
/// a server, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let mut stub = SearchClient::connect(format!("http://{addr}")).await.with_context(|| {
        let server = "cargo run -p database --example search server";
        format!("no server at {addr} (start one with `{server}`)")
    })?;

    for beginning in ["S", "new", "Bos", "x", "%", "_", "\\", "'"] {
        let request = FindCitiesRequest { beginning: beginning.into() };
        let cities = stub.find_cities(request).await?.into_inner().cities;
        println!("Search client asks for {beginning:?}");
        for city in cities {
            println!("Search client received: {city}");
        }
    }
    Ok(())
}
