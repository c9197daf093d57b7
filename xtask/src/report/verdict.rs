//! What has been found out of a pair.

/// What came of a pair.
pub struct Verdict {
    pub lesson: String,
    /// What the pair is called here.
    pub pair: String,
    pub server: String,
    pub client: String,
    pub ok: bool,
    pub seconds: f64,
    /// What there is to say of it, in lines that end with `\n`. For people, in colour.
    pub details: String,
}
