//! A document's approval: what its approver signs (record.md, approvals), as JSON whose exact bytes are kept and signed.

use holdpoint_engine::Included;
use holdpoint_model::{Assurance, Config, Meaning, Plan, folded};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{APPROVAL, Moment, Refused, Signer, Signers, check};

/// How far another machine's clock may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(15);

/// An approval, as its approver signs it. A signature over it is worth nothing for other bytes, another path, revision
/// or date, because all of them are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Format version of the statement.
    pub holdpoint: String,
    /// What it means: `approval`, always (21 CFR 11.50 (a) (3)).
    pub meaning: Meaning,
    /// What is approved.
    pub document: Document,
    /// Everybody whose approval the document asks for, by principal, sorted: it is approved once all of them have.
    pub approvers: Vec<String>,
    /// Who signs: one of them.
    pub approver: Signer,
    /// When (21 CFR 11.50 (a) (2)).
    pub at: Moment,
}

/// A document and what it claims to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its path in the repository.
    pub path: String,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// The files that it includes, in the order of event 0: they are approved with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<IncludedFile>,
    /// What it is called.
    pub title: String,
    /// The quality system's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_id: Option<String>,
    /// The quality system's revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// From when it may be used, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<String>,
}

/// A file that an approved document includes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IncludedFile {
    /// Its path in the repository.
    pub path: String,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
}

impl Document {
    /// The first file that this document and another do not include with the same bytes.
    pub fn other_include<'d>(&'d self, other: &'d Document) -> Option<&'d str> {
        let (here, there) = (&self.includes, &other.includes);
        let ours = here.iter().find(|one| !there.contains(one));
        ours.or_else(|| there.iter().find(|one| !here.contains(one))).map(|one| one.path.as_str())
    }
}

impl Approval {
    /// The version that is written.
    pub const FORMAT: &'static str = "approval/1.0";

    /// What `approver` says at that moment.
    pub fn of(asked: &Asked, approver: Signer, at: Moment) -> Approval {
        Approval {
            holdpoint: Approval::FORMAT.to_owned(),
            meaning: Meaning::Approval,
            document: asked.document.clone(),
            approvers: asked.approvers.clone(),
            approver,
            at,
        }
    }

    /// The bytes that are signed and kept: indented JSON with a newline at the end, so that people can read them.
    ///
    /// # Errors
    /// Never, for what is made of strings.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads it back; the bytes must be the ones [`Approval::to_bytes`] writes.
    ///
    /// # Errors
    /// Something in it is not known, or it is written differently, or it means something else.
    pub fn read(bytes: &[u8]) -> Result<Approval, String> {
        let approval: Approval = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if approval.holdpoint != Approval::FORMAT {
            return Err(format!("it is a `{}`, not an `{}`", approval.holdpoint, Approval::FORMAT));
        }
        if approval.meaning != Meaning::Approval {
            return Err("it does not mean `approval`".to_owned());
        }
        match approval.to_bytes() {
            Ok(same) if same == bytes => Ok(approval),
            _ => Err("it is not written as holdpoint writes approvals".to_owned()),
        }
    }
}

/// An approval whose signature counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approving {
    /// What was signed.
    pub approval: Approval,
    /// How sure it is who signed.
    pub assurance: Assurance,
    /// The key's fingerprint.
    pub key: String,
}

/// Why an approval does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotApproving {
    /// It cannot be read.
    #[error("the statement cannot be read: {0}")]
    Unreadable(String),
    /// Its signer is none of those that it names itself.
    #[error("{0} is none of the approvers that it names")]
    NotAsked(String),
    /// It was signed later than it is looked at.
    #[error("it was signed at {0}, which is yet to come")]
    Ahead(String),
    /// The signature does not count.
    #[error("the signature does not count: {0}")]
    Refused(#[from] Refused),
}

/// Proves that whom the statement names signed it, with a key that was theirs at the time of signing and counts still.
/// `now` is when it is relied on.
///
/// # Errors
/// The first thing that is wrong.
pub fn prove_approval(
    statement: &[u8],
    signature: &[u8],
    signers: &Signers,
    now: Timestamp,
) -> Result<Approving, NotApproving> {
    let approval = Approval::read(statement).map_err(NotApproving::Unreadable)?;
    let signed = approval.at.timestamp().map_err(NotApproving::Unreadable)?;
    let who = &approval.approver.principal;
    if !approval.approvers.contains(who) {
        return Err(NotApproving::NotAsked(who.clone()));
    }
    if signed.duration_since(now) > AHEAD {
        return Err(NotApproving::Ahead(approval.at.time));
    }
    let assured = check(statement, signature, who, APPROVAL, signers, signed)?;
    Ok(Approving { approval, assurance: assured.assurance, key: assured.key })
}

/// A document and the people whose approval it asks for, by principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The document.
    pub document: Document,
    /// Everybody it names as approver, sorted; a name that nobody is known by stands as it is.
    pub approvers: Vec<String>,
    /// Everybody it names as author, likewise.
    pub authors: Vec<String>,
}

impl Asked {
    /// What the document with this path, digest and includes asks for.
    pub fn of(
        (path, sha256, includes): (&str, &str, &[Included]),
        plan: &Plan,
        config: Option<&Config>,
    ) -> Asked {
        let front = &plan.front;
        let person = |name: &String| config.map_or(name.as_str(), |config| config.person(name)).to_owned();
        let people = |names: &[String]| {
            let mut people: Vec<String> = names.iter().map(person).collect();
            people.sort();
            people.dedup_by_key(|name| folded(name));
            people
        };
        let included =
            |one: &Included| IncludedFile { path: one.path.clone(), sha256: one.blob.sha256.clone() };
        Asked {
            document: Document {
                path: path.to_owned(),
                sha256: sha256.to_owned(),
                includes: includes.iter().map(included).collect(),
                title: plan.title.clone(),
                document_id: front.document_id.clone(),
                revision: front.revision.clone(),
                effective_date: front.effective_date.map(|date| date.to_string()),
            },
            approvers: people(&front.approvers),
            authors: people(&front.authors),
        }
    }

    /// Approvers who did not write it.
    pub fn independent(&self) -> impl Iterator<Item = &String> {
        self.approvers.iter().filter(|who| !self.wrote(who))
    }

    fn wrote(&self, who: &str) -> bool {
        self.authors.iter().any(|author| folded(author) == folded(who))
    }

    /// Why `who` may not approve it, in words; `None` if they may.
    pub fn refusal(&self, who: &str) -> Option<String> {
        if !self.approvers.iter().any(|approver| approver == who) {
            return Some(match self.approvers.as_slice() {
                [] => "the document names no approvers".to_owned(),
                named => {
                    format!("{who} is none of the approvers that the document names: {}", named.join(", "))
                }
            });
        }
        if self.independent().next().is_none() {
            return Some(format!("{who} wrote it, and nobody else is to approve it"));
        }
        None
    }

    /// Why the document is not approved, in words; `None` if everybody whom it names has approved it. `least` is the
    /// least assurance that counts; with `four_eyes`, whoever wrote it does not approve it.
    pub fn not_approved(&self, given: &[Approving], least: Assurance, four_eyes: bool) -> Option<String> {
        if self.approvers.is_empty() {
            return Some("it names no approvers".to_owned());
        }
        let author = self.approvers.iter().find(|who| self.wrote(who));
        match author {
            Some(who) if four_eyes => {
                return Some(format!("{who} is among its authors and its approvers, and it takes four eyes"));
            }
            Some(who) if self.independent().next().is_none() => {
                return Some(format!("nobody is to approve it but {who}, who wrote it"));
            }
            _ => {}
        }
        let of = |who: &String| {
            given
                .iter()
                .find(|one| one.approval.approver.principal == *who && one.approval.document == self.document)
        };
        let missing: Vec<&str> =
            self.approvers.iter().filter(|who| of(who).is_none()).map(String::as_str).collect();
        if !missing.is_empty() {
            let whose = missing.join(" and of ");
            return Some(format!("it lacks the approval of {whose} for these very bytes"));
        }
        let weak = self.approvers.iter().find(|who| of(who).is_some_and(|one| one.assurance < least));
        weak.map(|who| {
            format!("{who} approved it with a key that did not verify its user, and that is asked for")
        })
    }
}
