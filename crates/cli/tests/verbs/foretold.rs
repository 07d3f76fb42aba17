//! What a dry run says of values holds in the real run that follows, or the comparison with the rehearsal tells otherwise.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::runs::book;
use crate::support::Bench;

const CONFIG: &str = r#"[environments.staging]
rehearsal = true
vars = { PLACE = "staging" }

[environments.production]
vars = { PLACE = "production" }
requires = { rehearsal = "staging" }
"#;

/// What a block prints, which is captured.
#[derive(Clone, Copy, Debug)]
enum Prints {
    /// Always the same.
    Word,
    /// What a file of the repository says, which may be another one between two runs.
    Fact,
    /// A variable of the environment.
    Place,
    /// What an earlier block captured.
    Earlier(usize),
    /// What a change has left, or that there is nothing.
    Made,
    /// One more each time.
    Count,
}

/// A step: a block with a capture, which changes something or does not, and may hang on an earlier one.
#[derive(Clone, Copy, Debug)]
struct Written {
    changes: bool,
    prints: Prints,
    hangs_on: Option<usize>,
}

fn written() -> impl Strategy<Value = Vec<Written>> {
    let prints = prop_oneof![
        Just(Prints::Word),
        Just(Prints::Fact),
        Just(Prints::Place),
        (0_usize..4).prop_map(Prints::Earlier),
        Just(Prints::Made),
        Just(Prints::Count),
    ];
    let one = (any::<bool>(), prints, proptest::option::weighted(0.3, 0_usize..4));
    let one = one.prop_map(|(changes, prints, hangs_on)| Written { changes, prints, hangs_on });
    proptest::collection::vec(one, 1..5)
}

/// The run-book. Only what is not left out by a condition is read later.
fn text(steps: &[Written]) -> String {
    let mut body = String::new();
    let sure = |of: usize, before: usize| {
        (0..before)
            .filter(|at| steps[*at].hangs_on.is_none())
            .nth(of % before.max(1))
            .map(|at| format!("V{at}"))
    };
    for (at, Written { changes, prints, hangs_on }) in steps.iter().enumerate() {
        let kind = if *changes { "run" } else { "check" };
        let script = match prints {
            Prints::Word => "echo word".to_owned(),
            Prints::Fact => "cat fact".to_owned(),
            Prints::Place => "echo \"at $PLACE\"".to_owned(),
            Prints::Earlier(of) => match sure(*of, at) {
                Some(name) => format!("echo \"after ${name}\""),
                None => "echo first".to_owned(),
            },
            Prints::Made => "cat made 2>/dev/null || echo nothing".to_owned(),
            // A check only looks.
            Prints::Count if !changes => "cat count 2>/dev/null || echo 0".to_owned(),
            Prints::Count => "n=$(cat count 2>/dev/null || echo 0); echo $((n + 1)) | tee count".to_owned(),
        };
        let script = if *changes { format!("echo {at} > made; {script}") } else { script };
        body += &format!("## Step {at}\n\n");
        if let Some(name) = hangs_on.and_then(|of| sure(of, at)) {
            body += &format!("```yaml step\nwhen: {name} != \"word\"\n```\n\n");
        }
        body += &format!("```sh {kind}\n#| capture: {{ V{at}: {{ stdout: true }} }}\n{script}\n```\n\n");
    }
    book("", &body)
}

/// What was captured in a run, by name.
fn captured(bench: &Bench, number: u64) -> BTreeMap<String, String> {
    let ends = bench.of_type(number, "action.finished");
    let captures = ends.iter().filter_map(|event| event["captures"].as_object());
    let each = captures.flatten().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    each.collect()
}

#[test]
fn what_a_dry_run_calls_real_or_replayed_is_what_the_real_run_has_or_the_comparison_tells_it() {
    let (real, replayed, told_apart) = (Cell::new(0), Cell::new(0), Cell::new(0));
    // Each is four runs of the program; `PROPTEST_CASES` asks for more.
    let cases = Config::default().cases.div_ceil(16);
    let mut runner = TestRunner::new(Config { cases, max_shrink_iters: 24, ..Config::default() });
    let holds = |(steps, other): (Vec<Written>, bool)| {
        let bench =
            Bench::with(&[("book.md", &text(&steps)), ("holdpoint.toml", CONFIG), ("fact", "as it was\n")]);
        bench.ends(0, &["run", "book.md", "--env", "staging", "--unattended"]);
        if other {
            bench.file("fact", "as it is\n");
        }
        let arguments = ["run", "book.md", "--env", "production", "--unattended"];
        let dry = bench.holdpoint(&[&arguments[..], &["--dry-run", "--format", "json"]].concat());
        prop_assert!(matches!(dry.code, 0 | 1), "{}", dry.both());
        let dry = dry.json();
        bench.ends(0, &arguments);
        let comparison = bench.holdpoint(&["compare", "latest", "--to-rehearsal", "--format", "json"]).json();
        let differences = comparison["differences"].as_array().unwrap();
        let (before, now) = (captured(&bench, 1), captured(&bench, 2));
        for value in dry["values"].as_array().unwrap() {
            let (name, label) = (value["name"].as_str().unwrap(), value["label"].as_str().unwrap());
            let counts = match label {
                "real" => &real,
                "replayed" => &replayed,
                _ => continue,
            };
            counts.set(counts.get() + 1);
            let said = value["value"].as_str().unwrap();
            prop_assert!(label == "real" || before.get(name).map(String::as_str) == Some(said), "{}", value);
            if now.get(name).map(String::as_str) == Some(said) {
                continue;
            }
            let step = format!("step-{}", &name[1..]);
            let tells = |it: &&Value| it["name"] == name || it["step"] == step.as_str();
            let at = |key: &str, what: String| {
                comparison[key].as_array().unwrap().iter().any(|it| it["at"].as_str() == Some(what.as_str()))
            };
            let masked = at("same_but_for_masks", format!("value {name}"));
            let by_condition = at("by_condition", step.clone());
            prop_assert!(
                differences.iter().any(|it| tells(&it)) || masked || by_condition,
                "{value} is {:?}, and nothing tells it: {comparison:#}",
                now.get(name)
            );
            told_apart.set(told_apart.get() + 1);
        }
        Ok(())
    };
    // One that has everything, so that something is shown whatever is drawn.
    let one = |changes, prints| Written { changes, prints, hangs_on: None };
    let whole = vec![one(false, Prints::Fact), one(true, Prints::Place), one(false, Prints::Made)];
    holds((whole, true)).unwrap();
    assert!(
        real.get() > 0 && replayed.get() > 0 && told_apart.get() > 0,
        "{real:?} {replayed:?} {told_apart:?}"
    );
    let strategy = (written(), any::<bool>());
    if let Err(error) = runner.run(&strategy, holds) {
        panic!("{error}");
    }
}
