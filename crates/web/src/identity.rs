//! Who asks.

use crate::secret::Digest;

/// Who asks, as far as the server knows them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    /// Whoever is signed in with this session.
    Session(Digest),
    /// Whom a proxy has signed in, as it names them.
    Person(String),
    /// A program, by the name and the digest of its token.
    Token(String, Digest),
}
