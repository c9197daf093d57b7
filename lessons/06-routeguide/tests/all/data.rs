//! What the server makes of its data file.

use std::fs;

use testing::folder::Folder;
use testing::program::refuses_data;

const PROGRAM: &str = env!("CARGO_BIN_EXE_routeguide");

const PLACES: &str =
    r#"[{"location": {"latitude": 409146138, "longitude": -746188906}, "name": ""}]"#;

#[tokio::test]
async fn says_in_one_line_what_is_wrong_with_a_data_file() -> anyhow::Result<()> {
    let folder = Folder::within(env!("CARGO_TARGET_TMPDIR"))?;
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
        refuses_data(PROGRAM, &path, expected).await?;
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
        refuses_data(PROGRAM, &path, expected).await?;
    }
    fs::write(&path, b"[{\"name\": \"Caf\xe9\"}]")?;
    refuses_data(PROGRAM, &path, "invalid unicode code point at line 1 column 15").await?;
    refuses_data(PROGRAM, &folder.path().join("missing.json"), "cannot read the places in").await?;
    refuses_data(PROGRAM, folder.path(), "cannot read the places").await
}
