//! What is asked for.

/// What is to be measured.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Names of rows; all where there are none.
    pub rows: Vec<String>,
    /// A third of the rounds, and less patience with who is slow.
    pub quick: bool,
    /// Install others to compare with.
    pub peers: bool,
}
