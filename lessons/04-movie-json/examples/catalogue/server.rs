//! The server of the catalogue: two films, and a field of each kind.

use crate::pb::catalogue_server::{Catalogue, CatalogueServer};
use crate::pb::{Film, FilmRequest, Genre, film::BasedOn};
use prost_types::{Duration, Timestamp};
use std::collections::HashMap;
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

/// The ids of the films.
pub const IDS: [u128; 2] =
    [0xa8034f44_aee4_44cf_b32c_74cf452aaaae, 0x96798c08_d19b_4986_a05d_7da856efb697];

/// Implements the service `catalogue.Catalogue`.
pub struct CatalogueServicer {
    films: [Film; 2],
}

#[tonic::async_trait]
impl Catalogue for CatalogueServicer {
    async fn get_film(&self, request: Request<FilmRequest>) -> Result<Response<Film>, Status> {
        let FilmRequest { id } = request.into_inner();
        match self.films.iter().find(|film| film.id == id) {
            Some(film) => Ok(Response::new(film.clone())),
            None => Err(Status::not_found("no film has this id")),
        }
    }
}

/// One film of which everything is known, and one of which nothing is but its title.
pub fn films() -> anyhow::Result<[Film; 2]> {
    let [martian, night_before] = IDS.map(|id| id.to_be_bytes().to_vec());
    let martian = Film {
        id: martian,
        title: "The Martian".into(),
        cast: vec!["Jessica Chastain".into(), "Sean Bean".into()],
        in_3d: true,
        oscars: Some(0),
        genre: Genre::ScienceFiction.into(),
        based_on: Some(BasedOn::Book("The Martian, by Andy Weir".into())),
        titles: HashMap::from([("it".into(), "Sopravvissuto".into())]),
        released: Some(Timestamp::date(2015, 10, 2)?),
        length: Some(Duration { seconds: 141 * 60, nanos: 0 }),
    };
    let night_before =
        Film { id: night_before, title: "The Night Before".into(), ..Film::default() };
    Ok([martian, night_before])
}

/// Serves on `incoming` until `shutdown` ends.
pub async fn run(incoming: TcpIncoming, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    Server::builder()
        .add_service(CatalogueServer::new(CatalogueServicer { films: films()? }))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await?;
    Ok(())
}
