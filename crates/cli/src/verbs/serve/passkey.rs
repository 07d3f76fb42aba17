//! What a browser gives of a passkey, as a signature that counts here.

use holdpoint_signing::{Assertion, Envelope, Presented, Signers};
use holdpoint_web::Passkey;

use crate::problem::Problem;

/// Nothing was signed: behind what went wrong.
pub const NOTHING: &str = "Nothing was signed.";

/// Why a signature counts for nothing that was made without user verification, whatever is signed.
pub const NOBODY_ASKED: &str =
    "the passkey did not ask for a finger, a face or a PIN, so anybody may have touched it";

/// Whose passkeys sign, and for what.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    /// Who says that they sign, by principal.
    pub who: &'a str,
    /// The site of the passkeys that count here.
    pub site: &'a str,
    /// What is signed, as OpenSSH names it.
    pub namespace: &'a str,
    /// Who may sign.
    pub signers: &'a Signers,
    /// Which file says so, for whoever has no passkey.
    pub listed: &'a str,
}

impl Keys<'_> {
    /// Their passkeys of this site.
    ///
    /// # Errors
    /// They have none.
    pub fn all(self) -> Result<Vec<Presented>, Problem> {
        let Keys { who, site, listed, .. } = self;
        let keys = self.signers.allowed.passkeys(who, site);
        if keys.is_empty() {
            return Err(Problem::refused(
                format!("{listed} has no passkey of {who} for {site}"),
                format!(
                    "{NOTHING} A passkey is made on the page /passkey; its line counts once it is committed, for sign-offs in runs that \
                     open after that. Other keys: holdpoint sign or holdpoint review, in a terminal."
                ),
            ));
        }
        Ok(keys)
    }

    /// The signature over `statement`, by whichever of their passkeys made it.
    ///
    /// # Errors
    /// None of them did.
    pub fn signature(self, assertion: &Assertion, statement: &[u8]) -> Result<String, Problem> {
        let bytes = assertion.write().map_err(Problem::ours)?;
        for key in self.all()? {
            let envelope = Envelope::of(&key, self.namespace, bytes.clone()).map_err(Problem::ours)?;
            if envelope.proves(statement).is_ok() {
                return envelope.armored().map_err(Problem::ours);
            }
        }
        // Who that was, nobody knows: it is nothing to be put on record as an attempt of theirs.
        let message = format!("it is not signed by a passkey of {} that counts here", self.who);
        Err(Problem::refused(message, NOTHING))
    }
}

/// What a passkey said, which this page must have asked.
///
/// # Errors
/// It is nothing of the kind, or another page asked.
pub fn assertion(passkey: &Passkey, page: &str) -> Result<Assertion, Problem> {
    let assertion = Assertion::of(&passkey.client_data, &passkey.authenticator_data, &passkey.signature)
        .map_err(|not| Problem::refused(not.to_string(), NOTHING))?;
    match assertion.origin() == page {
        true => Ok(assertion),
        false => Err(Problem::refused("the passkey signed for another page", NOTHING)),
    }
}
