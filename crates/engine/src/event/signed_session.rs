//! A session that its operator's key signed.

use holdpoint_model::{Assurance, Meaning};
use serde::{Deserialize, Serialize};

use super::{By, KeySignature, Session, SignedOff};

/// Whoever operates signs with their key that they do: a session that was opened, or a handover that they accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedSession {
    /// Printed name (21 CFR 11.50 (a) (1)).
    pub name: String,
    /// How sure it is who operates: that of a key.
    pub assurance: Assurance,
    /// The key's signature.
    pub signature: KeySignature,
    /// Where they sit.
    pub seat: Login,
    /// Who operates.
    pub by: By,
}

/// From which account, machine and terminal somebody operates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The machine's user.
    pub os_user: String,
    /// The machine.
    pub host: String,
    /// The terminal, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
}

impl Login {
    /// In words.
    pub fn words(&self) -> String {
        let Login { os_user, host, tty } = self;
        let tty = tty.as_ref().map(|tty| format!(", terminal {tty}")).unwrap_or_default();
        format!("account {os_user} on {host}{tty}")
    }
}

impl Session {
    /// Where whoever opened it sits.
    pub fn seat(&self) -> Login {
        Login { os_user: self.os_user.clone(), host: self.host.clone(), tty: self.tty.clone() }
    }
}

impl SignedSession {
    /// The role that whoever operates signs in.
    pub const ROLE: &str = "operator";

    /// A session as what is signed: a sign-off of no hold point, but of whatever its operator does in it.
    pub fn as_sign_off(name: String, seat: &Login, by: By) -> SignedOff {
        SignedOff {
            step: String::new(),
            action: "session".to_owned(),
            role: SignedSession::ROLE.to_owned(),
            meaning: Meaning::Responsibility,
            statement: format!("I operate this run from here on: {}", seat.words()),
            name,
            assurance: Assurance::Typed,
            signature: None,
            presence: None,
            by,
        }
    }
}
