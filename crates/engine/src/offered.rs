//! Commands that a document offers: what must be known before one runs, and what may be answered to it.

use holdpoint_model::{Blank, Plan};

use crate::fold::{Fold, ensure};
use crate::run::state::{Left, Status};
use crate::{By, Choice, Finished, Outcome, Run, Task, TemplateError, Via};

impl Run {
    /// Values that an offered command must have and that nobody has given in this run.
    pub fn missing<'p>(&self, plan: &'p Plan, task: Task) -> Vec<&'p Blank> {
        let Some(offered) = task.offered(plan) else { return Vec::new() };
        // A variable may be the environment's. Whatever is inserted was written down by somebody.
        let known = |blank: &Blank| {
            let name = &blank.field.name;
            self.written.contains_key(name)
                || blank.written.starts_with('$') && self.values().get(name).is_some()
        };
        offered.values.iter().filter(|blank| !known(blank)).collect()
    }

    /// Why an offered command may not be run now, in words; `None` where it may. One that somebody edited is what they
    /// made of it.
    pub fn run_refusal(&self, plan: &Plan, task: Task) -> Option<String> {
        let offered = task.offered(plan)?;
        if self.edited_script(task).is_some() {
            return None;
        }
        if let Some(why) = &offered.refused {
            return Some(why.clone());
        }
        let missing = self.missing(plan, task);
        let written: Vec<&str> = missing.iter().map(|blank| blank.written.as_str()).collect();
        (!missing.is_empty()).then(|| format!("nobody has said yet what {} is", written.join(", ")))
    }

    /// Whether this is an offered command that was run and did not pass: that it was done by hand may be said of it still.
    /// That it is not for this run may not: it is skipped, with a reason, which is a deviation.
    pub fn is_offered_still(&self, plan: &Plan, task: Task) -> bool {
        task.offered(plan).is_some() && self.state(task).status == Status::Failed
    }

    /// Whether the last attempt of an offered command ended well, but printed something else than the document shows.
    pub fn printed_otherwise(&self, task: Task) -> bool {
        self.state(task).told.differs
    }

    /// An offered command as it is shown now: with its values, where all of them are known.
    pub(crate) fn offered_text(&self, plan: &Plan, task: Task) -> Option<Result<String, TemplateError>> {
        let offered = task.offered(plan)?;
        let block = task.block(plan).filter(|block| block.options.template);
        let block =
            block.filter(|_| self.run_refusal(plan, task).is_none() && self.edited_script(task).is_none());
        Some(match block {
            Some(block) => self.values_at(task).render_block(block).map(|text| text.trim_end().to_owned()),
            None => Ok(offered.text.clone()),
        })
    }

    pub(crate) fn offer_choices(&self, plan: &Plan, task: Task) -> Vec<Choice> {
        let run = self.run_refusal(plan, task).is_none().then_some(Choice::RunCommand);
        run.into_iter().chain([Choice::NotApplicable]).collect()
    }

    /// What somebody chose of an offered command.
    pub(crate) fn choose(&mut self, task: Task, choice: Choice, by: &By) -> Fold {
        match choice {
            Choice::RunCommand => {
                ensure(by.via != Via::Assumed, "a command that is offered is run by a person's word alone")?;
                self.change(task, |state| (state.wanted, state.decided) = (true, true));
            }
            Choice::NotApplicable => self.change(task, |state| state.leave(Left::PassedOver)),
            Choice::Accepted => self.settle(task),
            _ => return Err("this is no answer to what is offered".into()),
        }
        Ok(())
    }
}

/// Whether all that did not hold is what the document shows that its command prints.
pub(crate) fn differs(finished: &Finished) -> bool {
    let Some((shown, rest)) = finished.expectations.split_last() else { return false };
    finished.outcome == Outcome::Failed
        && finished.error.is_none()
        && !rest.is_empty()
        && !shown.held
        && rest.iter().all(|judged| judged.held)
}
