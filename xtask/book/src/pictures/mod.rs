//! Pictures: SVG in the page itself, so that it has the colours of the reader's theme. Each is narrow
//! enough for a phone, and says in words what it shows.

mod bars;
pub mod costs;
pub mod folders;
pub mod lessons;
pub mod sequences;
pub mod svg;

use crate::pages::listing::Listings;

/// Draws the picture that the words name.
///
/// # Errors
///
/// If there is no such picture, in words for whoever wrote the page.
pub fn draw(words: &[&str], listings: &Listings) -> Result<String, String> {
    let unknown = || format!("there is no picture `{}`: see mdbook/README.md", words.join(" "));
    let lesson =
        |name: &str| listings.lessons.iter().find(|lesson| lesson.name == name).ok_or_else(unknown);
    let picture = match words {
        ["call"] => sequences::call(),
        [kind @ ("unary" | "server-streaming" | "client-streaming" | "bidirectional")] => {
            sequences::captured(kind, &listings.captured()?).ok_or_else(unknown)?
        }
        ["lessons"] => lessons::all(&listings.lessons),
        ["house"] => folders::house(),
        ["talk", name] => sequences::talk(lesson(name)?),
        ["files", name] => folders::files(lesson(name)?),
        ["cost", what] => costs::draw(what, listings)?,
        _ => return Err(unknown()),
    };
    Ok(picture.end())
}
