//! What the server makes of its data file.

use std::fs;

use movie_json::server::Movies;
use testing::folder::Folder;
use testing::program::refuses_data;

const PROGRAM: &str = env!("CARGO_BIN_EXE_movie-json");

const FILM: &str = r#"{"id": "1", "title": "Heat", "rating": 8.3, "director": "Michael Mann"}"#;

#[tokio::test]
async fn says_in_one_line_what_is_wrong_with_a_data_file() -> anyhow::Result<()> {
    let folder = Folder::within(env!("CARGO_TARGET_TMPDIR"))?;
    for (name, content, expected) in [
        ("empty.json", "", "EOF while parsing a value at line 1 column 0"),
        ("cut-short.json", "{\"movies\": [\n{\"id\": \"1\",", "line 2 column 11"),
        (
            "number.json",
            "7",
            "invalid type: integer `7`, expected an object with the key `movies` at line 1 column 1",
        ),
        ("no-movies.json", "{}", "missing field `movies` at line 1 column 2"),
        ("no-title.json", "{\"movies\": [{\"id\": \"1\"}]}", "missing field `title` at line 1"),
        ("rating.json", &FILM.replace("8.3", "\"good\""), "line 1 column"),
        ("text.txt", "id,title", "expected value at line 1 column 1"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content)?;
        refuses_data(PROGRAM, &path, expected).await?;
    }
    fs::write(folder.path().join("latin-1.json"), b"{\"movies\": \"\xe9\"}")?;
    refuses_data(
        PROGRAM,
        &folder.path().join("latin-1.json"),
        "invalid unicode code point at line 1",
    )
    .await?;
    refuses_data(PROGRAM, &folder.path().join("missing.json"), "cannot read the films").await?;
    refuses_data(PROGRAM, folder.path(), "cannot read the films").await
}

#[test]
fn names_the_file_that_is_missing() {
    let error = Movies::load("no/such/file.json").err().unwrap();
    assert_eq!(error.to_string(), "cannot read the films in \"no/such/file.json\"");
}

#[test]
fn the_first_of_two_films_with_one_id_has_it() -> anyhow::Result<()> {
    let folder = Folder::within(env!("CARGO_TARGET_TMPDIR"))?;
    let path = folder.path().join("twice.json");
    fs::write(&path, format!("{{\"movies\": [{FILM}, {}]}}", FILM.replace("Heat", "Ali")))?;
    let movies = Movies::load(path.to_str().unwrap())?;
    assert_eq!(movies.by_id("1").map(|movie| movie.title.as_str()), Some("Heat"));
    Ok(())
}
