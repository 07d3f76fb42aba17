//! Rules of the environment, held once more: when a run is taken up again, and while it lasts. The facts are gathered
//! here, with the configuration as it is now; the engine judges them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use holdpoint_document::Plan;
use holdpoint_driver::{Rules, Secrets};
use holdpoint_engine::{Facts, Look, Rule, Run, RunOpened};
use jiff::Timestamp;

use super::anchored;
use super::changes::{self, Looked};
use super::rules::{Book, Obeyed, approved, help, some_of};
use crate::interrupts::Prompting;
use crate::place::{Place, Traced};
use crate::problem::Problem;
use crate::screen::Screen;
use crate::sources::Sources;

/// Refuses a sign-off by somebody who had the role when the run opened, and has it no more.
pub fn has_role_still(run: &Run, place: &Place, role: &str, who: &str) -> Result<(), Problem> {
    let none = BTreeMap::new();
    if !run.has_lost_role(place.configuration().map_or(&none, |config| &config.roles), role, who) {
        return Ok(());
    }
    Err(Problem::refused(
        format!("holdpoint.toml gives {who} the role {role} no more"),
        "Nothing was signed. Somebody who has the role signs; or it is given to them again.",
    ))
}

/// What to do about a rule that holds no more while a run waits: it goes on from the commit that it is at, so that
/// committing what changed would only break another one.
fn help_on_the_way(rule: Rule, traced: &Traced) -> String {
    match rule {
        Rule::CleanCommit if traced.overlooked.is_none() && traced.dirty == Some(true) => {
            format!(
                "It differs in {}. If this run's blocks wrote that, it is what the run has done: undo or stash none of it, but take the run back or abort it, and name in .gitignore what blocks write. What somebody else changed, undo or stash. A commit would move the repository off the run's commit.",
                some_of(&traced.changed)
            )
        }
        Rule::Committed if traced.commit.is_some() => {
            "Go back to a commit that has the document as it was recorded.".to_owned()
        }
        Rule::Committed | Rule::CleanCommit if traced.commit.is_none() => {
            "Bring back the repository as it was.".to_owned()
        }
        _ => help(rule, traced),
    }
}

/// A run whose rules must keep holding.
pub struct Watch<'a> {
    /// The repository's root.
    pub root: PathBuf,
    /// Event 0.
    pub opened: &'a RunOpened,
    /// The plan.
    pub plan: &'a Plan,
    /// The document as it was recorded, with what it included.
    pub sources: &'a Sources,
    /// The run's directory.
    pub dir: PathBuf,
    /// Who is told of the script that is asked about the change.
    pub screen: Screen,
    /// What is masked in what it says.
    pub secrets: Secrets,
}

/// What was seen, and the refusal if a rule does not hold that nobody has overridden.
pub struct Seen {
    /// For the record.
    pub look: Look,
    /// What it names, to be kept before it is recorded.
    pub looked: Option<Looked>,
    /// Why the run does not go on.
    pub refusal: Option<Problem>,
}

impl Watch<'_> {
    /// Looks at the repository now. `session`: the run is being taken up again.
    pub fn look(&self, run: &Run, session: bool) -> Result<Seen, Problem> {
        self.look_by(run, session, None)
    }

    /// The same; the document that `comes`, where one does, is held against the rules, for the run goes on by that.
    pub fn look_by(
        &self,
        run: &Run,
        session: bool,
        comes: Option<(&Sources, &Plan)>,
    ) -> Result<Seen, Problem> {
        let Watch { opened, plan, dir, .. } = self;
        let (sources, judged) = comes.unwrap_or((self.sources, plan));
        let place = Place::of(&self.root)?;
        let path = &opened.runbook.path;
        let traced = place.trace(&sources.each(path))?;
        let anchor = run.anchor_due().map(|due| anchored::relied_on(&place, dir, opened, due));
        let name = &opened.environment.name;
        let change = opened.policy.change.as_ref();
        let asked =
            change.map(|change| changes::look(&self.screen, &self.root, (name, change), &self.secrets));
        // A script that is gone gives no answer, which bars what changes something, and no roll-back.
        let (looked, unasked) = match asked.transpose() {
            Ok(looked) => (looked.flatten(), None),
            Err(problem) => (None, Some(problem.to_string())),
        };
        let none = Default::default();
        let facts = Facts {
            commit: traced.commit.as_deref(),
            dirty: traced.dirty,
            committed: traced.committed,
            roles: Some(place.configuration().map_or(&none, |config| &config.roles)),
            anchor: anchor.as_ref().and_then(|found| found.as_ref().ok()),
            change: looked.as_ref().map(|looked| &looked.seen),
            at: Timestamp::now(),
            session,
        };
        let mut obeyed = Obeyed { may_override: opened.policy.may_override.clone(), ..Obeyed::default() };
        for unmet in run.unmet(plan, &facts) {
            let (mut why, mut help) = (unmet.why, help_on_the_way(unmet.rule, &traced));
            if unmet.rule == Rule::Anchor {
                if let Some(Err(Some(wrong))) = &anchor {
                    why.push_str(&format!(": {wrong}"));
                }
                help = anchored::how(&place, opened.number);
            }
            if let (Rule::Change, Some(change)) = (unmet.rule, change) {
                (why, help) = changes::told(why, change, looked.as_ref());
                if let Some(unasked) = &unasked {
                    why = format!("{why}: {unasked}");
                    help = "Put it back as holdpoint.toml names it (requires.change.check).".to_owned();
                }
            }
            obeyed.add(unmet.rule, why, help);
        }
        if opened.policy.kept.contains(&Rule::ApprovedDocument) {
            let book = Book { path, sources, plan: judged, environment: &opened.environment };
            if let (_, Some((why, help))) = approved(&place, &book, &opened.session.time_zone) {
                obeyed.add(Rule::ApprovedDocument, why, help);
            }
        }
        let unmet = obeyed.unmet.iter().map(|(unmet, _)| unmet.clone()).collect();
        let Traced { commit, dirty, committed, .. } = traced;
        let change = looked.as_ref().map(|looked| looked.seen.clone());
        let look = Look { commit, dirty, committed, anchor: anchor.and_then(Result::ok), change, unmet };
        let left = run.not_overridden(&look.unmet);
        obeyed.unmet.retain(|(unmet, _)| left.contains(&unmet.rule));
        Ok(Seen { look, looked, refusal: obeyed.refusal() })
    }

    /// For whoever drives the run: see [`holdpoint_driver::Rules`].
    pub fn checks<'c>(self, screen: &Screen) -> Box<Rules<'c, Problem>>
    where
        Self: 'c,
    {
        let screen = screen.clone();
        Box::new(move |run, store| {
            let _looking = Prompting::of_git_meanwhile(&screen);
            let Seen { look, looked, refusal } = self.look(run, false)?;
            looked.map(|looked| looked.keep(store)).transpose()?;
            let number = self.opened.number;
            let refusal = refusal.map(|refusal| {
                refusal.adding(&format!(
                    "No more was executed. Then go on with: holdpoint resume {number}; that also takes back what was done, or aborts"
                ))
            });
            Ok((look, refusal))
        })
    }
}
