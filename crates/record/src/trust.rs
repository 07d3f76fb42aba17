//! A record held against what its reader trusts (record.md, trust). A record proves itself by the signers, the
//! configuration and the run-book that lie in it; whoever wrote it chose those. What is trusted comes from elsewhere.

use std::collections::BTreeMap;
use std::path::Path;

use holdpoint_document::{Config, read_config};
use holdpoint_engine::{BlobRef, RunOpened};
use holdpoint_signing::Signers;

use crate::expunge::tombstone_key;
use crate::{ByKey, Expunged, Verification, text_blob};

/// Files that the reader trusts, as they are or were at one time.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// Where they come from, for people: a directory, or a commit.
    pub from: String,
    /// Who may sign, and whose keys are revoked; `None` where nothing says so.
    pub signers: Option<Signers>,
    /// Digests of the files of allowed signers and of revoked keys.
    pub signer_files: [Option<String>; 2],
    /// The configuration; `None` where there is none.
    pub config: Option<Config>,
    /// Digest of the run-book; `None` where it is not there.
    pub runbook: Option<String>,
    /// Digests of the files that it includes, by path; those that are not there are left out.
    pub included: BTreeMap<String, String>,
    /// Certificates of time-stamping authorities; `None` where nobody says which.
    pub authorities: Option<Vec<u8>>,
}

impl Trusted {
    /// Whether there is a list of revoked keys, be it empty.
    fn has_revocations(&self) -> bool {
        self.signer_files[1].is_some()
    }
}

/// What the reader's checkout says of the commit that a record names.
#[derive(Clone, Debug)]
pub enum Commit {
    /// There is no checkout.
    NoCheckout,
    /// The record names no commit.
    NotNamed,
    /// The checkout's history does not have this commit.
    Missing(String),
    /// The files as they were at it.
    Of(Box<Trusted>),
}

/// Everything that the reader trusts.
#[derive(Clone, Debug)]
pub struct Trust {
    /// As it is today.
    pub now: Trusted,
    /// As it was when the run opened.
    pub then: Commit,
    /// As it was when each document was exchanged for another, in order.
    pub later: Vec<Commit>,
}

/// What came of holding a record against it.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Whose keys signed.
    pub signatures: Vec<Whose>,
    /// Whose keys signed its reviews, by their numbers.
    pub reviewers: Vec<Whose>,
    /// Of its anchors, by their numbers, what is known outside of the record.
    pub anchors: Vec<AnchorHeld>,
    /// What is not as trusted. Where there is any, the record is not to be trusted.
    pub wrong: Vec<String>,
    /// What could not be held against anything, or differs and decides nothing.
    pub remarks: Vec<String>,
}

/// Whose key made a signature, as far as is known outside of the record.
#[derive(Clone, Debug)]
pub struct Whose {
    /// The signature.
    pub signed: ByKey,
    /// Which trusted files vouch for it; `None` where none does.
    pub from: Option<String>,
    /// Whether the key is revoked today; `None` where no list of revoked keys was looked at.
    pub revoked: Option<bool>,
}

/// What is known outside of a record of one of its anchors.
#[derive(Clone, Debug)]
pub enum AnchorHeld {
    /// Whose key signed a tag.
    Tag(Box<Whose>),
    /// Whether an authority that is trusted made a token; `None` where nobody says which are.
    Token(Option<bool>),
}

/// What of a record is looked at.
#[derive(Clone, Copy)]
pub struct Of<'a> {
    /// Its directory.
    pub dir: &'a Path,
    /// Event 0.
    pub opened: &'a RunOpened,
    /// What was proved of it.
    pub proof: &'a Verification,
}

/// Holds a record that was proved against what the reader trusts. The error says what of the record cannot be read.
pub fn hold(record: Of<'_>, trust: &Trust) -> Result<Held, String> {
    let mut held = Held::default();
    signatures(record, trust, &mut held)?;
    if !trust.now.has_revocations() {
        held.remarks
            .push("no list of revoked keys was looked at that tells what is revoked today".to_owned());
    }
    signer_files(record.opened, trust, &mut held);
    configuration(record, trust, &mut held)?;
    run_book(record.opened, &trust.then, trust, &mut held);
    for (index, (event, as_opened)) in record.proof.exchanged.iter().enumerate() {
        match trust.later.get(index) {
            Some(then) => run_book(as_opened, then, trust, &mut held),
            None => held.wrong.push(format!("event {event}: the new document was held against nothing")),
        }
    }
    Ok(held)
}

/// The trusted files, those of the commit first.
fn all(trust: &Trust) -> impl Iterator<Item = &Trusted> {
    let then = match &trust.then {
        Commit::Of(then) => Some(then.as_ref()),
        _ => None,
    };
    then.into_iter().chain([&trust.now])
}

fn signatures(record: Of<'_>, trust: &Trust, held: &mut Held) -> Result<(), String> {
    let Of { dir, proof, .. } = record;
    let mut signed = proof.signed.clone();
    for gone in &proof.expunged {
        match tombstone_key(dir, gone)? {
            Some(key) => signed.push(key),
            None if trust.now.signers.as_ref().is_some_and(|signers| !signers.allowed.is_empty()) => {
                let Expunged { event, tombstone, .. } = gone;
                held.wrong.push(format!(
                    "event {event}: the blob {} was expunged, and nobody signed for it",
                    tombstone.blob.sha256
                ));
            }
            None => {}
        }
    }
    for signed in signed {
        let ByKey { event, what, who, .. } = &signed;
        let (whose, wrong) = whose(&signed, trust, &format!("event {event}: the {what} by {who}"));
        held.wrong.extend(wrong);
        held.signatures.push(whose);
    }
    Ok(())
}

/// Whose key made a signature, as far as is trusted; and why it is not to be trusted, in words that begin with `what`.
pub fn whose(signed: &ByKey, trust: &Trust, what: &str) -> (Whose, Option<String>) {
    let key = &signed.key;
    let listed = trust.now.signers.as_ref().filter(|_| trust.now.has_revocations());
    let revoked = listed.map(|signers| signed.is_revoked(signers));
    let mut refusals = Vec::new();
    let from = all(trust).find_map(|trusted| {
        let refused = match &trusted.signers {
            None => return None,
            Some(signers) if signed.is_revoked(signers) => Err(format!("the key {key} is revoked")),
            Some(signers) => signed.vouched(signers),
        };
        match refused {
            Ok(()) => Some(trusted.from.clone()),
            Err(why) => {
                refusals.push(format!("{}: {why}", trusted.from));
                None
            }
        }
    });
    let wrong = if revoked == Some(true) {
        Some(format!("{what} is by the key {key}, which is revoked today"))
    } else if from.is_none() {
        let why = match refusals.is_empty() {
            true => format!("{} says nothing of who may sign", trust.now.from),
            false => refusals.join("; "),
        };
        Some(format!("{what} is not by a trusted key: {why}"))
    } else {
        None
    };
    (Whose { signed: signed.clone(), from, revoked }, wrong)
}

/// The files of signers and revocations themselves: a difference decides nothing as long as every key is trusted, but
/// where the record says that it was made of a clean tree it must not be there.
fn signer_files(opened: &RunOpened, trust: &Trust, held: &mut Held) {
    let recorded = [("allowed signers", &opened.signers), ("revoked keys", &opened.revoked)];
    for (index, (what, recorded)) in recorded.into_iter().enumerate() {
        let recorded = recorded.as_ref().map(|blob: &BlobRef| blob.sha256.as_str());
        if all(trust).any(|trusted| trusted.signer_files[index].as_deref() == recorded) {
            continue;
        }
        let at_commit = matches!(trust.then, Commit::Of(_));
        let from = all(trust).next().map_or("", |trusted| trusted.from.as_str());
        let words = format!("the recorded file of {what} is not that of {from}");
        match at_commit && opened.runbook.dirty == Some(false) {
            true => held.wrong.push(format!("{words}, and the run says that its tree was clean")),
            false => held.remarks.push(words),
        }
    }
}

/// Roles, people and the rules of the run's environment.
fn configuration(record: Of<'_>, trust: &Trust, held: &mut Held) -> Result<(), String> {
    let Of { dir, opened, proof } = record;
    let trusted: Vec<(&str, &Config)> =
        all(trust).filter_map(|trusted| Some((trusted.from.as_str(), trusted.config.as_ref()?))).collect();
    let Some((from, first)) = trusted.first() else {
        held.remarks.push(format!(
            "roles, people and rules were not held against anything: there is no holdpoint.toml in {}",
            trust.now.from
        ));
        return Ok(());
    };
    let recorded = match &opened.config {
        None => Config::default(),
        Some(blob) if proof.expunged.iter().any(|gone| gone.tombstone.blob == *blob) => {
            held.wrong.push("the recorded configuration was expunged, and cannot be held against any".into());
            return Ok(());
        }
        Some(blob) => {
            let bytes = text_blob(dir, blob).map_err(|error| error.to_string())?;
            let text = String::from_utf8(bytes).map_err(|_| "a recorded text is not UTF-8")?;
            read_config(&text).0
        }
    };
    let name = &opened.environment.name;
    let differ = |config: &Config| {
        let parts = [
            (config.roles == recorded.roles, "roles".to_owned()),
            (config.people == recorded.people, "people".to_owned()),
            (
                config.environments.get(name) == recorded.environments.get(name),
                format!("the environment {name}"),
            ),
        ];
        parts.into_iter().filter(|(same, _)| !same).map(|(_, what)| what).collect::<Vec<_>>()
    };
    if trusted.iter().all(|(_, config)| !differ(config).is_empty()) {
        let what = differ(first).join(", ");
        let hint = match &trust.then {
            Commit::Of(_) | Commit::NotNamed => "",
            Commit::NoCheckout | Commit::Missing(_) => {
                "; if they have changed since, a checkout that has the run's commit tells"
            }
        };
        held.wrong.push(format!("not as in holdpoint.toml of {from}: {what}{hint}"));
    }
    Ok(())
}

fn run_book(opened: &RunOpened, then: &Commit, trust: &Trust, held: &mut Held) {
    let book = &opened.runbook;
    let path = &book.path;
    match then {
        Commit::Of(then) if then.runbook.as_ref() == Some(&book.blob.sha256) => {
            for one in
                book.includes.iter().filter(|one| then.included.get(&one.path) != Some(&one.blob.sha256))
            {
                let what = if then.included.contains_key(&one.path) { "is not that of" } else { "is not in" };
                held.wrong.push(format!("the included file {} {what} {}", one.path, then.from));
            }
        }
        Commit::Of(then) => {
            let what = if then.runbook.is_some() { "is not that of" } else { "is not in" };
            let itself = if book.committed == Some(false) { ", as the record says itself" } else { "" };
            held.wrong.push(format!("the run-book {path} {what} {}{itself}", then.from));
        }
        Commit::NoCheckout => held
            .remarks
            .push(format!("the run-book was not held against anything: {} is no checkout", trust.now.from)),
        Commit::NotNamed => held
            .remarks
            .push("the run-book was not held against anything: the record names no commit".to_owned()),
        Commit::Missing(commit) => {
            let words = format!("{} does not have the commit {commit} that the run names", trust.now.from);
            // What is protected must be traceable.
            match opened.environment.protected {
                true => held.wrong.push(words),
                false => held.remarks.push(format!("the run-book was not held against anything: {words}")),
            }
        }
    }
}
