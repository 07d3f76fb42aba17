//! The gate: which run is the rehearsal that an environment asks for, and in what words one is not.

use std::sync::LazyLock;
use std::time::Duration;

use holdpoint_engine::*;
use holdpoint_model::{Plan, Requires, Step};
use jiff::SignedDuration;

use crate::build::{Written as _, plan, step};
use crate::story::{NOW, OPS, blob, by, opened, targets};

fn no_plan() -> &'static Plan {
    static PLAN: LazyLock<Plan> = LazyLock::new(|| plan([step("a").run()]));
    &PLAN
}

const DAY: u64 = 24 * 60 * 60;

fn given(name: &str, value: Option<&str>) -> InputGiven {
    let secret = value.is_none();
    InputGiven { name: name.into(), value: value.map(str::to_owned), secret, from: "set".into() }
}

fn requires() -> Requires {
    Requires {
        rehearsal: Some("staging".into()),
        max_age: Some(Duration::from_secs(7 * DAY)),
        same: vec!["RELEASE".into()],
        ..Requires::default()
    }
}

fn candidate() -> RunOpened {
    let mut it = opened();
    it.environment.name = "staging".into();
    it.inputs = vec![given("RELEASE", Some("v1.5.0"))];
    it
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// In words, what keeps a candidate that ended so long before from being the rehearsal, by its ends.
fn told(
    requires: &Requires,
    candidate: &RunOpened,
    verdict: Option<Verdict>,
    before: SignedDuration,
) -> Vec<String> {
    let inputs = [given("RELEASE", Some("v1.5.0")), given("TOKEN", None)];
    let gate = Gate::of(requires, ("a", &[]), (no_plan(), &inputs), NOW).unwrap();
    let ends = Ends { opened: candidate, verdict, sealed: true, ended: NOW - before };
    gate.by_ends(&ends).iter().map(Differs::words).collect()
}

#[test]
fn where_no_rehearsal_is_asked_for_there_is_no_gate() {
    assert!(Gate::of(&Requires::default(), ("a", &[]), (no_plan(), &[]), NOW).is_none());
}

#[test]
fn a_passed_run_of_the_same_bytes_with_the_same_values_lately_enough_is_one() {
    let passed = Some(Verdict::Passed);
    for before in [hours(0), hours(1), hours(7 * 24)] {
        assert_eq!(told(&requires(), &candidate(), passed, before), [""; 0]);
    }
}

#[test]
fn what_differs_is_named_by_the_ends_of_a_record() {
    let passed = Some(Verdict::Passed);
    let with = |how: &dyn Fn(&mut RunOpened)| {
        let mut changed = candidate();
        how(&mut changed);
        told(&requires(), &changed, passed, hours(1))
    };
    assert_eq!(with(&|it| it.environment.name = "lab".into()), ["it was in lab"]);
    assert_eq!(with(&|it| it.runbook.blob = blob("b")), ["the document has changed since"]);
    assert_eq!(with(&|it| it.dry = true), ["it was a dry run"]);
    let release = |value| move |it: &mut RunOpened| it.inputs = vec![given("RELEASE", value)];
    assert_eq!(with(&release(Some("v1.4.0"))), ["RELEASE was v1.4.0 there"]);
    assert_eq!(with(&release(Some(""))), ["RELEASE was empty there"]);
    assert_eq!(with(&release(None)), ["RELEASE was not given there"]);
    assert_eq!(with(&|it| it.inputs.clear()), ["RELEASE was not given there"]);
    let long = "x".repeat(1000);
    assert_eq!(with(&release(Some(&long))), [format!("RELEASE was {}… there", &long[..60])]);
    // Another input may differ.
    assert_eq!(with(&|it| it.inputs.push(given("OTHER", Some("x")))), [""; 0]);
    let ended = |verdict| told(&requires(), &candidate(), verdict, hours(1));
    assert_eq!(ended(None), ["it is not finished and sealed"]);
    assert_eq!(ended(Some(Verdict::Failed)), ["it ended failed"]);
    assert_eq!(ended(Some(Verdict::RolledBack)), ["it ended rolled back"]);
    assert_eq!(ended(Some(Verdict::Aborted)), ["it ended aborted"]);
    assert_eq!(ended(Some(Verdict::NothingDone)), ["it ended with nothing done"]);
    // All of it, in one order.
    let mut other = candidate();
    (other.runbook.blob, other.inputs) = (blob("b"), vec![given("RELEASE", Some("v1"))]);
    let all = told(&requires(), &other, Some(Verdict::Failed), hours(9 * 24));
    let document = "the document has changed since";
    let age = "it was 9 days ago, and 7 days are allowed";
    assert_eq!(all, [document, "it ended failed", "RELEASE was v1 there", age]);
}

#[test]
fn one_that_included_other_files_or_other_bytes_of_them_is_none_and_the_file_is_named() {
    let file = |path: &str, bytes: &str| Included { path: path.into(), blob: blob(bytes) };
    let inputs = [given("RELEASE", Some("v1.5.0"))];
    let requires = requires();
    let told = |here: &[Included], there: &[Included]| {
        let gate = Gate::of(&requires, ("a", here), (no_plan(), &inputs), NOW).unwrap();
        let mut opened = candidate();
        opened.runbook.includes = there.to_vec();
        let ends = Ends { opened: &opened, verdict: Some(Verdict::Passed), sealed: true, ended: NOW };
        gate.by_ends(&ends).iter().map(Differs::words).collect::<Vec<_>>()
    };
    let (a, b) = (file("a.md", "one"), file("b.md", "two"));
    let differs = |path: &str| vec![format!("{path}, which the document includes, has changed since")];
    assert_eq!(told(&[a.clone(), b.clone()], &[a.clone(), b.clone()]), [""; 0]);
    assert_eq!(told(&[a.clone(), b.clone()], &[a.clone(), file("b.md", "other")]), differs("b.md"));
    assert_eq!(told(&[a.clone(), b.clone()], std::slice::from_ref(&a)), differs("b.md"));
    assert_eq!(told(std::slice::from_ref(&a), &[a.clone(), b]), differs("b.md"));
    assert_eq!(told(&[], &[a]), differs("a.md"));
}

#[test]
fn a_run_that_nobody_sealed_is_none() {
    let inputs = [given("RELEASE", Some("v1.5.0"))];
    let (requires, opened) = (requires(), candidate());
    let gate = Gate::of(&requires, ("a", &[]), (no_plan(), &inputs), NOW).unwrap();
    let ends = Ends { opened: &opened, verdict: Some(Verdict::Passed), sealed: false, ended: NOW };
    assert_eq!(gate.by_ends(&ends), [Differs::Open]);
}

#[test]
fn its_age_is_told_so_that_it_can_be_told_from_what_is_allowed() {
    let told = |most: Duration, age: SignedDuration| {
        let requires = Requires { max_age: Some(most), ..requires() };
        told(&requires, &candidate(), Some(Verdict::Passed), age).join("; ")
    };
    let days = |days| Duration::from_secs(days * DAY);
    let second = SignedDuration::from_secs(1);
    assert_eq!(told(days(7), hours(9 * 24 + 5)), "it was 9 days ago, and 7 days are allowed");
    assert_eq!(told(days(7), hours(7 * 24 + 1)), "it was 7 days 1h ago, and 7 days are allowed");
    assert_eq!(told(days(7), hours(7 * 24) + second), "it was 7 days 1s ago, and 7 days are allowed");
    assert_eq!(told(days(1), hours(24) + second), "it was 1 day 1s ago, and 1 day is allowed");
    assert_eq!(told(days(1), hours(48)), "it was 2 days ago, and 1 day is allowed");
    assert_eq!(told(Duration::from_secs(5400), hours(2)), "it was 2h ago, and 1h 30m is allowed");
    assert_eq!(
        told(Duration::from_secs(1), SignedDuration::from_millis(1500)),
        "it was 1s 500ms ago, and 1s is allowed"
    );
    let unlimited = Requires { max_age: None, ..requires() };
    assert_eq!(self::told(&unlimited, &candidate(), Some(Verdict::Passed), hours(24 * 9999)), [""; 0]);
}

#[test]
fn one_that_ends_after_the_run_opens_is_none_but_for_what_clocks_may_differ_by() {
    let passed = Some(Verdict::Passed);
    let second = SignedDuration::from_secs(1);
    for requires in [requires(), Requires { max_age: None, ..requires() }] {
        assert_eq!(told(&requires, &candidate(), passed, -second * 60), [""; 0]);
        let later = told(&requires, &candidate(), passed, -second * 61);
        assert_eq!(later, ["it ended after now: a clock was set"]);
    }
}

#[test]
fn a_run_that_has_opened_was_judged_a_moment_before() {
    let inputs = [given("RELEASE", Some("v1.5.0"))];
    let (requires, opened) = (requires(), candidate());
    let gate = Gate::of(&requires, ("a", &[]), (no_plan(), &inputs), NOW).unwrap();
    let of = |gate: &Gate<'_>, seconds| {
        let ended = NOW - hours(7 * 24) - SignedDuration::from_secs(seconds);
        gate.by_ends(&Ends { opened: &opened, verdict: Some(Verdict::Passed), sealed: true, ended }).len()
    };
    assert_eq!((of(&gate, 0), of(&gate, 1)), (0, 1));
    assert_eq!((of(&gate.clone().again(), 60), of(&gate.again(), 61)), (0, 1));
}

#[test]
fn what_was_skipped_or_edited_counts_unless_the_rule_says_otherwise() {
    let shown = |skipped: &[&str], edited: &[&str]| {
        let all = |what: &[&str]| what.iter().map(|what| (*what).to_owned()).collect();
        Shown { skipped: all(skipped), edited: all(edited), ..Shown::default() }
    };
    let told = |skips, shown: &Shown| {
        let requires = Requires { skips, ..requires() };
        let differs = Gate::of(&requires, ("a", &[]), (no_plan(), &[]), NOW).unwrap().by_proof(shown);
        differs.iter().map(Differs::words).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(told(false, &shown(&[], &[])), "");
    assert_eq!(told(false, &shown(&["a#1"], &[])), "a#1 was skipped in it");
    let both = shown(&["a#1", "b#1"], &["c#1"]);
    assert_eq!(told(false, &both), "a#1, b#1 were skipped in it; c#1 was edited in it");
    assert_eq!(told(true, &both), "");
    // That something happened is somebody's word, and nobody saw it pass.
    let taken = Shown { taken_as_done: vec!["a#1".to_owned()], ..Shown::default() };
    assert_eq!(told(false, &taken), "a#1 was taken as done in it");
    assert_eq!(told(true, &taken), "");
    // A record that does not hold is none, whatever the rule lets be left out.
    let broken = Shown { broken: Some("altered at event 3".into()), ..Shown::default() };
    for skips in [false, true] {
        assert_eq!(told(skips, &broken), "its record does not hold: altered at event 3");
    }
}

#[test]
fn a_value_that_nobody_can_compare_keeps_the_gate_shut() {
    let of = |same: &[&str]| {
        let same = same.iter().map(|name| (*name).to_owned()).collect();
        let (requires, inputs) =
            (Requires { same, ..requires() }, [given("RELEASE", Some("v1")), given("TOKEN", None)]);
        Gate::of(&requires, ("a", &[]), (no_plan(), &inputs), NOW).unwrap().untellable().join("; ")
    };
    assert_eq!(of(&["RELEASE"]), "");
    assert_eq!(
        of(&["RELAESE"]),
        "RELAESE, which must be the same there, is no input of the document, and no block captures it"
    );
    assert_eq!(of(&["TOKEN"]), "TOKEN is a secret, and no record tells whether it was the same there");
    // A secret on both sides is not the same for being told of neither.
    let requires = Requires { same: vec!["TOKEN".into()], ..requires() };
    let mut other = candidate();
    other.inputs.push(given("TOKEN", None));
    assert_eq!(
        told(&requires, &other, Some(Verdict::Passed), hours(1)),
        ["TOKEN was not given there"],
        "nor does it pass by its ends"
    );
}

#[test]
fn the_nearest_is_of_the_same_bytes_first_then_with_the_least_that_differs_then_the_youngest() {
    let value = |name: &str| Differs::Value { name: name.into(), there: None };
    let near = |others: Vec<(u8, Vec<Differs>)>| nearest(others).map(|(which, _)| which);
    assert_eq!(near(vec![]), None);
    let two = vec![value("A"), value("B")];
    assert_eq!(near(vec![(1, two.clone()), (2, vec![Differs::Document])]), Some(1));
    assert_eq!(near(vec![(1, vec![Differs::Open]), (2, two)]), Some(1));
    assert_eq!(near(vec![(2, vec![value("A")]), (1, vec![value("B")])]), Some(2));
}

#[test]
fn what_is_asked_for_is_told_with_names_and_age() {
    let told = |requires: &Requires| Gate::of(requires, ("a", &[]), (no_plan(), &[]), NOW).unwrap().words();
    assert_eq!(
        told(&requires()),
        "requires a passed rehearsal of these very bytes in staging with the same RELEASE within 7d"
    );
    let bare = Requires { rehearsal: Some("lab".into()), ..Requires::default() };
    assert_eq!(told(&bare), "requires a passed rehearsal of these very bytes in lab");
}

#[test]
fn what_was_skipped_or_edited_is_told_with_its_place_until_it_is_done_as_written() {
    let plan = plan([Step { target: Some("web".into()), ..step("one").run() }, step("two").check()]);
    let mut first = opened();
    first.environment.targets = targets(&[("web", 2)]);
    let mut run = Run::new(&plan);
    run.apply(&plan, NOW, &Event::RunOpened(Box::new(first))).unwrap();
    let deviation = |kind, action: &str| Deviation::of(kind, "one", Some(action.into()), "so", by(OPS));
    let at = |deviation: Deviation, place: &str| Deviation { place: Some(place.into()), ..deviation };
    let skipped = at(deviation(DeviationKind::Skipped, "one#1"), "ssh://web-01");
    run.apply(&plan, NOW, &Event::Deviation(skipped)).unwrap();
    assert_eq!(run.skipped(&plan), ["one#1 at ssh://web-01"]);
    let edited = Deviation {
        script: Some(blob("edited")),
        ..at(deviation(DeviationKind::Edited, "one#1"), "ssh://web-02")
    };
    run.apply(&plan, NOW, &Event::Deviation(edited)).unwrap();
    assert_eq!(run.edited(&plan), ["one#1 at ssh://web-02"]);
}
