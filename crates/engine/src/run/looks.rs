//! Rules of the environment that must keep holding, and what was seen of them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{Rule, RunOpened};

/// Rules of the environment, and what was seen of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Looks {
    /// Rules that do not hold, and that nobody has overridden.
    pub(crate) barred: Vec<Rule>,
    /// They did not hold when the run opened: no later look changes that.
    pub(crate) at_opening: bool,
    /// Rules that were overridden, for this run.
    pub(crate) overridden: BTreeSet<Rule>,
    /// Whoever overrode one, and in which role.
    pub(crate) overriders: BTreeSet<(String, String)>,
    /// When the run opened.
    pub(crate) opened_at: Timestamp,
    /// Steps with a time that have begun.
    pub(crate) begun: BTreeSet<usize>,
    /// The commit at the last look.
    pub(crate) commit: Option<String>,
    /// A block has begun since.
    pub(crate) ran: bool,
    /// Something was signed off since.
    pub(crate) signed_off: bool,
    /// How many events there were, the last sign-off being one of them; 0 where nothing was signed off.
    pub(crate) signed_by: u64,
    /// Something was signed off, and no block has begun after it.
    pub(crate) unused: bool,
}

impl Looks {
    pub(crate) fn opened(opened: &RunOpened, at: Timestamp) -> Looks {
        let mut barred = opened.policy.unmet_rules();
        if !opened.dry {
            // As late as the event is, it may have become so since rules were held.
            let hours = opened.policy.out_of_time(&opened.environment.name, at);
            let untold = hours.into_iter().map(|unmet| unmet.rule).filter(|rule| !barred.contains(rule));
            barred.extend(untold.collect::<Vec<_>>());
        }
        Looks {
            at_opening: !barred.is_empty(),
            opened_at: at,
            barred,
            commit: opened.runbook.commit.clone(),
            ..Looks::default()
        }
    }

    /// Whoever overrode a rule.
    pub(crate) fn overriders(&self) -> impl Iterator<Item = &str> {
        self.overriders.iter().map(|(_, who)| who.as_str())
    }

    pub(crate) fn overridden(&mut self, role: &str, who: &str) {
        self.overridden.extend(self.barred.drain(..));
        self.overriders.insert((role.to_owned(), who.to_owned()));
        self.at_opening = false;
    }
}
