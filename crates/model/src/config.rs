//! `holdpoint.toml` (format.md section 7): what differs between places where the same bytes run.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::{Notify, Target, Window};

/// The user's own configuration: what no repository may allow itself. Every key is known or an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserConfig {
    /// Directories outside of a repository that its configuration may name all the same; whole paths.
    pub allow_paths: Vec<String>,
    /// Whether checks wait for somebody who says so.
    pub checks: Option<Checks>,
    /// What is told to whom, wherever the user drives a run.
    pub notify: Option<Notify>,
    /// Repositories whose `[notify]` may run its command and send to its address; whole paths of them, or of directories above.
    pub allow_notices: Vec<String>,
}

/// Whether a check waits for somebody at a terminal who says so. What changes something always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Checks {
    /// Each is asked about.
    Ask,
    /// They run unasked.
    Auto,
}

impl fmt::Display for Checks {
    /// As a command line and a configuration write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Checks::Ask => "ask",
            Checks::Auto => "auto",
        })
    }
}

/// The repository's configuration. Every key is known or an error.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Config {
    /// Where runs are kept, relative to the repository's root; `None` is `.holdpoint/runs`.
    pub store: Option<String>,
    /// OpenSSH `allowed_signers` file, relative to the repository's root.
    pub signers: Option<String>,
    /// Public keys that count no more, one a line, relative to the repository's root.
    pub revoked: Option<String>,
    /// Who is who, by principal.
    pub people: BTreeMap<String, Person>,
    /// Principals by role.
    pub roles: BTreeMap<String, Vec<String>>,
    /// Where run-books may run, by name.
    pub environments: BTreeMap<String, Environment>,
    /// How much of all run-books must be covered.
    pub coverage: CoverageFloors,
    /// Who anchors records where a command does not say.
    pub anchors: AnchorsFrom,
    /// Whether checks wait for somebody who says so.
    pub checks: Option<Checks>,
    /// What is told to whom.
    pub notify: Option<Notify>,
}

/// Where anchors come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnchorsFrom {
    /// The address of a time-stamping authority.
    pub tsa: Option<String>,
    /// Its certificates (PEM), relative to the repository's root: a time-stamp that they do not vouch for is none.
    pub ca: Option<String>,
}

/// Of a hundred blocks that change something, how many must at least have what; `None` where nothing is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CoverageFloors {
    /// A check after them.
    pub checked: Option<u8>,
    /// A rollback.
    pub rollback: Option<u8>,
    /// A rollback that was done once.
    pub rehearsed: Option<u8>,
    /// Been run once.
    pub ran: Option<u8>,
}

/// Somebody who operates or signs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Printed name, as signatures show it (21 CFR 11.50 (a) (1)).
    pub name: Option<String>,
    /// How documents' front matter names this person.
    pub alias: Option<String>,
}

/// A place a run-book runs in.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Environment {
    /// A rehearsal: sign-offs may come from an answers file.
    pub rehearsal: bool,
    /// Refuses what cannot be traced: no repository, uncommitted document.
    pub protected: bool,
    /// Variables its scripts see.
    pub vars: BTreeMap<String, String>,
    /// Where blocks of a target run, by target name.
    pub targets: BTreeMap<String, Target>,
    /// Least assurance of a sign-off.
    pub signature: Option<Assurance>,
    /// Least assurance of whoever operates: [`Assurance::Ssh`] has each session signed by key.
    pub sessions: Option<Assurance>,
    /// Every sign-off must be by somebody other than the performer.
    pub four_eyes: bool,
    /// What must hold before a run opens.
    pub requires: Requires,
    /// Roles whose holders may override what must hold, with a reason; none means nobody.
    pub may_override: Vec<String>,
}

impl Config {
    /// Everybody who is named, by principal as written: people first, then whoever has a role.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        self.people.keys().chain(self.roles.values().flatten()).map(String::as_str)
    }

    /// What somebody is called: their principal, and their alias where they have one.
    pub fn names_of<'n>(&'n self, principal: &'n str) -> impl Iterator<Item = &'n str> {
        let alias = self.people.get(principal).and_then(|person| person.alias.as_deref());
        std::iter::once(principal).chain(alias)
    }

    /// The principal of whoever a document or a command line calls `name`: by principal, else by alias, whatever the
    /// case. `None` where nobody is known by that name.
    pub fn principal<'n>(&'n self, name: &str) -> Option<&'n str> {
        let wanted = crate::folded(name);
        let by_alias = || {
            let of =
                |person: &Person| person.alias.as_deref().is_some_and(|alias| crate::folded(alias) == wanted);
            self.people.iter().find(|(_, person)| of(person)).map(|(who, _)| who.as_str())
        };
        self.principals().find(|who| crate::folded(who) == wanted).or_else(by_alias)
    }

    /// Whom a name that is nobody's looks like: it cannot be told from theirs on a page, and is another.
    pub fn look_alike<'n>(&'n self, name: &str) -> Option<&'n str> {
        if self.principal(name).is_some() {
            return None;
        }
        let drawn = crate::looks(name);
        let alike = |other: &str| crate::looks(other).iter().zip(&drawn).any(|(one, other)| one == other);
        let by_alias = || {
            let of = |person: &Person| person.alias.as_deref().is_some_and(alike);
            self.people.iter().find(|(_, person)| of(person)).map(|(who, _)| who.as_str())
        };
        self.principals().find(|who| alike(who)).or_else(by_alias)
    }

    /// As [`Config::principal`], or the name itself: two names are of one person where this is the same.
    pub fn person<'n>(&'n self, name: &'n str) -> &'n str {
        self.principal(name).unwrap_or(name)
    }

    /// Everybody whom `[people]` lists, with their printed name; it is empty where they have none.
    pub fn printed_names(&self) -> BTreeMap<String, String> {
        let named =
            |(who, person): (&String, &Person)| (who.clone(), person.name.clone().unwrap_or_default());
        self.people.iter().map(named).collect()
    }

    /// Principals by alias.
    pub fn aliases(&self) -> BTreeMap<String, String> {
        let aliases =
            self.people.iter().filter_map(|(who, person)| Some((person.alias.clone()?, who.clone())));
        aliases.collect()
    }
}

/// How sure it is who signed; ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Assurance {
    /// From an answers file, in a rehearsal.
    Rehearsal,
    /// A name typed at the terminal.
    Typed,
    /// A key.
    Ssh,
    /// A hardware key that verified its user.
    FidoUv,
}

impl fmt::Display for Assurance {
    /// As `holdpoint.toml` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Assurance::Rehearsal => "rehearsal",
            Assurance::Typed => "typed",
            Assurance::Ssh => "ssh",
            Assurance::FidoUv => "fido-uv",
        })
    }
}

/// What is asked of the change under which something is run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangeAsked {
    /// A regular expression for all of its id.
    pub pattern: String,
    /// A script that says whether it may go on, relative to the repository's root.
    pub check: Option<String>,
}

/// What must hold before a run opens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requires {
    /// The document must be as committed.
    pub clean_commit: bool,
    /// The document's approvers must have signed its bytes.
    pub approved_document: bool,
    /// A passed run of the same bytes in this environment must exist.
    pub rehearsal: Option<String>,
    /// How old that rehearsal may be.
    pub max_age: Option<Duration>,
    /// Inputs, and names that blocks capture, that must have had the same values in that rehearsal.
    pub same: Vec<String>,
    /// A rehearsal in which somebody skipped or edited something will do.
    pub skips: bool,
    /// The record must be anchored: its head after each sign-off, and its seal.
    pub anchor: bool,
    /// The change under which something may be run.
    pub change: Option<ChangeAsked>,
    /// The part of the week in which something may be changed.
    pub window: Option<Window>,
    /// The calendar of times in which nothing may be changed, relative to the repository's root.
    pub freeze: Option<String>,
}
