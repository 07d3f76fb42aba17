//! Whatever there is many of in a document or a configuration, reading takes a time that grows with their number only.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a test that measures needs a clock")]

use std::fmt::Write;
use std::time::{Duration, Instant};

use holdpoint_document::{compile_and_lint, lint_claims, programs, read_config};
use holdpoint_xtask::sample::OneOf;

const FEW: usize = 1000;
const MORE: usize = 4;
/// Shorter times are mostly of what does not grow.
const MEASURABLE: Duration = Duration::from_millis(80);
/// Most choices of a value, and environments of a configuration.
const MOST: usize = 1000;

fn document(front: &str, body: &str) -> String {
    format!("---\nrunbook: 1\ntitle: Case\n{front}---\n\n# Case\n\n## Look\n\n{body}")
}

fn each(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

fn list(count: usize, name: &str) -> String {
    (0..count).fold(String::new(), |mut all, at| {
        let _ = write!(all, "{}{name}{at}", if at > 0 { ", " } else { "" });
        all
    })
}

fn block(kind: &str, text: &str) -> String {
    format!("```{kind}\n{text}\n```\n\n")
}

/// What there may be many of, each with a document that has as many.
fn documents(n: usize) -> Vec<(&'static str, String)> {
    let check = block("sh check", "test -d x");
    let run = block("sh run", "deploy");
    vec![
        (
            "choices",
            document(&format!("inputs:\n  C: {{ type: choice, choices: [{}] }}\n", list(n, "c")), &check),
        ),
        (
            "authors",
            document(&format!("authors: [{}]\napprovers: [{}]\n", list(n, "a"), list(n, "b")), &check),
        ),
        (
            "parts of a pattern",
            document(
                "",
                &format!("{check}```yaml expect\nstdout: [ {{ matches: 'a{}' }} ]\n```\n\n", ".".repeat(n)),
            ),
        ),
        ("environments", document(&format!("environments: [{}]\n", list(n, "e")), &check)),
        ("roles", document(&format!("roles: [{}]\n", list(n, "r")), &check)),
        (
            "inputs",
            document(&format!("inputs:\n{}", each(n, |i| format!("  I{i}: {{ prompt: x }}\n"))), &check),
        ),
        ("unknown keys", document(&each(n, |i| format!("k{i}: x\n")), &check)),
        ("blocks", document("", &each(n, |i| block("sh check", &format!("test -d x{i}"))))),
        ("blocks with text between", document("", &each(n, |_| format!("{}{check}", "Text.\n\n".repeat(8))))),
        ("comments", document("", &block("sh check", &format!("{}ls", "# x\n".repeat(2 * n))))),
        ("ids", document("", &each(n, |i| block("sh check", &format!("#| id: a{i}\ntest -d x"))))),
        ("headings", document("", &each(n, |_| format!("## Look\n\n{check}")))),
        ("keys to keep", document(&format!("keep: [{}]\n", list(n, "r")), &check)),
        ("headings with items", document("", &each(n, |_| "## A\n\n- [ ] x\n\n".to_owned()))),
        ("headings of their own with blocks", document("", &each(n / 2, |i| format!("## S{i}\n\n{check}")))),
        ("items", document("", &each(n, |i| format!("- [ ] x{i}\n")))),
        ("secrets", document("", &block("sh run", &format!("#| secrets: [{}]\ndeploy", list(n, "S"))))),
        ("near marks", document("", &block("sh check", &format!("{}ls", "# | x\n".repeat(n))))),
        ("commands", document("", &block("sh check", &each(n, |i| format!("c{i} a\n"))))),
        ("variables", document("", &block("sh run", &each(n, |i| format!("echo $V{i}\n"))))),
        (
            "lines",
            document("", &(run.clone() + &block("text expect", &each(n, |i| format!("x{i} (glob)\n"))))),
        ),
        (
            "captures",
            document(
                "",
                &block("sh run", &format!("#| capture: {{ {} }}\nls", list(n, "C: { json: $.a }, D"))),
            ),
        ),
        (
            "expectations",
            document(
                "",
                &(run
                    + &block(
                        "yaml expect",
                        &format!("stdout:\n{}", each(n, |i| format!("  - contains: a{i}\n"))),
                    )),
            ),
        ),
        ("here-documents", document("", &block("sh check", &"cat <<E\nE\n".repeat(n)))),
        ("functions", document("", &block("sh check", &each(n, |i| format!("f{i}() {{ ls; }}\n"))))),
        (
            "conditions",
            document(
                "inputs:\n  B: { type: boolean }\n",
                &each(n / 10, |_| block("sh check", "#| when: B and not B\nls")),
            ),
        ),
        ("words of an info string", document("", &block(&format!("sh run {}", "a ".repeat(50 * n)), "ls"))),
        ("bytes of an info string", document("", &block(&format!("sh {}", "a".repeat(100 * n)), "ls"))),
    ]
}

/// Documents that people follow by hand.
fn foreign_documents(n: usize) -> Vec<(&'static str, String)> {
    // Each command is read more than once, and what is not optimised takes long for that.
    let n = n / 2;
    let code = |lines: String| format!("# T\n\n## A\n\n```console\n{lines}```\n");
    vec![
        ("commands", code(each(n, |i| format!("$ queue stop x{i}\n")))),
        (
            "commands without prompts",
            format!("# T\n\n## A\n\n```sh\n{}```\n", each(n, |i| format!("rm x{i}\n"))),
        ),
        ("commands with output", code(each(n, |i| format!("$ queue stop x{i}\nok {i}\n")))),
        ("literals", code(each(n, |i| format!("$ queue stop 1.{}.{}\n", i % 100, i / 100)))),
        (
            "literals in text",
            format!(
                "{}\n{}",
                code("$ queue stop 1.2.3\n".to_owned()),
                each(n, |_| "Of 1.2.3.\n\n".to_owned())
            ),
        ),
        ("placeholders", code(each(n, |i| format!("$ queue stop <name-{i}>\n")))),
        ("variables", code(each(n, |i| format!("$ queue stop $V{i}\n")))),
        ("fences", each(n, |i| format!("```sh\nqueue stop x{i}\n```\n\n"))),
        (
            "groups of fences",
            each(n, |i| format!("::: code-group\n```sh [a]\nqueue stop x{i}\n```\n:::\n\n")),
        ),
        (
            "numbered items with code",
            each(n, |i| format!("{}. Stop\n\n   ```sh\n   queue stop\n   ```\n\n", i + 1)),
        ),
        ("bullets", each(n, |i| format!("- Stop x{i}\n"))),
        ("rows", format!("| Item | Yes | No |\n|-|-|-|\n{}", each(n, |i| format!("| x{i} | | |\n")))),
        (
            "columns",
            format!("| Item |{}\n|-|{}\n| x |{}\n", " yes |".repeat(n), "-|".repeat(n), " |".repeat(n)),
        ),
        ("sections", each(n, |i| format!("## Stop x{i}\n\nText.\n\n"))),
        ("open quotes", code(each(n, |_| "$ queue 'stop\n".to_owned()))),
        ("options below", format!("# T\n\n## A\n\n```sh\nqueue\n{}```\n", each(n, |_| "  --x\n".to_owned()))),
    ]
}

fn configurations(n: usize) -> Vec<(&'static str, String)> {
    let places = |n| each(n, |i| format!("\"ssh://u@h{i}\", "));
    vec![
        ("places", format!("[environments.local.targets]\nweb = [{}]\n", places(n))),
        (
            "targets",
            format!("[environments.local.targets]\n{}", each(n, |i| format!("t{i} = [\"ssh://u@h\"]\n"))),
        ),
        ("environments", each(n, |i| format!("[environments.e{i}.vars]\nV{i} = \"x\"\n"))),
        ("people", each(n, |i| format!("[people.p{i}]\nname = \"P {i}\"\n"))),
        ("aliases", each(n, |i| format!("[people.p{i}]\nalias = \"a{i}\"\n"))),
        ("roles", format!("[roles]\n{}", each(n, |i| format!("r{i} = [\"p\"]\n")))),
        ("members", format!("[roles]\nr = [{}]\n", each(n, |i| format!("\"p{i}\", ")))),
    ]
}

/// Documents and configurations of which each has many of what the other knows or lacks.
fn both(n: usize) -> Vec<(&'static str, (String, String))> {
    let check = block("sh check", "test -d x");
    // Of environments, and of choices, no more are taken.
    let environments =
        |body: &dyn Fn(usize) -> String| each(n.min(MOST), |i| format!("[environments.e{i}{}\n", body(i)));
    let with_targets = environments(&|_| ".targets]\nt0 = [\"local\"]\nt1 = [\"ssh://u@h\"]".to_owned());
    let each_its_own = environments(&|i| format!(".targets]\nt{i} = [\"local\"]"));
    let targets = |name: &dyn Fn(usize) -> String| {
        document("", &each(n, |i| format!("## Look\n\n```yaml step\ntarget: {}\n```\n\n{check}", name(i))))
    };
    let front = format!(
        "environments: [{}]\ninputs:\n  A: {{ type: choice, choices: [{}] }}\n  B: {{ type: choice, choices: [{}] }}\n",
        list(MOST, "e"),
        list(MOST, "a"),
        list(MOST, "b"),
    );
    let asking = |condition: &str| {
        let step = format!("```yaml step\nwhen: {condition}\n```\n\n{check}");
        document(&front, &each(n / 20, |_| format!("## Look\n\n{step}")))
    };
    let all = each(MOST, |i| format!("[environments.e{i}.vars]\nV = \"x{i}\"\n"));
    let roles = format!("[roles]\n{}", each(n, |i| format!("r{i} = [\"p\"]\n")));
    let listed = |key: &str| document(&format!("{key}: [{}]\n", list(n, "x")), &check);
    vec![
        ("targets that no environment has", (targets(&|i| format!("x{i}")), with_targets.clone())),
        ("targets that one environment has", (targets(&|i| format!("t{}", i % MOST)), each_its_own)),
        ("targets that are elsewhere", (targets(&|_| "t1".to_owned()), with_targets)),
        ("environments that are not there", (listed("environments"), environments(&|_| "]".to_owned()))),
        ("roles that nobody has", (listed("roles"), roles)),
        ("conditions on the environment", (asking("environment.name == \"e1\""), all.clone())),
        ("conditions on what it is", (asking("not environment.rehearsal"), all.clone())),
        ("conditions on a variable", (asking("V == \"x1\""), all.clone())),
        ("conditions on choices", (asking("A == B or A in V or V is startingwith \"x\""), all)),
    ]
}

fn took(read: impl FnOnce()) -> Duration {
    let from = Instant::now();
    read();
    from.elapsed()
}

/// Some of the shapes each time, all of them where everything is to be taken.
fn grows<T>(made: impl Fn(usize) -> Vec<(&'static str, T)>, read: impl Fn(&T)) {
    let sizes: Vec<_> = [FEW, FEW * MORE, FEW * MORE * MORE].into_iter().map(made).collect();
    let (mut slow, one_of) = (Vec::new(), OneOf::among(4));
    for (at, (what, few)) in sizes[0].iter().enumerate().filter(|_| one_of.takes()) {
        let (_, many) = &sizes[1][at];
        // What takes next to nothing says nothing: more of it does.
        let (few, many) = match took(|| read(many)) {
            long if long < MEASURABLE => (many, &sizes[2][at].1),
            _ => (few, many),
        };
        let times = || (took(|| read(few)), took(|| read(many)));
        // By their square it would be sixteen times.
        let too_long = |(short, long): (Duration, Duration)| long > short * 10 + MEASURABLE;
        // Something else may have been busy.
        let measured = times();
        if too_long(measured) && too_long(times()) && too_long(times()) {
            slow.push(format!("{what}: {:?}, and {MORE} times as many {:?}", measured.0, measured.1));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

#[test]
fn documents_take_a_time_that_grows_with_what_they_hold() {
    grows(documents, |source| {
        let (compiled, _) = compile_and_lint(source, None);
        for block in
            compiled.plan.steps.iter().flat_map(|step| &step.actions).filter_map(|it| it.work.block())
        {
            let _ = programs(block, &block.script);
        }
        lint_claims(&compiled.plan, None, jiff::civil::date(2026, 11, 28));
    });
}

#[test]
fn foreign_documents_take_a_time_that_grows_with_what_they_hold() {
    grows(foreign_documents, |source| drop(compile_and_lint(source, None)));
}

#[test]
fn what_is_proposed_takes_a_time_that_grows_with_the_document() {
    grows(|n| foreign_documents(n / 4), |source| drop(holdpoint_document::adopt(source, None)));
}

#[test]
fn configurations_take_a_time_that_grows_with_what_they_hold() {
    let book = document("", &block("sh check", "test -d x"));
    grows(configurations, |source| {
        let (config, _) = read_config(source);
        compile_and_lint(&book, Some(&config));
    });
}

#[test]
fn a_document_and_its_configuration_take_a_time_that_grows_with_both() {
    grows(both, |(source, configured)| {
        let (config, _) = read_config(configured);
        compile_and_lint(source, Some(&config));
    });
}

#[test]
fn more_choices_or_environments_than_anybody_chooses_among_are_refused() {
    let chosen = |count| {
        document(
            &format!("inputs:\n  C: {{ type: choice, choices: [{}] }}\n", list(count, "c")),
            "- [ ] Done\n",
        )
    };
    let configured = |count| each(count, |i| format!("[environments.e{i}]\n"));
    for (count, refused) in [(MOST, 0), (MOST + 1, 1)] {
        let said = compile_and_lint(&chosen(count), None).0.diagnostics;
        assert_eq!(said.len(), refused, "{said:?}");
        assert!(said.iter().all(|found| found.message.contains("there may be 1000")), "{said:?}");
        let said = read_config(&configured(count)).1;
        assert_eq!(said.len(), refused, "{said:?}");
        assert!(said.iter().all(|found| found.message.contains("there may be 1000")), "{said:?}");
    }
}

#[test]
fn no_finding_repeats_a_document_at_any_length() {
    let long = "a ".repeat(100_000);
    for body in [
        block(&format!("sh run {long}"), "ls"),
        block(&format!("sh {long}"), "ls"),
        block("sh run", &format!("#| when: {long}\nls")),
    ] {
        let (compiled, warnings) = compile_and_lint(&document("", &body), None);
        assert!(compiled.has_errors());
        for finding in compiled.diagnostics.iter().chain(&warnings) {
            assert!(finding.message.len() < 3000 && finding.help.len() < 3000, "{}", finding.code.as_str());
        }
    }
}

#[test]
fn a_condition_within_conditions_is_checked_at_once() {
    let condition = (0..14).fold("N".to_owned(), |inner, _| format!("(1 if ({inner}) % 7 == 2 else 3)"));
    let front = "inputs:\n  N: { type: integer }\n";
    let block = block("sh check", &format!("#| when: ({condition}) == 2\ntest -d x"));
    let begun = Instant::now();
    let read = compile_and_lint(&document(front, &block), None);
    assert!(read.0.diagnostics.iter().any(|finding| finding.message.contains("never holds")));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn many_long_patterns_are_refused_at_the_first_that_is_too_much() {
    let pattern = "ab".repeat(4_500);
    let lines = |count| block("text expect", &each(count, |_| format!("{pattern} (regex)\n")));
    let check = block("sh check", "test -d x");
    let fields = |count: usize| {
        let matchers = each(count, |_| format!("- {{ matches: '{pattern}' }}\n"));
        block("yaml expect", &format!("stdout:\n{matchers}"))
    };
    let (few, many) = (3, 8);
    for (count, refused) in [(few, 0), (many, 1)] {
        for expected in [lines(count), fields(count)] {
            let (compiled, _) = compile_and_lint(&document("", &format!("{check}{expected}")), None);
            let said =
                compiled.diagnostics.iter().filter(|found| found.message.contains("32768 bytes together"));
            assert_eq!(said.count(), refused, "{count}: {:?}", compiled.diagnostics);
            assert_eq!(compiled.diagnostics.len(), refused);
        }
    }
}
