//! Markers: the lines between which a region stands, as mdBook has them.

/// A line at which a region begins or ends.
pub enum Marker<'a> {
    Begin(&'a str),
    End(&'a str),
}

impl Marker<'_> {
    /// What `line` marks, if it does, or else what is wrong with it. mdBook takes each line that
    /// has `ANCHOR:` and a name somewhere for a marker, and so leaves it out.
    pub fn of(line: &str) -> Option<Result<Marker<'_>, &'static str>> {
        let ((before, after), is_end) = match line.split_once("ANCHOR_END:") {
            Some(parts) => (parts, true),
            None => (line.split_once("ANCHOR:")?, false),
        };
        if !matches!(before.trim(), "//" | "#" | "/*" | "<!--") {
            return Some(Err("a marker stands in a comment on a line of its own"));
        }
        let name = after.trim().trim_end_matches("*/").trim_end_matches("-->").trim_end();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || !name.chars().all(is_name) {
            return Some(Err(
                "a marker has a name of letters, digits, `_` and `-`, and nothing else",
            ));
        }
        Some(Ok(if is_end { Marker::End(name) } else { Marker::Begin(name) }))
    }
}
