//! The client of the catalogue: it prints both films, field by field.

use crate::pb::catalogue_client::CatalogueClient;
use crate::pb::{FilmRequest, film::BasedOn};
use crate::server::IDS;
use anyhow::Context;

/// Asks the server at `addr` (HOST:PORT) for its films. Fails without a server, or if a call fails.
pub async fn run(addr: &str) -> anyhow::Result<()> {
    let mut stub = CatalogueClient::connect(format!("http://{addr}")).await.with_context(|| {
        let start = "cargo run -p movie-json --example catalogue server";
        format!("no server at {addr} (start one with `{start}`)")
    })?;

    for id in IDS {
        let id = id.to_be_bytes().to_vec();
        let film = stub.get_film(FilmRequest { id }).await?.into_inner();
        println!("----- {} -----", film.title);
        println!("id: {} bytes", film.id.len());
        println!("cast: {:?}", film.cast);
        println!("in 3D: {}", film.in_3d);
        println!("Oscars: {:?}", film.oscars);
        println!("genre: {}, which is {:?}", film.genre, film.genre());
        match &film.based_on {
            Some(BasedOn::Book(title)) => println!("based on the book {title}"),
            Some(BasedOn::Film(title)) => println!("based on the film {title}"),
            None => println!("based on nothing that we know of"),
        }
        println!("in Italian: {:?}", film.titles.get("it"));
        match (film.released, film.length) {
            (Some(released), Some(length)) => println!("released: {released}, length: {length}"),
            _ => println!("not released"),
        }
    }
    Ok(())
}
