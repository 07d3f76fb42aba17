//! Events from anywhere, folded into a run of a fixed run-book.

use holdpoint_engine::{Event, Next, Run};

use crate::world::{PLAN, opened, when};

/// So many lines are looked at: what a long input finds, a short one finds faster.
const MOST: usize = 100;

/// Folds what can be folded, holds every step against itself, and gives what was taken.
pub(crate) fn fold(bytes: &[u8]) -> Vec<Event> {
    let plan = &*PLAN;
    let (mut run, mut taken) = (Run::new(plan), Vec::new());
    for line in bytes.split(|byte| *byte == b'\n').take(MOST) {
        let Ok(event) = serde_json::from_slice::<Event>(line) else { continue };
        survives(&event);
        if run.next(plan) == Next::Open && !matches!(event, Event::RunOpened(_)) {
            taken.push(opened());
            run.apply(plan, when(&opened()), &opened()).expect("a run begins");
        }
        let before = run.clone();
        match run.apply(plan, when(&event), &event) {
            Ok(()) => taken.push(event),
            Err(refused) => {
                assert_eq!(run, before, "what was refused changed the run: {event:?}");
                assert!(!refused.reason.trim().is_empty());
            }
        }
        assert_eq!(run.events(), taken.len() as u64);
        asked(&run);
    }
    let again = Run::replay(plan, taken.iter().map(|event| (when(event), event.clone())))
        .expect("what was taken is taken again");
    assert_eq!(again, run, "another run from the same events");
    taken
}

/// What is read is what is written, and reads the same again.
fn survives(event: &Event) {
    let text = serde_json::to_string(event).expect("events can be written");
    let again: Event = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(again, *event);
    assert_eq!(serde_json::to_string(&again).ok().as_deref(), Some(text.as_str()));
}

/// Whatever the state, everything that can be asked of it has an answer; and once it is over, it is.
fn asked(run: &Run) {
    let plan = &*PLAN;
    let next = run.next(plan);
    let offers = run.offers(plan);
    run.lapsable(plan);
    run.rollback_plan(plan);
    let (settled, all) = run.progress();
    assert!(settled <= all);
    assert_eq!(
        run.is_closed(),
        run.is_closed() && matches!(next, Next::Done(_)),
        "closed, and asks {next:?}"
    );
    if run.is_closed() {
        assert!(offers.choices.is_empty() && !offers.skip && !offers.edit && offers.back.is_empty());
    }
}
