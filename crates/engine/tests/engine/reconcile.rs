//! A document that takes the place of another: the table against an oracle that is written otherwise, and the fold.

use std::collections::BTreeMap;

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::{Written as _, plan, step};
use crate::story::{LEAD, OPS, QA, Story, by, opened, session, timed};

/// Steps by name; each says one thing or another.
type Outline = Vec<(char, bool)>;

fn of(outline: &[(char, bool)]) -> Plan {
    let steps = outline.iter().map(|(name, other)| {
        let script = if *other { "false\n" } else { "true\n" };
        let mut step = step(&name.to_string()).run().with(|block| block.script = script.into());
        // The bytes of a step are as much a part of it as what is read of them.
        step.digest = format!("{name}{other}");
        step
    });
    plan(steps)
}

/// Every document of at most `most` of these steps.
fn outlines(names: &[char], most: usize) -> Vec<Outline> {
    let mut all = vec![Vec::new()];
    let mut from = 0;
    while from < all.len() {
        let outline: Outline = all[from].clone();
        from += 1;
        if outline.len() == most {
            continue;
        }
        for name in names.iter().filter(|name| outline.iter().all(|(there, _)| there != *name)) {
            all.extend([false, true].map(|other| [outline.clone(), vec![(*name, other)]].concat()));
        }
    }
    all
}

/// How far a run can have come in a document of so many steps.
fn standings(steps: usize) -> Vec<Vec<Progress>> {
    let mut all = vec![Vec::new()];
    for reached in 1..=steps {
        let mut done = vec![Progress::Done; reached];
        all.push(done.clone());
        done[reached - 1] = Progress::UnderWay;
        all.push(done);
    }
    all
}

#[test]
fn the_table_takes_just_the_documents_that_begin_with_what_is_on_record() {
    let old = vec![('a', false), ('b', false), ('c', false)];
    let (mut seen, mut taken, mut refused) = (BTreeMap::new(), 0, 0);
    for new in outlines(&['a', 'b', 'c', 'd'], 4) {
        for progress in standings(old.len()) {
            // The oracle knows no table: what is on record is how the new document begins, step by step.
            let may = new.get(..progress.len()).is_some_and(|first| first == &old[..progress.len()]);
            let Reconciled { fates, refusals } = reconcile(&of(&old), &of(&new), &progress);
            assert_eq!(refusals.is_empty(), may, "{old:?} at {progress:?} to {new:?}: {refusals:?}");
            if may {
                taken += 1
            } else {
                refused += 1
            }
            assert_eq!(fates.len(), 3 + new.iter().filter(|(name, _)| *name == 'd').count(), "{fates:?}");
            assert_eq!(fates.iter().filter(|fate| !fate.may_be()).count(), refusals.len());
            for fate in fates {
                seen.entry(format!("{:?} {:?}", fate.progress, fate.became)).or_insert_with(|| fate.may_be());
            }
        }
    }
    assert!(taken > 500 && refused > 500, "{taken} {refused}");
    // Every row and every column was there.
    let told: Vec<String> = seen.iter().map(|(fate, may)| format!("{fate}: {may}")).collect();
    assert_eq!(
        told,
        [
            "Done Changed: false",
            "Done Gone: false",
            "Done Moved: false",
            "Done New: false",
            "Done Same: true",
            "Remaining Changed: true",
            "Remaining Gone: true",
            "Remaining Moved: true",
            "Remaining New: true",
            "Remaining Same: true",
            "UnderWay Changed: false",
            "UnderWay Gone: false",
            "UnderWay Moved: false",
            "UnderWay New: false",
            "UnderWay Same: true",
        ]
    );
}

#[test]
fn whatever_a_step_asks_for_makes_it_another_one_and_where_it_stands_does_not() {
    let old = plan([step("a").run(), step("b").run()]);
    let same: [fn(&mut Step); 3] = [
        |step| step.number = "2.1".into(),
        |step| step.path = vec!["A phase".into()],
        |step| step.span = Span { start: 7, end: 9 },
    ];
    let other: [fn(&mut Step); 9] = [
        |step| step.digest = "of other bytes".into(),
        |step| step.role = Some("qa".into()),
        |step| step.when = vec!["true".into()],
        |step| step.target = Some("web".into()),
        |step| step.on_failure = OnFailure::Stop,
        |step| step.irreversible = true,
        |step| step.skippable = false,
        |step| step.file = Some("common.md".into()),
        |step| step.rollbacks = step.clone().rollback().rollbacks,
    ];
    for (how, may) in same.iter().map(|how| (how, true)).chain(other.iter().map(|how| (how, false))) {
        let mut new = old.clone();
        how(&mut new.steps[0]);
        let refusals = reconcile(&old, &new, &[Progress::Done]).refusals;
        assert_eq!(refusals.is_empty(), may, "{refusals:?}");
        assert!(reconcile(&old, &new, &[]).refusals.is_empty(), "nothing is on record of it");
    }
}

#[test]
fn a_run_goes_by_the_inputs_that_it_was_opened_with() {
    let input = |name: &str| Input {
        name: name.into(),
        prompt: None,
        kind: ValueKind::Text { pattern: None },
        default: None,
        secret: false,
        from: None,
        span: Span::default(),
    };
    let mut old = plan([step("a").run()]);
    old.front.inputs = vec![input("RELEASE")];
    let mut new = old.clone();
    new.front.inputs[0].prompt = Some("Which".into());
    assert!(reconcile(&old, &new, &[]).refusals.is_empty());
    new.front.inputs[0].secret = true;
    assert_eq!(
        reconcile(&old, &new, &[]).refusals,
        ["it asks for other inputs than the run was opened with"]
    );
    new.front.inputs.clear();
    assert!(!reconcile(&old, &new, &[]).refusals.is_empty());
    new.front.inputs = old.front.inputs.clone();
    new.kind = DocumentKind::Foreign;
    assert!(!reconcile(&old, &new, &[]).refusals.is_empty());
}

fn exchanged() -> Exchanged {
    let mut runbook = opened().runbook;
    (runbook.blob.sha256, runbook.title) = ("b".into(), "Another plan".into());
    Exchanged {
        runbook,
        plan: String::new(),
        diff: BlobRef { sha256: "diff".into(), bytes: 1 },
        policy: Policy::default(),
        reason: "a step lacked".into(),
        by: by(OPS),
    }
}

fn event(how: impl FnOnce(&mut Exchanged)) -> Event {
    let mut exchanged = exchanged();
    how(&mut exchanged);
    Event::DocumentExchanged(Box::new(exchanged))
}

/// A run that has passed its first step of three, taken up again by whoever operates.
fn story() -> Story {
    let mut story = Story::of(plan([step("a").run(), step("b").run(), step("c").run()]));
    story.pass();
    story.tell(Event::SessionOpened(session(OPS)));
    story
}

/// What would be told of this run with another rest.
fn goes_by(story: &mut Story, rest: impl IntoIterator<Item = Step>) {
    let steps = [story.plan.steps[0].clone()].into_iter().chain(rest);
    story.plan = plan(steps).in_place_of(story.plan.clone());
}

#[test]
fn a_run_goes_on_by_the_new_document_and_its_record_is_folded_by_both() {
    let mut story = story();
    goes_by(&mut story, [step("d").run(), step("c").run(), step("e").confirm()]);
    assert_eq!(story.run.exchanges(), 0);
    story.tell(event(|_| {}));
    assert_eq!((story.at(), story.run.exchanges()), ("execute d#1".to_owned(), 1));
    assert_eq!(story.run.progress(), (1, 4));
    assert_eq!(story.run.opened().unwrap().title(), "Another plan");
    assert_eq!(story.run.deviations(), 1);
    story.pass();
    story.pass();
    story.tell(Event::SessionOpened(session(OPS)));
    goes_by(&mut story, [step("d").run(), step("c").run(), step("f").run()]);
    story.tell(event(|exchanged| exchanged.runbook.blob.sha256 = "c".into()));
    story.pass();
    story.close(Verdict::Passed);
    let again = Run::replay(&story.plan, timed(&story.events)).unwrap();
    assert_eq!(again, story.run);
    // Without the plans that it went by, no record is folded.
    let last = Plan { former: None, ..story.plan.clone() };
    assert!(Run::replay(&last, timed(&story.events)).is_err());
}

#[test]
fn without_an_exchange_on_record_the_run_goes_by_the_old_document() {
    let mut story = story();
    goes_by(&mut story, [step("d").run()]);
    story.tell(event(|_| {}));
    story.pass();
    let at = story.events.iter().position(|event| matches!(event, Event::DocumentExchanged(_))).unwrap();
    story.events.remove(at);
    assert!(Run::replay(&story.plan, timed(&story.events)).is_err());
}

#[test]
fn an_exchange_that_may_not_be_leaves_the_run_as_it_was_and_says_why() {
    let mut story = story();
    let (plan_before, changed) =
        (story.plan.clone(), step("a").run().with(|block| block.script = "no\n".into()));
    let why = |story: &mut Story, how: fn(&mut Exchanged)| story.refuses(event(how));
    assert!(why(&mut story, |_| {}).contains("the new one is not known here"));

    story.plan = plan([changed, step("b").run()]).in_place_of(plan_before.clone());
    assert_eq!(why(&mut story, |_| {}), "a is done, and is not the same");
    story.plan = plan([step("b").run()]).in_place_of(plan_before.clone());
    assert_eq!(why(&mut story, |_| {}), "a is done, and is gone");
    story.plan = plan([step("n").run(), step("a").run()]).in_place_of(plan_before.clone());
    assert_eq!(why(&mut story, |_| {}), "n is new, and stands before a step that is done");
    story.plan = plan([step("b").run(), step("a").run()]).in_place_of(plan_before.clone());
    assert_eq!(why(&mut story, |_| {}), "a is done, and other steps stand before it now");

    story.plan = plan_before;
    goes_by(&mut story, [step("b").run()]);
    for (how, told) in [
        (|it: &mut Exchanged| it.reason = " ".into(), "needs a reason"),
        (|it: &mut Exchanged| it.by = by(LEAD), "whoever operates"),
        (|it: &mut Exchanged| it.runbook.path = "b.md".into(), "has its path"),
        (|it: &mut Exchanged| it.runbook = opened().runbook, "the same as before"),
        (|it: &mut Exchanged| it.runbook.foreign = true, "front matter"),
        (|it: &mut Exchanged| it.policy.kept = vec![Rule::Roles], "the rules stay as they are"),
    ] as [(fn(&mut Exchanged), &str); 6]
    {
        let reason = why(&mut story, how);
        assert!(reason.contains(told), "{reason}");
    }
    story.tell(event(|_| {}));
}

#[test]
fn what_is_done_once_more_is_under_way_whatever_the_run_went_back_to() {
    let mut story = story();
    story.pass();
    story.tell(Event::Deviation(Deviation::of(DeviationKind::OutOfOrder, "a", None, "again", by(OPS))));
    assert_eq!(story.run.progress_of_steps(), [Progress::UnderWay, Progress::UnderWay]);
    goes_by(&mut story, [step("x").run()]);
    assert_eq!(story.refuses(event(|_| {})), "b is under way, and is gone");
}

#[test]
fn what_is_rolled_back_goes_by_the_document_that_it_was_done_by() {
    let mut story = Story::of(plan([step("a").run().rollback(), step("b").run()]));
    story.pass();
    story.roll_back();
    goes_by(&mut story, [step("c").run()]);
    assert!(story.refuses(event(|_| {})).contains("is undone"));
}

#[test]
fn a_sign_off_over_the_old_document_lapses_and_is_asked_for_again() {
    let mut story = Story::of(plan([step("hold").sign_off("qa"), step("go").run()]));
    let (step_id, action) = ("hold".to_owned(), "hold#1".to_owned());
    let statement = "I approve.".to_owned();
    story.tell(Event::SignOffRequested { step: step_id, action, role: "qa".into(), statement });
    story.sign(QA);
    goes_by(&mut story, [step("other").run()]);
    story.tell(event(|_| {}));
    assert_eq!(story.at(), "lapse hold#1");
    story.lapse();
    assert_eq!(story.at(), "ask hold#1 SignOff");
    let seen = story.run.seen();
    assert!(seen.deviations[0].starts_with("document exchanged by ops@example.org: a.md is sha256 b"));
    assert!(seen.history.iter().any(|happened| matches!(happened.event, Event::DocumentExchanged(_))));
}

#[test]
fn rules_about_the_document_are_held_against_the_new_one() {
    let kept = vec![Rule::Committed, Rule::CleanCommit, Rule::SameCommit];
    let opened = |opened: &mut RunOpened| {
        opened.runbook.commit = Some("1".into());
        opened.policy = Policy { kept, ..Policy::default() };
    };
    let mut story = Story::opened_as(plan([step("a").run(), step("b").run()]), opened);
    story.pass();
    let unmet = [Rule::Committed, Rule::SameCommit].map(|rule| Unmet { rule, why: "it moved".into() });
    let look = Look {
        commit: Some("2".into()),
        dirty: Some(false),
        committed: Some(false),
        anchor: None,
        unmet: unmet.to_vec(),
        change: None,
    };
    story.tell(Event::SessionOpened(session(OPS).after(look)));
    assert_eq!(story.at(), "override");
    goes_by(&mut story, [step("c").run()]);
    let at = |commit: Option<&str>, dirty, committed| {
        let commit = commit.map(str::to_owned);
        event(|it| (it.runbook.commit, it.runbook.dirty, it.runbook.committed) = (commit, dirty, committed))
    };
    assert!(story.refuses(at(Some("2"), Some(false), Some(false))).contains("the rule committed"));
    assert!(story.refuses(at(None, Some(false), Some(true))).contains("the rule committed"));
    assert!(story.refuses(at(Some("2"), Some(true), Some(true))).contains("the rule clean_commit"));
    story.tell(at(Some("2"), Some(false), Some(true)));
    assert_eq!(story.at(), "execute c#1");
}

#[test]
fn rules_about_anything_else_stay_broken() {
    let opened = |opened: &mut RunOpened| {
        opened.policy = Policy { kept: vec![Rule::Roles], ..Policy::default() };
    };
    let mut story = Story::opened_as(plan([step("a").run(), step("b").run()]), opened);
    story.pass();
    let unmet = vec![Unmet { rule: Rule::Roles, why: "it was withdrawn".into() }];
    story.tell(Event::SessionOpened(session(OPS).after(Look { unmet, ..Look::default() })));
    goes_by(&mut story, [step("c").run()]);
    assert!(story.refuses(event(|_| {})).contains("rules of the environment do not hold"));
}
