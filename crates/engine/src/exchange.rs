//! A run that goes on by another document.

use holdpoint_model::Plan;

use crate::fold::{Fold, ensure};
use crate::run::places::Places;
use crate::run::state::{Course, State};
use crate::{Due, Exchanged, Frontier, Rule, Run, RunOpened};

impl Run {
    /// How often its document was exchanged.
    pub fn exchanges(&self) -> usize {
        self.exchanges
    }

    /// Why no document can take the place of this one now, whatever it says; `None` if one can.
    pub fn unexchangeable(&self, plan: &Plan) -> Option<&'static str> {
        self.cannot_exchange(&self.frontier(plan)).err()
    }

    fn cannot_exchange(&self, now: &Frontier) -> Result<(), &'static str> {
        match () {
            () if self.is_dry() => Err("this is a dry run"),
            () if self.is_barred_since_opening() => {
                Err("rules did not hold when it opened, and nobody overrode them")
            }
            () if self.is_rolling_back() || now.due == Some(Due::RollBack) => {
                Err("what was done in it is undone, which goes by the document that it was done by")
            }
            () if now.verdict.is_some() => Err("it has come to its end"),
            () if !now.running.is_empty() => Err("a block runs"),
            () => Ok(()),
        }
    }

    /// Folds an exchange in. `new` is the plan of the document that comes, and is none where the reader has no such plan.
    pub(crate) fn exchange(
        &mut self,
        (old, new): (&Plan, Option<&Plan>),
        now: &Frontier,
        exchanged: &Exchanged,
    ) -> Fold {
        let Exchanged { runbook, policy, reason, by, .. } = exchanged;
        let opened = self.opened().ok_or("the run is not open")?;
        self.cannot_exchange(now)?;
        ensure(!reason.trim().is_empty(), "an exchange needs a reason")?;
        ensure(self.same(&by.who, self.operator()), "whoever operates exchanges the document")?;
        self.performer_refusal(old, &by.who).map_or(Ok(()), Err)?;
        let before = &opened.runbook;
        ensure(runbook.path == before.path, "the document that takes its place has its path")?;
        ensure(
            (&runbook.blob, &runbook.includes) != (&before.blob, &before.includes),
            "the document is the same as before",
        )?;
        let told = policy.unmet.is_empty() && policy.kept.is_empty() && policy.may_override.is_empty();
        ensure(told, "an exchange tells only of approvals and a rehearsal: the rules stay as they are")?;
        let new = new.ok_or("the document was exchanged, and the new one is not known here")?;
        ensure(
            runbook.foreign == new.is_foreign(),
            "whether the document is a run-book of this format, its front matter says",
        )?;
        let environment = &opened.environment;
        let allowed = &new.front.environments;
        ensure(
            allowed.is_empty() || allowed.contains(&environment.name),
            "the new document may not run in this environment",
        )?;
        let reconciled = self.reconcile(old, new);
        ensure(reconciled.refusals.is_empty(), &reconciled.refusals.join("; "))?;
        let places = Places::of(new, environment)?;
        self.obeyed_by(opened, exchanged)?;
        let opened = exchanged.as_opened(opened);

        self.lapse_fresh("the document was exchanged for another");
        self.looks.barred.clear();
        self.looks.commit.clone_from(&runbook.commit);
        self.values.set_rehearsed(opened.policy.rehearsed.as_ref());
        self.opened = Some(Box::new(opened));
        self.places = places;
        self.lay_out(new);
        self.exchanges += 1;
        self.deviations += 1;
        self.performed_by(&by.who);
        Ok(())
    }

    /// Rules about the document are held against the new one, and nobody overrides them; the others stay as they were.
    fn obeyed_by(&self, opened: &RunOpened, exchanged: &Exchanged) -> Fold {
        let book = &exchanged.runbook;
        let kept = |rule: Rule| opened.policy.kept.contains(&rule);
        ensure(
            !kept(Rule::Committed) || book.commit.is_some() && book.committed == Some(true),
            "the rule committed does not hold for the new document",
        )?;
        ensure(
            !kept(Rule::CleanCommit) || book.dirty == Some(false),
            "the rule clean_commit does not hold for the new document",
        )?;
        ensure(
            self.looks.barred.iter().all(|rule| rule.is_about_the_document()),
            "rules of the environment do not hold, and nobody has overridden them",
        )
    }

    /// What is kept step by step, as the new plan has its steps. Everything on record is of steps that are the same in
    /// both, and first in both.
    fn lay_out(&mut self, new: &Plan) {
        let Run { states, entered, courses, furthest, .. } = self;
        let kept = *furthest;
        states.truncate(kept);
        states.extend(new.steps[kept..].iter().map(|step| vec![State::default(); step.actions.len()]));
        entered.truncate(kept);
        entered.resize(new.steps.len(), false);
        courses.truncate(kept);
        courses.resize(new.steps.len(), Course::default());
        self.actions = new.steps.iter().map(|step| step.actions.len()).sum();
        self.by_id = Run::ids_of(new);
    }
}
