//! Event 0: what runs, where, with what, by whom.

use std::collections::BTreeMap;

use holdpoint_model::{Assurance, Checks, FrontMatter};
use serde::{Deserialize, Serialize};

use crate::{AnchorSeen, BlobRef, ChangeSeen, Former, Look, Policy, Unmet};

/// Event 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RunOpened {
    /// Format version of the record, `2.0`.
    pub format: String,
    /// ULID that makes the run unique beyond its store.
    pub id: String,
    /// The store's gap-free number.
    pub number: u64,
    /// The run before it in the store; `None` for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
    /// A dry run: nothing that changes something is executed, and nothing of it is stored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry: bool,
    /// The document that runs.
    pub runbook: Runbook,
    /// [`holdpoint_model::Plan::digest`] of the plan made from it.
    pub plan: String,
    /// Where it runs.
    pub environment: EnvironmentSeen,
    /// What it was given.
    pub inputs: Vec<InputGiven>,
    /// `holdpoint.toml` as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<BlobRef>,
    /// The `allowed_signers` file as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signers: Option<BlobRef>,
    /// The list of revoked keys as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<BlobRef>,
    /// Principals by role, as configured.
    pub roles: BTreeMap<String, Vec<String>>,
    /// Everybody whom the configuration lists, by principal, with their printed name: empty where they have none.
    pub people: BTreeMap<String, String>,
    /// Principals by alias, as configured: two names of one person are one person.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub aliases: BTreeMap<String, String>,
    /// What was made sure of before it opened, and what did not hold.
    #[serde(default, skip_serializing_if = "Policy::is_empty")]
    pub policy: Policy,
    /// Who took it up, and where.
    pub session: Session,
}

impl RunOpened {
    /// The printed name of a principal, where one is configured.
    pub fn printed_name(&self, who: &str) -> Option<&String> {
        self.people.get(who).filter(|name| !name.is_empty())
    }
}

/// The document that runs. Title, id and revision are its own claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Runbook {
    /// Path, relative to the repository's root.
    pub path: String,
    /// Its exact bytes.
    pub blob: BlobRef,
    /// The files that it includes, each once, in the order in which they are first included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<Included>,
    /// The commit the repository stood at; `None` outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether the work tree had uncommitted changes; `None` outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// Whether the document's bytes are those of the commit; `None` outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<bool>,
    /// Whether it is no run-book of this format but a check-list that people wrote for themselves: its texts are no
    /// templates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
    /// What it is called.
    pub title: String,
    /// The quality system's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_id: Option<String>,
    /// The quality system's revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What else it claims of its own control.
    #[serde(default, skip_serializing_if = "Claims::is_empty")]
    pub claims: Claims,
}

/// A file that a document includes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Included {
    /// Path, relative to the repository's root.
    pub path: String,
    /// Its exact bytes.
    pub blob: BlobRef,
}

/// A document's own claims about its control: who wrote and approves it, and when. Held against a run only where the
/// environment asks for it ([`Rule`](crate::Rule)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who wrote it, as the document names people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Who approves it, as the document names people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// When it was approved, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_date: Option<String>,
    /// From when it may be used, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<String>,
    /// How long after approval it must be reviewed, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_in: Option<String>,
}

impl Claims {
    /// The claims of a document's front matter.
    pub fn of(front: &FrontMatter) -> Claims {
        Claims {
            authors: front.authors.clone(),
            approvers: front.approvers.clone(),
            approval_date: front.approval_date.map(|date| date.to_string()),
            effective_date: front.effective_date.map(|date| date.to_string()),
            review_in: front.review_in.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        *self == Claims::default()
    }
}

/// Where a run runs, as configured when it opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EnvironmentSeen {
    /// Its name; `local` where the repository defines none.
    pub name: String,
    /// A rehearsal.
    pub rehearsal: bool,
    /// Refuses what cannot be traced.
    pub protected: bool,
    /// Sign-offs must be by somebody other than the performer.
    pub four_eyes: bool,
    /// Least assurance of a sign-off.
    pub signature: Assurance,
    /// Least assurance of whoever operates: of a key, every session is signed. Left out where a name will do.
    #[serde(default = "typed", skip_serializing_if = "is_typed")]
    pub sessions: Assurance,
    /// Variables its scripts see.
    pub vars: BTreeMap<String, String>,
    /// Where its targets are, by target.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<String, TargetSeen>,
    /// By which rules the run goes over their places; left out where there are none, and in records of before these rules,
    /// which go by the first ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollouts: Option<Rollouts>,
}

/// Rules for going over places, beyond the first ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rollouts {
    /// A place that failed counts as failed until it has passed, whoever tries it again; one that goes first and failed keeps
    /// every other from beginning; and a name has a value elsewhere only where every place captured it.
    Strict,
}

fn typed() -> Assurance {
    Assurance::Typed
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_typed(assurance: &Assurance) -> bool {
    *assurance == Assurance::Typed
}

impl EnvironmentSeen {
    /// Whether whoever operates there signs that by key.
    pub fn signs_sessions(&self) -> bool {
        self.sessions > Assurance::Typed
    }

    /// Whether keys sign here: a script that reaches the agent could sign as well as its owner.
    pub fn keys_sign(&self) -> bool {
        self.signature.max(self.sessions) > Assurance::Typed
    }
}

/// What a target stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TargetSeen {
    /// Its places, in the order of the configuration.
    pub places: Vec<String>,
    /// How blocks become another user there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#become: Option<String>,
}

impl TargetSeen {
    /// The targets of an environment, as event 0 holds them.
    pub fn of(environment: &holdpoint_model::Environment) -> BTreeMap<String, TargetSeen> {
        let seen = |(name, target): (&String, &holdpoint_model::Target)| {
            let places = target.places.iter().map(ToString::to_string).collect();
            (
                name.clone(),
                TargetSeen { places, r#become: target.r#become.map(|how| how.as_str().to_owned()) },
            )
        };
        environment.targets.iter().map(seen).collect()
    }
}

/// An input and where its value came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InputGiven {
    /// Its name.
    pub name: String,
    /// Its value; `None` for secrets, which are recorded by name only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
    /// Where the value came from: `set`, `answers`, `env NAME`, `file PATH`, `command`, `default`, `asked`.
    pub from: String,
}

/// Who drives the run, with what program, on what machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Who operates.
    pub operator: String,
    /// Where that name came from: `option`, `HOLDPOINT_OPERATOR`, `git`, `os`.
    pub operator_from: String,
    /// The program that drives.
    pub program: Program,
    /// The machine's user.
    pub os_user: String,
    /// The machine.
    pub host: String,
    /// The terminal, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// Working directory.
    pub cwd: String,
    /// IANA time zone, or an offset.
    pub time_zone: String,
    /// Whether the machine's clock is synchronised, where the machine says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_synchronised: Option<bool>,
    /// Whether checks waited for somebody who said so; left out where nobody was there to be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Checks>,
    /// In `session.opened`: the commit the repository stood at; `None` outside a repository. In `run.opened` the
    /// [`Runbook`] has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Likewise: whether the work tree had uncommitted changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// Likewise: whether the recorded document's bytes are those of the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<bool>,
    /// Likewise: the anchor that was relied on, as in [`Look`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<AnchorSeen>,
    /// Likewise: what the environment's script said of the change, as in [`Look`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeSeen>,
    /// Likewise: rules that did not hold then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Unmet>,
}

impl Session {
    /// The session with what was seen when it was opened.
    pub fn after(self, look: Look) -> Session {
        let Look { commit, dirty, committed, anchor, change, unmet } = look;
        Session { commit, dirty, committed, anchor, change, unmet, ..self }
    }

    /// What was seen when it was opened.
    pub fn look(&self) -> Look {
        let Session { commit, dirty, committed, anchor, change, unmet, .. } = self.clone();
        Look { commit, dirty, committed, anchor, change, unmet }
    }
}

/// The program that wrote an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its version.
    pub version: String,
    /// Digest of its own binary, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}
