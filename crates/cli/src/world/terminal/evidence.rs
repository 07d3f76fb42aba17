//! What ran, step by step, for whoever signs: titles, commands as they ran, what was expected, and how it ended.

use std::collections::HashMap;

use holdpoint_engine::{Done, Event, Finished, Stamped, Started};

use crate::screen::Screen;
use crate::world::{RunView, Store};

/// The last attempt of each block, by action and place.
#[derive(Default)]
struct Attempts<'e> {
    started: HashMap<String, &'e Started>,
    finished: HashMap<String, &'e Finished>,
}

impl<'e> Attempts<'e> {
    fn of(events: &'e [Stamped]) -> Attempts<'e> {
        let mut attempts = Attempts::default();
        for stamped in events {
            match &stamped.event {
                Event::ActionStarted(started) | Event::RollbackStarted(started) if !started.probe => {
                    attempts.started.insert(at(&started.action, started.place.as_deref()), started);
                }
                Event::ActionFinished(finished) | Event::RollbackFinished(finished) if !finished.probe => {
                    attempts.finished.insert(at(&finished.action, finished.place.as_deref()), finished);
                }
                _ => {}
            }
        }
        attempts
    }
}

/// As [`Done::action`] names it.
fn at(action: &str, place: Option<&str>) -> String {
    place.map_or_else(|| action.to_owned(), |place| format!("{action} at {place}"))
}

/// Each action with its outcome, under the title of its step.
pub(super) fn tell_actions(
    screen: &Screen,
    view: &RunView<'_>,
    actions: &[Done],
    events: &[Stamped],
    store: &Store<'_>,
) {
    let say = |text: String| screen.say(&screen.within_a_line(&text));
    let attempts = Attempts::of(events);
    let mut under = None;
    for Done { action, outcome } in actions {
        let id = action.split('#').next().unwrap_or(action);
        let id = id.split(" at ").next().unwrap_or(id);
        if under != Some(id) {
            under = Some(id);
            if let Some((_, step)) = view.plan.step(id) {
                say(format!("  {}", view.run.numbered_title(step)));
            }
        }
        say(format!("    {action:<30} {outcome}"));
        let Some(started) = attempts.started.get(action) else { continue };
        for line in ran(view, started, store).trim_end().lines() {
            say(format!("      $ {line}"));
        }
        let finished = attempts.finished.get(action);
        for judged in finished.iter().flat_map(|finished| &finished.expectations) {
            let held = if judged.held { "held" } else { "did not hold" };
            say(format!("      expected: {} ({held})", judged.expected));
        }
    }
}

/// The script of an attempt: the document's, where the record keeps no other.
fn ran(view: &RunView<'_>, started: &Started, store: &Store<'_>) -> String {
    if let Some(script) = &started.script {
        let gone = || format!("(the script with the SHA-256 {} cannot be read)", script.sha256);
        return store
            .get(script)
            .map_or_else(|_| gone(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
    }
    let Started { step, action, .. } = started;
    let Some((_, step)) = view.plan.step(step) else { return String::new() };
    let of_action =
        step.actions.iter().find(|known| known.id == *action).and_then(|known| known.work.block());
    let rollback = || {
        let number: usize = action.rsplit_once("#rollback-")?.1.parse().ok()?;
        step.rollbacks.get(number.checked_sub(1)?)
    };
    of_action.or_else(rollback).map(|block| block.script.clone()).unwrap_or_default()
}
