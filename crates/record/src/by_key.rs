//! Signatures by key that a record's own signers vouch for: who, with which key, for what.

use holdpoint_signing::{Envelope, Presented, Signers};
use jiff::Timestamp;

/// A signature that is good by the signers whom the record itself names.
#[derive(Clone, Debug)]
pub struct ByKey {
    /// The event that it belongs to.
    pub event: u64,
    /// What was signed, in words: `sign-off`, `rejection`, `override`, `approval`, `tombstone`.
    pub what: &'static str,
    /// Who, by principal.
    pub who: String,
    /// The key's fingerprint, as `ssh-keygen -l` shows it.
    pub key: String,
    /// Of a passkey, the page that asked for the signature, as `https://HOST`.
    pub page: Option<String>,
    namespace: &'static str,
    /// When the key must have been good.
    times: Vec<Timestamp>,
    presented: Presented,
}

impl ByKey {
    /// Of an armored signature that was proved.
    pub(crate) fn of(
        event: u64,
        what: &'static str,
        who: &str,
        namespace: &'static str,
        times: Vec<Timestamp>,
        armored: &[u8],
    ) -> Result<ByKey, String> {
        let envelope = Envelope::read(armored).map_err(|error| error.to_string())?;
        let presented = envelope.presented().map_err(|error| error.to_string())?;
        let page = envelope.passkey().map(|passkey| passkey.origin().to_owned());
        let (who, key) = (who.to_owned(), presented.fingerprint().to_string());
        Ok(ByKey { event, what, who, key, page, namespace, times, presented })
    }

    /// Whether these signers vouch for it, at every time at which the key had to be good. Revocations are not looked at.
    pub(crate) fn vouched(&self, signers: &Signers) -> Result<(), String> {
        let Self { who, presented, namespace, times, .. } = self;
        times.iter().try_for_each(|at| signers.allowed.find(who, presented, namespace, *at).map(|_| ()))
    }

    /// Why the signers whom the record itself names do not vouch for it; `None` where they do.
    pub(crate) fn unlisted(&self, own: &Result<Signers, String>) -> Option<String> {
        match own {
            Err(why) => Some(why.clone()),
            Ok(signers) if self.is_revoked(signers) => {
                Some(format!("the key {} was revoked when the run opened", self.key))
            }
            Ok(signers) => self.vouched(signers).err(),
        }
    }

    /// Whether they list the key as revoked.
    pub(crate) fn is_revoked(&self, signers: &Signers) -> bool {
        signers.revoked.holds(&self.presented)
    }
}
