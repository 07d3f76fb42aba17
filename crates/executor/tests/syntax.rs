//! Asking a shell whether a script parses.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::sync::LazyLock;

use holdpoint_executor::{Asked, SyntaxError, Unchecked, syntax_error, syntax_errors};
use proptest::prelude::*;

fn words(interpreter: &str) -> Vec<String> {
    interpreter.split(' ').map(str::to_owned).collect()
}

#[test]
fn a_script_that_parses_is_no_finding_and_is_not_run() {
    for interpreter in ["bash", "sh", "/usr/bin/env bash", "bash -x"] {
        let script = "echo \"$(cat <<'E'\nfi\nE\n)\" >&2; exit 3\nif true; then :; fi\n";
        assert_eq!(syntax_error(&words(interpreter), script).unwrap(), None, "{interpreter}");
    }
    assert_eq!(syntax_error(&words("bash"), "shopt -s extglob\nls !(a|b)\nd=([1]=2)\n").unwrap(), None);
}

#[test]
fn a_here_document_that_ends_is_no_finding() {
    for script in [
        "cat <<E\nx\nE",
        "cat <<-'E'\n\tx\n\tE\nfalse\n",
        "x=$(cat <<E\n)\nE\n)\n",
        "echo $((1 << 2))\n",
        "echo '<<E'\n",
    ] {
        assert_eq!(syntax_error(&words("sh"), script).unwrap(), None, "{script}");
    }
}

#[test]
fn the_line_is_the_scripts_own() {
    for (interpreter, script, line) in [
        ("bash", "true\nfi\n", 2),
        ("sh", "true\nfi\n", 2),
        ("bash", "if true; then\n:\n", 3),
        ("sh", "if true; then\n:\n", 3),
        ("bash", "echo ok\necho 'open\n", 2),
        ("bash", "true\ncat <<END\ntext\n", 2),
        ("sh", "true\ncat <<END\ntext\n", 2),
        ("sh", "cat <<A\nx <<B\nA\ntrue\ncat >f <<END\n END\nx <<C\nfi\n", 5),
        ("sh", "cat <<-'END'\n  END\nfalse", 1),
        ("dash", "cat <<A <<B\na\nA\nb\n", 1),
    ] {
        let error = syntax_error(&words(interpreter), script).unwrap().expect(script);
        assert_eq!(error.line, line, "{interpreter} {script}: {error:?}");
        assert!(!error.message.is_empty(), "{error:?}");
    }
}

#[test]
fn what_is_no_shell_is_not_asked() {
    assert_eq!(syntax_error(&words("python3"), "if if").unwrap(), None);
}

#[test]
fn a_missing_shell_is_an_error_not_a_pass() {
    assert!(
        matches!(syntax_error(&words("/no/such/bash"), ":"), Err(Unchecked::NoInterpreter(name)) if name == "/no/such/bash")
    );
    assert!(matches!(syntax_error(&[], ":"), Err(Unchecked::NoInterpreter(_))));
}

/// The answers of one shell for each script.
fn one_by_one(asked: &[Asked<'_>]) -> Vec<(usize, SyntaxError)> {
    let ask = |one: &Asked<'_>| syntax_error(one.interpreter, one.script).unwrap();
    (0..asked.len()).filter_map(|index| Some((index, ask(&asked[index])?))).collect()
}

fn at_once(asked: &[Asked<'_>]) -> Vec<(usize, SyntaxError)> {
    syntax_errors(asked).into_iter().map(|(index, answer)| (index, answer.unwrap())).collect()
}

/// Pieces that open and close what a shell reads, so that most scripts made of them are nearly right.
const PIECES: &[&str] = &[
    "echo ",
    "a ",
    "b",
    "x=1 ",
    "x=",
    "1",
    "\n",
    "\n",
    "\n",
    "; ",
    ";",
    " ",
    " ",
    "\t",
    " && ",
    " || ",
    " | ",
    " & ",
    "|",
    "&",
    "!",
    "! ",
    "'",
    "\"",
    "'q'",
    "\"q\"",
    "\"$x\"",
    "\"$\"",
    "$x",
    "${x}",
    "${x:-y}",
    "${x%.*}",
    "${#x}",
    "${",
    "}",
    "$(",
    ")",
    "$((",
    "))",
    "$(a b)",
    "\"$(a \"b\")\"",
    "$((x + 1))",
    "$",
    "`",
    "#",
    " # c\n",
    " # don't\n",
    "\\",
    " \\\n",
    "\\\n",
    "if ",
    "then ",
    "else ",
    "elif ",
    "fi",
    "for x in ",
    "do ",
    "done",
    "while ",
    "until ",
    "case x in\n",
    "a) b ;;\n",
    "esac",
    "*",
    "?",
    "[",
    "]",
    "[a]",
    "x[",
    "{ ",
    "{",
    " }",
    "{}",
    "( ",
    "(",
    ")",
    "f() { ",
    "f()",
    "> o",
    ">",
    ">> o",
    "<",
    "< i",
    "2>&1",
    ">&",
    "<&-",
    "&>",
    "<>",
    ">|",
    "<<E\n",
    "<<-E\n",
    "<<'E'\n",
    "cat <<E\nt $x\nE\n",
    "cat <<'E'\n$(\nE\n",
    "E\n",
    "\tE\n",
    "<<<",
    "~",
    "^",
    "%",
    "=",
    "time ",
    "in ",
    "function ",
    "[[ ",
    " ]]",
    "select ",
    "export ",
    "declare ",
    "alias ",
    "é",
    "\r",
    "\u{1}",
    "+(",
    "@(",
    "a=(",
    "~(",
    "..",
    "-n ",
    "{a,b}",
    "2",
    "if a; then b; fi\n",
    "for x in a b; do c; done\n",
    "while a; do b; done < i\n",
    "(a; b)\n",
    "{ a; }\n",
    "f() {\n a\n}\n",
    "case \"$x\" in\n a|b) c ;;\n *) d;;\nesac\n",
    "a | b && c\n",
    "a \\\n b\n",
];

fn script() -> impl Strategy<Value = String> {
    prop::collection::vec((0..PIECES.len()).prop_map(|index| PIECES[index]), 0..9)
        .prop_map(|parts| parts.concat())
}

/// Each case asks sixteen shells; `PROPTEST_CASES` asks for more.
static CASES: LazyLock<u32> = LazyLock::new(|| ProptestConfig::default().cases.div_ceil(10));

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: *CASES, ..ProptestConfig::default() })]

    #[test]
    fn many_scripts_at_once_get_the_answers_that_their_shells_give_one_by_one(
        scripts in prop::collection::vec(script(), 8)
    ) {
        let shells = [words("sh"), words("bash")];
        let asked: Vec<Asked<'_>> = scripts
            .iter()
            .flat_map(|script| shells.iter().map(move |interpreter| Asked { interpreter, script }))
            .collect();
        prop_assert_eq!(at_once(&asked), one_by_one(&asked));
    }
}

#[test]
fn a_script_that_never_ends_takes_no_other_with_it() {
    let (sh, bash, none) = (words("sh"), words("bash"), words("/no/such/sh"));
    let scripts =
        ["echo 'a\n", "echo b'\n", "if a; then\n", "fi\n", "cat <<E\n", "E\n", "( a\n", "b )\n", "ok\n"];
    let asked: Vec<Asked<'_>> = scripts
        .iter()
        .map(|script| Asked { interpreter: if script.len() % 2 == 0 { &sh } else { &bash }, script })
        .collect();
    let answers = at_once(&asked);
    assert_eq!(answers, one_by_one(&asked));
    assert!(answers.len() >= 6, "{answers:?}");
    let missing =
        syntax_errors(&[Asked { interpreter: &sh, script: ":" }, Asked { interpreter: &none, script: ":" }]);
    assert!(
        matches!(missing.as_slice(), [(1, Err(Unchecked::NoInterpreter(name)))] if name == "/no/such/sh")
    );
}

#[test]
fn more_here_documents_on_one_line_than_bash_takes_are_a_finding() {
    let script = |count: usize| format!("cat{}\n{}", " <<E".repeat(count), "x\nE\n".repeat(count));
    let (most, more) = (script(16), script(17));
    let shell = words("bash");
    let asked = |script| Asked { interpreter: &shell, script };
    let answers = syntax_errors(&[asked(most.as_str()), asked(more.as_str())]);
    assert!(matches!(answers.as_slice(), [(1, Ok(_))]), "{answers:?}");
}
