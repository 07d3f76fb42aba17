//! Rules that an environment may have.

use serde::{Deserialize, Serialize};

/// A rule of an environment that must hold before a run opens, or keep holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// `protected`: the document is in a commit, with the bytes of that commit.
    Committed,
    /// `protected`: whoever the document names as author or approver is known.
    KnownPeople,
    /// `protected`, or an approved document is required: it is effective.
    Effective,
    /// `requires.clean_commit`.
    CleanCommit,
    /// `requires.approved_document`.
    ApprovedDocument,
    /// `requires.rehearsal`, `requires.max_age`.
    Rehearsal,
    /// `protected` or `requires.clean_commit`: the repository stands at the commit that was looked at last.
    SameCommit,
    /// Whoever signed something off, or overrode a rule, still has the role that let them.
    Roles,
    /// `requires.change`: a change is given under which something may be run.
    Change,
    /// `requires.window`: it is a time of the week in which the environment may be changed.
    Window,
    /// `not_before` of a step: its time has come.
    NotBefore,
    /// `requires.freeze`: no event of the calendar takes place.
    Freeze,
    /// `requires.anchor`: the record is anchored as far as it was when something was signed off last; and its seal.
    Anchor,
}

impl Rule {
    /// Whether it is about the document and how the repository has it: another document is held against it anew.
    pub fn is_about_the_document(self) -> bool {
        matches!(self, Rule::Committed | Rule::CleanCommit | Rule::SameCommit | Rule::ApprovedDocument)
    }

    /// As the record writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Committed => "committed",
            Rule::KnownPeople => "known_people",
            Rule::Effective => "effective",
            Rule::CleanCommit => "clean_commit",
            Rule::ApprovedDocument => "approved_document",
            Rule::Rehearsal => "rehearsal",
            Rule::SameCommit => "same_commit",
            Rule::Roles => "roles",
            Rule::Change => "change",
            Rule::Window => "window",
            Rule::NotBefore => "not_before",
            Rule::Freeze => "freeze",
            Rule::Anchor => "anchor",
        }
    }
}
