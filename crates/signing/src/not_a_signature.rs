//! Why bytes are no signature.

/// It is no SSH signature that can be checked, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotASignature(pub(crate) String);

impl From<ssh_encoding::Error> for NotASignature {
    fn from(error: ssh_encoding::Error) -> NotASignature {
        NotASignature(format!("it is not an SSH signature: {error}"))
    }
}

impl From<ssh_key::Error> for NotASignature {
    fn from(error: ssh_key::Error) -> NotASignature {
        NotASignature(format!("it is not an SSH signature: {error}"))
    }
}
