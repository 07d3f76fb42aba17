//! Rules that must keep holding: what was seen of them, what that means, and when they are held once more. Whoever drives
//! a run brings the facts; they are judged here, and again whenever the record is verified.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_model::{Plan, Work};

use jiff::Timestamp;

use crate::fold::{Fold, ensure};
use crate::{AnchorSeen, ChangeSeen, Look, Rule, Run, Unmet};

/// What rules are held against while a run lasts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// As in [`Look`].
    pub commit: Option<&'a str>,
    /// As in [`Look`].
    pub dirty: Option<bool>,
    /// As in [`Look`].
    pub committed: Option<bool>,
    /// Principals by role, as configured now; `None` where that is not known, as from a record alone.
    pub roles: Option<&'a BTreeMap<String, Vec<String>>>,
    /// The anchor that was found beside the record, of those over most of it.
    pub anchor: Option<&'a AnchorSeen>,
    /// What the environment's script said of the change.
    pub change: Option<&'a ChangeSeen>,
    /// When that is.
    pub at: Timestamp,
    /// Whether a session opens: whatever happened since the last one was not this program's doing.
    pub session: bool,
}

impl Run {
    /// Rules that do not hold any more, of those that must keep holding and that these facts say something about.
    pub fn unmet(&self, plan: &Plan, facts: &Facts<'_>) -> Vec<Unmet> {
        let Some(opened) = self.opened() else { return Vec::new() };
        let name = &opened.environment.name;
        let hours = self.next_by_time(plan, facts.at);
        let why = |rule: &Rule| match rule {
            Rule::Committed if facts.commit.is_none() => {
                Some(format!("{name} is protected, and the document is in no git commit now"))
            }
            Rule::Committed if facts.committed != Some(true) => {
                Some(format!("{name} is protected, and the document is not as committed now"))
            }
            Rule::CleanCommit => match facts.dirty {
                Some(false) => None,
                Some(true) => Some(format!(
                    "{name} requires a clean commit, and the work tree has uncommitted changes now"
                )),
                None => Some(format!("{name} requires a clean commit, and git knows of none here")),
            },
            Rule::SameCommit => {
                let last = self.looks.commit.as_deref();
                // What the run's own blocks did is in the document, and is seen before the next sign-off.
                let ours = self.looks.ran && !facts.session;
                (facts.commit != last && !ours).then(|| {
                    let short = |commit: Option<&str>| {
                        commit.map_or("none", |commit| commit.get(..12).unwrap_or(commit)).to_owned()
                    };
                    format!(
                        "the repository moved from the commit {} to {} while the run waited",
                        short(last),
                        short(facts.commit)
                    )
                })
            }
            Rule::Roles => self.withdrawn(plan, facts.roles?),
            // An id that was given stays as it is.
            Rule::Change => {
                let change = opened.policy.change.as_ref()?;
                change.unmet(name, facts.change)
            }
            Rule::Window | Rule::Freeze => {
                hours.iter().find(|unmet| unmet.rule == *rule).map(|unmet| unmet.why.clone())
            }
            Rule::Anchor => {
                let signed = self.looks.signed_by.checked_sub(1)?;
                let over = facts.anchor.is_some_and(|anchor| anchor.events > signed);
                (!over).then(|| {
                    format!(
                        "{name} asks for an anchor at each sign-off, and none is over what was signed off at event {signed}"
                    )
                })
            }
            _ => None,
        };
        let unmet = opened.policy.kept.iter().filter_map(|rule| Some(Unmet { rule: *rule, why: why(rule)? }));
        unmet.collect()
    }

    /// Whose role was withdrawn after they had signed something off, or overridden a rule, in it.
    fn withdrawn(&self, plan: &Plan, roles: &BTreeMap<String, Vec<String>>) -> Option<String> {
        // Where no roles were configured, anybody acted in any.
        if self.opened()?.roles.is_empty() {
            return None;
        }
        let signed_off = self.signed_off.iter().flat_map(|task| {
            let role = match task.work(plan) {
                Some(Work::SignOff(sign_off)) => Some(sign_off.role.as_str()),
                _ => None,
            };
            role.into_iter().flat_map(|role| self.signers(*task).map(move |who| (role, who, "signed off")))
        });
        let overrode =
            self.looks.overriders.iter().map(|(role, who)| (role.as_str(), who.as_str(), "overrode rules"));
        let mut acted = signed_off.chain(overrode);
        let (role, who, did) = acted.find(|(role, who, _)| !self.has_role(roles, role, who))?;
        Some(format!("{who} {did} as {role}, and holdpoint.toml gives them that role no more"))
    }

    /// Rules of these that nobody has overridden for this run.
    pub fn not_overridden(&self, unmet: &[Unmet]) -> Vec<Rule> {
        let rules = unmet.iter().map(|unmet| unmet.rule);
        rules.filter(|rule| !self.looks.overridden.contains(rule)).collect()
    }

    /// Rules that do not hold and that nobody has overridden: an override names all of them.
    pub fn barred(&self) -> &[Rule] {
        &self.looks.barred
    }

    /// How many events an anchor must be over, where the environment asks for one at each sign-off.
    pub fn anchor_due(&self) -> Option<u64> {
        let asks = self.opened().is_some_and(|opened| opened.policy.kept.contains(&Rule::Anchor));
        Some(self.looks.signed_by).filter(|events| asks && *events > 0)
    }

    /// As [`Run::anchor_due`], where the record tells of no such anchor yet: before it, the run does not go on.
    pub fn anchor_wanted(&self) -> Option<u64> {
        let found = !self.looks.signed_off && !self.looks.barred.contains(&Rule::Anchor);
        self.anchor_due().filter(|_| !found && !self.looks.overridden.contains(&Rule::Anchor))
    }

    /// Whether the seal must be anchored: the environment asks for it, and nobody answered for going without.
    pub fn asks_for_anchored_seal(&self) -> bool {
        let asks = self.opened().is_some_and(|opened| opened.policy.kept.contains(&Rule::Anchor));
        asks && !self.looks.overridden.contains(&Rule::Anchor)
    }

    /// Whether rules must be held once more before the next block: something was signed off since the last look.
    pub fn is_look_due(&self) -> bool {
        self.keeps_rules() && self.looks.signed_off
    }

    /// Whether the next block is the first one after a sign-off. While somebody is asked whether it may begin, the
    /// repository may change once more, whatever was looked at before.
    pub fn begins_after_sign_off(&self) -> bool {
        self.keeps_rules() && self.looks.unused
    }

    /// Whether somebody who is asked to sign something off should have the repository looked at first: blocks have run
    /// since the last look, and what they did to it is part of what is signed off.
    pub fn has_look_aged(&self) -> bool {
        self.keeps_rules() && self.looks.ran
    }

    /// Whether rules did not hold when the run opened, and nobody has overridden them: nothing later mends that.
    pub fn is_barred_since_opening(&self) -> bool {
        self.looks.at_opening
    }

    pub(crate) fn keeps_rules(&self) -> bool {
        self.opened().is_some_and(|opened| !opened.policy.kept.is_empty())
    }

    /// Whether nothing but the time keeps the run from going on.
    pub fn is_barred_by_time(&self) -> bool {
        let barred = self.barred();
        !barred.is_empty() && barred.iter().all(|rule| rule.is_of_time()) && !self.is_barred_since_opening()
    }

    /// Rules were held once more.
    pub(crate) fn looked(&mut self, plan: &Plan, look: &Look, session: bool, at: Timestamp) -> Fold {
        let Look { commit, dirty, committed, anchor, change, unmet } = look;
        let of_a_change = self.opened().and_then(|opened| opened.policy.change.as_ref());
        ensure(
            change.is_none() || of_a_change.is_some_and(|change| change.is_looked_at()),
            "it tells what a script said of a change, and none is asked here",
        )?;
        ensure(
            anchor.is_none() || self.anchor_due().is_some(),
            "an anchor is relied on, and none is asked for here",
        )?;
        ensure(
            anchor
                .as_ref()
                .is_none_or(|anchor| (1..=self.events).contains(&anchor.events) && anchor.number > 0),
            "the anchor that is relied on is over what was not there",
        )?;
        let facts = Facts {
            commit: commit.as_deref(),
            dirty: *dirty,
            committed: *committed,
            roles: None,
            anchor: anchor.as_ref(),
            change: change.as_ref(),
            at,
            session,
        };
        // What hangs on the time is known from that of the event, which is later than the look.
        let told = |rule: Rule| rule.is_of_time() || unmet.iter().any(|unmet| unmet.rule == rule);
        if let Some(broken) = self.unmet(plan, &facts).iter().find(|broken| !told(broken.rule)) {
            return Err(format!(
                "the rule {} does not hold, and the run went on as if it did",
                broken.rule.as_str()
            ));
        }
        let kept =
            |unmet: &Unmet| self.opened().is_some_and(|opened| opened.policy.kept.contains(&unmet.rule));
        ensure(unmet.iter().all(kept), "a rule is told of that need not keep holding")?;
        let mut unmet = unmet.clone();
        let untold = self.next_by_time(plan, at);
        let untold: Vec<Unmet> = untold
            .into_iter()
            .filter(|hours| !(session && hours.rule == Rule::NotBefore))
            .filter(|hours| unmet.iter().all(|unmet| unmet.rule != hours.rule))
            .collect();
        unmet.extend(untold);
        let barred = self.not_overridden(&unmet);
        let distinct = barred.iter().collect::<BTreeSet<_>>().len() == barred.len();
        ensure(distinct, "a rule is told of twice")?;
        if !self.looks.at_opening {
            self.looks.barred = barred;
        }
        self.looks.commit.clone_from(commit);
        (self.looks.ran, self.looks.signed_off) = (false, false);
        Ok(())
    }
}
