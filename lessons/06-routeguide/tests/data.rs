//! What the server makes of its data file.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// Far longer than anything here takes: what is not over by then is stuck.
const STUCK: Duration = Duration::from_secs(60);

const PLACES: &str =
    r#"[{"location": {"latitude": 409146138, "longitude": -746188906}, "name": ""}]"#;

#[tokio::test]
async fn says_in_one_line_what_is_wrong_with_a_data_file() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("places.json");
    for (content, expected) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("[\n{\"location\": {", "EOF while parsing an object at line 2 column 14"),
        ("{\"places\": []}", "invalid type: map, expected a sequence at line 1 column 0"),
        ("[7]", "invalid type: integer `7`, expected a place at line 1 column 2"),
        ("[{\"name\": \"\"}]", "missing field `location` at line 1 column 13"),
        ("[]\n\n[]", "trailing characters at line 3 column 1"),
        ("latitude,longitude", "expected value at line 1 column 1"),
    ] {
        fs::write(&path, content)?;
        assert_refused(&path, expected).await?;
    }
    for (part, other, expected) in [
        ("name", "nom", "missing field `name` at line 1 column 74"),
        ("longi", "alti", "missing field `longitude` at line 1 column 61"),
        ("409146138", "\"x\"", "invalid type: string \"x\", expected i32 at line 1 column 30"),
        (
            "409146138",
            "4.5",
            "invalid type: floating point `4.5`, expected i32 at line 1 column 30",
        ),
        (
            "409146138",
            "2147483648",
            "invalid value: integer `2147483648`, expected i32 at line 1 column 37",
        ),
    ] {
        fs::write(&path, PLACES.replace(part, other))?;
        assert_refused(&path, expected).await?;
    }
    fs::write(&path, b"[{\"name\": \"Caf\xe9\"}]")?;
    assert_refused(&path, "invalid unicode code point at line 1 column 15").await?;
    assert_refused(&folder.path().join("missing.json"), "cannot read the places in").await?;
    assert_refused(folder.path(), "cannot read the places").await
}

/// The server exits with 1 and one line that names `path` and says `expected`.
async fn assert_refused(path: &Path, expected: &str) -> anyhow::Result<()> {
    let server = Command::new(env!("CARGO_BIN_EXE_routeguide"))
        .args(["server", "127.0.0.1:0"])
        .arg(path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = timeout(STUCK, server.wait_with_output()).await??;
    let error = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(output.stdout, b"");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with("error: "), "{error}");
    assert!(error.contains(&path.display().to_string()), "{error}");
    assert!(error.contains(expected), "{error}");
    Ok(())
}
