//! What has been found out of a pair, or of a submission, which has a pair in it.

/// What came of a pair.
pub struct Verdict {
    pub lesson: String,
    /// What the pair is called here.
    pub pair: String,
    /// What its server and its client were. None if it is what somebody has handed in.
    pub sides: Option<[String; 2]>,
    pub ok: bool,
    pub seconds: f64,
    /// What there is to say of it, in lines that end with `\n`. For people, in colour.
    pub details: String,
}
