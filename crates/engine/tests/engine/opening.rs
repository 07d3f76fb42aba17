//! What a run opens with.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::story::*;

fn input(name: &str, kind: ValueKind, secret: bool) -> Input {
    Input { name: name.into(), prompt: None, kind, default: None, secret, from: None, span: Span::default() }
}

fn given(name: &str, value: Option<&str>, secret: bool) -> InputGiven {
    InputGiven { name: name.into(), value: value.map(str::to_owned), secret, from: "set".into() }
}

#[test]
fn a_run_opens_with_exactly_the_inputs_the_document_asks_for() {
    let mut plan = plan([step("a").run()]);
    plan.front.inputs = vec![
        input("RELEASE", ValueKind::Text { pattern: Some(r"^v\d+$".into()) }, false),
        input("TOKEN", ValueKind::Text { pattern: None }, true),
    ];
    let release = || given("RELEASE", Some("v1"), false);
    let token = || given("TOKEN", None, true);
    let cases = [
        ("as asked", vec![release(), token()], true),
        ("in another order", vec![token(), release()], true),
        ("one is missing", vec![token()], false),
        ("one is too much", vec![release(), token(), given("X", Some("1"), false)], false),
        ("one stands twice", vec![release(), release(), token()], false),
        ("one stands for another", vec![release(), release()], false),
        ("one does not match", vec![given("RELEASE", Some("1"), false), token()], false),
        ("one has no value", vec![given("RELEASE", None, false), token()], false),
        ("a secret has its value on record", vec![release(), given("TOKEN", Some("s"), true)], false),
        ("a secret is called none", vec![release(), given("TOKEN", Some("s"), false)], false),
        ("what is no secret is called one", vec![given("RELEASE", None, true), token()], false),
    ];
    for (case, inputs, taken) in cases {
        let event = Event::RunOpened(Box::new(RunOpened { inputs, ..opened() }));
        assert_eq!(Run::new(&plan).apply(&plan, NOW, &event).is_ok(), taken, "{case}");
    }
}

#[test]
fn a_run_opens_only_in_an_environment_the_document_allows() {
    let mut plan = plan([step("a").run()]);
    for (allowed, taken) in [(vec![], true), (vec!["production"], true), (vec!["staging"], false)] {
        plan.front.environments = allowed.into_iter().map(str::to_owned).collect();
        let event = Event::RunOpened(Box::new(opened()));
        assert_eq!(Run::new(&plan).apply(&plan, NOW, &event).is_ok(), taken);
    }
}

#[test]
fn a_run_opens_by_somebody() {
    let plan = plan([step("a").run()]);
    let event = Event::RunOpened(Box::new(RunOpened { session: session(" "), ..opened() }));
    assert!(Run::new(&plan).apply(&plan, NOW, &event).is_err());
}
