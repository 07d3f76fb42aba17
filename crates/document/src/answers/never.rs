//! Answers that nobody will ever ask for, whatever happens in a run: what a file says and what can never be taken would
//! otherwise be passed over, and the run would stop there without a word.

use crate::{Action, Block, Plan, Step, Work, rollback_of};

/// What may be chosen.
pub const CHOICES: &[&str] = &[
    "retry",
    "skip",
    "rollback",
    "abort",
    "proceed",
    "happened",
    "run",
    "find_out",
    "not_applicable",
    "accepted",
    "pass_over",
];

/// What the answers below a key are about.
pub(super) enum About<'p> {
    /// All of a step.
    Step(&'p Plan, &'p Step),
    /// One action of a step.
    Action(&'p Plan, &'p Step, &'p Action),
    /// A rollback block.
    Rollback,
}

impl<'p> About<'p> {
    /// What a key names; `None` where it names nothing.
    pub(super) fn of(plan: &'p Plan, key: &str) -> Option<About<'p>> {
        let of_step = |step: &'p Step| {
            let own = step.actions.iter().find(|action| action.id == key);
            own.map(|action| About::Action(plan, step, action))
        };
        let action = plan.steps.iter().find_map(of_step);
        action.or_else(|| plan.step(key).map(|(_, step)| About::Step(plan, step))).or_else(|| {
            let (step, number) = rollback_of(key)?;
            let (_, step) = plan.step(step)?;
            (1..=step.rollbacks.len()).contains(&number).then_some(About::Rollback)
        })
    }

    fn actions(&self) -> Vec<&'p Action> {
        match self {
            About::Step(_, step) => step.actions.iter().collect(),
            About::Action(_, _, action) => vec![action],
            About::Rollback => Vec::new(),
        }
    }

    fn any(&self, is: impl Fn(&Action) -> bool) -> bool {
        self.actions().into_iter().any(is)
    }

    /// Commands that a document offers and that the key names: what is said of a step is said of none of them.
    fn offers(&self, is: impl Fn(&Block) -> bool) -> bool {
        matches!(self, About::Action(..))
            && self
                .any(|action| action.work.block().is_some_and(|block| block.offered.is_some() && is(block)))
    }

    /// Blocks that run, and that answers below this key are taken for.
    fn runs(&self, is: impl Fn(&Work) -> bool) -> bool {
        matches!(self, About::Rollback)
            || self.offers(|_| true)
            || self.any(|action| {
                action.work.block().is_some_and(|block| block.offered.is_none()) && is(&action.work)
            })
    }

    /// Whether something of it asks before it is done, whatever came before.
    fn asks(&self, warned: bool) -> bool {
        let step = match self {
            About::Step(_, step) | About::Action(_, step, _) => step,
            About::Rollback => return false,
        };
        self.any(|action| match &action.work {
            Work::Run(block) if block.offered.is_some() => !warned,
            Work::Run(_) => step.warns_before(action),
            Work::Confirm { .. } | Work::Record { .. } => !warned,
            Work::Check(_) | Work::SignOff(_) => false,
        })
    }

    /// Why this choice can never be made here; `None` where it can.
    pub(super) fn never(&self, choice: &str) -> Option<&'static str> {
        let (may, why) = match choice {
            "retry" => (
                self.runs(|_| true) || self.any(|action| matches!(action.work, Work::Record { .. })),
                "nothing here can fail",
            ),
            "skip" => (self.may_be_skipped(), "nothing here may be skipped"),
            "rollback" => (self.may_be_rolled_back(), "nothing up to here can be rolled back"),
            "proceed" => (self.asks(true), "there is no warning here"),
            "happened" => {
                (self.runs(|work| matches!(work, Work::Run(_))), "nothing here changes anything by itself")
            }
            "run" => {
                (self.runs(|_| true), "no block of its own stands here; a command is named by its action")
            }
            "find_out" => (self.finds_out(), "no check follows a block here"),
            "not_applicable" => (
                self.any(|action| action.work.offered().is_some()),
                "only a command that the document offers is not applicable by itself",
            ),
            "accepted" => (
                self.offers(|block| !block.expect.is_empty()),
                "the document shows no output of a command here",
            ),
            "pass_over" => {
                (self.may_be_passed_over(), "this is no alternative: the document has it for every run")
            }
            _ => (true, ""),
        };
        (!may).then_some(why)
    }

    /// Choices that can be made here, for whoever wrote another.
    pub(super) fn choices(&self) -> Vec<&'static str> {
        CHOICES.iter().copied().filter(|choice| self.never(choice).is_none()).collect()
    }

    /// Why `confirm: true` can never be taken here; `None` where it can.
    pub(super) fn never_confirmed(&self) -> Option<&'static str> {
        let item = |action: &Action| matches!(action.work, Work::Confirm { .. });
        let may = self.any(item) || self.asks(true) || self.offers(|_| true);
        (!may).then_some("nothing here is confirmed; that a command was done by hand is said of its action")
    }

    /// Whether it has a hold point.
    pub(super) fn is_signed(&self) -> bool {
        self.any(|action| matches!(action.work, Work::SignOff(_)))
    }

    fn may_be_skipped(&self) -> bool {
        match self {
            About::Rollback => true,
            About::Step(_, step) | About::Action(_, step, _) => {
                self.any(|action| step.may_skip(&action.work))
            }
        }
    }

    fn may_be_rolled_back(&self) -> bool {
        match self {
            About::Rollback => false,
            About::Step(plan, step) | About::Action(plan, step, _) => {
                let up_to = plan.steps.iter().take_while(|of| of.id != step.id).chain([*step]);
                up_to.into_iter().any(|step| !step.rollbacks.is_empty())
            }
        }
    }

    fn may_be_passed_over(&self) -> bool {
        match self {
            About::Rollback => false,
            About::Step(_, step) | About::Action(_, step, _) => step.is_alternative() && self.asks(false),
        }
    }

    /// Whether a check of the step's own tells of a block before it.
    fn finds_out(&self) -> bool {
        let (step, only) = match self {
            About::Rollback => return false,
            About::Step(_, step) => (step, None),
            About::Action(_, step, action) => (step, Some(&action.id)),
        };
        let mut actions = step.actions.iter().enumerate();
        actions.any(|(at, action)| only.is_none_or(|id| *id == action.id) && step.check_behind(at).is_some())
    }
}
