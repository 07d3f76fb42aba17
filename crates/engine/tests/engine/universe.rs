//! Every event that could be told of a plan, and which of them `next` and `offers` invite.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::story::*;

/// People who sign off and never perform.
pub(crate) const SIGNERS: [&str; 2] = [QA, LEAD];

/// Events about every step, action, attempt up to `attempts`, outcome, choice; well-formed, mostly out of place.
pub(crate) fn universe(plan: &Plan, attempts: u32) -> Vec<Event> {
    let mut out = vec![
        Event::RunOpened(Box::new(opened_for(plan))),
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
    let mut at_places: Vec<Event> =
        PLACES.iter().flat_map(|place| out.iter().filter_map(|e| at_place(e, place))).collect();
    at_places.extend(at_places.clone().iter().filter_map(elsewise));
    if plan.steps.iter().any(|step| step.target.is_some()) {
        out.extend(at_places);
    }
    out
}

/// The places of `web` in [`opened_for`].
pub(crate) const PLACES: [&str; 2] = ["ssh://web-01", "ssh://web-02"];

/// Event 0; where the plan has a target `web`, it stands for two places.
pub(crate) fn opened_for(plan: &Plan) -> RunOpened {
    let mut opened = opened();
    if plan.steps.iter().any(|step| step.target.is_some()) {
        opened.environment.targets = targets(&[("web", 2)]);
    }
    opened
}

/// The same at a place, for what can be of one.
fn at_place(event: &Event, place: &str) -> Option<Event> {
    let at = Some(place.to_owned());
    let mut event = event.clone();
    match &mut event {
        Event::ActionStarted(started) | Event::RollbackStarted(started) => started.place = at,
        Event::ActionFinished(finished) | Event::RollbackFinished(finished) => finished.place = at,
        Event::NotApplicable { place, .. } | Event::Decision { place, .. } => *place = at,
        Event::Deviation(deviation) => deviation.place = at,
        _ => return None,
    }
    Some(event)
}

/// What of a block at a place may stand in a record too: its start, sent there; its end, where nobody was reached.
fn elsewise(event: &Event) -> Option<Event> {
    let mut event = event.clone();
    match &mut event {
        Event::ActionStarted(started) | Event::RollbackStarted(started) => {
            let Started { action, attempt, place, .. } = &*started;
            let name = format!("{action}-{attempt}-{}", place.as_deref()?);
            let attempt = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            started.remote = Some(SentTo { attempt, boot: "boot".into(), store: "store".into() });
        }
        Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
            if finished.outcome != Outcome::Failed {
                return None;
            }
            finished.exit = None;
            finished.error = Some("not started: nobody is there".into());
            finished.captures.clear();
        }
        _ => return None,
    }
    Some(event)
}

/// Whether this may be the end of a block that was sent, or not, to its place.
fn fits(run: &Run, task: Task, finished: &Finished) -> bool {
    run.place_of(task).is_none() || run.sent_to(task).is_some() || finished.error.is_some()
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
        Some(Work::Confirm { text }) => {
            // Of items without a value: as they are written, so they are shown.
            out.push(Event::ItemConfirmed { step, action, text: text.clone(), by: by(OPS) });
        }
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
            for field in fields {
                for (old, new, within_limits) in [("5", "6", true), ("5", "50", false), ("50", "5", true)] {
                    out.push(Event::ValueCorrected(Corrected {
                        step: step.clone(),
                        action: action.clone(),
                        name: field.name.clone(),
                        old: old.into(),
                        new: new.into(),
                        reason: "a slip".into(),
                        within_limits,
                        by: by(OPS),
                    }));
                }
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
    let elsewhere = || presence().map(|presence| Box::new(Presence { other_account: false, ..*presence }));
    // Nobody signs whom nothing was shown, or who sat in another account than they say.
    let forged = [(QA, None), (QA, elsewhere())];
    for (who, presence) in [OPS, QA, LEAD].map(|who| (who, presence())).into_iter().chain(forged) {
        let (step, action) = names();
        let (reason, signed) = ("no".into(), None);
        let given_presence = presence.clone();
        out.push(Event::SignOffRejected { step, action, reason, signed, presence, by: by(who) });
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
            presence: given_presence,
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
            places: now.places.clone(),
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

/// What a run asks for and offers, found out once for many events.
#[derive(Debug)]
pub(crate) struct Now {
    pub(crate) frontier: Frontier,
    /// About everything that is asked or may begin.
    offers: Vec<Offers>,
}

impl Now {
    pub(crate) fn of(plan: &Plan, run: &Run) -> Now {
        let frontier = run.frontier(plan);
        let asked = frontier.asks.iter().map(|(task, _)| *task);
        let tasks = asked.chain(frontier.ready.iter().map(|execution| execution.task));
        let offers = tasks.map(|task| run.offers_about(plan, task)).collect();
        Now { frontier, offers }
    }
}

/// Whether `next` and `offers` invite the event. Written from what they say, knowing nothing of `apply`.
pub(crate) fn invited(plan: &Plan, run: &Run, now: &Now, event: &Event) -> bool {
    let Now { frontier: now, offers: all } = now;
    if run.is_closed() {
        return false;
    }
    let named = |task: Task, step: &str, action: &str, place: Option<&String>| {
        task.step_of(plan).id == step
            && task.id(plan) == action
            && run.place_of(task) == place.map(String::as_str)
    };
    let the_asked = |step: &str, action: &str, question| {
        now.asks.iter().find(|(task, asked)| *asked == question && named(*task, step, action, None))
    };
    let asked = |step: &str, action: &str, question| the_asked(step, action, question).is_some();
    let offered = |step: &str, action: &str, place: Option<&String>| {
        all.iter().find(|offers| offers.task.is_some_and(|task| named(task, step, action, place)))
    };
    let here = |step: &str, place: Option<&String>| {
        let of =
            |task: Task| task.step_of(plan).id == step && run.place_of(task) == place.map(String::as_str);
        all.iter().find(|offers| offers.task.is_some_and(of))
    };
    match event {
        Event::RunOpened(_) => now.due == Some(Due::Open),
        _ if now.due == Some(Due::Open) => false,
        _ if let Some(Due::Lapse { task, reason: due }) = &now.due => match event {
            Event::SignOffLapsed { action, reason, .. } => task.id(plan) == *action && reason == due,
            other => matches!(other, Event::LogRecovered { .. }),
        },
        Event::HandoverAccepted { by } => run.handover().is_some_and(|open| open.to == by.who),
        Event::HandoverWithdrawn { reason, by } => {
            run.handover().is_some_and(|open| open.by.who == by.who || reason.is_some())
        }
        Event::Note { .. } | Event::LogRecovered { .. } => true,
        _ if run.handover().is_some() && !about_a_sign_off(event) => false,
        Event::Handover(handover) => {
            handover.by.who == run.operator()
                && handover.to != handover.by.who
                && !handover.standing.in_doubt.iter().any(|id| id == "nothing")
                && now.verdict.is_none()
        }
        Event::ValueCorrected(Corrected { action, name, old, .. }) => {
            let standing = run.correctable(plan, name).is_some_and(|(task, _)| task.id(plan) == *action);
            let still = now.running.is_empty() && !run.is_closed() && !run.is_rolling_back();
            standing && still && run.values().get(name) == Some(old)
        }
        Event::SessionOpened(_) => true,
        // Its environment asks for nothing.
        Event::SessionSigned(_) | Event::RulesChecked(_) => false,
        // There is one document.
        Event::DocumentExchanged(_) => false,
        Event::NotApplicable { step, action, place, condition } => now.pass_over.iter().any(|it| {
            let of_task = if it.whole { None } else { Some(it.task.id(plan)) };
            it.task.step_of(plan).id == *step
                && of_task == *action
                && run.place_of(it.task) == place.as_deref()
                && it.condition == *condition
        }),
        Event::ActionStarted(s) | Event::RollbackStarted(s) => now.ready.iter().any(|execution| {
            let edited = run.edited_script(execution.task).cloned();
            let mut wanted = started(plan, *execution);
            wanted.script = edited.or(wanted.script);
            wanted.place = run.place_of(execution.task).map(str::to_owned);
            wanted.remote = s.remote.clone();
            wanted == *s
        }),
        Event::ActionFinished(f) | Event::RollbackFinished(f) => {
            let is = |e: &Execution| {
                named(e.task, &f.step, &f.action, f.place.as_ref())
                    && (e.attempt, e.probe) == (f.attempt, f.probe)
            };
            let answered = now.running.is_empty() && run.unended(plan).iter().any(is);
            answered || now.running.iter().chain(&now.attachable).any(|e| fits(run, e.task, f) && is(e))
        }
        Event::ItemConfirmed { step, action, .. } => asked(step, action, Question::Confirm),
        Event::ValueRecorded { step, action, name, .. } => the_asked(step, action, Question::Record)
            .is_some_and(|(task, _)| run.open_fields(plan, *task).iter().any(|f| f.name == *name)),
        Event::SignOffRequested { step, action, .. } => {
            the_asked(step, action, Question::SignOff).is_some_and(|(task, _)| !run.is_requested(*task))
        }
        Event::SignOffRejected { step, action, presence: was, by, .. } => {
            asked(step, action, Question::SignOff) && SIGNERS.contains(&by.who.as_str()) && *was == presence()
        }
        Event::SignOffRefused { step, action, .. } => asked(step, action, Question::SignOff),
        Event::SignOffLapsed { action, .. } => {
            run.lapsable(plan).iter().any(|sign_off| sign_off.id(plan) == *action)
        }
        Event::SignOffGiven(given) => {
            let who = given.by.who.as_str();
            SIGNERS.contains(&who)
                && given.presence == presence()
                && the_asked(&given.step, &given.action, Question::SignOff)
                    .is_some_and(|(task, _)| run.signers(*task).all(|signer| signer != who))
        }
        Event::Decision { step, action, place, choice, .. } => {
            offered(step, action, place.as_ref()).is_some_and(|offers| offers.choices.contains(choice))
        }
        Event::Deviation(d) => match (d.kind, &d.action) {
            (DeviationKind::Skipped, Some(action)) => {
                offered(&d.step, action, d.place.as_ref()).is_some_and(|offers| offers.skip)
            }
            (DeviationKind::Skipped, None) => {
                here(&d.step, d.place.as_ref()).is_some_and(|offers| offers.skip_step)
            }
            (DeviationKind::Edited, Some(action)) => {
                offered(&d.step, action, d.place.as_ref()).is_some_and(|offers| offers.edit)
            }
            (DeviationKind::Edited, None) => false,
            (DeviationKind::Repeated | DeviationKind::OutOfOrder, _) => {
                let back = |offers: &Offers| offers.back.iter().any(|step| plan.steps[*step].id == d.step);
                d.place.is_none() && all.iter().any(back)
            }
            (DeviationKind::Shell, _) => d.place.is_none() && now.running.is_empty() && now.verdict.is_none(),
            // Only where a rule does not hold, which is none here.
            (
                DeviationKind::PolicyOverridden
                | DeviationKind::DocumentExchanged
                | DeviationKind::TakenAsDone,
                _,
            ) => false,
        },
        Event::RollbackOpened { steps, without, places, by, .. } => {
            let wanted = match by {
                None if now.due == Some(Due::RollBack) => run.rollback_plan(plan),
                None => return false,
                Some(_) => match all.iter().find(|offers| !offers.rollback.steps.is_empty()) {
                    Some(offers) => offers.rollback.clone(),
                    None => return false,
                },
            };
            let same =
                |wanted: &[usize], told: &[String]| wanted.iter().map(|step| &plan.steps[*step].id).eq(told);
            !wanted.steps.is_empty()
                && same(&wanted.steps, steps)
                && same(&wanted.without, without)
                && wanted.places == *places
        }
        Event::RunClosed { verdict } => now.verdict == Some(*verdict),
    }
}

/// Sign-offs can be given while nobody drives.
fn about_a_sign_off(event: &Event) -> bool {
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
        | Event::SessionSigned(_)
        | Event::RulesChecked(_)
        | Event::DocumentExchanged(_)
        | Event::LogRecovered { .. }
        | Event::ValueCorrected(_)
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
