//! Random plans, random histories: what holds of all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use holdpoint_engine::*;
use holdpoint_model::*;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::build::*;
use crate::oracle;
use crate::story::*;
use crate::universe::*;

const CONDITIONS: [&str; 4] = ["true", "false", "NOBODY", "V == 'yes'"];

fn condition() -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.2, select(&CONDITIONS[..]).prop_map(str::to_owned))
}

fn a_block() -> impl Strategy<Value = Block> {
    let retry = prop::option::weighted(0.2, (0..3_u64, 0..6_u64));
    (retry, any::<bool>(), prop::bool::weighted(0.3), condition()).prop_map(
        |(retry, idempotent, captures, when)| {
            let mut block = block();
            block.options.idempotent = idempotent;
            block.options.when = when;
            block.options.retry = retry.map(|(every, for_)| Retry {
                every: Duration::from_secs(every),
                for_: Duration::from_secs(for_),
            });
            if captures {
                block.options.capture.push(capture("V", CaptureFrom::Stdout));
            }
            block
        },
    )
}

fn a_work() -> impl Strategy<Value = Work> {
    prop_oneof![
        4 => a_block().prop_map(Work::Run),
        2 => a_block().prop_map(Work::Check),
        1 => Just(Work::Confirm { text: "Do it.".into() }),
        1 => (1..3_usize).prop_map(|n| Work::Record { fields: ["x", "y"].iter().take(n).map(|f| field(f)).collect() }),
        1 => (1..3_u32, any::<bool>()).prop_map(|(count, expires)| {
            let expires = expires.then_some(Duration::from_secs(60));
            Work::SignOff(SignOff { count, expires, ..sign_off("qa") })
        }),
    ]
}

fn a_step() -> impl Strategy<Value = Step> {
    let actions = prop::collection::vec((a_work(), prop::bool::weighted(0.1)), 1..4);
    let rollbacks = prop::collection::vec(a_block(), 0..3);
    let on_failure = select(vec![OnFailure::Ask, OnFailure::Ask, OnFailure::Stop, OnFailure::Rollback]);
    let irreversible = prop::bool::weighted(0.2);
    (actions, rollbacks, condition(), on_failure, irreversible, prop::bool::weighted(0.8)).prop_map(
        |(actions, rollbacks, when, on_failure, irreversible, skippable)| {
            let mut step = Step { on_failure, irreversible, skippable, rollbacks, ..step("") };
            step.when = when.into_iter().collect();
            for (work, caution) in actions {
                let run = matches!(work, Work::Run(_));
                step = step.work(work);
                if caution && run {
                    step = step.caution("!");
                }
            }
            step
        },
    )
}

fn a_plan() -> impl Strategy<Value = Plan> {
    prop::collection::vec(a_step(), 1..5).prop_map(|mut steps| {
        for (index, step) in steps.iter_mut().enumerate() {
            step.id = format!("s{index}");
            for (n, action) in step.actions.iter_mut().enumerate() {
                action.id = format!("s{index}#{}", n + 1);
            }
        }
        plan(steps)
    })
}

/// A plan with choices: which of the invited events is told next.
fn a_plan_and_choices(most: usize) -> impl Strategy<Value = (Plan, Vec<Index>)> {
    (a_plan(), prop::collection::vec(any::<Index>(), 1..most))
}

/// Attempts differ without end in long histories, so ask for those at hand.
fn candidates(plan: &Plan, run: &Run, universe: &[Event]) -> Vec<Event> {
    let next = run.next(plan);
    let mut out: Vec<Event> = universe.to_vec();
    if let Next::Execute(execution) | Next::Await(execution) = &next {
        for event in &mut out {
            if let Event::ActionStarted(s) | Event::RollbackStarted(s) = event
                && s.attempt == 1
            {
                s.attempt = execution.attempt;
            }
            if let Event::ActionFinished(f) | Event::RollbackFinished(f) = event
                && f.attempt == 1
            {
                f.attempt = execution.attempt;
            }
        }
    }
    out.extend(of_the_moment(plan, run));
    out
}

fn invited_now(plan: &Plan, run: &Run, all: &[Event]) -> Vec<Event> {
    let now = Now::of(plan, run);
    all.iter().filter(|event| invited(plan, run, &now, event)).cloned().collect()
}

/// Walks at random. Endings are rare, so that histories grow long.
fn history(plan: &Plan, choices: &[Index], mut at_each: impl FnMut(&Run, &[Event], &[Event])) -> Vec<Event> {
    let universe = universe(plan, 1);
    let mut run = Run::new(plan);
    let mut events = Vec::new();
    for choice in choices {
        let all = candidates(plan, &run, &universe);
        let possible = invited_now(plan, &run, &all);
        at_each(&run, &events, &all);
        if possible.is_empty() {
            break;
        }
        let mut event = choice.get(&possible).clone();
        let ends = |event: &Event| {
            matches!(event, Event::Decision { choice: Choice::Abort, .. } | Event::RollbackOpened { .. })
        };
        if ends(&event) && choice.index(5) != 0 {
            let others: Vec<&Event> = possible.iter().filter(|e| !ends(e)).collect();
            event = (*choice.get(&others)).clone();
        }
        run.apply(plan, when(&event), &event).unwrap();
        events.push(event);
    }
    events
}

/// Goes on as well as possible: blocks pass, people agree, what cannot be judged is skipped or ends the run.
fn finish_well(story: &mut Story) -> Verdict {
    for _ in 0..500 {
        story.lapse();
        story.accept();
        match story.next() {
            Next::Open => story.tell(Event::RunOpened(Box::new(opened()))),
            Next::Lapse { .. } => unreachable!("what must lapse has lapsed"),
            Next::PassOver { .. } => story.pass_over(),
            Next::Execute(_) => story.start(),
            Next::Await(_) => story.finish(Outcome::Passed),
            Next::RollBack => story.tell(story.rolling_back(None)),
            Next::Done(verdict) => return verdict,
            Next::Ask(_, Question::InDoubt) => story.decide(Choice::Run),
            Next::Ask(_, Question::Record) => {
                let field = story.run.open_fields(&story.plan, story.task())[0].name.clone();
                story.record(&field, "5");
            }
            Next::Ask(task, Question::SignOff) => {
                let signed: Vec<String> = story.run.signers(task).map(str::to_owned).collect();
                let who = SIGNERS.iter().find(|who| !signed.iter().any(|s| s == *who)).unwrap();
                story.sign(who);
            }
            Next::Ask(task, Question::Confirm) if task.block(&story.plan).is_none() => story.confirm(),
            Next::Ask(..) => story.decide(story.offers().choices[0]),
            Next::SignSession => unreachable!("sessions are not signed here"),
            Next::Override => unreachable!("every rule holds here"),
        }
    }
    panic!("no end after 500 events")
}

fn resumed(plan: &Plan, events: &[Event], crashed: bool) -> Story {
    let run = Run::replay(plan, timed(events)).unwrap();
    let mut story = Story { plan: plan.clone(), run, events: events.to_vec() };
    story.lapse();
    if crashed {
        story.crash();
    }
    story
}

fn settled(plan: &Plan, run: &Run) -> (Vec<bool>, (usize, usize)) {
    ((0..plan.steps.len()).map(|step| run.is_settled(step)).collect(), run.progress())
}

/// Starts of mutating blocks that nothing allows, by the list of events alone.
fn unasked_starts(plan: &Plan, events: &[Event]) -> Vec<usize> {
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    let mut out = Vec::new();
    for (i, event) in events.iter().enumerate() {
        let (Event::ActionStarted(s) | Event::RollbackStarted(s)) = event else { continue };
        let (_, step) = plan.step(&s.step).unwrap();
        let action = step.actions.iter().find(|a| a.id == s.action);
        let block = match action {
            Some(Action { work: Work::Run(block), .. }) => block,
            Some(_) => continue,
            None => {
                let n: usize = s.action.rsplit('-').next().unwrap().parse().unwrap();
                &step.rollbacks[n - 1]
            }
        };
        if let Some(before) = last.insert(&s.action, i) {
            let between = &events[before + 1..i];
            let asked = between.iter().any(|e| match e {
                Event::Decision { action, choice, .. } => {
                    *action == s.action && matches!(choice, Choice::Retry | Choice::Run)
                }
                Event::Deviation(d) => match d.kind {
                    DeviationKind::Edited => d.action.as_ref() == Some(&s.action),
                    DeviationKind::Repeated => d.step == s.step,
                    DeviationKind::OutOfOrder => {
                        plan.step(&d.step).unwrap().0 <= plan.step(&s.step).unwrap().0
                    }
                    _ => false,
                },
                _ => false,
            });
            let failed = between.iter().any(|e| match e {
                Event::ActionFinished(f) | Event::RollbackFinished(f) => {
                    f.action == s.action && matches!(f.outcome, Outcome::Failed | Outcome::TimedOut)
                }
                _ => false,
            });
            let retried = failed && block.options.idempotent && block.options.retry.is_some();
            if !asked && !retried {
                out.push(i);
            }
        }
    }
    out
}

/// Where the run stands as [`at`] begins to say it; `None` where nothing is handed over.
fn standing_words(plan: &Plan, run: &Run) -> Option<String> {
    if matches!(run.next(plan), Next::Open | Next::Done(_)) {
        return None;
    }
    let Standing { next: AtHand { place: _, step, action, takes }, in_doubt, .. } = run.standing(plan);
    assert_eq!(in_doubt.first(), action.as_ref().filter(|_| takes == Takes::Certainty));
    let action = action.unwrap_or_default();
    Some(match takes {
        Takes::Rollback => "roll back".to_owned(),
        Takes::Certainty => format!("ask {action} InDoubt"),
        Takes::SignOff if matches!(run.next(plan), Next::Lapse { .. }) => format!("lapse {action}"),
        Takes::SignOff => format!("ask {action} SignOff"),
        Takes::Decision => format!("ask {action} Failed"),
        Takes::Values => format!("ask {action} Record"),
        Takes::Confirmation => format!("ask {action} Confirm"),
        Takes::Execution if matches!(run.next(plan), Next::PassOver { .. }) => {
            format!("pass over {}", step.unwrap_or_default())
        }
        Takes::Execution => format!("execute {action}"),
    })
}

/// Never two blocks at once; nothing starts after the end.
fn one_at_a_time(events: &[Event]) -> bool {
    let mut running: Option<&str> = None;
    let mut ended = false;
    events.iter().all(|event| match event {
        Event::ActionStarted(s) | Event::RollbackStarted(s) => {
            let free = running.is_none() && !ended;
            running = Some(&s.action);
            free
        }
        Event::ActionFinished(f) | Event::RollbackFinished(f) => running.take() == Some(f.action.as_str()),
        Event::SessionOpened(_) | Event::Handover(_) => {
            running = None;
            true
        }
        Event::Decision { choice: Choice::Abort, .. } => {
            ended = true;
            running.is_none()
        }
        Event::RunClosed { .. } => running.is_none(),
        _ => true,
    })
}

/// Why a passed run should not have passed: actions that nothing settles, by the list of events alone.
fn left_open<'p>(plan: &'p Plan, events: &[Event]) -> Vec<&'p str> {
    let mut out = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let since = events.iter().rposition(|e| match e {
            Event::Deviation(d) => {
                let to = plan.step(&d.step).unwrap().0;
                (d.kind == DeviationKind::Repeated && to == index)
                    || (d.kind == DeviationKind::OutOfOrder && to <= index)
            }
            _ => false,
        });
        let events = &events[since.unwrap_or(0)..];
        for action in &step.actions {
            let sign_off = match &action.work {
                Work::SignOff(sign_off) => Some(sign_off),
                _ => None,
            };
            let mut signers = BTreeSet::new();
            let settled = events.iter().any(|e| match e {
                Event::NotApplicable { step: s, action: a, .. } => {
                    *s == step.id && a.as_ref().is_none_or(|a| *a == action.id)
                }
                Event::Deviation(d) if d.kind == DeviationKind::Skipped => {
                    let here = d.step == step.id && d.action.as_ref().is_none_or(|a| *a == action.id);
                    here && sign_off.is_none() && step.skippable
                }
                Event::ActionFinished(f) => {
                    f.action == action.id && !f.probe && f.outcome == Outcome::Passed && f.exit == Some(0)
                }
                Event::Decision { action: a, choice: Choice::Happened, .. } => *a == action.id,
                Event::ItemConfirmed { action: a, .. } => *a == action.id,
                Event::ValueRecorded { action: a, within_limits, .. }
                | Event::ValueCorrected(Corrected { action: a, within_limits, .. }) => {
                    *a == action.id && *within_limits
                }
                Event::SignOffGiven(given) => {
                    given.action == action.id
                        && signers.insert(given.by.who.as_str())
                        && sign_off.is_some_and(|s| signers.len() == s.count as usize)
                }
                _ => false,
            });
            if !settled {
                out.push(action.id.as_str());
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_invited_is_taken_and_everything_else_is_refused_without_a_mark(
        (plan, choices) in a_plan_and_choices(40),
        others in prop::collection::vec(any::<Index>(), 30),
    ) {
        history(&plan, &choices, |run, _, all| {
            let now = Now::of(&plan, run);
            let mut moved = run.is_closed();
            let some = others.iter().map(|index| index.get(all)).filter(|e| !invited(&plan, run, &now, e));
            let inviting = all.iter().filter(|event| invited(&plan, run, &now, event));
            for event in inviting.chain(some) {
                let expected = invited(&plan, run, &now, event);
                let mut after = run.clone();
                let result = after.apply(&plan, when(event), event);
                assert_eq!(result.is_ok(), expected, "{event:?}\nat {now:?}\n{result:?}");
                assert!(expected || after == *run, "a refused event left its mark: {event:?}");
                moved |= expected && (moves(event) || matches!(now.frontier.due, Some(Due::Lapse { .. })));
            }
            assert!(moved, "a dead end: {}", at(&plan, &now.frontier.next()));
        });
    }

    #[test]
    fn the_oracle_says_the_same_after_every_event((plan, choices) in a_plan_and_choices(60)) {
        history(&plan, &choices, |run, events, _| {
            assert_eq!(at(&plan, &run.next(&plan)), oracle::expected(&plan, events), "after {events:#?}");
            let undone = run.rollback_plan(&plan).steps;
            let undone: Vec<&String> = undone.iter().map(|step| &plan.steps[*step].id).collect();
            assert!(undone.into_iter().eq(&oracle::undoable(&plan, events)), "after {events:#?}");
            let lapsable: BTreeSet<String> = run.lapsable(&plan).iter().map(|task| task.id(&plan)).collect();
            assert_eq!(lapsable, oracle::lapsable(&plan, events), "after {events:#?}");
            assert_eq!(run.handover().map(|open| open.to.as_str()), oracle::handed_to(events));
            assert_eq!(run.operator(), oracle::operator(events));
            let (stands, told) = (oracle::stands(&plan, events), standing_words(&plan, run));
            assert!(told.is_none_or(|told| stands.starts_with(&told)), "{stands} after {events:#?}");
        });
    }

    #[test]
    fn a_replayed_prefix_is_the_run_as_it_was((plan, choices) in a_plan_and_choices(40)) {
        history(&plan, &choices, |run, events, _| {
            assert_eq!(&Run::replay(&plan, timed(events)).unwrap(), run);
        });
    }

    #[test]
    fn a_crash_at_any_event_is_resumed((plan, choices) in a_plan_and_choices(40)) {
        let events = history(&plan, &choices, |_, _, _| ());
        for end in 1..=events.len() {
            let mut story = resumed(&plan, &events[..end], false);
            if story.run.is_closed() {
                break;
            }
            let mut crashed = resumed(&plan, &events[..end], true);
            prop_assert_eq!(settled(&plan, &crashed.run), settled(&plan, &story.run));
            let running = matches!(story.next(), Next::Await(_));
            let doubt = matches!(crashed.next(), Next::Ask(_, Question::InDoubt));
            prop_assert!(!matches!(crashed.next(), Next::Await(_)));
            prop_assert!(doubt || !running, "what ran is in doubt");
            prop_assert_eq!(finish_well(&mut crashed), finish_well(&mut story));
        }
    }

    #[test]
    fn nothing_that_changes_something_starts_again_unasked((plan, choices) in a_plan_and_choices(80)) {
        let events = history(&plan, &choices, |_, _, _| ());
        prop_assert_eq!(unasked_starts(&plan, &events), Vec::<usize>::new());
        prop_assert!(one_at_a_time(&events));
    }

    #[test]
    fn a_run_that_passed_left_nothing_open((plan, choices) in a_plan_and_choices(60)) {
        let events = history(&plan, &choices, |_, _, _| ());
        let mut story = resumed(&plan, &events, false);
        if finish_well(&mut story) == Verdict::Passed {
            prop_assert_eq!(left_open(&plan, &story.events), Vec::<&str>::new());
        }
        prop_assert_eq!(unasked_starts(&plan, &story.events), Vec::<usize>::new());
    }

    #[test]
    fn every_event_of_a_history_survives_the_round_trip((plan, choices) in a_plan_and_choices(40)) {
        for event in history(&plan, &choices, |_, _, _| ()) {
            let text = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        }
    }
}
