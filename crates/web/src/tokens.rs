//! Tokens of programs: a file of digests, the user's own. It is read at every request, so that what is taken back counts no
//! more from then on.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::secret::{self, Digest};

/// The file's name.
const FILE: &str = "tokens.json";
/// Held by whoever changes it.
const LOCK: &str = "tokens.lock";
/// Most bytes of the file.
const LARGEST: u64 = 1024 * 1024;
/// Most tokens at once.
const MOST: usize = 200;
/// What a token begins with, so that whoever finds one knows what it is.
const PREFIX: &str = "holdpoint_";
/// Longest name, in characters.
const LONGEST_NAME: usize = 64;

/// The tokens of a store.
#[derive(Clone, Debug)]
pub struct Tokens {
    dir: PathBuf,
}

/// What is kept of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of it, in lower-case hex.
    pub sha256: String,
    /// When it was made.
    pub made: Timestamp,
    /// Until when it counts.
    pub until: Timestamp,
}

/// Why a token was not made or taken back.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read or written.
    #[error("the tokens in {} cannot be used: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// No name.
    #[error("a token's name is 1 to {LONGEST_NAME} letters, digits, dots, dashes and underscores")]
    Name,
    /// There is one of that name.
    #[error("there is a token called {0}")]
    Taken(String),
    /// There is none of that name.
    #[error("there is no token called {0}")]
    Unknown(String),
    /// There are too many.
    #[error("there are {MOST} tokens")]
    TooMany,
}

/// Whether what `Authorization` holds is a token of ours, by its look.
pub(crate) fn is_of_ours(given: &str) -> bool {
    given.strip_prefix("Bearer ").is_some_and(|token| token.starts_with(PREFIX))
}

impl Tokens {
    /// Those that are kept in a directory, which only the user can read. Nothing is read or made.
    pub fn within(dir: &Path) -> Tokens {
        Tokens { dir: dir.to_owned() }
    }

    /// All of them, those too that count no more.
    ///
    /// # Errors
    /// The file cannot be read, or is none of ours.
    pub fn all(&self) -> Result<Vec<Token>, TokenError> {
        let path = self.dir.join(FILE);
        let read = is_private(&self.dir).and_then(|()| holdpoint_files::read_text(&path, LARGEST));
        let text = match read {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            read => read.map_err(|cause| TokenError::File { path: path.clone(), cause })?,
        };
        serde_json::from_str(&text).map_err(|error| TokenError::File { path, cause: error.into() })
    }

    /// Makes a token that counts for so long. It is told now and never again.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn make(&self, name: &str, now: Timestamp, lasts: SignedDuration) -> Result<String, TokenError> {
        let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(fit) {
            return Err(TokenError::Name);
        }
        let _turn = self.turn()?;
        let mut all = self.all()?;
        all.retain(|token| now < token.until);
        if all.iter().any(|token| token.name == name) {
            return Err(TokenError::Taken(name.to_owned()));
        }
        if all.len() >= MOST {
            return Err(TokenError::TooMany);
        }
        let secret = secret::new().map_err(|cause| self.cannot(cause))?;
        let token = format!("{PREFIX}{secret}");
        let sha256 = Digest::of(&token).hex();
        all.push(Token { name: name.to_owned(), sha256, made: now, until: now + lasts });
        self.write(&all)?;
        Ok(token)
    }

    /// Takes a token back: it counts no more.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn revoke(&self, name: &str) -> Result<(), TokenError> {
        let _turn = self.turn()?;
        let mut all = self.all()?;
        let before = all.len();
        all.retain(|token| token.name != name);
        if all.len() == before {
            return Err(TokenError::Unknown(name.to_owned()));
        }
        self.write(&all)
    }

    /// The name of a token that counts now; `None` where it does not.
    pub(crate) fn holds(&self, given: &str, now: Timestamp) -> Result<Option<String>, TokenError> {
        let sha256 = Digest::of(given).hex();
        Ok(self
            .all()?
            .into_iter()
            .find(|token| token.sha256 == sha256 && now < token.until)
            .map(|token| token.name))
    }

    fn cannot(&self, cause: io::Error) -> TokenError {
        TokenError::File { path: self.dir.join(FILE), cause }
    }

    /// Whoever changes the file has it to itself: one that was taken back must not come again with another that is made.
    fn turn(&self) -> Result<File, TokenError> {
        let turn = || -> io::Result<File> {
            private(&self.dir)?;
            let mut options = File::options();
            let lock = options.create(true).append(true).mode(0o600).open(self.dir.join(LOCK))?;
            lock.lock()?;
            Ok(lock)
        };
        turn().map_err(|cause| self.cannot(cause))
    }

    fn write(&self, all: &[Token]) -> Result<(), TokenError> {
        let write = || -> io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
            file.write_all(serde_json::to_string_pretty(all)?.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(self.dir.join(FILE))?;
            Ok(())
        };
        write().map_err(|cause| self.cannot(cause))
    }
}

/// Makes a directory that only the user can enter, or refuses one that is not theirs alone to write to.
pub(crate) fn private(dir: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    is_private(dir)
}

/// Refuses a directory in which somebody else may have put something.
fn is_private(dir: &Path) -> io::Result<()> {
    let found = std::fs::symlink_metadata(dir)?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if !found.is_dir() || !ours || found.mode() & 0o022 != 0 {
        return Err(holdpoint_files::invalid(
            "its directory is a link, is somebody else's, or others can write to it",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    #[test]
    fn a_token_counts_until_its_time_or_until_it_is_taken_back_and_only_its_digest_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let tokens = Tokens::within(&place.path().join("serve"));
        let now = Timestamp::UNIX_EPOCH;
        let token = tokens.make("ci", now, DAY).unwrap();
        assert_eq!(tokens.holds(&token, now).unwrap().as_deref(), Some("ci"));
        assert_eq!(tokens.holds(&token, now + DAY).unwrap(), None);
        assert_eq!(tokens.holds(&token[1..], now).unwrap(), None);
        assert!(matches!(tokens.make("ci", now, DAY), Err(TokenError::Taken(_))));
        let file = place.path().join("serve/tokens.json");
        let kept = std::fs::read_to_string(&file).unwrap();
        assert!(!kept.contains(&token) && !kept.contains(&token[PREFIX.len()..]));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let dir = std::fs::metadata(place.path().join("serve")).unwrap();
        assert_eq!(dir.permissions().mode() & 0o777, 0o700);
        assert_eq!(
            tokens.holds(&tokens.all().unwrap()[0].sha256, now).unwrap(),
            None,
            "a digest is no token"
        );
        tokens.revoke("ci").unwrap();
        assert_eq!(tokens.holds(&token, now).unwrap(), None);
        assert!(matches!(tokens.revoke("ci"), Err(TokenError::Unknown(_))));
    }

    #[test]
    fn a_file_that_is_none_of_ours_lets_nobody_in() {
        let place = tempfile::tempdir().unwrap();
        let tokens = Tokens::within(place.path());
        for text in ["", "{}", "[{}]", "[{\"name\":\"a\"}]", "\u{feff}[]"] {
            std::fs::write(place.path().join(FILE), text).unwrap();
            assert!(tokens.holds("x", Timestamp::UNIX_EPOCH).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_directory_that_others_can_write_to_brings_no_tokens_along() {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("serve");
        let tokens = Tokens::within(&dir);
        let token = tokens.make("ci", Timestamp::UNIX_EPOCH, DAY).unwrap();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(tokens.holds(&token, Timestamp::UNIX_EPOCH).is_err());
        assert!(tokens.make("other", Timestamp::UNIX_EPOCH, DAY).is_err());
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::rename(&dir, place.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(place.path().join("elsewhere"), &dir).unwrap();
        assert!(tokens.holds(&token, Timestamp::UNIX_EPOCH).is_err());
    }

    #[test]
    fn names_are_plain() {
        let place = tempfile::tempdir().unwrap();
        let tokens = Tokens::within(place.path());
        for name in ["", "a b", "a/b", "ä", "a\n", &"x".repeat(65)] {
            assert!(
                matches!(tokens.make(name, Timestamp::UNIX_EPOCH, DAY), Err(TokenError::Name)),
                "{name:?}"
            );
        }
    }
}
