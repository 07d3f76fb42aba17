//! What places are told of, and what each of them sees.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::fake::*;
use crate::story::*;

fn reads(script: &str) -> impl FnOnce(&mut Block) {
    let script = script.to_owned();
    move |block| block.script = script
}

#[test]
fn a_run_opens_only_where_every_target_has_places_and_all_of_them_differ() {
    let book = plan([Step { target: Some("web".into()), ..step("a").run() }]);
    let with = |targets: &[(&str, &[&str])]| {
        let seen = targets.iter().map(|(name, places)| {
            let places = places.iter().map(|place| (*place).to_owned()).collect();
            ((*name).to_owned(), TargetSeen { places, r#become: None })
        });
        let mut event = opened();
        event.environment.targets = seen.collect();
        Run::new(&book).apply(&book, NOW, &Event::RunOpened(Box::new(event))).map_err(|error| error.reason)
    };
    with(&[("web", &["local"])]).unwrap();
    for (case, why) in [
        (&[][..], "the environment production has no target web"),
        (&[("web", &[][..])], "the target web has no place"),
        (&[("web", &["local", "local"])], "a place of the target web is told of twice"),
    ] {
        assert_eq!(with(case).unwrap_err(), why);
    }
    assert!(with(&[("web", &["local"]), ("local", &["ssh://a"])]).is_err());
}

#[test]
fn an_event_names_its_place_and_no_other_is_taken() {
    let mut fake = Fake::of([on_web(step("a").run(), 0, 1, 0)], 2);
    let start = fake.story.start_event();
    for place in [None, Some(web(2)), Some("ssh://nowhere".to_owned())] {
        let Event::ActionStarted(started) = start.clone() else { panic!() };
        fake.story.refuses(Event::ActionStarted(Started { place, ..started }));
    }
    fake.story.tell(start);
    let end = fake.story.finish_event(Outcome::Passed, |finished| finished.place = Some(web(2)));
    fake.story.refuses(end);
    fake.story.finish(Outcome::Passed);
    let mut plain = Story::of(plan([step("a").run()]));
    let Event::ActionStarted(started) = plain.start_event() else { panic!() };
    plain.refuses(Event::ActionStarted(Started { place: Some("local".into()), ..started }));
}

#[test]
fn a_block_on_the_same_target_sees_what_its_own_place_captured() {
    let again = |block: &mut Block| {
        block.options.template = true;
        block.script = "use {{ V }}\n".into();
    };
    let steps =
        [on_web(step("a").run().captures("V"), 0, 2, 0), on_web(step("b").run().with(again), 0, 2, 0)];
    let mut fake = Fake::of(steps, 2).captures("a#1", 1, "one").captures("a#1", 2, "two");
    fake.start_all();
    fake.end(0);
    fake.end(0);
    let ready = fake.frontier().ready;
    let seen: Vec<String> = ready
        .iter()
        .map(|execution| fake.story.run.values_at(execution.task).render_script("{{ V }}").unwrap())
        .collect();
    assert_eq!(seen, ["'one'", "'two'"]);
    assert_eq!(fake.go_on(), "done Passed");
}

#[test]
fn what_is_the_same_on_every_place_is_seen_anywhere() {
    let elsewhere = step("b").run().with(reads("use \"$V\"\n")).confirm();
    let mut fake = Fake::of([on_web(step("a").run().captures("V"), 0, 8, 0), elsewhere], 32);
    assert_eq!(fake.go_on(), "ask b#2 Confirm");
    assert_eq!(fake.story.run.values().get("V"), Some("yes"));
}

#[test]
fn what_differs_between_places_stops_the_run_where_it_is_read_elsewhere_and_says_who_differs() {
    let differs =
        "`V` differs between places: `yes` at ssh://web-01, `no` at ssh://web-02, `yes` at ssh://web-03";
    let templated = |block: &mut Block| {
        block.options.template = true;
        block.script = "use {{ V }}\n".into();
    };
    let env = |block: &mut Block| block.options.env.push(("X".into(), "{{ V }}".into()));
    let expects =
        |block: &mut Block| block.expect.push(expect(Expected::Stdout(Matcher::Contains("{{ V }}".into()))));
    let when = |block: &mut Block| block.options.when = Some("V == 'yes'".into());
    let on_db = |block: &mut Block| {
        block.options.target = Some("db".into());
        block.script = "use $V\n".into();
    };
    let readers = [
        step("b").run().with(reads("use \"$V\"\n")),
        step("b").run().with(templated),
        step("b").run().with(env),
        step("b").check().with(expects),
        step("b").run().with(when),
        step("b").run().with(on_db),
        step("b").work(Work::Confirm { text: "Is it {{ V }}?".into() }),
        step("b").sign_off("qa").signed_off(|s| s.statement = "I approve {{ V }}.".into()),
        step("b").confirm().when("V == 'yes'"),
    ];
    for reader in readers {
        let capturing = on_web(step("a").run().captures("V"), 0, 8, 0);
        let mut fake = Fake::of([capturing, reader.clone()], 3).captures("a#1", 2, "no");
        assert_eq!(fake.go_on().replace("@0", ""), "ask b#1 Failed", "{reader:?}");
        let (plan, task) = (&fake.story.plan, fake.story.task());
        let why = fake.story.run.condition_error(plan, task).unwrap();
        assert!(why.contains(differs), "{why}");
        assert_eq!(fake.story.run.values().vars().get("V"), None, "no block is handed either");
    }
}

#[test]
fn what_differs_stops_nobody_who_does_not_read_it() {
    let reader = step("b").run().with(reads("echo $VERSION $MY_V\n"));
    let mut fake =
        Fake::of([on_web(step("a").run().captures("V"), 0, 8, 0), reader], 3).captures("a#1", 2, "no");
    assert_eq!(fake.go_on(), "done Passed");
}

#[test]
fn where_a_place_was_skipped_it_has_no_value_of_its_own_and_what_reads_it_there_stops() {
    let steps = [
        on_web(step("a").run().captures("V"), 0, 1, 0),
        on_web(step("b").run().with(reads("use $V\n")), 0, 8, 0),
    ];
    let mut fake = Fake::of(steps, 3);
    fake.start_all();
    fake.end(0);
    fake.skip_at("a#1", 2);
    fake.go_on();
    assert_eq!(fake.asked(), [format!("b#1 {}", web(2))]);
    let why = fake.story.run.condition_error(&fake.story.plan, fake.story.task()).unwrap();
    assert_eq!(why, format!("`V` was not captured at {}", web(2)));
    assert_eq!(fake.story.run.values().get("V"), None, "one place says nothing of it");
}

/// A target of three places, where the second is skipped, and a step on this machine that reads what was captured.
fn read_after_a_skip(rollouts: Option<Rollouts>) -> Fake {
    let steps = [on_web(step("a").run().captures("V"), 0, 1, 0), step("b").run().with(reads("use $V\n"))];
    let mut fake = Fake::going_by(rollouts, steps, 3);
    fake.start_all();
    fake.end(0);
    fake.skip_at("a#1", 2);
    fake.go_on();
    fake
}

#[test]
fn what_one_place_was_skipped_for_has_no_value_elsewhere_and_whoever_reads_it_is_told_the_place() {
    let mut fake = read_after_a_skip(Some(Rollouts::Strict));
    assert_eq!(fake.asked(), ["b#1 here"]);
    let why = fake.story.run.condition_error(&fake.story.plan, fake.story.task()).unwrap();
    assert_eq!(why, format!("`V` was not captured at {}", web(2)));
    let start = fake.story.start_of(Execution {
        task: fake.story.task(),
        attempt: 1,
        pause: std::time::Duration::ZERO,
        probe: false,
    });
    fake.story.refuses(start);
}

#[test]
fn a_record_of_before_these_rules_goes_by_the_first_ones() {
    let fake = read_after_a_skip(None);
    assert_eq!(fake.story.at(), "done Passed", "all that captured it agree");
    let steps = [on_web(step("a").run(), 2, 2, 9), step("b").run()];
    let mut fake = Fake::going_by(None, steps, 3).ends("a#1", 1, &[Outcome::Failed]);
    fake.go_on();
    fake.decide_at("a#1", 1, Choice::Retry);
    assert_eq!(fake.go_on(), "done Passed");
    let replayed = Run::replay(&fake.story.plan, timed(&fake.story.events)).unwrap();
    assert_eq!(replayed, fake.story.run);
}

#[test]
fn what_differs_and_what_is_missing_are_told_together() {
    let reader = step("b").run().with(reads("use $V\n"));
    let steps = [on_web(step("a").run().captures("V"), 0, 8, 0), reader];
    let mut fake = Fake::of(steps, 3).captures("a#1", 1, "no");
    fake.start_all();
    fake.story.crash();
    fake.skip_at("a#1", 2);
    fake.decide_at("a#1", 1, Choice::Run);
    fake.decide_at("a#1", 3, Choice::Run);
    fake.go_on();
    let why = fake.story.run.condition_error(&fake.story.plan, fake.story.task()).unwrap();
    let places = [web(1), web(3), web(2)];
    let [one, three, two] = &places;
    assert_eq!(why, format!("`V` differs between places: `no` at {one}, `yes` at {three}, nothing at {two}"));
}

#[test]
fn shell_state_carries_over_at_each_place() {
    let mut fake = Fake::of([on_web(step("a").run().run(), 0, 2, 0)], 2);
    fake.start_all();
    for n in [1, 0] {
        let execution = fake.frontier().running[n];
        let name = fake.story.run.place_of(execution.task).unwrap().to_owned();
        let end =
            fake.story.end_of(execution, Outcome::Passed, |finished| finished.state = Some(blob(&name)));
        fake.story.tell(end);
    }
    for execution in fake.frontier().ready {
        let name = fake.story.run.place_of(execution.task).unwrap();
        assert_eq!(fake.story.run.shell_state(execution.task), Some(&blob(name)));
    }
    assert_eq!(fake.story.run.local_shell_state(), None);
}

#[test]
fn a_condition_of_a_block_is_decided_at_each_place() {
    let only = |block: &mut Block| block.options.when = Some("V == 'yes'".into());
    let mut fake = Fake::of([on_web(step("a").run().captures("V").run().with(only), 0, 8, 0)], 3)
        .captures("a#1", 2, "no");
    assert_eq!(fake.go_on(), "done Passed");
    assert_eq!(fake.positions("start a#2").len(), 2);
    let left_out = fake.story.events.iter().find_map(|event| match event {
        Event::NotApplicable { action, place, .. } => Some((action.clone(), place.clone())),
        _ => None,
    });
    assert_eq!(left_out, Some((Some("a#2".into()), Some(web(2)))));
}

#[test]
fn a_document_without_steps_ends_at_once_and_is_taken_up_without_a_word() {
    let mut story = Story::of(plan([]));
    assert_eq!(story.run.local_shell_state(), None);
    story.crash();
    assert_eq!((story.at().as_str(), story.offers()), ("done NothingDone", Offers::default()));
}
