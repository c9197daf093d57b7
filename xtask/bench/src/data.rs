//! Data files of any size, always the same ones.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use database::store::Store;
use routeguide::pb::{Point, Rectangle};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// How many entries the files have.
pub const SIZES: [u64; 3] = [100, 10_000, 1_000_000];

/// Coprime to every size: steps of so many entries come to each of them.
const STEP: u64 = 7919;

/// The number of the first team behind those that each file of lesson 9 has.
const FIRST_TEAM: u64 = 11;

/// The corner of the square in which all places are, and the length of its sides.
const CORNER: Point = Point { latitude: 400_000_000, longitude: -750_000_000 };
const SIDE: i32 = 20_000_000;

/// Half the side of the square that [`hundred`] asks for, in cells.
const HALF: i32 = 5;

/// A square of so many places: as many rows of cells as columns, and a place in each cell.
pub struct Map {
    places: u64,
    rows: i32,
    /// The side of a cell.
    cell: i32,
}

impl Map {
    /// A map of `places` places, which is the square of a divisor of [`SIDE`].
    pub fn new(places: u64) -> Map {
        let rows = places.isqrt() as i32;
        Map { places, rows, cell: SIDE / rows }
    }

    /// Where the place number `n` is, counted without end. Neighbours in number are far from each
    /// other.
    pub fn point(&self, n: u64) -> Point {
        let number = n.wrapping_mul(STEP) % self.places;
        let rows = self.rows as u64;
        let (row, column) = ((number / rows) as i32, (number % rows) as i32);
        let (north, east) = (scatter(number, self.cell), scatter(number + 1, self.cell));
        Point {
            latitude: CORNER.latitude + row * self.cell + north,
            longitude: CORNER.longitude + column * self.cell + east,
        }
    }

    /// A square in the middle with a hundred places in it.
    pub fn hundred(&self) -> Rectangle {
        let corner = |cells: i32, less: i32| {
            let away = (self.rows / 2 + cells) * self.cell - less;
            let Point { latitude, longitude } = CORNER;
            Some(Point { latitude: latitude + away, longitude: longitude + away })
        };
        Rectangle { lo: corner(-HALF, 0), hi: corner(HALF, 1) }
    }

    /// A square with all of them.
    pub fn all() -> Rectangle {
        let Point { latitude, longitude } = CORNER;
        let far = Point { latitude: latitude + SIDE, longitude: longitude + SIDE };
        Rectangle { lo: Some(CORNER), hi: Some(far) }
    }

    /// Writes the places to a file, in no order, named or not as often as those that come with the
    /// lesson.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        writeln!(file, "[")?;
        for n in 0..self.places {
            let Point { latitude, longitude } = self.point(n);
            let name = match n % 25 {
                0..9 => String::new(),
                _ => format!("{n} Huntington Drive, Manchester Township, NJ 08759, USA"),
            };
            let end = if n + 1 == self.places { "" } else { "," };
            writeln!(
                file,
                r#"  {{"location": {{"latitude": {latitude}, "longitude": {longitude}}}, "name": "{name}"}}{end}"#
            )?;
        }
        writeln!(file, "]")?;
        Ok(file.flush()?)
    }
}

/// The id of the film number `n` of `films`, counted without end.
pub fn film_id(n: u64, films: u64) -> String {
    let number = n.wrapping_mul(STEP) % films;
    format!("{:08x}-3a57-4b6a-b18f-{number:012x}", number.wrapping_mul(0x9e37_79b9) as u32)
}

/// Writes `films` films to a file.
///
/// # Errors
///
/// If it cannot be written.
pub fn write_films(films: u64, path: &Path) -> anyhow::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{{\n  \"movies\": [")?;
    for n in 0..films {
        let id = film_id(n, films);
        let rating = n % 10;
        let end = if n + 1 == films { "" } else { "," };
        writeln!(
            file,
            r#"    {{"id": "{id}", "title": "The Martian, part {n}", "rating": {rating}.2, "director": "Ridley Scott"}}{end}"#
        )?;
    }
    writeln!(file, "  ]\n}}")?;
    Ok(file.flush()?)
}

/// The city number `n` of those that [`write_teams`] adds, counted without end.
pub fn city(n: u64, teams: u64) -> String {
    format!("city {}", FIRST_TEAM + n.wrapping_mul(STEP) % (teams + 1 - FIRST_TEAM))
}

/// Makes a file of lesson 9 with `teams` teams.
///
/// # Errors
///
/// If it cannot be written.
pub async fn write_teams(teams: u64, path: &Path) -> anyhow::Result<()> {
    // It has the lesson's tables then, and its ten teams.
    Store::open(path.to_str().context("a path that is not UTF-8")?).await?.close().await;
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
    let sql = format!(
        "WITH RECURSIVE numbers (n) AS
             (SELECT {FIRST_TEAM} UNION ALL SELECT n + 1 FROM numbers WHERE n < {teams})
         INSERT INTO teams SELECT n, 'city ' || n, 'team ' || n FROM numbers"
    );
    sqlx::raw_sql(&sql).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// A number below `limit` that looks like chance.
fn scatter(n: u64, limit: i32) -> i32 {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed >> 32) % limit as u64) as i32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use routeguide::places::Places;

    #[test]
    fn the_square_in_the_middle_has_a_hundred_places_at_any_size() {
        for places in [100, 10_000] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("places.json");
            let map = Map::new(places);
            map.write(&path).unwrap();
            let loaded = Places::load(path.to_str().unwrap()).unwrap();
            let within = |square: Rectangle| {
                loaded.within(square.lo.unwrap(), square.hi.unwrap()).count() as u64
            };
            assert_eq!(within(map.hundred()), 100);
            assert_eq!(within(Map::all()), places);
            assert!((0..places).all(|n| loaded.at(map.point(n)).is_some()));
        }
    }

    #[test]
    fn every_film_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("films.json");
        write_films(100, &path).unwrap();
        let films = movie_json::server::Movies::load(path.to_str().unwrap()).unwrap();
        assert!((0..100).all(|n| films.by_id(&film_id(n, 100)).is_some()));
        assert!(films.by_id(&film_id(0, 100)) != films.by_id(&film_id(1, 100)));
    }

    #[tokio::test]
    async fn every_team_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("teams.db");
        write_teams(100, &path).await.unwrap();
        let store = Store::open(path.to_str().unwrap()).await.unwrap();
        let mut nicknames = BTreeSet::new();
        for n in 0..90 {
            nicknames.insert(store.nickname(&city(n, 100)).await.unwrap().unwrap());
        }
        assert_eq!(nicknames.len(), 90);
        assert!(store.nickname("Chicago").await.unwrap().is_some());
        assert!(store.nickname("city 101").await.unwrap().is_none());
        store.close().await;
    }
}
