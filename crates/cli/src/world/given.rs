//! What a block is given: its script, its variables, its limits.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use holdpoint_document::Block;
use holdpoint_engine::Task;
use holdpoint_executor::State;

use super::known::Known;
use super::{RunView, Script, Store};
use crate::inputs::AGENT;
use crate::problem::Problem;

/// How long a block that is stopped gets between TERM and KILL.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// What is said when a block is stopped: it may take its time.
pub(super) const STOPPING: &str = "stopping the block: TERM now, KILL in 5 s; Ctrl-C again parks the run";

/// What blocks are given, wherever they run.
pub(super) struct Given {
    known: std::rc::Rc<Known>,
    /// Variables whose values stand in for ones that nobody knows yet: no block gets them.
    unknown: RefCell<BTreeSet<String>>,
    /// The SSH agent, for blocks of this machine that get it.
    agent: Vec<(String, String)>,
}

/// Where a block gets its variables.
pub(super) enum Where<'s> {
    /// On this machine, in this state.
    Here(&'s State),
    /// At another place.
    There,
}

impl Given {
    pub(super) fn new(known: std::rc::Rc<Known>, agent: Vec<(String, String)>) -> Given {
        Given { known, unknown: RefCell::default(), agent }
    }

    /// Keeps these variables from the blocks that follow.
    pub(super) fn keep_back(&self, unknown: BTreeSet<String>) {
        *self.unknown.borrow_mut() = unknown;
    }

    /// The secrets that a block gets.
    pub(super) fn secrets(&self, block: &Block) -> Vec<(String, String)> {
        let wanted = |name: &String| block.options.secrets.as_ref().is_none_or(|names| names.contains(name));
        self.known.declared().iter().filter(|(name, _)| wanted(name)).cloned().collect()
    }

    /// All variables that a block gets of us.
    pub(super) fn environment(
        &self,
        view: &RunView<'_>,
        task: Task,
        block: &Block,
        at: &Where<'_>,
    ) -> Result<Vec<(String, String)>, Problem> {
        let values = view.run.values_at(task);
        let unknown = self.unknown.borrow();
        let known = values.vars().iter().filter(|(name, _)| !unknown.contains(*name));
        let mut environment: Vec<(String, String)> =
            known.map(|(name, value)| (name.clone(), value.clone())).collect();
        environment.extend(self.secrets(block));
        for (name, template) in &block.options.env {
            let value =
                values.render(template).map_err(|error| cannot_render(&format!("env {name}"), &error))?;
            environment.push((name.clone(), value));
        }
        if let Some(opened) = view.run.opened() {
            environment.push(("HOLDPOINT_RUN".to_owned(), opened.number.to_string()));
            environment.push(("HOLDPOINT_ENVIRONMENT".to_owned(), opened.environment.name.clone()));
        }
        // Where a key signs, a script that reaches the agent could sign as well as its owner.
        let wanted =
            block.options.agent || !view.run.opened().is_some_and(|opened| opened.environment.keys_sign());
        if let (Where::Here(state), true) = (at, wanted) {
            // An agent that a block started is left to those after it.
            let own = |name: &String| state.exported.contains_key(name);
            environment.extend(self.agent.iter().filter(|(name, _)| !own(name)).cloned());
        }
        environment.push(("HOLDPOINT_STEP".to_owned(), task.step_of(view.plan).id.clone()));
        environment.push(("HOLDPOINT_OPERATOR".to_owned(), view.run.operator().to_owned()));
        Ok(environment)
    }
}

/// The script as it will run: the document's, rendered, or edited; of a probe, what it asks.
pub(super) fn script(view: &RunView<'_>, task: Task, store: &Store<'_>) -> Result<Script, Problem> {
    let block = block_of(view, task)?;
    if let Some(edited) = view.run.edited_script(task) {
        let text = String::from_utf8_lossy(&store.get(edited)?).into_owned();
        return Ok(Script { text, differs: true });
    }
    if block.options.template {
        let rendered = view.run.values_at(task).render_block(block);
        let text = rendered.map_err(|error| cannot_render("the script", &error))?;
        return Ok(Script { text, differs: true });
    }
    Ok(Script { text: block.script.clone(), differs: false })
}

/// The operator's agent, and no variable of it that holds a secret.
pub(super) fn agent(secret: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let agent = AGENT.map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    agent.into_iter().flatten().filter(|(_, value)| !secret(value)).collect()
}

pub(super) fn block_of<'a>(view: &RunView<'a>, task: Task) -> Result<&'a Block, Problem> {
    let missing = || Problem::fault(format!("{} is no block", task.id(view.plan)), "");
    task.block(view.plan).ok_or_else(missing)
}

fn cannot_render(what: &str, error: &holdpoint_engine::TemplateError) -> Problem {
    Problem::usage(
        format!("{what} cannot be rendered: {error}"),
        "Nothing was executed. Correct the document.",
    )
}
