//! Whether whoever follows a block knows the secrets that it was sent with. What it prints is masked by them, so without them
//! nothing of it may be handed on. The place keeps digests, salted and slow, for as long as it keeps the output.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// So often each is digested: a short secret is not to be guessed at once by somebody who reads the digest.
const ROUNDS: u32 = 4096;

/// What the place keeps of these secrets, in words: a salt of hexadecimal digits that is used once, then `NAME=DIGEST` of each.
pub(crate) fn marks(salt: &str, secrets: &[(String, String)]) -> String {
    let mut marks = salt.to_owned();
    for (name, value) in secrets {
        let _ = write!(marks, " {name}={}", digest(salt, value));
    }
    marks
}

fn digest(salt: &str, value: &str) -> String {
    let mut digest = Sha256::digest([salt, value].concat());
    for _ in 1..ROUNDS {
        digest = Sha256::new().chain_update(digest).chain_update(salt).chain_update(value).finalize();
    }
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What the place has said of the secrets that a block was sent with, against those that are at hand.
pub(crate) enum Proof {
    /// It was sent from here.
    Needless,
    /// It was sent by somebody else.
    Needed {
        /// Those at hand, by name.
        known: Vec<(String, String)>,
        /// The salt, once it was said.
        salt: Option<String>,
        /// Names of those that are not at hand.
        lacking: Vec<String>,
    },
}

impl Proof {
    pub(crate) fn of(known: &[(String, String)]) -> Proof {
        Proof::Needed { known: known.to_vec(), salt: None, lacking: Vec::new() }
    }

    /// Takes a word of [`marks`]; whoever is called anew says them again.
    pub(crate) fn hear(&mut self, word: &str) {
        let Proof::Needed { known, salt, lacking } = self else { return };
        match (word.split_once('='), salt) {
            (None, salt) => *salt = Some(word.to_owned()),
            (Some((name, mark)), Some(salt)) => {
                let is = known.iter().any(|(_, value)| digest(salt, value) == mark);
                if !is && !lacking.iter().any(|lacking| lacking == name) {
                    lacking.push(name.to_owned());
                }
            }
            (Some((name, _)), None) => lacking.push(name.to_owned()),
        }
    }

    /// Why nothing that the block printed may be handed on.
    pub(crate) fn withholds(&self) -> Option<String> {
        let Proof::Needed { known, salt, lacking } = self else { return None };
        match (&lacking[..], salt) {
            ([], Some(_)) => None,
            // Sent by an earlier version.
            ([], None) if known.is_empty() => None,
            ([], None) => Some("the place does not say with which secrets the block was sent".to_owned()),
            ([name], _) => Some(format!("the secret {name} is not the one that it was sent with")),
            (names, _) => {
                Some(format!("the secrets {} are not those that it was sent with", names.join(", ")))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn secrets(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn withheld(sent: &[(&str, &str)], known: &[(&str, &str)]) -> Option<String> {
        let mut proof = Proof::of(&secrets(known));
        marks("5a17", &secrets(sent)).split(' ').for_each(|word| proof.hear(word));
        proof.withholds()
    }

    #[test]
    fn what_a_block_printed_is_withheld_unless_every_secret_that_it_was_sent_with_is_at_hand() {
        let (a, b) = (("A", "one-secret"), ("B", "another"));
        assert_eq!(withheld(&[a, b], &[b, a]), None);
        assert_eq!(withheld(&[a], &[a, b]), None);
        assert_eq!(withheld(&[a], &[("A2", "one-secret")]), None);
        assert_eq!(withheld(&[], &[a]), None);
        let why = withheld(&[a, b], &[a]).unwrap();
        assert_eq!(why, "the secret B is not the one that it was sent with");
        let why = withheld(&[a, b], &[("A", "one"), ("B", "two")]).unwrap();
        assert_eq!(why, "the secrets A, B are not those that it was sent with");
    }

    #[test]
    fn a_place_that_says_nothing_of_secrets_proves_nothing() {
        assert!(Proof::of(&secrets(&[("A", "one-secret")])).withholds().is_some());
        assert_eq!(Proof::of(&[]).withholds(), None);
    }

    #[test]
    fn a_mark_holds_nothing_of_a_secret_and_is_another_each_time() {
        let of = |salt: &str| marks(salt, &secrets(&[("A", "one-secret")])).replace(salt, "");
        assert!(!of("5a17").contains("one-secret"));
        assert_ne!(of("5a17"), of("5a18"));
    }
}
