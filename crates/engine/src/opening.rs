//! How a run begins, and how it is taken up again.

use std::collections::HashMap;

use holdpoint_model::{Input, Plan, ValueKind};
use jiff::Timestamp;

use crate::fold::{Fold, ensure};
use crate::people::stranger;
use crate::run::looks::Looks;
use crate::run::people::People;
use crate::run::places::Places;
use crate::run::rollback::Rollback;
use crate::run::state::{State, Status};
use crate::values::Scalar;
use crate::{EnvironmentSeen, Fit, InputGiven, Run, RunOpened, Session, Task, Values, fit};

impl Values {
    /// What is known before anything happens: the environment's variables, and the inputs with the types that the
    /// document declares.
    pub fn given(plan: &Plan, environment: &EnvironmentSeen, inputs: &[InputGiven]) -> Values {
        let mut values = Values::declared(&plan.front.inputs, environment, inputs);
        values.set_verbatim(plan.is_foreign());
        values
    }

    /// What is known when a run opens, every input as a text: for what is rendered, and for no condition.
    pub(crate) fn texts(opened: &RunOpened) -> Values {
        let mut values = Values::declared(&[], &opened.environment, &opened.inputs);
        values.number(opened);
        values.set_verbatim(opened.runbook.foreign);
        values
    }

    fn number(&mut self, opened: &RunOpened) {
        self.set_context("run", "number", Scalar::Number(opened.number));
        self.set_context("run", "id", Scalar::Text(opened.id.clone()));
    }

    fn declared(declared: &[Input], environment: &EnvironmentSeen, inputs: &[InputGiven]) -> Values {
        let mut values = Values::default();
        for (name, value) in &environment.vars {
            values.set(name, value);
        }
        let kinds: HashMap<&str, &ValueKind> =
            declared.iter().map(|declared| (declared.name.as_str(), &declared.kind)).collect();
        for input in inputs {
            match (&input.value, kinds.get(input.name.as_str())) {
                (Some(value), Some(kind)) => values.set_typed(&input.name, value, kind),
                (Some(value), None) => values.set(&input.name, value),
                (None, _) => values.set_secret(&input.name),
            }
        }
        values.set_context("environment", "name", Scalar::Text(environment.name.clone()));
        values.set_context("environment", "rehearsal", Scalar::Truth(environment.rehearsal));
        values.set_context("environment", "protected", Scalar::Truth(environment.protected));
        values.set_context("environment", "four_eyes", Scalar::Truth(environment.four_eyes));
        values
    }
}

impl Run {
    pub(crate) fn open(&mut self, plan: &Plan, opened: &RunOpened, at: Timestamp) -> Fold {
        let environment = &opened.environment;
        let allowed = &plan.front.environments;
        ensure(
            allowed.is_empty() || allowed.contains(&environment.name),
            "the document may not run in this environment",
        )?;
        ensure(
            opened.runbook.foreign == (plan.is_foreign()),
            "whether the document is a run-book of this format, its front matter says",
        )?;
        asked_for(plan, opened)?;
        ensure(opened.dry == (opened.number == 0), "a run has a number, and a dry run has none")?;
        let places = Places::of(plan, environment)?;
        self.values = Values::given(plan, environment, &opened.inputs);
        self.values.number(opened);
        self.values.set_dry(opened.dry);
        self.values.set_rehearsed(opened.policy.rehearsed.as_ref());
        let people = People::of(opened);
        let Session { operator, operator_from, .. } = &opened.session;
        // A dry run changes nothing, whoever tries it.
        if !opened.dry {
            let refusal = stranger(environment, operator, Some(operator_from), people.knows(operator));
            refusal.map_or(Ok(()), Err)?;
        }
        self.people = people;
        self.places = places;
        crate::hours::told(&opened.policy)?;
        crate::change::told(&opened.policy, &environment.name)?;
        self.looks = Looks::opened(opened, at);
        self.opened = Some(Box::new(opened.clone()));
        self.accounts.insert(opened.session.os_user.clone());
        self.take_up(&opened.session.operator);
        self.await_key(Some(opened.session.seat()));
        self.independence.sessions = self.signs_sessions();
        Ok(())
    }

    /// A driver takes the run up: whatever was running then is in doubt now.
    pub(crate) fn take_up(&mut self, operator: &str) {
        operator.clone_into(&mut self.operator);
        self.values.set_operator(operator);
        if let Some(probe) = self.probe.take() {
            self.change(probe.check, |state| state.sent = None);
        }
        let current = self.rollback.as_ref().map_or_else(|| self.current(), Rollback::current);
        let placed = self.placed.keys().copied();
        let running = current.into_iter().chain(placed);
        let running: Vec<Task> = running.filter(|task| self.state(*task).status == Status::Running).collect();
        for task in running {
            self.change(task, |state| state.status = Status::InDoubt);
        }
        // What somebody wanted to be run, and was not, is offered once more: they may be gone.
        let pending = |state: &&mut State| state.status == Status::Pending;
        self.states.iter_mut().flatten().filter(pending).for_each(|state| state.wanted = false);
        // Nobody looked meanwhile: what must hold for a time begins anew.
        self.states.iter_mut().flatten().chain(self.placed.values_mut()).for_each(State::break_soak);
    }
}

/// The inputs given are those the document asks for: each once, secrets by name only, all others with a value that
/// keeps type and limits.
fn asked_for(plan: &Plan, opened: &RunOpened) -> Fold {
    ensure(
        opened.inputs.len() == plan.front.inputs.len() && pairs(plan, opened).count() == opened.inputs.len(),
        "the inputs are not those that the document asks for",
    )?;
    for (declared, given) in pairs(plan, opened) {
        let name = &given.name;
        ensure(given.secret == declared.secret, &format!("whether {name} is secret, the document says"))?;
        ensure(
            given.secret == given.value.is_none(),
            &format!("{name}: secrets, and only they, go by name"),
        )?;
        if let Some(Fit::Wrong(why) | Fit::OutOfLimits(why)) =
            given.value.as_ref().map(|value| fit(&declared.kind, value))
        {
            return Err(format!("{name}: {why}"));
        }
    }
    Ok(())
}

/// Each input that the document declares with what was given for it, in the document's order.
fn pairs<'a>(
    plan: &'a Plan,
    opened: &'a RunOpened,
) -> impl Iterator<Item = (&'a holdpoint_model::Input, &'a InputGiven)> {
    let mut given: HashMap<&str, &InputGiven> = HashMap::new();
    for input in &opened.inputs {
        given.entry(&input.name).or_insert(input);
    }
    plan.front.inputs.iter().filter_map(move |declared| Some((declared, *given.get(declared.name.as_str())?)))
}
