//! `when`, on steps and blocks.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::story::*;

fn only_if(condition: &str) -> impl FnOnce(&mut Block) {
    let condition = Some(condition.to_owned());
    move |block| block.options.when = condition
}

#[test]
fn a_step_whose_condition_does_not_hold_is_passed_over_whole() {
    let mut story = Story::of(plan([
        step("a").run().sign_off("qa").when("environment.name == 'staging'"),
        step("b").confirm().when("environment.name == 'production'"),
    ]));
    assert_eq!(story.at(), "pass over a");
    assert_eq!(story.offers(), Offers::default());
    story.refuses(Event::NotApplicable {
        place: None,
        step: "b".into(),
        action: None,
        condition: "false".into(),
    });
    story.refuses(Event::NotApplicable {
        place: None,
        step: "a".into(),
        action: None,
        condition: "environment.name == 'production'".into(),
    });
    story.refuses(Event::NotApplicable {
        place: None,
        step: "a".into(),
        action: Some("a#1".into()),
        condition: "environment.name == 'staging'".into(),
    });
    story.pass_over();
    assert_eq!(story.at(), "ask b#1 Confirm");
    story.refuses(Event::NotApplicable {
        place: None,
        step: "b".into(),
        action: None,
        condition: "environment.name == 'production'".into(),
    });
}

#[test]
fn a_block_whose_own_condition_does_not_hold_is_passed_over_alone() {
    let mut story =
        Story::of(plan([step("a").run().captures("OUT").run().with(only_if("OUT == 'yes'")).run()]));
    story.pass_with("OUT", "no");
    assert_eq!(story.at(), "pass over a#2");
    story.refuses(Event::NotApplicable {
        place: None,
        step: "a".into(),
        action: Some("a#3".into()),
        condition: "OUT == 'yes'".into(),
    });
    story.pass_over();
    assert_eq!(story.at(), "execute a#3");
}

#[test]
fn a_condition_that_cannot_be_evaluated_asks_and_lets_nothing_run() {
    for a in [step("a").run().confirm().when("NOBODY == 1"), step("a").run().confirm().when("'text'")] {
        let mut story = Story::of(plan([a, step("b").run()]));
        assert_eq!(story.at(), "ask a#1 Failed");
        assert!(story.run.condition_error(&story.plan, story.task()).is_some());
        let offers = story.offers();
        assert_eq!(offers.choices, [Choice::Abort], "trying the same again would say the same again");
        assert!(offers.skip_step && !offers.skip && !offers.edit);
        story.refuses(story.skipping());
        story.refuses(story.editing("other"));
        story.refuses(story.decision(Choice::Retry));
        story.tell(story.skipping_step());
        assert_eq!(story.at(), "execute b#1");
    }
}

#[test]
fn a_block_whose_own_condition_cannot_be_evaluated_may_be_skipped_but_not_run() {
    let mut story = Story::of(plan([step("a").run().with(only_if("NOBODY == 1")).confirm()]));
    assert_eq!(story.at(), "ask a#1 Failed");
    assert!(!story.offers().edit);
    story.refuses(story.editing("other"));
    story.skip();
    assert_eq!(story.at(), "ask a#2 Confirm");
}

#[test]
fn a_condition_that_failed_to_evaluate_is_asked_again_after_the_step_that_sets_its_variable() {
    let mut story = Story::of(plan([step("a").run().captures("OUT"), step("b").run().when("OUT == 'yes'")]));
    story.skip();
    assert_eq!(story.at(), "ask b#1 Failed");
    story.repeat("a");
    story.pass_with("OUT", "yes");
    assert_eq!(story.at(), "execute b#1");
}

#[test]
fn a_condition_is_decided_once_and_holds_for_the_whole_step() {
    let mut story = Story::of(plan([
        step("a").run().captures("OUT"),
        step("b").run().captures("OUT").run().when("OUT == 'yes'"),
    ]));
    story.pass_with("OUT", "yes");
    story.pass_with("OUT", "no");
    assert_eq!(story.at(), "execute b#2");
    assert_eq!(story.run.condition_error(&story.plan, story.task()), None);
}

#[test]
fn a_condition_that_would_not_evaluate_any_more_does_not_bar_the_rest_of_the_step() {
    let mut story = Story::of(plan([
        step("a").run().captures("OUT"),
        step("b").run().captures("OUT").confirm().when("OUT | int == 1"),
    ]));
    story.pass_with("OUT", "1");
    story.pass_with("OUT", "no number");
    assert_eq!(story.at(), "ask b#2 Confirm");
    assert_eq!(story.run.condition_error(&story.plan, story.task()), None);
    assert!(story.offers().skip);
}

#[test]
fn a_block_that_began_is_tried_again_though_it_made_its_own_condition_false() {
    let own = |step: Step| step.captures("OUT").with(only_if("OUT == 'yes'")).retry(1, 60);
    let mut story = Story::of(plan([own(step("a").run().captures("OUT").run())]));
    story.pass_with("OUT", "yes");
    story.start();
    story.finish_with(Outcome::Failed, |f| drop(f.captures.insert("OUT".into(), "no".into())));
    assert_eq!(story.at(), "execute a#2");
    story.execute(Outcome::Interrupted);
    story.decide(Choice::Retry);
    assert_eq!(story.at(), "execute a#2");
}

#[test]
fn a_step_that_was_passed_over_may_be_looked_at_again() {
    let mut story = Story::of(plan([step("a").run().when("false"), step("b").confirm()]));
    story.pass_over();
    assert_eq!(story.offers().back, [0]);
    story.repeat("a");
    assert_eq!(story.at(), "pass over a");
}

#[test]
fn conditions_are_asked_again_when_the_step_is_repeated() {
    let mut story = Story::of(plan([
        step("a").run().captures("OUT"),
        step("b").run().with(only_if("OUT == 'yes'")),
        step("c").run().when("OUT == 'yes'"),
        step("d").confirm(),
    ]));
    story.pass_with("OUT", "yes");
    story.pass();
    story.pass();
    story.go_back("a");
    story.pass_with("OUT", "no");
    assert_eq!(story.at(), "pass over b#1");
    story.pass_over();
    assert_eq!(story.at(), "pass over c");
}

#[test]
fn a_check_that_found_something_out_is_still_held_to_its_own_condition() {
    let mut story = Story::of(plan([step("a")
        .run()
        .captures("OUT")
        .run()
        .captures("OUT")
        .check()
        .with(only_if("OUT == 'yes'"))]));
    story.pass_with("OUT", "yes");
    story.start();
    story.crash();
    story.decide(Choice::FindOut);
    story.pass();
    story.decide(Choice::Run);
    story.pass_with("OUT", "no");
    assert_eq!(story.at(), "pass over a#3");
}

#[test]
fn a_check_that_is_not_for_this_run_is_not_offered_to_find_out() {
    let mut story = Story::of(plan([step("a").run().check().with(only_if("false"))]));
    story.start();
    story.crash();
    assert!(!story.offers().choices.contains(&Choice::FindOut));
}

#[test]
fn a_rollback_block_is_held_to_its_own_condition() {
    let mut story = Story::of(plan([
        step("a").run().rollback_with(only_if("false")).rollback_with(only_if("NOBODY")).rollback(),
        step("b").confirm(),
    ]));
    story.pass();
    story.roll_back();
    assert_eq!(story.at(), "pass over a#rollback-1");
    story.pass_over();
    assert_eq!(story.at(), "ask a#rollback-2 Failed");
    assert_eq!(story.offers().choices, [Choice::Abort]);
    story.skip();
    story.pass();
    assert_eq!(story.at(), "done Failed");
}

#[test]
fn a_boolean_input_that_is_false_does_not_count_as_true() {
    let mut plan = plan([step("a").run().when("DRAIN"), step("b").run().when("REPLICAS > 3")]);
    let input = |name: &str, kind| Input {
        name: name.into(),
        prompt: None,
        kind,
        default: None,
        secret: false,
        from: None,
        span: Span::default(),
    };
    plan.front.inputs = vec![
        input("DRAIN", ValueKind::Boolean),
        input("REPLICAS", ValueKind::Integer { min: None, max: None }),
    ];
    let mut story = Story::opened_as(plan, |opened| {
        opened.inputs = ["DRAIN", "REPLICAS"]
            .iter()
            .zip(["false", "2"])
            .map(|(name, value)| InputGiven {
                name: (*name).into(),
                value: Some(value.into()),
                secret: false,
                from: "set".into(),
            })
            .collect();
    });
    assert_eq!(story.at(), "pass over a");
    story.pass_over();
    assert_eq!(story.at(), "pass over b");
}

#[test]
fn a_recorded_number_is_compared_as_a_number() {
    let mut story = Story::of(plan([step("a").record(&["rate"]), step("b").run().when("rate < 3")]));
    story.record("rate", "10");
    assert_eq!(story.at(), "pass over b");
}

#[test]
fn an_item_that_cannot_be_rendered_cannot_be_confirmed() {
    let text = Work::Confirm { text: "Compare {{ NOBODY }}".into() };
    let mut story = Story::of(plan([step("a").work(text), step("b").run()]));
    assert_eq!(story.at(), "ask a#1 Failed");
    assert!(story.run.condition_error(&story.plan, story.task()).unwrap().contains("cannot be rendered"));
    assert!(!story.offers().choices.contains(&Choice::Retry));
    story.refuses(Event::ItemConfirmed {
        step: "a".into(),
        action: "a#1".into(),
        text: "Compare".into(),
        by: by(OPS),
    });
}

#[test]
fn a_prompt_that_cannot_be_rendered_takes_no_value() {
    let asked = Field { prompt: Some("How many {{ NOBODY }}".into()), ..field("seen") };
    let story = Story::of(plan([step("a").work(Work::Record { fields: vec![asked] })]));
    assert_eq!(story.at(), "ask a#1 Failed");
}

#[test]
fn a_statement_that_cannot_be_rendered_is_not_signed_but_there_are_ways_on() {
    let mut story = Story::of(plan([
        step("a").run().captures("OUT").rollback(),
        step("b").check().captures("SEEN"),
        step("c").sign_off("qa").signed_off(|sign_off| sign_off.statement = "I saw {{ SEEN }}".into()),
    ]));
    story.pass();
    story.skip();
    assert_eq!(story.at(), "ask c#1 Failed");
    let why = story.run.condition_error(&story.plan, story.task()).unwrap();
    assert!(why.contains("I saw {{ SEEN }}") && why.contains("`SEEN` is not defined"), "{why}");
    let offers = story.offers();
    assert_eq!(offers.choices, [Choice::Abort]);
    assert!(!offers.skip && !offers.skip_step, "nobody passes a hold point");
    assert_eq!((offers.back, offers.rollback.steps), (vec![0, 1], vec![0]));
    let names = || ("c".to_owned(), "c#1".to_owned());
    let ((step, action), role) = (names(), "qa".to_owned());
    story.refuses(Event::SignOffRequested { step, action, role, statement: "I saw {{ SEEN }}".into() });
    let ((step, action), reason) = (names(), "no".to_owned());
    story.refuses(Event::SignOffRejected {
        step,
        action,
        reason,
        signed: None,
        presence: presence(),
        by: by(QA),
    });
    story.repeat("b");
    story.pass_with("SEEN", "it");
    assert_eq!(story.at(), "ask c#1 SignOff");
}

#[test]
fn a_block_whose_variables_cannot_be_rendered_asks_before_it_starts() {
    let env = |block: &mut Block| block.options.env.push(("Z".into(), "a{{ SEEN }}".into()));
    let mut story =
        Story::of(plan([step("a").check().captures("SEEN"), step("b").run().with(env).confirm()]));
    story.skip();
    assert_eq!(story.at(), "ask b#1 Failed");
    let why = story.run.condition_error(&story.plan, story.task()).unwrap();
    assert!(why.contains("env Z") && why.contains("`SEEN` is not defined"), "{why}");
    let offers = story.offers();
    assert_eq!(offers.choices, [Choice::Abort]);
    assert!(offers.skip && !offers.edit, "no edit of the script changes that");
    story.refuses(story.editing("other"));
    story.repeat("a");
    story.pass_with("SEEN", "it");
    assert_eq!(story.at(), "execute b#1");
}

#[test]
fn a_script_that_cannot_be_rendered_asks_before_it_starts_and_may_be_edited() {
    let template = |block: &mut Block| {
        block.options.template = true;
        block.script = "echo {{ SEEN }}".into();
    };
    let mut story = Story::of(plan([step("a").run().with(template)]));
    assert_eq!(story.at(), "ask a#1 Failed");
    assert!(story.offers().edit);
    story.tell(story.editing("echo it"));
    assert_eq!(story.at(), "execute a#1");
}

#[test]
fn a_check_that_cannot_be_rendered_is_not_offered_to_find_out() {
    let env = |block: &mut Block| block.options.env.push(("Z".into(), "a{{ SEEN }}".into()));
    let mut story = Story::of(plan([step("a").run().check().with(env)]));
    story.start();
    story.crash();
    assert!(!story.offers().choices.contains(&Choice::FindOut));
}

#[test]
fn a_run_of_which_nothing_was_done_does_not_pass() {
    let mut story = Story::of(plan([
        step("a").run().when("environment.name == 'nowhere'"),
        step("b").check().run(),
        step("c").confirm(),
    ]));
    story.pass_over();
    story.tell(deviation(DeviationKind::Skipped, "b", None));
    story.tell(deviation(DeviationKind::Skipped, "c", Some("c#1")));
    assert_eq!(story.at(), "done NothingDone");
    assert_eq!(story.run.tally(), Tally { done: 0, skipped: 3, passed_over: 1, again: 0, all: 4 });
    assert_eq!(story.run.skipped(&story.plan), ["b#1", "b#2", "c#1"]);
    story.refuses(Event::RunClosed { verdict: Verdict::Passed });
    story.close(Verdict::NothingDone);
}

#[test]
fn what_was_skipped_and_done_afterwards_was_not_skipped() {
    let mut story = Story::of(plan([step("a").check().run(), step("b").confirm()]));
    story.tell(deviation(DeviationKind::Skipped, "a", None));
    assert_eq!(story.run.skipped(&story.plan), ["a#1", "a#2"]);
    story.go_back("a");
    story.pass();
    story.tell(deviation(DeviationKind::Skipped, "a", None));
    assert_eq!(story.run.skipped(&story.plan), ["a#2"]);
    story.confirm();
    story.close(Verdict::Passed);
}
