//! That a person was there when something was signed: what they were shown, and where they sat.

use serde::{Deserialize, Serialize};

use super::{BlobRef, Program};

/// What a person who signed or rejected was shown, and where they sat. There is one exactly where a person answered, and no
/// answers file. What it says of account, host and terminal is what the machine said, and proves nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// The text that was put before their eyes ([`Exhibit::text`](crate::Exhibit::text)).
    pub shown: BlobRef,
    /// The program that showed it and asked.
    pub program: Program,
    /// The machine's user.
    pub os_user: String,
    /// The machine.
    pub host: String,
    /// The terminal, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// Whether no session of the run so far was of a user of this name, on whatever machine.
    pub other_account: bool,
}

impl Presence {
    /// Where they sat, in words.
    pub fn words(&self) -> String {
        let Presence { os_user, host, tty, program, other_account, .. } = self;
        let tty = tty.as_ref().map(|tty| format!(" at {tty}")).unwrap_or_default();
        let whose = if *other_account { "another account than" } else { "an account of" };
        let version = &program.version;
        format!("account {os_user} on {host}{tty}, holdpoint {version}; {whose} the run's sessions")
    }
}
