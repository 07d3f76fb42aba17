//! Which secrets this process's one terminal masks. A session has its own [`Secrets`]; nothing that records, signs or
//! executes asks here.
//!
//! What is shown goes through many hands, and a panic in any of them is told on the same terminal by a hook that is given
//! nothing: so the handle of the one session that a process has is kept where all of them find it.

use std::borrow::Cow;
use std::sync::OnceLock;

use holdpoint_driver::Secrets;

static TERMINAL: OnceLock<Secrets> = OnceLock::new();

/// From now on the terminal masks what these secrets hide, and will hide. Once a process.
pub fn mask_terminal(secrets: &Secrets) {
    let _ = TERMINAL.set(secrets.clone());
}

/// A text with its secrets masked. What is broken into lines, cut or escaped must be masked before.
pub fn masked(text: &str) -> Cow<'_, str> {
    TERMINAL.get().map_or(Cow::Borrowed(text), |secrets| secrets.masked(text))
}

/// The name of a secret that a text holds in any form.
pub fn held_by(text: &str) -> Option<String> {
    TERMINAL.get()?.held_by(text)
}
