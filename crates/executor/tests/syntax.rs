//! Asking a shell whether a script parses.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use holdpoint_executor::{Unchecked, syntax_error};

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
fn the_line_is_the_scripts_own() {
    for (interpreter, script, line) in [
        ("bash", "true\nfi\n", 2),
        ("sh", "true\nfi\n", 2),
        ("bash", "if true; then\n:\n", 3),
        ("sh", "if true; then\n:\n", 3),
        ("bash", "echo ok\necho 'open\n", 2),
        ("bash", "true\ncat <<END\ntext\n", 2),
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
