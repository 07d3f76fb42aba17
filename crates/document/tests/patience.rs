//! `hold` on checks and `expected` on steps: what is taken, and what is refused with its place, a reason and a next step.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]

use std::time::Duration;

use holdpoint_document::{Compiled, Config, Hold, Work, compile};

fn read(step: &str) -> (String, Compiled) {
    let source = format!("---\nrunbook: 1\ntitle: Case\n---\n\n# Case\n\n## Look\n\n{step}\n");
    let compiled = compile(&source, None::<&Config>);
    (source, compiled)
}

fn check(options: &str) -> String {
    let lines: String = options.lines().map(|line| format!("#| {line}\n")).collect();
    format!("```sh check\n{lines}test -e up\n```\n")
}

/// The step, what the finding points at, words of its message, words of its help.
fn refused() -> Vec<(String, &'static str, &'static str, &'static str)> {
    let run = "```sh run\n#| idempotent: true\n#| hold: { for: 10m, every: 30s }\ntouch up\n```\n";
    let rollback =
        "```sh run\ntouch up\n```\n\n```sh rollback\n#| hold: { for: 10m, every: 30s }\nrm up\n```\n";
    let phase = "```yaml step\nexpected: 5m\n```\n\n### One\n\n- [ ] Done\n";
    let step = |expected: &str| format!("```yaml step\nexpected: {expected}\n```\n\n- [ ] Done\n");
    vec![
        (check("hold: 10m"), "10m", "expected", "write"),
        (check("hold: {}"), "{}", "`for` is missing", "for: 10m"),
        (check("hold: { for: 10m }"), "{ for: 10m }", "`every` is missing", "every: 30s"),
        (check("hold: { every: 30s }"), "{ every: 30s }", "`for` is missing", "for: 10m"),
        (check("hold: { for: 10m, evry: 30s }"), "evry", "not a key of `hold`", "did you mean `every`?"),
        (check("hodl: { for: 10m, every: 30s }"), "hodl", "not a key of", "did you mean `hold`?"),
        (check("hold: { for: 10, every: 30s }"), "10", "a duration", "with its unit"),
        (check("hold: { for: 0s, every: 30s }"), "0s", "a duration", "with its unit"),
        (check("hold: { for: 10m, every: 0s }"), "0s", "a duration", "with its unit"),
        (check("hold: { for: 10m, every: -30s }"), "-30s", "a duration", "with its unit"),
        (
            check("hold: { for: 30s, every: 30s }"),
            "{ for: 30s, every: 30s }",
            "nobody would look in between",
            "try more often",
        ),
        (
            check("hold: { for: 30s, every: 10m }"),
            "{ for: 30s, every: 10m }",
            "`every` is not shorter",
            "try more often",
        ),
        (check("hold: { for: 7d, every: 1s }"), "{ for: 7d, every: 1s }", "604800 tries", "try less often"),
        (
            check("hold: { for: 10m, every: 30s }\ntty: true"),
            "{ for: 10m, every: 30s }",
            "`hold` begins",
            "remove",
        ),
        (run.to_owned(), "{ for: 10m, every: 30s }", "`hold` is for checks", "a check that follows"),
        (rollback.to_owned(), "{ for: 10m, every: 30s }", "`hold` is for checks", "a check that follows"),
        (
            "```yaml check\nhold: { for: 30s, every: 30s }\ntcp: { to: \"a:1\" }\n```\n".to_owned(),
            "{ for: 30s, every: 30s }",
            "nobody would look in between",
            "try more often",
        ),
        (step("soon"), "soon", "a duration", "with its unit"),
        (step("300"), "300", "a duration", "with its unit"),
        (
            "```yaml step\nexpect: 5m\n```\n\n- [ ] Done\n".to_owned(),
            "expect",
            "not a key",
            "did you mean `expected`?",
        ),
        (phase.to_owned(), "5m", "this groups steps", "of each step"),
    ]
}

#[test]
fn what_cannot_be_waited_for_is_refused_where_it_stands() {
    for (step, at, message, help) in refused() {
        let (source, compiled) = read(&step);
        let found = compiled.diagnostics.iter().find(|finding| {
            finding.span.is_some_and(|span| span.of(&source) == at)
                && finding.message.contains(message)
                && finding.help.contains(help)
        });
        assert!(found.is_some(), "{step}\n{:#?}", compiled.diagnostics);
    }
}

#[test]
fn a_check_that_must_hold_has_a_time_limit_for_each_try() {
    let (_, compiled) = read(&format!(
        "{}\n{}\n{}",
        check("hold: { for: 10m, every: 30s }"),
        check("timeout: 5s\nhold: { for: 1d, every: 30s }\nretry: { every: 1s, for: 1m }"),
        "```yaml check\nhold: { for: 1h 30m, every: 5s }\ntcp: { to: \"a:1\" }\n```\n",
    ));
    assert_eq!(compiled.diagnostics, []);
    let options = compiled.plan.steps[0].actions.iter().map(|action| match &action.work {
        Work::Check(block) => (block.options.hold.unwrap(), block.options.timeout.unwrap()),
        other => panic!("{other:?}"),
    });
    let seconds = Duration::from_secs;
    let hold = |for_: u64, every: u64| Hold { for_: seconds(for_), every: seconds(every) };
    let all: Vec<(Hold, Duration)> = options.collect();
    assert_eq!(
        all,
        [(hold(600, 30), seconds(30)), (hold(86_400, 30), seconds(5)), (hold(5400, 5), seconds(30))]
    );
}

#[test]
fn what_a_step_is_expected_to_take_is_its_own() {
    let (_, compiled) =
        read("```yaml step\nexpected: 1h 5m\n```\n\n- [ ] Done\n\n## Then\n\n- [ ] Done, too\n");
    assert_eq!(compiled.diagnostics, []);
    let expected: Vec<_> = compiled.plan.steps.iter().map(|step| step.expected).collect();
    assert_eq!(expected, [Some(Duration::from_secs(3900)), None]);
}
