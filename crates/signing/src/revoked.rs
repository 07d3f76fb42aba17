//! Keys that count no more: one public key a line, as `ssh-keygen -Y verify -r` takes them.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use crate::Presented;
use crate::allowed::{of_a_key, plain};

/// A revocation list that cannot be read; nothing is accepted beside one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRevocations {
    /// OpenSSH's binary form.
    #[error("a binary revocation list (KRL) is not read here: list the public keys, one a line")]
    Binary,
    /// A line that is no key.
    #[error("line {line}: {reason}")]
    Line {
        /// From 1.
        line: usize,
        /// Why.
        reason: String,
    },
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    keys: Vec<KeyData>,
}

impl Revoked {
    /// Reads it.
    ///
    /// # Errors
    /// The first line that is no public key, or a binary list.
    pub fn read(bytes: &[u8]) -> Result<Revoked, BadRevocations> {
        if bytes.starts_with(b"SSHKRL\n\0") {
            return Err(BadRevocations::Binary);
        }
        let bad = |line: usize, reason: &dyn std::fmt::Display| BadRevocations::Line {
            line,
            reason: reason.to_string(),
        };
        let text = std::str::from_utf8(bytes).map_err(|error| bad(1, &error))?;
        let lines = text.lines().enumerate();
        let keys =
            lines.filter_map(|(index, line)| Some((index + 1, of_a_key(line)?))).map(|(number, line)| {
                plain(line).map_err(|error| bad(number, &error))?;
                line.parse::<PublicKey>()
                    .map(|key| key.key_data().clone())
                    .map_err(|error| bad(number, &error))
            });
        Ok(Revoked { keys: keys.collect::<Result<_, _>>()? })
    }

    /// Whether the key is revoked, or the authority that vouches for it.
    pub fn holds(&self, presented: &Presented) -> bool {
        let authority = match presented {
            Presented::Certificate(certificate) => Some(certificate.signature_key()),
            Presented::Key(_) => None,
        };
        self.keys.iter().any(|key| key == presented.key() || Some(key) == authority)
    }
}
