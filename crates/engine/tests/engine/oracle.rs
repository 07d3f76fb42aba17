//! The same answer as the engine's, found in another way: no state, only questions to the list of events, most of them
//! asked backwards. Slow and plain on purpose. Knows the conditions that the plans of these tests use, no others.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_engine::*;
use holdpoint_model::*;

/// What comes next, as [`crate::story::at`] says it.
pub(crate) fn expected(plan: &Plan, events: &[Event]) -> String {
    let Some(Event::RunOpened(_)) = events.first() else { return "open".into() };
    let history = History { plan, events };
    if events.iter().any(|e| matches!(e, Event::Decision { choice: Choice::Abort, .. })) {
        return "done Aborted".into();
    }
    if let Some(id) = history.lapses() {
        return format!("lapse {id}");
    }
    if let Some((opened, steps)) = events.iter().enumerate().find_map(|(i, e)| match e {
        Event::RollbackOpened { steps, .. } => Some((i, steps)),
        _ => None,
    }) {
        return history.rolling_back(opened, steps);
    }
    for (index, step) in plan.steps.iter().enumerate() {
        for action in &step.actions {
            if let Some(answer) = history.about(index, action) {
                return answer;
            }
        }
    }
    let mut all =
        plan.steps.iter().enumerate().flat_map(|(index, step)| step.actions.iter().map(move |a| (index, a)));
    let nothing = all.all(|(index, action)| history.is_left_out(index, action));
    if nothing { "done NothingDone".into() } else { "done Passed".into() }
}

pub(crate) struct History<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) events: &'a [Event],
}

/// How far the rollback of one step has come.
pub(crate) enum Undoing {
    /// What is to be done about this block.
    At(String, String),
    /// All its blocks are through.
    Over { skipped: bool, undone: bool },
}

/// What the events say of one block.
enum BlockState {
    Settled,
    Pending,
    Running,
    InDoubt,
    Failed { interrupted: bool },
}

impl History<'_> {
    /// What is to be done about the action; `None` if nothing is.
    pub(crate) fn about(&self, index: usize, action: &Action) -> Option<String> {
        if self.is_gone(index, action) { None } else { self.open(index, action) }
    }

    /// Passed over or skipped, and not done before.
    pub(crate) fn is_left_out(&self, index: usize, action: &Action) -> bool {
        // What becomes of its values afterwards does not do what was skipped.
        let then = |at: usize| History { plan: self.plan, events: &self.events[..at] };
        let open = |at: usize| match action.work {
            Work::Record { .. } => then(at).open(index, action).is_some(),
            _ => self.open(index, action).is_some(),
        };
        self.gone(index, action).any(open)
    }

    /// Passed over or skipped.
    fn is_gone(&self, index: usize, action: &Action) -> bool {
        self.gone(index, action).next().is_some()
    }

    /// The events that passed it over or skipped it.
    fn gone(&self, index: usize, action: &Action) -> impl Iterator<Item = usize> {
        let since = self.begun_again(index);
        let step = &self.plan.steps[index];
        let id = action.id.as_str();
        let goes = move |at: usize, e: &Event| match e {
            Event::NotApplicable { step: s, action, .. } => {
                *s == step.id && action.as_deref().is_none_or(|a| a == id)
            }
            Event::Deviation(d) if d.kind == DeviationKind::Skipped => match &d.action {
                Some(action) => action == id,
                // What was written down before the rest was skipped can be corrected, and then fails.
                None if d.step == step.id && matches!(action.work, Work::Record { .. }) => {
                    let then = History { plan: self.plan, events: &self.events[..at] };
                    then.open(index, action).is_some()
                }
                None => d.step == step.id && !matches!(action.work, Work::SignOff(_)),
            },
            _ => false,
        };
        let events = self.events.iter().enumerate().skip(since + 1);
        events.filter(move |(at, e)| goes(*at, e)).map(|(at, _)| at)
    }

    /// What would be to be done about the action if nobody passed it over or skipped it.
    fn open(&self, index: usize, action: &Action) -> Option<String> {
        let since = self.begun_again(index);
        let step = &self.plan.steps[index];
        let id = action.id.as_str();
        if self.after(since).any(|e| matches!(e, Event::ItemConfirmed { action, .. } if action == id)) {
            return None;
        }
        match &action.work {
            Work::Run(block) | Work::Check(block) => {
                let mutates = matches!(action.work, Work::Run(_));
                match self.block(id, since, block, mutates) {
                    BlockState::Settled => return None,
                    BlockState::Running => return Some(format!("await {id}")),
                    BlockState::InDoubt => return Some(self.in_doubt(step, id)),
                    BlockState::Failed { interrupted } => return Some(self.failed(step, id, interrupted)),
                    BlockState::Pending => {}
                }
            }
            Work::Record { fields } => {
                let asked = self.last(since, |e| is_decision(e, id, &[Choice::Retry])).unwrap_or(since);
                let within: BTreeMap<_, _> = self
                    .after(asked)
                    .filter_map(|e| match e {
                        Event::ValueRecorded { action, name, within_limits, .. }
                        | Event::ValueCorrected(Corrected { action, name, within_limits, .. })
                            if action == id =>
                        {
                            Some((name, *within_limits))
                        }
                        _ => None,
                    })
                    .collect();
                if within.len() == fields.len() {
                    let good = within.values().all(|within| *within);
                    return if good { None } else { Some(self.failed(step, id, false)) };
                }
            }
            Work::SignOff(sign_off) => {
                if self.signers(index, id).len() >= sign_off.count as usize {
                    return None;
                }
            }
            Work::Confirm { .. } => {}
        }
        Some(self.pending(index, action, since))
    }

    fn pending(&self, index: usize, action: &Action, since: usize) -> String {
        let step = &self.plan.steps[index];
        let id = &action.id;
        if !self.after(since).any(|e| self.touches(e, step)) {
            for condition in &step.when {
                match self.truth(condition) {
                    Some(true) => {}
                    Some(false) => return format!("pass over {}", step.id),
                    None => return format!("ask {id} Failed"),
                }
            }
        }
        let told = |id: &str| self.after(since).any(|e| is_decision(e, id, &[Choice::Proceed]));
        if let Some(answer) = action.work.block().and_then(|block| self.own(block, id, since)) {
            return answer;
        }
        match &action.work {
            Work::Confirm { .. } => format!("ask {id} Confirm"),
            Work::Record { .. } => format!("ask {id} Record"),
            Work::SignOff(_) => format!("ask {id} SignOff"),
            Work::Check(_) => format!("execute {id}"),
            Work::Run(_) => {
                let before = step.actions.iter().take_while(|other| other.id != *id);
                let crossing = step.irreversible && !before.into_iter().any(|other| told(&other.id));
                let warned = (action.caution.is_none() && !crossing) || told(id);
                if warned { format!("execute {id}") } else { format!("ask {id} Confirm") }
            }
        }
    }

    /// What the block's own condition leads to, unless it holds or was decided already.
    fn own(&self, block: &Block, id: &str, since: usize) -> Option<String> {
        let begun = |e: &Event| is_start(e, id) || is_decision(e, id, &[Choice::Proceed]);
        if self.after(since).any(begun) {
            return None;
        }
        match self.truth(block.options.when.as_ref()?) {
            Some(true) => None,
            Some(false) => Some(format!("pass over {id}")),
            None => Some(format!("ask {id} Failed")),
        }
    }

    fn rolling_back(&self, opened: usize, steps: &[String]) -> String {
        let (mut skipped, mut undone) = (false, false);
        for id in steps {
            match self.undoing(opened, id) {
                Undoing::At(_, answer) => return answer,
                Undoing::Over { skipped: s, undone: u } => {
                    skipped |= s;
                    undone |= u;
                }
            }
        }
        if undone && !skipped { "done RolledBack".into() } else { "done Failed".into() }
    }

    pub(crate) fn undoing(&self, opened: usize, step: &str) -> Undoing {
        let (mut skipped, mut undone) = (false, false);
        let blocks = &self.plan.step(step).unwrap().1.rollbacks;
        for (n, block) in blocks.iter().enumerate() {
            let id = format!("{step}#rollback-{}", n + 1);
            let is_skip = |e: &Event| {
                matches!(e, Event::Deviation(d)
                    if d.kind == DeviationKind::Skipped && d.action.as_ref() == Some(&id))
            };
            let gone = self.after(opened).any(|e| match e {
                Event::NotApplicable { action, .. } => action.as_ref() == Some(&id),
                other => is_skip(other),
            });
            let answer = match self.block(&id, opened, block, true) {
                _ if gone => {
                    skipped |= self.after(opened).any(is_skip);
                    continue;
                }
                BlockState::Settled => {
                    undone = true;
                    continue;
                }
                BlockState::Running => format!("await {id}"),
                BlockState::InDoubt => format!("ask {id} InDoubt"),
                BlockState::Failed { .. } => format!("ask {id} Failed"),
                BlockState::Pending => self.own(block, &id, opened).unwrap_or(format!("execute {id}")),
            };
            return Undoing::At(id, answer);
        }
        Undoing::Over { skipped, undone }
    }

    fn block(&self, id: &str, since: usize, block: &Block, mutates: bool) -> BlockState {
        let again = |e: &Event| asks_again(e, id);
        let told = |e: &Event| self.tells(e, id);
        let Some(last) = self.last(since, told) else { return BlockState::Pending };
        if again(&self.events[last]) {
            return BlockState::Pending;
        }
        if is_start(&self.events[last], id) {
            let crashed = self.after(last).any(nobody_drove);
            return if crashed { BlockState::InDoubt } else { BlockState::Running };
        }
        let Some(end) = end_of(&self.events[last], id) else { return BlockState::Settled };
        // Here every event is of one moment, so that nothing ever holds for long enough.
        let hold = block.options.hold.filter(|_| !mutates);
        match end.outcome {
            Outcome::Passed if hold.is_some() => return BlockState::Pending,
            Outcome::Passed => return BlockState::Settled,
            Outcome::Interrupted => return BlockState::Failed { interrupted: true },
            Outcome::Failed | Outcome::TimedOut => {}
        }
        let asked = self.last(since, again).unwrap_or(since);
        let retry = block.options.retry.filter(|_| block.options.idempotent || !mutates);
        let begins = |at: &usize| again(&self.events[*at]) || nobody_drove(&self.events[*at]);
        let anew = (since..last).rev().find(begins).unwrap_or(since);
        let passed = |e: &Event| end_of(e, id).is_some_and(|end| end.outcome == Outcome::Passed);
        let soaking = hold.is_some() && self.events[anew..last].iter().any(passed);
        let left = !soaking
            && retry.is_some_and(|retry| {
                let every = retry.every.as_millis() as u64;
                let attempts = self.after(asked).filter_map(|e| end_of(e, id));
                let attempts = attempts.filter(|end| end.outcome != Outcome::Passed);
                let spent: u64 = attempts.map(|end| end.duration_ms.max(1) + every).sum();
                u128::from(spent) < retry.for_.as_millis()
            });
        if left { BlockState::Pending } else { BlockState::Failed { interrupted: false } }
    }

    /// The event says how a block stands.
    pub(crate) fn tells(&self, e: &Event, id: &str) -> bool {
        is_start(e, id)
            || end_of(e, id).is_some()
            || asks_again(e, id)
            || is_decision(e, id, &[Choice::Happened])
    }

    fn in_doubt(&self, step: &Step, id: &str) -> String {
        let asked = self.last(0, |e| is_decision(e, id, &[Choice::FindOut]));
        let started = self.last(0, |e| is_start(e, id));
        if let Some(asked) = asked.filter(|asked| Some(*asked) > started) {
            let over = self.after(asked).any(|e| match e {
                Event::ActionFinished(f) => f.probe,
                _ if nobody_drove(e) => true,
                _ => false,
            });
            let running = self.after(asked).any(|e| matches!(e, Event::ActionStarted(s) if s.probe));
            let after = step.actions.iter().skip_while(|a| a.id != id).skip(1);
            let check = after.into_iter().find(|a| matches!(a.work, Work::Check(_))).map(|a| &a.id);
            match check {
                Some(check) if !over && running => return format!("await {check} to find out"),
                Some(check) if !over => return format!("execute {check} to find out"),
                _ => {}
            }
        }
        format!("ask {id} InDoubt")
    }

    fn failed(&self, step: &Step, id: &str, interrupted: bool) -> String {
        match step.on_failure {
            _ if interrupted => format!("ask {id} Failed"),
            OnFailure::Ask => format!("ask {id} Failed"),
            OnFailure::Stop => "done Failed".into(),
            OnFailure::Rollback if self.undoable().is_empty() => "done Failed".into(),
            OnFailure::Rollback => "roll back".into(),
        }
    }

    /// Steps with rollbacks whose blocks were started, all of them after the last point of no return was crossed;
    /// last start first.
    pub(crate) fn undoable(&self) -> Vec<String> {
        let starts: Vec<(usize, &Step)> = self
            .events
            .iter()
            .enumerate()
            .filter_map(|(i, e)| match e {
                Event::ActionStarted(s) => {
                    let step = self.plan.step(&s.step).unwrap().1;
                    let action = step.actions.iter().find(|a| a.id == s.action).unwrap();
                    matches!(action.work, Work::Run(_)).then_some((i, step))
                }
                _ => None,
            })
            .collect();
        let crossed = starts.iter().rfind(|(_, step)| step.irreversible).map(|(i, _)| *i);
        let kept = |step: &Step| starts.iter().any(|(i, s)| s.id == step.id && Some(*i) <= crossed);
        let mut out: Vec<String> = Vec::new();
        for (_, step) in starts.iter().rev() {
            if !kept(step) && !step.rollbacks.is_empty() && !out.contains(&step.id) {
                out.push(step.id.clone());
            }
        }
        out
    }

    /// Whose sign-offs of the hold point count still.
    fn signers(&self, index: usize, id: &str) -> BTreeSet<&str> {
        let mut out = BTreeSet::new();
        for (i, e) in self.events.iter().enumerate() {
            let Event::SignOffGiven(given) = e else { continue };
            let who = given.by.who.as_str();
            let void = self.events.iter().skip(i + 1).any(|later| {
                let lapsed = matches!(later, Event::SignOffLapsed { action, .. } if action == id);
                lapsed || self.begins_again(later, index)
            });
            if given.action == id && !void {
                out.insert(who);
            }
        }
        out
    }

    /// The first hold point whose sign-offs something overtook, without that being on record yet.
    fn lapses(&self) -> Option<String> {
        let rolls_back = |e: &Event| matches!(e, Event::RollbackOpened { .. });
        let before = self.events.iter().position(rolls_back).unwrap_or(self.events.len());
        (0..before).find_map(|at| {
            let overtaken = |index: usize, id: &str| {
                let then = History { plan: self.plan, events: &self.events[..at] };
                let signed = !then.signers(index, id).is_empty();
                let told =
                    self.after(at).any(|e| matches!(e, Event::SignOffLapsed { action, .. } if action == id));
                signed && !told && self.overtakes(at, index, id)
            };
            let steps = self.plan.steps.iter().enumerate();
            let mut points = steps.flat_map(|(index, step)| step.actions.iter().map(move |a| (index, &a.id)));
            points.find(|(index, id)| overtaken(*index, id)).map(|(_, id)| id.clone())
        })
    }

    /// Whether the event at `at` takes what was signed there before it out from under its signers.
    fn overtakes(&self, at: usize, index: usize, id: &str) -> bool {
        let event = &self.events[at];
        if self.begins_again(event, index) {
            return false;
        }
        let rejected = matches!(event, Event::SignOffRejected { action, .. } if action == id);
        let back = self.goes_back_to(event).is_some_and(|(to, _)| to < index);
        let given = |e: &Event| matches!(e, Event::SignOffGiven(given) if given.action == id);
        let last = self.events[..at].iter().rposition(given).unwrap_or(0);
        let begun = || self.events[last + 1..at].iter().any(|e| self.goes_on(e, &self.plan.steps[index]));
        let corrected = match event {
            Event::ValueCorrected(corrected) => {
                let place = |step: usize, id: &str| {
                    (step, self.plan.steps[step].actions.iter().position(|action| action.id == *id))
                };
                let of = self.plan.step(&corrected.step).unwrap().0;
                place(of, &corrected.action) < place(index, id)
            }
            _ => false,
        };
        rejected || back || corrected || (changes_what_was_seen(event) && !begun())
    }

    /// The step itself is done again from its beginning, hold points and all.
    fn begins_again(&self, event: &Event, index: usize) -> bool {
        self.goes_back_to(event).is_some_and(|(to, only)| to == index || (!only && to < index))
    }

    /// Something that the sign-off of a hold point in `step` guards begins.
    fn goes_on(&self, event: &Event, step: &Step) -> bool {
        match event {
            Event::ActionStarted(_) | Event::RollbackStarted(_) => true,
            Event::NotApplicable { .. } => false,
            _ => self.plan.steps.iter().any(|other| other.id != step.id && self.touches(event, other)),
        }
    }

    /// The event is of something that happens in the step.
    fn touches(&self, event: &Event, step: &Step) -> bool {
        let (of, action) = match event {
            Event::NotApplicable { step: s, action, .. } => (s, action.as_ref()),
            Event::ActionStarted(s) => (&s.step, Some(&s.action)),
            Event::ItemConfirmed { step: s, action, .. }
            | Event::ValueRecorded { step: s, action, .. }
            | Event::SignOffRequested { step: s, action, .. }
            | Event::SignOffRejected { step: s, action, .. } => (s, Some(action)),
            Event::SignOffGiven(s) => (&s.step, Some(&s.action)),
            Event::Deviation(d) if matches!(d.kind, DeviationKind::Skipped | DeviationKind::Edited) => {
                (&d.step, d.action.as_ref())
            }
            Event::Decision { step: s, action, choice, .. }
                if !matches!(choice, Choice::Abort | Choice::FindOut) =>
            {
                (s, Some(action))
            }
            _ => return false,
        };
        *of == step.id && action.is_none_or(|action| step.actions.iter().any(|a| a.id == *action))
    }

    /// The event after which the step was last begun anew.
    pub(crate) fn begun_again(&self, index: usize) -> usize {
        self.last(0, |e| self.begins_again(e, index)).unwrap_or(0)
    }

    fn goes_back_to(&self, event: &Event) -> Option<(usize, bool)> {
        let Event::Deviation(d) = event else { return None };
        let to = self.plan.step(&d.step).unwrap().0;
        match d.kind {
            DeviationKind::Repeated => Some((to, true)),
            DeviationKind::OutOfOrder => Some((to, false)),
            _ => None,
        }
    }

    fn truth(&self, condition: &str) -> Option<bool> {
        let captured = || {
            self.events.iter().rev().find_map(|e| match e {
                Event::ActionFinished(f) | Event::RollbackFinished(f) if !f.probe => f.captures.get("V"),
                _ => None,
            })
        };
        match condition {
            "true" => Some(true),
            "false" => Some(false),
            "NOBODY" => None,
            "V == 'yes'" => captured().map(|value| value == "yes"),
            other => panic!("the oracle does not know {other}"),
        }
    }

    /// Events after the one at `since`.
    fn after(&self, since: usize) -> impl Iterator<Item = &Event> {
        self.events.iter().skip(since + 1)
    }

    /// Where the last such event after the one at `since` stands.
    fn last(&self, since: usize, is: impl Fn(&Event) -> bool) -> Option<usize> {
        self.events.iter().enumerate().skip(since + 1).rfind(|(_, e)| is(e)).map(|(i, _)| i)
    }
}

/// Hold points whose sign-offs would lapse if their time were up now: those that count still, with nothing done after
/// them.
pub(crate) fn lapsable(plan: &Plan, events: &[Event]) -> BTreeSet<String> {
    let history = History { plan, events };
    let now = expected(plan, events);
    let waits = ["execute", "ask", "pass over"].iter().any(|what| now.starts_with(what));
    let rolling_back = events.iter().any(|e| matches!(e, Event::RollbackOpened { .. }));
    let mut out = BTreeSet::new();
    for (index, step) in plan.steps.iter().enumerate() {
        for action in &step.actions {
            let Work::SignOff(SignOff { expires: Some(_), .. }) = &action.work else { continue };
            let signers = history.signers(index, &action.id);
            let last = events.iter().rposition(|e| {
                matches!(e, Event::SignOffGiven(given)
                    if given.action == action.id && signers.contains(given.by.who.as_str()))
            });
            let used = last.is_some_and(|last| {
                history.after(last).any(|e| {
                    matches!(
                        e,
                        Event::ActionStarted(_) | Event::ItemConfirmed { .. } | Event::ValueRecorded { .. }
                    )
                })
            });
            if !signers.is_empty() && !used && waits && !rolling_back {
                out.insert(action.id.clone());
            }
        }
    }
    out
}

/// Who signed a hold point off, and that counts still.
pub(crate) fn signers<'e>(plan: &Plan, events: &'e [Event], index: usize, id: &str) -> BTreeSet<&'e str> {
    let who: BTreeSet<String> =
        History { plan, events }.signers(index, id).into_iter().map(str::to_owned).collect();
    let all = events.iter().filter_map(|event| match event {
        Event::SignOffGiven(given) => Some(given.by.who.as_str()),
        _ => None,
    });
    all.filter(|signer| who.contains(*signer)).collect()
}

/// Steps a rollback would undo now, last first.
pub(crate) fn undoable(plan: &Plan, events: &[Event]) -> Vec<String> {
    History { plan, events }.undoable()
}

fn changes_what_was_seen(event: &Event) -> bool {
    match event {
        Event::Deviation(d) => d.kind != DeviationKind::Skipped,
        Event::Note { corrects, .. } => corrects.is_some(),
        Event::ValueCorrected(_) => true,
        _ => false,
    }
}

/// What ran before it ran without anybody.
fn nobody_drove(event: &Event) -> bool {
    matches!(event, Event::SessionOpened(_) | Event::Handover(_) | Event::HandoverAccepted { .. })
}

/// Who is to accept the run, by the list of events alone.
pub(crate) fn handed_to(events: &[Event]) -> Option<&str> {
    events.iter().rev().find_map(|event| match event {
        Event::Handover(handover) => Some(Some(handover.to.as_str())),
        Event::HandoverAccepted { .. } | Event::HandoverWithdrawn { .. } => Some(None),
        _ => None,
    })?
}

/// Who operates, by the list of events alone.
pub(crate) fn operator(events: &[Event]) -> &str {
    let taken = events.iter().rev().find_map(|event| match event {
        Event::HandoverAccepted { by } => Some(by.who.as_str()),
        Event::SessionOpened(session) => Some(session.operator.as_str()),
        Event::RunOpened(opened) => Some(opened.session.operator.as_str()),
        _ => None,
    });
    taken.unwrap_or_default()
}

/// Where the run stands for whoever takes it up, as [`expected`] would say it then.
pub(crate) fn stands(plan: &Plan, events: &[Event]) -> String {
    let mut then = events.to_vec();
    then.extend(events.iter().rev().find_map(|event| match event {
        Event::RunOpened(opened) => Some(Event::SessionOpened(opened.session.clone())),
        _ => None,
    }));
    expected(plan, &then)
}

pub(crate) fn is_start(event: &Event, id: &str) -> bool {
    matches!(event, Event::ActionStarted(s) | Event::RollbackStarted(s) if s.action == id && !s.probe)
}

pub(crate) fn asks_again(event: &Event, id: &str) -> bool {
    is_decision(event, id, &[Choice::Retry, Choice::Run])
        || matches!(event, Event::Deviation(d)
            if d.kind == DeviationKind::Edited && d.action.as_deref() == Some(id))
}

fn end_of<'e>(event: &'e Event, id: &str) -> Option<&'e Finished> {
    match event {
        Event::ActionFinished(f) | Event::RollbackFinished(f) if f.action == id && !f.probe => Some(f),
        _ => None,
    }
}

fn is_decision(event: &Event, id: &str, choices: &[Choice]) -> bool {
    matches!(event, Event::Decision { action, choice, .. } if action == id && choices.contains(choice))
}
