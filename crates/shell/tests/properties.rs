//! What holds of any script, and of the shells' own verdict on scripts that were made up.

#![allow(clippy::disallowed_types, reason = "the shells are asked, as no part of the product")]

use std::io::Write;
use std::process::{Command, Stdio};

use holdpoint_shell::{Kind, Part, PartKind, Script, Token, pipelines, read};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Spans follow one another, lie in what they are part of, and begin and end between characters.
fn in_order(text: &str, script: &Script) {
    tokens(text, &script.tokens, 0, text.len());
    assert!(script.doubts.is_sorted_by_key(|doubt| doubt.at));
    assert!(script.error.as_ref().is_none_or(|error| error.at <= text.len()));
    pipelines(&script.tokens);
}

fn tokens(text: &str, list: &[Token], from: usize, end: usize) {
    let mut last = from;
    for token in list {
        assert!(
            last <= token.at.start && token.at.start <= token.at.end && token.at.end <= end,
            "{text:?} {token:?}"
        );
        assert!(text.get(token.at.clone()).is_some(), "{text:?}");
        match &token.kind {
            Kind::Word(word) | Kind::Pattern(word) => parts(text, &word.parts, token.at.start, token.at.end),
            Kind::Body(body) => parts(text, &body.parts, token.at.start, token.at.end),
            Kind::Arithmetic(inner) => parts(text, inner, token.at.start, token.at.end),
            Kind::Redirection(redirection) => {
                let word =
                    redirection.target.iter().flat_map(|word| &word.parts).cloned().collect::<Vec<_>>();
                parts(text, &word, redirection.operator.end, token.at.end);
            }
            _ => {}
        }
        // Only blanks and escaped line ends stand between tokens, and the lines that end here-documents.
        last = token.at.end;
    }
}

fn parts(text: &str, list: &[Part], from: usize, end: usize) {
    let mut last = from;
    for part in list {
        assert!(
            last <= part.at.start && part.at.start <= part.at.end && part.at.end <= end,
            "{text:?} {part:?}"
        );
        assert!(text.get(part.at.clone()).is_some(), "{text:?}");
        match &part.kind {
            PartKind::Double(inner) | PartKind::Arithmetic(inner) | PartKind::Glob(inner) => {
                parts(text, inner, part.at.start, part.at.end);
            }
            PartKind::Parameter { braces: Some(inner), .. } => parts(text, inner, part.at.start, part.at.end),
            PartKind::Command(inner) | PartKind::Backquote(Some(inner)) | PartKind::Array(inner) => {
                tokens(text, inner, part.at.start, part.at.end);
            }
            PartKind::Process { tokens: inner, .. } => tokens(text, inner, part.at.start, part.at.end),
            _ => {}
        }
        last = part.at.end;
    }
}

const PIECES: &[&str] = &[
    "a",
    "b ",
    " ",
    "\n",
    ";",
    "&&",
    "||",
    "|",
    "&",
    "(",
    ")",
    "{ ",
    "; }",
    "'",
    "\"",
    "`",
    "$",
    "${",
    "}",
    "$((",
    "))",
    "((",
    "$(",
    "<<E",
    "\nE\n",
    "<<-'F'",
    "\n\tF\n",
    "<",
    ">",
    ">>",
    "2>&1",
    "#",
    "\\",
    "\\\n",
    "$'",
    "case x in ",
    "a) ",
    ";;",
    " esac",
    "if ",
    "; then ",
    "; fi",
    "for i in ",
    "; do ",
    "; done",
    "[[ ",
    " ]]",
    "é",
    "=",
    "A=(",
    "@(",
    "<(",
    "$[",
    "function f ",
    "!",
    "\t",
    "\r",
];

fn made_up() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn spans_cover_any_script_in_order(script in made_up()) {
        in_order(&script, &read(&script));
    }

    #[test]
    fn every_prefix_of_a_script_is_read_to_its_end(script in made_up()) {
        for end in (0..script.len()).filter(|end| script.is_char_boundary(*end)) {
            in_order(&script[..end], &read(&script[..end]));
        }
    }

    #[test]
    fn depth_and_time_are_bounded(piece in prop::sample::select(PIECES), other in prop::sample::select(PIECES)) {
        let script = format!("{piece}{other}").repeat(3000);
        in_order(&script, &read(&script));
    }
}

/// Scripts that shells should take, for the most part.
fn script() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "a",
        "'b c'",
        "\"d $E\"",
        "$F",
        "${G:-h}",
        "\\;",
        "x=1",
        "\"$(date)\"",
        "$((1 + 2))",
        "`pwd`",
        "k'l'm",
        "#n",
        "-o",
    ]);
    let simple = prop::collection::vec(word, 1..4).prop_map(|words| format!("echo {}", words.join(" ")));
    let here = prop::sample::select(vec![
        "cat <<E\n$x 'y\nE\n",
        "cat <<'E' | wc\n$(\n`\nE\n",
        "cat <<-F\n\tz\n\tF\n",
        "x=$(cat <<E\ny\nE\n)\n",
    ])
    .prop_map(str::to_owned);
    let leaf = prop_oneof![4 => simple, 1 => here];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(a, b)| format!("{a}\n{b}")),
            inner.clone().prop_map(|a| format!("if true; then\n{a}\nfi")),
            inner.clone().prop_map(|a| format!("( {a}\n)")),
            inner.clone().prop_map(|a| format!("{{ {a}\n}} | cat")),
            inner.clone().prop_map(|a| format!("case $1 in a|b) {a}\n;; *) :;; esac")),
            inner.clone().prop_map(|a| format!("for i in 1 2; do\n{a}\ndone")),
            inner.prop_map(|a| format!("f() {{\n{a}\n}}")),
        ]
    })
}

/// A quote or bracket more, or a part less: what a slip makes of a script.
fn slipped() -> impl Strategy<Value = String> {
    (
        script(),
        any::<prop::sample::Index>(),
        prop::sample::select(vec!["'", "\"", "`", "$(", ")", "${", "}", "<<E\n", ""]),
        any::<bool>(),
    )
        .prop_map(|(script, at, what, cut)| {
            let mut at = at.index(script.len() + 1);
            while !script.is_char_boundary(at) {
                at -= 1;
            }
            let rest = if cut { "" } else { &script[at..] };
            format!("{}{what}{rest}", &script[..at])
        })
}

fn parses(shell: &[&str], script: &str) -> bool {
    let mut child = Command::new(shell[0])
        .args(&shell[1..])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the shells are installed where the tests run");
    child.stdin.take().expect("it was asked for").write_all(script.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    output.status.success() && !String::from_utf8_lossy(&output.stderr).contains("here-document")
}

fn seeded(
    cases: u32,
    holds: impl Fn(&str) -> Result<(), TestCaseError>,
    scripts: impl Strategy<Value = String>,
) {
    let config =
        Config { cases, rng_seed: RngSeed::Fixed(10), failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&scripts, |script| holds(&script)).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_both_shells_take_is_read_without_an_error() {
    let holds = |script: &str| {
        let taken = parses(&["dash", "-n"], script) && parses(&["bash", "-O", "extglob", "-n"], script);
        prop_assert!(!taken || read(script).error.is_none(), "{script}\n{:?}", read(script).error);
        Ok(())
    };
    seeded(150, holds, script());
    seeded(150, holds, slipped());
}

#[test]
fn what_is_left_open_is_taken_by_no_shell() {
    let asked = std::cell::Cell::new(0);
    let holds = |script: &str| {
        let read = read(script);
        // Here-documents that stay open are taken by dash, and where shells differ one of them may take it.
        if read.error.is_some() && read.doubts.is_empty() {
            asked.set(asked.get() + 1);
            prop_assert!(!parses(&["bash", "-O", "extglob", "-n"], script), "{script}\n{:?}", read.error);
        }
        Ok(())
    };
    seeded(150, holds, slipped());
    assert!(asked.get() > 30, "{} of 150 stay open", asked.get());
}
