//! Rules of an environment that can be judged from the document, the configuration and what git said of it: before a run
//! opens, and again whenever its record is verified.

use holdpoint_model::{Assurance, Config, Environment, FrontMatter};
use jiff::civil::Date;

use crate::{Rule, Runbook, Unmet};

/// What they are judged from.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The environment's name.
    pub name: &'a str,
    /// What it asks for.
    pub environment: &'a Environment,
    /// Who is who.
    pub config: Option<&'a Config>,
    /// What the document claims.
    pub front: &'a FrontMatter,
    /// Today, where the run opens.
    pub today: Date,
}

impl Circumstances<'_> {
    /// Rules that do not hold. `commit`, `committed` and `dirty` are as event 0 has them, in [`Runbook`].
    pub fn unmet(&self, commit: Option<&str>, committed: Option<bool>, dirty: Option<bool>) -> Vec<Unmet> {
        let Circumstances { name, environment, front, today, .. } = *self;
        let mut unmet = Vec::new();
        let mut add = |rule, why: String| unmet.push(Unmet { rule, why });
        if environment.protected {
            if commit.is_none() {
                add(Rule::Committed, format!("{name} is protected, and the document is in no git commit"));
            } else if committed != Some(true) {
                add(Rule::Committed, format!("{name} is protected, and the document is not as committed"));
            }
            let unknown = self.unknown();
            if !unknown.is_empty() {
                let whom = unknown.join(" or ");
                add(
                    Rule::KnownPeople,
                    format!("{name} is protected, and nobody is known by the name {whom}"),
                );
            }
        }
        if (environment.protected || environment.requires.approved_document)
            && let Some(effective) = front.effective_date.filter(|effective| *effective > today)
        {
            let why = format!(
                "{name} takes documents once they are effective, and this one is from {effective} on"
            );
            add(Rule::Effective, why);
        }
        if environment.requires.clean_commit && dirty != Some(false) {
            let why = match dirty {
                Some(_) => "the work tree has uncommitted changes",
                None => "git knows of none here",
            };
            add(Rule::CleanCommit, format!("{name} requires a clean commit, and {why}"));
        }
        unmet
    }

    /// As [`Circumstances::unmet`], of what event 0 says.
    pub fn unmet_by(&self, runbook: &Runbook) -> Vec<Unmet> {
        self.unmet(runbook.commit.as_deref(), runbook.committed, runbook.dirty)
    }

    /// Names in the front matter that nobody is known by: who wrote and who approved it could not be told apart.
    pub fn unknown(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.front.authors.iter().chain(&self.front.approvers).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let known = |name: &&str| self.config.is_some_and(|config| config.principal(name).is_some());
        names.into_iter().filter(|name| !known(name)).collect()
    }
}

/// Rules that must keep holding in this environment while a run lasts: [`Policy::kept`](crate::Policy::kept).
///
/// A rehearsal that grows too old does not end a run, nor do names and dates in a document that stays the same.
pub fn kept(environment: &Environment) -> Vec<Rule> {
    let Environment { protected, four_eyes, requires, .. } = environment;
    let clean = requires.clean_commit;
    let by_key = environment.signature.is_some_and(|least| least > Assurance::Typed);
    let (window, freeze) = (requires.window.is_some(), requires.freeze.is_some());
    let change = requires.change.is_some();
    let of_the_run = requires.anchor || change || window || freeze;
    let asks = *protected || *four_eyes || by_key || clean || requires.approved_document || of_the_run;
    let rules = [
        (*protected, Rule::Committed),
        (clean, Rule::CleanCommit),
        (requires.approved_document, Rule::ApprovedDocument),
        (*protected || clean, Rule::SameCommit),
        (asks, Rule::Roles),
        (change, Rule::Change),
        (window, Rule::Window),
        (freeze, Rule::Freeze),
        (requires.anchor, Rule::Anchor),
    ];
    rules.into_iter().filter(|(asked, _)| *asked).map(|(_, rule)| rule).collect()
}
