//! Conditions: whether what is at hand is for this run at all.

use holdpoint_model::{Block, Plan, Work};

use crate::next::Condition;
use crate::{Next, Question, Run, Slot, Task, names_around};

impl Run {
    /// The step's conditions until something of the step has happened, then the block's own until it has begun: what
    /// was decided once stays decided, until the step is done again.
    pub(crate) fn condition<'p>(&self, plan: &'p Plan, task: Task) -> Condition<'p> {
        let state = self.state(task);
        let values = self.values_at(task);
        let of_step = match task.slot {
            Slot::Action(_) if !self.entered[task.step] => task.step_of(plan).when.as_slice(),
            _ => &[],
        };
        let own = task.block(plan).filter(|_| !state.decided).and_then(|block| block.options.when.as_ref());
        let conditions =
            of_step.iter().map(|condition| (condition, true)).chain(own.map(|condition| (condition, false)));
        for (condition, whole) in conditions {
            match values.holds(condition) {
                Ok(true) => {}
                Ok(false) => return Condition::Fails { condition, whole },
                Err(error) => return Condition::Unknown { condition, whole, error },
            }
        }
        Condition::Holds
    }

    /// What the conditions of a step lead to that has not been entered; nothing where they hold.
    pub(crate) fn step_condition(&self, plan: &Plan, task: Task) -> Option<Next> {
        match self.condition(plan, task) {
            Condition::Fails { condition, whole: true } => {
                Some(Next::PassOver { task, whole: true, condition: condition.to_owned() })
            }
            Condition::Unknown { whole: true, .. } => Some(Next::Ask(task, Question::Failed)),
            _ => None,
        }
    }

    /// Why the condition or the text of this action cannot be evaluated, if that is what the engine asks about.
    pub fn condition_error(&self, plan: &Plan, task: Task) -> Option<String> {
        match self.condition(plan, task) {
            Condition::Unknown { condition, error, .. } => {
                Some(format!("the condition `{condition}` cannot be evaluated: {error}"))
            }
            _ => self.text_error(plan, task),
        }
    }

    /// Why a text that somebody is to answer to, or what a block is to run with, cannot be rendered. What nobody can
    /// read, nobody can confirm or sign; and a block fails before it starts, not afterwards.
    pub(crate) fn text_error(&self, plan: &Plan, task: Task) -> Option<String> {
        if let Some(block) = task.block(plan) {
            let error = self.script_error(block, task).or_else(|| self.env_error(block, task));
            return error.or_else(|| self.disagreement(block, task));
        }
        let (text, error) = match task.work(plan)? {
            Work::Confirm { text } => (text, self.values.render_shown(text).err()?),
            Work::Record { fields } => fields
                .iter()
                .filter_map(|field| field.prompt.as_ref())
                .find_map(|prompt| Some((prompt, self.values.render(prompt).err()?)))?,
            Work::SignOff(sign_off) => {
                let error = self.statement(sign_off).err()?;
                let statement = &sign_off.statement;
                return Some(format!(
                    "the statement to be signed, `{statement}`, cannot be rendered: {error}"
                ));
            }
            Work::Run(_) | Work::Check(_) => return None,
        };
        Some(format!("what is asked here, `{text}`, cannot be rendered: {error}"))
    }

    /// An edited script is not rendered.
    fn script_error(&self, block: &Block, task: Task) -> Option<String> {
        let rendered = block.options.template && self.edited_script(task).is_none();
        let error = rendered.then(|| self.values_at(task).render_block(block).err())??;
        Some(format!("the script cannot be rendered: {error}"))
    }

    /// Why a variable that the document sets for this block cannot be rendered. No edit of its script changes that.
    pub(crate) fn env_error(&self, block: &Block, task: Task) -> Option<String> {
        let values = self.values_at(task);
        let (name, template, error) = block
            .options
            .env
            .iter()
            .find_map(|(name, template)| Some((name, template, values.render(template).err()?)))?;
        Some(format!("env {name}, `{template}`, cannot be rendered: {error}"))
    }
    /// Why a block has no value for a name that it reads: places captured different ones, and it is at none of them.
    /// What a script reads is for its language to say, so that any mention counts; a probe reads nothing by itself.
    fn disagreement(&self, block: &Block, task: Task) -> Option<String> {
        let values = self.values_at(task);
        if values.withheld().is_empty() {
            return None;
        }
        let read = names_around(block);
        let settled = self.edited_script(task).is_some() || block.probe.is_some();
        let mentioned = |name: &String| read.contains(name) || (!settled && mentions(&block.script, name));
        values.withheld().iter().find(|(name, _)| mentioned(name)).map(|(_, why)| why.clone())
    }
}

/// Whether the name stands in the text as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c == '_' || c.is_alphanumeric();
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(part);
        let after = text[at + name.len()..].chars().next().is_some_and(part);
        !before && !after
    })
}
