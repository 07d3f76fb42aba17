//! What a machine cannot have, said aloud.

use std::fmt;
use std::io::Write as _;

/// What is missing on this machine, and how to get it.
#[derive(Clone, Debug)]
pub struct Missing(pub String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Missing {
    pub(crate) fn because(why: impl fmt::Display) -> Missing {
        Missing(why.to_string())
    }
}

/// Says that a test proves nothing on this machine. `cargo xtask test` names the file that it is written to, counts what
/// stands there as skipped and not as passed, and shows it.
///
/// # Panics
/// The file cannot be written: a test that was skipped in silence would count as passed.
#[allow(clippy::expect_used, reason = "see above")]
pub fn skipped(test: &str, missing: &Missing) {
    eprintln!("SKIPPED {test}: {missing}");
    let Some(file) = std::env::var_os("HOLDPOINT_SKIPPED") else { return };
    let line = format!("{test}: {missing}\n").replace("\n\n", "\n");
    let file = std::fs::OpenOptions::new().append(true).create(true).open(file);
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("what is skipped must be told");
}
