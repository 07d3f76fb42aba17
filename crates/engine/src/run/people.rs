//! Who is who, as event 0 tells it, and on what independence rests.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_model::{Assurance, folded};

use crate::{Login, RunOpened, SignedOff};

/// Names of people, as configured when the run opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct People {
    /// Principals as written, by every name they go by, folded.
    pub(crate) known: BTreeMap<String, String>,
}

impl People {
    /// As event 0 tells them.
    pub fn of(opened: &RunOpened) -> People {
        let principals = opened.people.keys().chain(opened.roles.values().flatten());
        let principals = principals.chain(opened.aliases.values()).map(|who| (folded(who), who.clone()));
        let aliases = opened.aliases.iter().map(|(alias, who)| (folded(alias), who.clone()));
        People { known: aliases.chain(principals).collect() }
    }

    /// Whether nobody is named at all: then nobody can be told to be a stranger.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether somebody is named so, by principal or alias, whatever the case.
    pub fn knows(&self, name: &str) -> bool {
        self.known.contains_key(&folded(name))
    }

    /// The principal that goes by this name, as written; the name itself, where nobody does.
    pub fn principal<'n>(&'n self, name: &'n str) -> &'n str {
        self.known.get(&folded(name)).map_or_else(|| name.trim(), String::as_str)
    }

    /// Every name that somebody goes by, in lower case where it is an alias.
    pub fn names(&self) -> Vec<&str> {
        let aliases = self.known.iter().filter(|(name, who)| **name != folded(who));
        let mut names: Vec<&str> = self.known.values().map(String::as_str).collect();
        names.extend(aliases.map(|(alias, _)| alias.as_str()));
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Somebody operates, and their key has not signed that yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unsigned {
    /// Where they sit, where that is on record already.
    pub(crate) seat: Option<Login>,
}

/// On what it rests that those who signed are not those who performed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Independence {
    /// Who signed off with a name only, where somebody else had to.
    pub(crate) typed: BTreeSet<String>,
    /// Who did by key.
    pub(crate) by_key: BTreeSet<String>,
    /// Whether whoever operates signs each session by key.
    pub(crate) sessions: bool,
    /// Who performed something beside a session, or in one of somebody else: by a name only.
    pub(crate) performed: BTreeSet<String>,
}

impl Independence {
    /// Takes note of a sign-off that must be independent.
    pub fn note(&mut self, given: &SignedOff) {
        let by_key = matches!(given.assurance, Assurance::Ssh | Assurance::FidoUv);
        let signers = if by_key { &mut self.by_key } else { &mut self.typed };
        signers.insert(given.by.who.clone());
    }

    /// Takes note of somebody who performed something, of whom no session tells.
    pub(crate) fn performed_typed(&mut self, who: &str) {
        if !self.performed.contains(who) {
            self.performed.insert(who.to_owned());
        }
    }

    /// What cannot be proved of it, in one sentence; `None` where no sign-off had to be independent, or keys prove all of
    /// it.
    pub fn words(&self) -> Option<String> {
        let names = |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>().join(", ");
        if self.typed.is_empty() && self.by_key.is_empty() {
            return None;
        }
        if self.sessions {
            return self.words_where_sessions_are_signed(&names);
        }
        Some(match (self.typed.is_empty(), self.by_key.is_empty()) {
            (_, true) => format!(
                "independence rests on typed names only: no key proves who signed off ({}) or who operated",
                names(&self.typed)
            ),
            (true, false) => format!(
                "independence rests on a typed name: keys prove who signed off ({}), and none proves who operated",
                names(&self.by_key)
            ),
            (false, false) => format!(
                "independence rests on typed names: a key proves that {} signed off, none proves it of {}, \
                 or who operated",
                names(&self.by_key),
                names(&self.typed)
            ),
        })
    }

    fn words_where_sessions_are_signed(
        &self,
        names: &impl Fn(&BTreeSet<String>) -> String,
    ) -> Option<String> {
        let signed_off = (!self.typed.is_empty()).then(|| format!("signed off ({})", names(&self.typed)));
        let performed = (!self.performed.is_empty())
            .then(|| format!("performed something beside that ({})", names(&self.performed)));
        let unproved: Vec<String> = signed_off.into_iter().chain(performed).collect();
        (!unproved.is_empty()).then(|| {
            format!(
                "independence rests on typed names: keys prove who operated, none proves who {}",
                unproved.join(" or who ")
            )
        })
    }
}
