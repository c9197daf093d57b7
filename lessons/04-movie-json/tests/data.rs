//! What the server makes of its data file.

use std::fs;
use std::path::Path;
use std::process::Command;

use movie_json::server::Movies;

const FILM: &str = r#"{"id": "1", "title": "Heat", "rating": 8.3, "director": "Michael Mann"}"#;

#[test]
fn says_in_one_line_what_is_wrong_with_a_data_file() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
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
        assert_refused(&path, expected)?;
    }
    fs::write(folder.path().join("latin-1.json"), b"{\"movies\": \"\xe9\"}")?;
    assert_refused(&folder.path().join("latin-1.json"), "invalid unicode code point at line 1")?;
    assert_refused(&folder.path().join("missing.json"), "cannot read the films")?;
    assert_refused(folder.path(), "cannot read the films")
}

/// The server exits with 1 and one line that names `path` and says `expected`.
fn assert_refused(path: &Path, expected: &str) -> anyhow::Result<()> {
    let program = env!("CARGO_BIN_EXE_movie-json");
    let output = Command::new(program).args(["server", "127.0.0.1:0"]).arg(path).output()?;
    let error = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(output.stdout, b"");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with("error: "), "{error}");
    assert!(error.contains(&path.display().to_string()), "{error}");
    assert!(error.contains(expected), "{error}");
    Ok(())
}

#[test]
fn the_first_of_two_films_with_one_id_has_it() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("twice.json");
    fs::write(&path, format!("{{\"movies\": [{FILM}, {}]}}", FILM.replace("Heat", "Ali")))?;
    let movies = Movies::load(path.to_str().unwrap())?;
    assert_eq!(movies.by_id("1").map(|movie| movie.title.as_str()), Some("Heat"));
    Ok(())
}
