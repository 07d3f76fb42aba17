//! The oracle for steps on two places: each place's history is that of an ordinary run, with what happened at the other
//! taken out; what the rollout lets go is counted from those. Knows what the plans of the walk use, no more.

use std::collections::BTreeSet;

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::oracle::{self, History};
use crate::universe::PLACES;

/// All that is on the frontier, as [`crate::story::on`] says it.
pub(crate) fn frontier(plan: &Plan, events: &[Event]) -> BTreeSet<String> {
    let begun = matches!(events.first(), Some(Event::RunOpened(_)));
    let aborted = events.iter().any(|e| matches!(e, Event::Decision { choice: Choice::Abort, .. }));
    let placed = plan.steps.iter().any(|step| step.target.is_some());
    if !begun || aborted || !placed {
        return [oracle::expected(plan, events)].into();
    }
    let events = &as_if_unanswered(plan, events);
    let rollback = |e: &Event| matches!(e, Event::RollbackOpened { .. });
    if let Some(opened) = events.iter().position(rollback) {
        return [rolling_back(plan, events, opened)].into();
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let mut action = 0;
        while action < step.actions.len() {
            let blocks = step.actions[action..].iter().take_while(|it| it.work.block().is_some()).count();
            if blocks > 0 {
                if let Some(now) = stretch(plan, events, index, action, blocks) {
                    return now;
                }
            } else {
                let said = captured_everywhere(events);
                let here = |(at, e): &(usize, &Event)| !is_of_a_place(e) || said == Some(*at);
                let own = events.iter().enumerate().filter(here).map(|(_, e)| e.clone());
                let own: Vec<Event> = own.collect();
                if let Some(answer) = (History { plan, events: &own }).about(index, &step.actions[action]) {
                    return [answer].into();
                }
            }
            action += blocks.max(1);
        }
    }
    let nothing = plan.steps.iter().enumerate().all(|(index, step)| {
        step.actions.iter().all(|action| {
            PLACES.iter().all(|place| {
                let own = at(events, place);
                History { plan, events: &own }.is_left_out(index, action)
            })
        })
    });
    [if nothing { "done NothingDone".to_owned() } else { "done Passed".to_owned() }].into()
}

/// The same history with ends that were found after somebody had answered for their attempts: as if nobody had. An end of an
/// attempt that its step or another attempt has left behind, or of one that was only to find something out, is of nothing any more.
fn as_if_unanswered(plan: &Plan, events: &[Event]) -> Vec<Event> {
    let mut out: Vec<Event> = Vec::new();
    for event in events {
        let (Event::ActionFinished(end) | Event::RollbackFinished(end)) = event else {
            out.push(event.clone());
            continue;
        };
        let is_start = |e: &Event| match e {
            Event::ActionStarted(s) | Event::RollbackStarted(s) => {
                (&s.action, &s.place, s.attempt, s.probe) == (&end.action, &end.place, end.attempt, end.probe)
            }
            _ => false,
        };
        let start = out.iter().rposition(is_start).unwrap();
        let answered = |e: &Event| match e {
            Event::Decision { action, place, .. } => *action == end.action && *place == end.place,
            Event::Deviation(d) if d.kind == DeviationKind::Skipped => {
                let here = d.place.is_none() || d.place == end.place;
                here && d.step == end.step && d.action.as_ref().is_none_or(|action| *action == end.action)
            }
            _ => false,
        };
        let left = out[start..].iter().any(|e| matches!(e, Event::SessionOpened(_)));
        let probe_over = end.probe && left;
        let begun_since = out[start + 1..].iter().any(|e| match e {
            Event::ActionStarted(s) | Event::RollbackStarted(s) => {
                (&s.action, &s.place, s.probe) == (&end.action, &end.place, end.probe)
            }
            _ => false,
        });
        let index = plan.step(&end.step).unwrap().0;
        if probe_over || begun_since || (History { plan, events: &out }).begun_again(index) > start {
            continue;
        }
        let since = out.split_off(start);
        for e in since {
            match &e {
                Event::Deviation(d) if answered(&e) && d.action.is_none() => {
                    out.extend(others_skipped(plan, index, d, end));
                }
                e if answered(e) => {}
                _ => out.push(e),
            }
        }
        out.push(event.clone());
    }
    out
}

/// What was skipped with a whole step, but for the one that has ended after all.
fn others_skipped(plan: &Plan, index: usize, skipped: &Deviation, end: &Finished) -> Vec<Event> {
    let mut out = Vec::new();
    for action in &plan.steps[index].actions {
        let places = match action.work.block() {
            Some(_) => PLACES.iter().map(|place| Some((*place).to_owned())).collect(),
            None => vec![None],
        };
        for place in places {
            let covered = skipped.place.is_none() || skipped.place == place;
            if covered && (&action.id, &place) != (&end.action, &end.place) {
                let action = Some(action.id.clone());
                out.push(Event::Deviation(Deviation { action, place, ..skipped.clone() }));
            }
        }
    }
    out
}

/// Steps and places that a rollback would undo now, last first.
pub(crate) fn units(plan: &Plan, events: &[Event]) -> Vec<(String, Option<String>)> {
    let starts: Vec<(usize, &Started)> = events
        .iter()
        .enumerate()
        .filter_map(|(i, e)| match e {
            Event::ActionStarted(s) => {
                let step = plan.step(&s.step).unwrap().1;
                let action = step.actions.iter().find(|a| a.id == s.action).unwrap();
                matches!(action.work, Work::Run(_)).then_some((i, s))
            }
            _ => None,
        })
        .collect();
    let irreversible = |s: &Started| plan.step(&s.step).unwrap().1.irreversible;
    let crossed = starts.iter().rfind(|(_, s)| irreversible(s)).map(|(i, _)| *i);
    let kept = |step: &str| starts.iter().any(|(i, s)| s.step == step && Some(*i) <= crossed);
    let mut out = Vec::new();
    for (_, s) in starts.iter().rev().filter(|(_, s)| !kept(&s.step)) {
        let unit = (s.step.clone(), s.place.clone());
        if !out.contains(&unit) {
            out.push(unit);
        }
    }
    out
}

/// What happened at a place, and what is of none.
fn at(events: &[Event], place: &str) -> Vec<Event> {
    events.iter().filter(|e| place_of(e).is_none_or(|of| of == place)).cloned().collect()
}

fn place_of(event: &Event) -> Option<&str> {
    match event {
        Event::ActionStarted(s) | Event::RollbackStarted(s) => s.place.as_deref(),
        Event::ActionFinished(f) | Event::RollbackFinished(f) => f.place.as_deref(),
        Event::NotApplicable { place, .. } | Event::Decision { place, .. } => place.as_deref(),
        Event::Deviation(d) => d.place.as_deref(),
        _ => None,
    }
}

fn is_of_a_place(event: &Event) -> bool {
    place_of(event).is_some()
}

/// The last end with a captured value, where each place has one and all are the same.
fn captured_everywhere(events: &[Event]) -> Option<usize> {
    let value = |e: &Event| match e {
        Event::ActionFinished(f) if !f.probe => f.captures.get("V").cloned(),
        _ => None,
    };
    let last = |place: &str| events.iter().rposition(|e| place_of(e) == Some(place) && value(e).is_some());
    let ends: Vec<usize> = PLACES.iter().filter_map(|place| last(place)).collect();
    let same =
        ends.len() == PLACES.len() && ends.iter().all(|at| value(&events[*at]) == value(&events[ends[0]]));
    ends.into_iter().max().filter(|_| same)
}

/// Where one place stands in a stretch of blocks.
struct There {
    /// What is to be done there, as the oracle says it; nothing once it is through.
    answer: Option<String>,
    failed: bool,
    /// It failed, and was tried again since.
    retried: bool,
    interrupted: bool,
    begun: bool,
    asked_for: bool,
}

fn there(plan: &Plan, events: &[Event], index: usize, actions: &[Action], position: usize) -> There {
    let own = at(events, PLACES[position]);
    let history = History { plan, events: &own };
    let since = history.begun_again(index);
    let open = actions.iter().find_map(|action| Some((action, history.about(index, action)?)));
    let step = &plan.steps[index];
    let of_stretch = |id: &str| actions.iter().any(|action| action.id == id);
    let begun = own.iter().skip(since + 1).any(|e| match e {
        Event::ActionStarted(s) => of_stretch(&s.action) && !s.probe,
        Event::Deviation(d) if d.kind == DeviationKind::Skipped => {
            d.step == step.id && d.action.as_deref().is_none_or(of_stretch)
        }
        _ => false,
    });
    let Some((action, answer)) = open else {
        return There {
            answer: None,
            failed: false,
            retried: false,
            interrupted: false,
            begun,
            asked_for: false,
        };
    };
    let told = |e: &Event| history.tells(e, &action.id);
    let last = own.iter().skip(since + 1).rfind(|e| told(e));
    let interrupted = matches!(last, Some(Event::ActionFinished(f)) if f.outcome == Outcome::Interrupted);
    let started = own.iter().skip(since + 1).any(|e| oracle::is_start(e, &action.id));
    let asked_for = started
        && matches!(
            last,
            Some(Event::Decision { choice: Choice::Retry | Choice::Run, .. } | Event::Deviation(_))
        );
    let fails = |answer: &String| answer.ends_with("Failed") || answer == "roll back";
    let failed = fails(&answer);
    let retried = (since + 1..own.len()).any(|at| {
        let then = History { plan, events: &own[..at] };
        let tried = own[since + 1..at].iter().any(|e| oracle::is_start(e, &action.id));
        oracle::asks_again(&own[at], &action.id)
            && tried
            && then.about(index, action).as_ref().is_some_and(fails)
    });
    // The place is told behind the id, and before what follows it.
    let answer = answer.replacen(&action.id, &format!("{}@{position}", action.id), 1);
    There { answer: Some(answer), failed, retried, interrupted: interrupted && failed, begun, asked_for }
}

/// What may go on in so many blocks from this one on; nothing once all places are through.
fn stretch(
    plan: &Plan,
    events: &[Event],
    index: usize,
    action: usize,
    blocks: usize,
) -> Option<BTreeSet<String>> {
    let step = &plan.steps[index];
    let actions = &step.actions[action..action + blocks];
    let places: Vec<There> = (0..2).map(|position| there(plan, events, index, actions, position)).collect();
    let answers: Vec<&String> = places.iter().filter_map(|place| place.answer.as_ref()).collect();
    if answers.is_empty() {
        return None;
    }
    if let Some(probe) = answers.iter().find(|answer| answer.ends_with("to find out")) {
        // The check is told of, at the place of the block in doubt.
        let position = places.iter().position(|place| place.answer.as_ref() == Some(*probe)).unwrap();
        let check = probe.trim_end_matches(" to find out");
        return Some([format!("{check}@{position} to find out")].into());
    }
    let of = |what: &str| -> BTreeSet<String> {
        answers.iter().filter(|answer| answer.contains(what)).map(|answer| (*answer).clone()).collect()
    };
    if !of("InDoubt").is_empty() {
        return Some(of("InDoubt"));
    }
    let Rollout { first, at_once, stop_after } = step.rollout.unwrap_or_default();
    let counts = |place: &There| place.failed || place.retried;
    let failed = places.iter().filter(|place| counts(place)).count();
    let first_failed = places.iter().take(first as usize).any(counts);
    let interrupted = places.iter().any(|place| place.interrupted);
    let running = of("await");
    let executes = |place: &&There| place.answer.as_ref().is_some_and(|answer| answer.starts_with("execute"));
    let mut ready: Vec<&There> = Vec::new();
    if !interrupted {
        ready.extend(places.iter().filter(executes).filter(|place| place.begun));
        let canaries = places.iter().take(first as usize).all(|place| place.answer.is_none());
        for (position, place) in places.iter().enumerate().filter(|(_, p)| executes(p) && !p.begun) {
            let room = running.len() + ready.len() < at_once as usize;
            if failed > stop_after as usize
                || first_failed
                || !(canaries || position < first as usize)
                || !room
            {
                break;
            }
            ready.push(place);
        }
    }
    let waits = running.is_empty() && ready.iter().all(|place| place.asked_for);
    let mut now: BTreeSet<String> = ready.iter().filter_map(|place| place.answer.clone()).collect();
    now.extend(running);
    if waits {
        let asks = of("ask ");
        if asks.is_empty() && now.is_empty() {
            now.extend(places.iter().filter(|place| place.failed).find_map(|place| place.answer.clone()));
        }
        now.extend(asks);
    }
    Some(now)
}

fn rolling_back(plan: &Plan, events: &[Event], opened: usize) -> String {
    let (mut skipped, mut undone) = (false, false);
    for (id, place) in units(plan, &events[..opened]) {
        let own = place.as_ref().map_or_else(|| events.to_vec(), |place| at(events, place));
        let opened = own.iter().position(|e| matches!(e, Event::RollbackOpened { .. })).unwrap();
        let history = History { plan, events: &own };
        let position = place.as_deref().and_then(|place| PLACES.iter().position(|it| *it == place));
        let label = |answer: String, id: &str| match position {
            Some(position) => answer.replacen(id, &format!("{id}@{position}"), 1),
            None => answer,
        };
        match history.undoing(opened, &id) {
            oracle::Undoing::At(id, answer) => return label(answer, &id),
            oracle::Undoing::Over { skipped: s, undone: u } => {
                skipped |= s;
                undone |= u;
            }
        }
    }
    if undone && !skipped { "done RolledBack".into() } else { "done Failed".into() }
}
