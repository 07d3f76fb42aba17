//! Notices: what is told to people who do not sit at the terminal, and by what way.

use std::fmt;

use serde::Serialize;

/// `[notify]` of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Notify {
    /// Of what; everything where nothing is said.
    pub on: Vec<Noteworthy>,
    /// A program and its arguments; it gets the notice on standard input.
    pub command: Vec<String>,
    /// An address that the notice is posted to.
    pub url: Option<String>,
    /// The terminal's bell.
    pub bell: bool,
    /// The terminal's own notices (OSC 9).
    pub terminal: bool,
}

/// What a notice can be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Noteworthy {
    /// The run is left where it is.
    Parks,
    /// A hold point waits for a role.
    Waits,
    /// Something failed or is in doubt, and somebody has to decide.
    Fails,
    /// The run has ended.
    Ends,
}

impl Noteworthy {
    /// All of them.
    pub const ALL: [Noteworthy; 4] =
        [Noteworthy::Parks, Noteworthy::Waits, Noteworthy::Fails, Noteworthy::Ends];

    /// As a configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Noteworthy::Parks => "parks",
            Noteworthy::Waits => "waits",
            Noteworthy::Fails => "fails",
            Noteworthy::Ends => "ends",
        }
    }
}

impl fmt::Display for Noteworthy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Notify {
    /// Whether it asks for a notice of this.
    pub fn is_on(&self, what: Noteworthy) -> bool {
        self.on.is_empty() || self.on.contains(&what)
    }

    /// Whether it runs something, or sends something elsewhere.
    pub fn reaches_out(&self) -> bool {
        !self.command.is_empty() || self.url.is_some()
    }
}
