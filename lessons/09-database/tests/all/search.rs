//! The exercise's server: what it finds, and what a client can get wrong.

use std::future::pending;

use testing::call::{Kind, Method};
use testing::faults;
use testing::net::listen;

use crate::exercise;
use crate::pb::FindCitiesRequest;
use crate::pb::search_client::SearchClient;

#[tokio::test]
async fn finds_cities_by_their_beginning_and_nothing_else() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(exercise::run(incoming, pending()));
    let mut stub = SearchClient::new(channel);
    for (beginning, expected) in [
        ("San Francisco", "San Francisco"),
        ("s", "San Francisco, Seattle"),
        ("New York ", ""),
        ("%", ""),
        ("_", ""),
        ("New_York", ""),
        ("New%", ""),
        ("\\", ""),
        ("\\N", ""),
        ("\\%", ""),
        ("'", ""),
        ("' OR '1' = '1", ""),
        ("x", ""),
    ] {
        let request = FindCitiesRequest { beginning: beginning.into() };
        let cities = stub.find_cities(request).await?.into_inner().cities;
        assert_eq!(cities.join(", "), expected, "{beginning:?}");
    }
    let request = FindCitiesRequest::default();
    assert_eq!(stub.find_cities(request).await?.into_inner().cities.len(), 10);
    Ok(())
}

#[tokio::test]
async fn answers_hostile_bytes_with_an_error_and_goes_on() -> anyhow::Result<()> {
    let (incoming, channel) = listen().await?;
    tokio::spawn(exercise::run(incoming, pending()));
    let (path, message) = ("/search.Search/FindCities", b"\x0a\x06Boston");
    let method = Method { kind: Kind::Unary, path, message };
    faults::answers_hostile_bytes(&channel, &method).await
}
