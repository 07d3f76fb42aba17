//! What may ever be answered about an action, by the document alone: the rules that the engine offers answers by at a
//! given moment, and that answers files are held against before there is one.

use crate::{Action, Step, Work};

impl Step {
    /// The step's own check that tells whether the block at `action` took effect: one that follows before the next block
    /// that changes something.
    pub fn check_behind(&self, action: usize) -> Option<usize> {
        let changes = |action: &Action| matches!(action.work, Work::Run(_));
        if !self.actions.get(action).is_some_and(changes) {
            return None;
        }
        let behind = self.actions.iter().enumerate().skip(action + 1);
        let mut own = behind.take_while(|(_, action)| !changes(action));
        own.find(|(_, action)| matches!(action.work, Work::Check(_))).map(|(at, _)| at)
    }

    /// Whether work of this step may be skipped; a hold point never.
    pub fn may_skip(&self, work: &Work) -> bool {
        self.skippable && !matches!(work, Work::SignOff(_))
    }

    /// Whether the step is one of several ways, and may be passed over for another.
    pub fn is_alternative(&self) -> bool {
        !self.alternatives.is_empty()
    }

    /// Whether there is a warning before an action: a `CAUTION`, or a point of no return.
    pub fn warns_before(&self, action: &Action) -> bool {
        matches!(action.work, Work::Run(_)) && (action.caution.is_some() || self.irreversible)
    }
}
