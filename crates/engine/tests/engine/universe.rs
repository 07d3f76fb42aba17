//! Every event that could be told of a plan, and which of them `next` and `offers` invite.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::story::*;

/// People who release and never perform.
pub(crate) const SIGNERS: [&str; 2] = [QA, LEAD];

/// Events about every step, action, attempt up to `attempts`, outcome, choice; well-formed, mostly out of place.
pub(crate) fn universe(plan: &Plan, attempts: u32) -> Vec<Event> {
    let mut out = vec![
        Event::RunOpened(Box::new(opened())),
        Event::SessionOpened(session(OPS)),
        note("seen"),
        Event::Note { text: "wrong".into(), step: None, corrects: Some(0), by: by(OPS) },
        Event::HandoverAccepted { by: by(OPS) },
        Event::HandoverAccepted { by: by(NIGHT) },
        Event::HandoverWithdrawn { reason: None, by: by(OPS) },
        Event::HandoverWithdrawn { reason: None, by: by(NIGHT) },
        Event::HandoverWithdrawn { reason: Some("nobody came".into()), by: by(LEAD) },
    ];
    for verdict in
        [Verdict::Passed, Verdict::NothingDone, Verdict::Failed, Verdict::RolledBack, Verdict::Aborted]
    {
        out.push(Event::RunClosed { verdict });
    }
    for (index, step) in plan.steps.iter().enumerate() {
        for condition in &step.when {
            let (step, condition) = (step.id.clone(), condition.clone());
            out.push(Event::NotApplicable { place: None, step, action: None, condition });
        }
        for kind in [
            DeviationKind::Skipped,
            DeviationKind::Repeated,
            DeviationKind::OutOfOrder,
            DeviationKind::Shell,
            DeviationKind::PolicyOverridden,
        ] {
            out.push(deviation(kind, &step.id, None));
        }
        let actions = (0..step.actions.len()).map(|action| Task::action(index, action));
        let rollbacks = (0..step.rollbacks.len()).map(|block| Task::rollback(index, block));
        for task in actions.chain(rollbacks) {
            about(plan, task, attempts, &mut out);
        }
    }
    out
}

fn about(plan: &Plan, task: Task, attempts: u32, out: &mut Vec<Event>) {
    let step = task.step_of(plan).id.clone();
    let action = task.id(plan);
    for choice in
        [Choice::Proceed, Choice::Retry, Choice::Happened, Choice::Run, Choice::FindOut, Choice::Abort]
    {
        let (step, action) = (step.clone(), action.clone());
        out.push(Event::Decision { place: None, step, action, choice, reason: None, by: by(OPS) });
    }
    out.push(deviation(DeviationKind::Skipped, &step, Some(&action)));
    let Event::Deviation(edit) = deviation(DeviationKind::Edited, &step, Some(&action)) else { return };
    out.push(Event::Deviation(Deviation { script: Some(blob("mine")), ..edit }));
    if let Some(block) = task.block(plan) {
        blocks(plan, task, block, attempts, out);
    }
    match task.work(plan) {
        Some(Work::Confirm { .. }) => out.push(Event::ItemConfirmed { step, action, by: by(OPS) }),
        Some(Work::Record { fields }) => {
            for (name, within_limits) in fields.iter().flat_map(|f| [(&f.name, true), (&f.name, false)]) {
                out.push(Event::ValueRecorded {
                    step: step.clone(),
                    action: action.clone(),
                    name: name.clone(),
                    value: if within_limits { "5".into() } else { "50".into() },
                    evidence: None,
                    within_limits,
                    by: by(OPS),
                });
            }
        }
        Some(Work::SignOff(sign_off)) => holds(sign_off, &step, &action, out),
        _ => {}
    }
}

fn blocks(plan: &Plan, task: Task, block: &Block, attempts: u32, out: &mut Vec<Event>) {
    let rollback = matches!(task.slot, Slot::Rollback(_));
    if let Some(condition) = block.options.when.clone() {
        let (step, action) = (task.step_of(plan).id.clone(), Some(task.id(plan)));
        out.push(Event::NotApplicable { place: None, step, action, condition });
    }
    for attempt in 1..=attempts {
        for probe in [false, true] {
            let execution = Execution { task, attempt, pause: std::time::Duration::ZERO, probe };
            for script in [None, Some(blob("mine"))] {
                let started = Started { script, ..started(plan, execution) };
                out.push(if rollback {
                    Event::RollbackStarted(started)
                } else {
                    Event::ActionStarted(started)
                });
            }
            for outcome in [Outcome::Passed, Outcome::Failed, Outcome::TimedOut, Outcome::Interrupted] {
                let mut finished = Box::new(finished(plan, task, attempt, probe, outcome));
                if outcome == Outcome::Failed {
                    finished.captures.values_mut().for_each(|value| *value = "no".into());
                }
                out.push(if rollback {
                    Event::RollbackFinished(finished)
                } else {
                    Event::ActionFinished(finished)
                });
            }
        }
    }
}

fn holds(sign_off: &SignOff, step: &str, action: &str, out: &mut Vec<Event>) {
    let names = || (step.to_owned(), action.to_owned());
    let (step, action) = names();
    let (role, statement) = (sign_off.role.clone(), sign_off.statement.clone());
    out.push(Event::SignOffRequested { step, action, role, statement });
    let (step, action) = names();
    out.push(Event::SignOffLapsed { step, action, reason: "too old".into() });
    for who in [OPS, QA, LEAD] {
        let (step, action) = names();
        out.push(Event::SignOffRejected { step, action, reason: "no".into(), signed: None, by: by(who) });
        let (step, action) = names();
        out.push(Event::SignOffRefused { step, action, reason: "no".into(), by: by(who) });
        let (step, action) = names();
        out.push(Event::SignOffGiven(SignedOff {
            step,
            action,
            role: sign_off.role.clone(),
            meaning: sign_off.meaning,
            statement: sign_off.statement.clone(),
            name: who.into(),
            assurance: Assurance::Typed,
            signature: None,
            by: by(who),
        }));
    }
}

/// What depends on where the run stands: rollbacks and handovers.
pub(crate) fn of_the_moment(plan: &Plan, run: &Run) -> Vec<Event> {
    let mut out = rollbacks(plan, run);
    out.extend(run.due_lapse(plan));
    for (from, to) in [(OPS, NIGHT), (NIGHT, OPS), (OPS, OPS)] {
        let standing = run.standing(plan);
        let (to, by) = (to.to_owned(), by(from));
        out.push(Event::Handover(Box::new(Handover {
            to: to.clone(),
            standing,
            note: None,
            by: by.clone(),
        })));
        let mut standing = run.standing(plan);
        standing.in_doubt.push("nothing".into());
        out.push(Event::Handover(Box::new(Handover { to, standing, note: None, by })));
    }
    out
}

/// Every way to open a rollback now: as it should be, and not.
fn rollbacks(plan: &Plan, run: &Run) -> Vec<Event> {
    let now = run.rollback_plan(plan);
    let ids = |steps: &[usize]| -> Vec<String> { steps.iter().map(|s| plan.steps[*s].id.clone()).collect() };
    let mut out = Vec::new();
    for by in [None, Some(by(OPS))] {
        let mut steps = ids(&now.steps);
        let without = ids(&now.without);
        let open = |steps: &[String], without: &[String]| Event::RollbackOpened {
            places: Vec::new(),
            steps: steps.to_vec(),
            without: without.to_vec(),
            reason: None,
            by: by.clone(),
        };
        out.push(open(&steps, &without));
        if steps.len() > 1 {
            steps.reverse();
            out.push(open(&steps, &without));
        }
        steps.pop();
        out.push(open(&steps, &without));
        out.push(open(&steps, &[]));
    }
    out
}

/// Whether `next` and `offers` invite the event. Written from what they say, knowing nothing of `apply`.
pub(crate) fn invited(plan: &Plan, run: &Run, next: &Next, offers: &Offers, event: &Event) -> bool {
    if run.is_closed() {
        return false;
    }
    let asked = |step: &str, action: &str, question| {
        matches!(next, Next::Ask(task, asked)
            if *asked == question && task.step_of(plan).id == step && task.id(plan) == action)
    };
    let offered = |step: &str, action: &str| {
        offers.task.is_some_and(|task| task.step_of(plan).id == step && task.id(plan) == action)
    };
    let here = |step: &str| offers.task.is_some_and(|task| task.step_of(plan).id == step);
    match event {
        Event::RunOpened(_) => *next == Next::Open,
        _ if *next == Next::Open => false,
        _ if let Next::Lapse { task, reason: due } = next => match event {
            Event::SignOffLapsed { action, reason, .. } => task.id(plan) == *action && reason == due,
            other => matches!(other, Event::LogRecovered { .. }),
        },
        Event::HandoverAccepted { by } => run.handover().is_some_and(|open| open.to == by.who),
        Event::HandoverWithdrawn { reason, by } => {
            run.handover().is_some_and(|open| open.by.who == by.who || reason.is_some())
        }
        Event::Note { .. } | Event::LogRecovered { .. } => true,
        _ if run.handover().is_some() && !about_a_release(event) => false,
        Event::Handover(handover) => {
            handover.by.who == run.operator()
                && handover.to != handover.by.who
                && !handover.standing.in_doubt.iter().any(|id| id == "nothing")
                && !matches!(next, Next::Done(_))
        }
        Event::SessionOpened(_) => true,
        // Its environment asks for nothing.
        Event::RulesChecked(_) => false,
        Event::NotApplicable { place: _, step, action, condition } => match next {
            Next::PassOver { task, whole, condition: wanted } => {
                let of_task = if *whole { None } else { Some(task.id(plan)) };
                task.step_of(plan).id == *step && of_task == *action && wanted == condition
            }
            _ => false,
        },
        Event::ActionStarted(s) | Event::RollbackStarted(s) => match next {
            Next::Execute(execution) => {
                let edited = run.edited_script(execution.task).cloned();
                let mut wanted = started(plan, *execution);
                wanted.script = edited.or(wanted.script);
                wanted == *s
            }
            _ => false,
        },
        Event::ActionFinished(f) | Event::RollbackFinished(f) => match next {
            Next::Await(e) => (e.task.id(plan), e.attempt, e.probe) == (f.action.clone(), f.attempt, f.probe),
            _ => false,
        },
        Event::ItemConfirmed { step, action, .. } => asked(step, action, Question::Confirm),
        Event::ValueRecorded { step, action, name, .. } => {
            asked(step, action, Question::Record)
                && offers.task.is_some_and(|t| run.open_fields(plan, t).iter().any(|f| f.name == *name))
        }
        Event::SignOffRequested { step, action, .. } => {
            asked(step, action, Question::SignOff) && offers.task.is_some_and(|t| !run.is_requested(t))
        }
        Event::SignOffRejected { step, action, by, .. } => {
            asked(step, action, Question::SignOff) && SIGNERS.contains(&by.who.as_str())
        }
        Event::SignOffRefused { step, action, .. } => asked(step, action, Question::SignOff),
        Event::SignOffLapsed { action, .. } => {
            run.lapsable(plan).iter().any(|release| release.id(plan) == *action)
        }
        Event::SignOffGiven(given) => {
            let who = given.by.who.as_str();
            asked(&given.step, &given.action, Question::SignOff)
                && SIGNERS.contains(&who)
                && offers.task.is_some_and(|task| run.signers(task).all(|signer| signer != who))
        }
        Event::Decision { step, action, choice, .. } => {
            offered(step, action) && offers.choices.contains(choice)
        }
        Event::Deviation(d) => match (d.kind, &d.action) {
            (DeviationKind::Skipped, Some(action)) => offers.skip && offered(&d.step, action),
            (DeviationKind::Skipped, None) => offers.skip_step && here(&d.step),
            (DeviationKind::Edited, Some(action)) => offers.edit && offered(&d.step, action),
            (DeviationKind::Edited, None) => false,
            (DeviationKind::Repeated | DeviationKind::OutOfOrder, _) => {
                offers.back.iter().any(|step| plan.steps[*step].id == d.step)
            }
            (DeviationKind::Shell, _) => !matches!(next, Next::Await(_) | Next::Done(_)),
            // Only where a rule does not hold, which is none here.
            (DeviationKind::PolicyOverridden, _) => false,
        },
        Event::RollbackOpened { steps, without, by, .. } => {
            let wanted = match (by, next) {
                (None, Next::RollBack) => run.rollback_plan(plan),
                (None, _) => return false,
                (Some(_), _) => offers.rollback.clone(),
            };
            let same =
                |wanted: &[usize], told: &[String]| wanted.iter().map(|step| &plan.steps[*step].id).eq(told);
            !wanted.steps.is_empty() && same(&wanted.steps, steps) && same(&wanted.without, without)
        }
        Event::RunClosed { verdict } => *next == Next::Done(*verdict),
    }
}

/// Releases can be given while nobody drives.
fn about_a_release(event: &Event) -> bool {
    matches!(
        event,
        Event::SignOffRequested { .. }
            | Event::SignOffGiven(_)
            | Event::SignOffRejected { .. }
            | Event::SignOffRefused { .. }
            | Event::SignOffLapsed { .. }
    )
}

/// Whether the event moves the run on, and is not only put on record.
pub(crate) fn moves(event: &Event) -> bool {
    match event {
        Event::SessionOpened(_)
        | Event::RulesChecked(_)
        | Event::LogRecovered { .. }
        | Event::Note { .. } => false,
        Event::Handover(_) => false,
        Event::SignOffRefused { .. }
        | Event::SignOffRejected { .. }
        | Event::SignOffRequested { .. }
        | Event::SignOffLapsed { .. } => false,
        Event::Deviation(d) => d.kind != DeviationKind::Shell,
        _ => true,
    }
}
