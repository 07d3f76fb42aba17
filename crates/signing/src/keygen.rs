//! Signing with a key file through `ssh-keygen -Y sign`, which asks for the passphrase or the touch itself.

use std::path::{Path, PathBuf};

use holdpoint_helper::{Helper, Unanswered};

/// Most bytes that a signature may have: one is a hundredth of that.
const LONGEST: u64 = 64 * 1024;

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub enum Unsigned {
    /// `ssh-keygen` gave no answer.
    #[error("{0}")]
    Unanswered(#[from] Unanswered),
    /// It refused, and has told at the terminal why.
    #[error("ssh-keygen did not sign with {}", .0.display())]
    Refused(PathBuf),
    /// What it printed is no signature.
    #[error("ssh-keygen wrote no signature")]
    NoSignature,
}

/// Has `ssh-keygen` sign `message` for `namespace` with the key at `key`; gives the armored signature. What it has to
/// say and to ask, it says and asks at the terminal.
///
/// # Errors
/// There is no `ssh-keygen`, or it refuses.
pub fn sign(key: &Path, namespace: &str, message: &[u8]) -> Result<String, Unsigned> {
    // It asks for a passphrase at /dev/tty, so its standard input is free for the message.
    let helper = Helper::new("ssh-keygen").arguments(["-Y", "sign", "-q", "-n", namespace, "-f"]);
    let answer = helper.arguments([key]).input(message).at_most(LONGEST).ask_at_terminal()?;
    if !answer.status.success() {
        return Err(Unsigned::Refused(key.to_owned()));
    }
    String::from_utf8(answer.printed).map_err(|_| Unsigned::NoSignature)
}
