//! Whether a signature counts, and how sure it makes who signed.

use std::collections::HashMap;

use holdpoint_engine::{BlobRef, People, RunOpened};
use holdpoint_model::{Assurance, Config, folded, recorded_zone};
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;

use crate::{AllowedSigners, Envelope, NotASignature, Presented, Revoked};

/// Who may sign, as it was when the run opened.
#[derive(Clone, Debug, Default)]
pub struct Signers {
    /// Whose keys.
    pub allowed: AllowedSigners,
    /// Which count no more.
    pub revoked: Revoked,
}

/// What is wrong with the files that say who may sign, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFiles {
    /// The allowed signers.
    #[error("the file of allowed signers cannot be used: {0}")]
    Allowed(#[from] crate::BadSigners),
    /// It is not text.
    #[error("the file of allowed signers is not UTF-8")]
    NotText,
    /// The revoked keys.
    #[error("the list of revoked keys cannot be used: {0}")]
    Revoked(#[from] crate::BadRevocations),
    /// One person stands there as two, or one key for two people.
    #[error("the file of allowed signers cannot be used: {0}")]
    People(String),
    /// The zone that times are of.
    #[error("the time zone `{0}` is not known here, and times in the file of allowed signers may be of it")]
    Zone(String),
}

impl Signers {
    /// Reads both files. Where there is none, nobody may sign. `zone` is a name of the IANA database or an offset,
    /// as event 0 has it: times without a zone of their own are of it.
    ///
    /// # Errors
    /// One of them cannot be read whole.
    pub fn read(allowed: Option<&[u8]>, revoked: Option<&[u8]>, zone: &str) -> Result<Signers, BadFiles> {
        let unknown = || BadFiles::Zone(zone.to_owned());
        recorded_zone(zone).map_err(|_| unknown())?;
        // By the machine's own data base, as OpenSSH does: what is summer time in Dublin is another in ours.
        let zone = DateTimeParser::new().parse_time_zone(zone).map_err(|_| unknown())?;
        let allowed = std::str::from_utf8(allowed.unwrap_or_default()).map_err(|_| BadFiles::NotText)?;
        Ok(Signers {
            allowed: AllowedSigners::read(allowed, &zone)?,
            revoked: Revoked::read(revoked.unwrap_or_default())?,
        })
    }

    /// The same, of the files that event 0 names. `get` gives a blob's bytes, `bad` says what is wrong with them.
    ///
    /// # Errors
    /// That of `get`, or what `bad` makes of one of [`Signers::read`].
    pub fn of<B: AsRef<[u8]>, E>(
        opened: &RunOpened,
        mut get: impl FnMut(&BlobRef) -> Result<B, E>,
        bad: impl FnOnce(BadFiles) -> E,
    ) -> Result<Signers, E> {
        let allowed = opened.signers.as_ref().map(&mut get).transpose()?;
        let revoked = opened.revoked.as_ref().map(&mut get).transpose()?;
        let (allowed, revoked) = (allowed.as_ref().map(B::as_ref), revoked.as_ref().map(B::as_ref));
        let people = People::of(opened);
        Signers::read(allowed, revoked, &opened.session.time_zone)
            .and_then(|signers| signers.of_people(&people.names(), |name| people.principal(name).to_owned()))
            .map_err(bad)
    }

    /// The same, where each key is one person's and each person is written in one way: `known` are the names that
    /// people go by, `principal` says whose each is.
    ///
    /// # Errors
    /// [`BadFiles::People`].
    pub fn of_people(self, known: &[&str], principal: impl Fn(&str) -> String) -> Result<Signers, BadFiles> {
        let person = |name: &str| folded(&principal(name));
        self.allowed.one_person_each(known, person).map_err(BadFiles::People)?;
        Ok(self)
    }

    /// The same, held against the repository's configuration.
    ///
    /// # Errors
    /// [`BadFiles::People`].
    pub fn of_config(self, config: Option<&Config>) -> Result<Signers, BadFiles> {
        let Some(config) = config else { return self.of_people(&[], str::to_owned) };
        let aliases = config.people.values().filter_map(|person| person.alias.as_deref());
        let known: Vec<&str> = config.principals().chain(aliases).collect();
        // As [`Config::person`], which looks through all of them for each name.
        let mut whose: HashMap<String, &str> = HashMap::new();
        let principals = config.principals().map(|who| (folded(who), who));
        let by_alias = config.people.iter().filter_map(|(who, person)| Some((person.alias.as_ref()?, who)));
        for (name, who) in principals.chain(by_alias.map(|(alias, who)| (folded(alias), who.as_str()))) {
            whose.entry(name).or_insert(who);
        }
        self.of_people(&known, |name| (*whose.get(&folded(name)).unwrap_or(&name)).to_owned())
    }
}

/// A signature that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assured {
    /// [`Assurance::Ssh`], or [`Assurance::FidoUv`] for a security key that verified its user.
    pub assurance: Assurance,
    /// The key's fingerprint, as `ssh-keygen -l` shows it.
    pub key: String,
    /// Of a passkey, the page that asked for the signature, as `https://HOST`.
    pub page: Option<String>,
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is none, or not of these bytes.
    #[error(transparent)]
    Bad(#[from] NotASignature),
    /// Made for something else.
    #[error("it was made for `{0}`, not for `{1}`")]
    Namespace(String, String),
    /// The key counts no more.
    #[error("the key {0} is revoked")]
    Revoked(String),
    /// Not this person's key, or not for this, or not now.
    #[error("{0}")]
    NotAllowed(String),
    /// A security key that nobody touched.
    #[error("the security key signed without being touched")]
    NotPresent,
}

/// Checks that `principal` signed `message` for `namespace` at that time, as `ssh-keygen -Y verify` would, and the
/// flags of a security key, which it would not.
///
/// # Errors
/// The first reason why it does not count.
pub fn check(
    message: &[u8],
    armored: &[u8],
    principal: &str,
    namespace: &str,
    signers: &Signers,
    at: Timestamp,
) -> Result<Assured, Refused> {
    let envelope = Envelope::read(armored)?;
    if envelope.namespace() != namespace {
        return Err(Refused::Namespace(envelope.namespace().to_owned(), namespace.to_owned()));
    }
    let presented = envelope.proves(message)?;
    let key = presented.fingerprint().to_string();
    if signers.revoked.holds(&presented) {
        return Err(Refused::Revoked(key));
    }
    signers.allowed.find(principal, &presented, namespace, at).map_err(Refused::NotAllowed)?;
    let assurance = match envelope.flags() {
        Some((false, _)) => return Err(Refused::NotPresent),
        Some((true, true)) => Assurance::FidoUv,
        Some((true, false)) | None => Assurance::Ssh,
    };
    let page = envelope.passkey().map(|passkey| passkey.origin().to_owned());
    Ok(Assured { assurance, key, page })
}

/// The key whose signature over these bytes this is, made for `namespace`. Whose key it is, nothing here says.
///
/// # Errors
/// It is none, or of other bytes, or made for something else, or by a security key that nobody touched.
pub fn signed_by(message: &[u8], armored: &[u8], namespace: &str) -> Result<Presented, Refused> {
    let envelope = Envelope::read(armored)?;
    if envelope.namespace() != namespace {
        return Err(Refused::Namespace(envelope.namespace().to_owned(), namespace.to_owned()));
    }
    let presented = envelope.proves(message)?;
    match envelope.flags() {
        Some((false, _)) => Err(Refused::NotPresent),
        _ => Ok(presented),
    }
}
