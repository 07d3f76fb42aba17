//! Values that a rehearsal captured, and that the run which relies on it captures too.

use std::time::Duration;

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::fake::{Fake, on_web};
use crate::judging::printed;
use crate::story::*;

/// A run that relies on a rehearsal which captured `V` as this.
fn relying(book: Plan, value: &str) -> Story {
    Story::opened_as(book, |opened| opened.policy.rehearsed = Some(rehearsed(value)))
}

fn rehearsed(value: &str) -> Rehearsed {
    Rehearsed {
        number: 3,
        id: "01JC".into(),
        environment: "staging".into(),
        ended: NOW,
        seal: blob("5ea1"),
        log: blob("1049"),
        config: None,
        captured: [("V".to_owned(), value.to_owned())].into(),
    }
}

fn captured(story: &Story, name: &str) -> Result<String, String> {
    story.run.captured(&story.plan)[name].clone()
}

/// What a block that captures the text that it prints comes to.
fn printing(story: &Story, text: &str) -> Judgement {
    printing_at(story, story.task(), text)
}

fn printing_at(story: &Story, task: Task, text: &str) -> Judgement {
    judge(task.block(&story.plan).unwrap(), &story.run.values_at(task), &printed(text).observed())
}

/// Ends the running block with what it printed.
fn ended(story: &Story, text: &str, how: impl FnOnce(&mut Finished)) -> Event {
    let Judgement { outcome, expectations, captures } = printing(story, text);
    let (step, action) = (story.task().step_of(&story.plan).id.clone(), story.task().id(&story.plan));
    let mut finished = Finished { exit: Some(0), ..Finished::of(step, action, 1, outcome) };
    (finished.expectations, finished.captures) = (expectations, captures);
    how(&mut finished);
    Event::ActionFinished(Box::new(finished))
}

#[test]
fn a_block_that_captures_another_value_than_the_rehearsal_fails_and_names_both_and_the_run() {
    let mut story =
        relying(plan([step("build").run().captures("V").captures("OTHER"), step("b").run()]), "a");
    story.start();
    let judgement = printing(&story, "b\n");
    assert_eq!(judgement.outcome, Outcome::Failed);
    let failed: Vec<_> = judgement.expectations.iter().filter_map(|judged| judged.came.as_deref()).collect();
    assert_eq!(failed, ["V is b, and was a in the rehearsal, run 3"]);
    assert_eq!(judgement.captures["OTHER"], "b", "what is not named may be another");
    story.tell(ended(&story, "b\n", |_| ()));
    assert_eq!(story.at(), "ask build#1 Failed");
}

#[test]
fn each_place_is_held_to_what_was_rehearsed() {
    let mut story = Story::opened_as(plan([on_web(step("a").run().captures("V"), 0, 8, 0)]), |opened| {
        opened.environment.targets = targets(&[("web", 2)]);
        opened.policy.rehearsed = Some(rehearsed("a"));
    });
    let [first, second] = story.run.frontier(&story.plan).ready.try_into().unwrap();
    for execution in [first, second] {
        story.tell(story.start_of(execution));
    }
    let judged = |story: &Story, text: &str| printing_at(story, second.task, text).outcome;
    assert_eq!(judged(&story, "a\n"), Outcome::Passed);
    assert_eq!(judged(&story, "b\n"), Outcome::Failed);
}

#[test]
fn the_same_value_passes_and_stands_among_what_was_expected() {
    let mut story = relying(plan([step("build").run().captures("V"), step("b").run()]), "a");
    story.start();
    story.tell(ended(&story, "a\n", |finished| {
        let told = finished.expectations.last().unwrap();
        assert_eq!((told.expected.as_str(), told.held), ("V is as in the rehearsal, run 3: a", true));
    }));
    assert_eq!(story.at(), "execute b#1");
}

#[test]
fn a_record_in_which_a_value_passes_that_the_rehearsal_did_not_have_does_not_conform() {
    let mut story = relying(plan([step("build").run().captures("V"), step("b").run()]), "a");
    story.start();
    let forged = |story: &mut Story, how: &dyn Fn(&mut Finished)| {
        let event = ended(story, "b\n", how);
        story.refuses(event)
    };
    let as_if_it_held = |finished: &mut Finished| {
        let told = finished.expectations.last_mut().unwrap();
        (told.held, told.came, finished.outcome) = (true, None, Outcome::Passed);
    };
    assert_eq!(forged(&mut story, &as_if_it_held), "a value is not held against the rehearsal as it is");
    let not_compared = |finished: &mut Finished| {
        finished.expectations.pop();
        finished.outcome = Outcome::Passed;
    };
    assert_eq!(forged(&mut story, &not_compared), "not every expectation was judged, each once");
    // Nor is the same value told to be another one.
    let told = ended(&story, "a\n", |finished| {
        let told = finished.expectations.last_mut().unwrap();
        (told.held, finished.outcome) = (false, Outcome::Failed);
    });
    assert_eq!(story.refuses(told), "a value is not held against the rehearsal as it is");
}

#[test]
fn a_block_that_captures_nothing_fails_for_that_alone() {
    let mut story = relying(plan([step("build").run().captures("V")]), "a");
    story.start();
    story.tell(ended(&story, "\n", |finished| {
        assert_eq!(finished.expectations.len(), 2);
        assert!(finished.expectations[1].expected.contains("is captured from stdout"));
    }));
    assert_eq!(story.at(), "ask build#1 Failed");
}

#[test]
fn a_rollback_is_held_against_no_rehearsal() {
    let back = |block: &mut Block| block.options.capture.push(capture("V", CaptureFrom::Stdout));
    let mut story = relying(
        plan([step("a").run().rollback_with(back), step("b").run().on_failure(OnFailure::Rollback)]),
        "a",
    );
    story.pass();
    story.fail();
    story.tell(story.rolling_back(None));
    story.pass_with("V", "before");
    assert_eq!(story.at(), "done RolledBack");
}

#[test]
fn what_was_captured_is_the_value_that_later_blocks_could_use() {
    let mut story = Story::of(plan([step("a").run().captures("V")]));
    assert_eq!(captured(&story, "V").unwrap_err(), "was not captured there");
    story.pass_with("V", "one");
    assert_eq!(captured(&story, "V").unwrap(), "one");
    // A variable of that name is nothing that was captured.
    let mut story = Story::opened_as(plan([step("a").run().captures("V"), step("b").run()]), |opened| {
        opened.environment.vars = [("V".to_owned(), "configured".to_owned())].into();
    });
    story.start();
    story.finish(Outcome::Failed);
    story.skip();
    assert_eq!(captured(&story, "V").unwrap_err(), "was not captured there: its block was skipped");
    // Two blocks that captured two values leave it open which one was rehearsed.
    let mut story = Story::of(plan([step("a").run().captures("V"), step("b").check().captures("V")]));
    story.pass_with("V", "one");
    story.pass_with("V", "two");
    assert_eq!(captured(&story, "V").unwrap_err(), "was captured there as one thing and another: one, two");
}

#[test]
fn what_places_captured_counts_where_all_of_them_captured_the_same() {
    let of = |second: &str| {
        let steps = [on_web(step("a").run().captures("V"), 0, 8, 0)];
        let mut fake = Fake::of(steps, 2).captures("a#1", 1, "one").captures("a#1", 2, second);
        fake.go_on();
        captured(&fake.story, "V")
    };
    assert_eq!(of("one").unwrap(), "one");
    let why = of("two").unwrap_err();
    assert_eq!(
        why,
        "has no one value there: `V` differs between places: `one` at ssh://web-01, `two` at ssh://web-02"
    );
}

#[test]
fn the_gate_takes_names_that_blocks_capture_and_what_the_rehearsal_captured_under_them() {
    let book = plan([step("a").run().captures("IMAGE")]);
    let requires = Requires {
        rehearsal: Some("staging".into()),
        same: vec!["RELEASE".into(), "IMAGE".into()],
        max_age: Some(Duration::from_secs(60)),
        ..Requires::default()
    };
    let inputs =
        [InputGiven { name: "RELEASE".into(), value: Some("v1".into()), secret: false, from: "set".into() }];
    let gate = Gate::of(&requires, ("a", &[]), (&book, &inputs), NOW).unwrap();
    assert_eq!(gate.untellable(), [""; 0]);
    assert_eq!(gate.captured().collect::<Vec<_>>(), ["IMAGE"]);
    let mut candidate = opened();
    (candidate.environment.name, candidate.inputs) = ("staging".into(), inputs.to_vec());
    let ends = Ends { opened: &candidate, verdict: Some(Verdict::Passed), sealed: true, ended: NOW };
    assert_eq!(gate.by_ends(&ends), [], "what was captured, the ends of a record do not tell");
    let shown = |captured: Option<Result<&str, &str>>| Shown {
        captured: captured
            .map(|told| ("IMAGE".to_owned(), told.map(str::to_owned).map_err(str::to_owned)))
            .into_iter()
            .collect(),
        ..Shown::default()
    };
    let why = |shown: &Shown| gate.by_proof(shown).iter().map(Differs::words).collect::<Vec<_>>();
    let taken = shown(Some(Ok("sha256:aa")));
    assert_eq!(why(&taken), [""; 0]);
    assert_eq!(gate.captured_in(&taken), [("IMAGE".to_owned(), "sha256:aa".to_owned())].into());
    assert_eq!(why(&shown(None)), ["IMAGE was not captured there"]);
    let skipped = "was not captured there: its block was skipped";
    assert_eq!(why(&shown(Some(Err(skipped)))), [format!("IMAGE {skipped}")]);
}
