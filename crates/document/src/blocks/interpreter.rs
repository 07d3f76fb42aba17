//! Which program runs a block.

use super::options::Read;
use super::script::Script;
use crate::findings::Findings;
use crate::{Code, Span};

/// Languages and the program that runs them where neither `#!` nor `interpreter` says so.
const PROGRAMS: &[(&str, &str)] = &[
    ("sh", "sh"),
    ("shell", "sh"),
    ("bash", "bash"),
    ("zsh", "zsh"),
    ("dash", "dash"),
    ("ksh", "ksh"),
    ("python", "python3"),
    ("python3", "python3"),
    ("py", "python3"),
    ("ruby", "ruby"),
    ("perl", "perl"),
    ("javascript", "node"),
    ("js", "node"),
    ("node", "node"),
    ("fish", "fish"),
    ("pwsh", "pwsh"),
    ("powershell", "pwsh"),
];

/// Other tags of fences that people paste commands into.
const SHELL_LIKE: &[&str] = &[
    "console",
    "shell-session",
    "shellsession",
    "sh-session",
    "terminal",
    "cmd",
    "bat",
    "batch",
    "ps1",
    "sql",
    "psql",
    "mysql",
    "csh",
    "tcsh",
    "ash",
    "nu",
    "command",
];

/// Whether the language is a POSIX-like shell: what the shell lints and quoting rules know.
pub(crate) fn is_shell(language: &str) -> bool {
    matches!(language, "sh" | "shell" | "bash" | "zsh" | "dash" | "ksh")
}

/// Whether a fence of this language looks like something to be run.
pub(super) fn is_shell_like(language: &str) -> bool {
    PROGRAMS.iter().any(|(name, _)| *name == language) || SHELL_LIKE.contains(&language)
}

/// From `#!`, else `interpreter`, else the language.
pub(super) fn choose(
    script: &Script,
    read: &mut Read,
    language: &str,
    info_span: Span,
    findings: &mut Findings,
) -> Vec<String> {
    if let Some((program, span)) = &script.shebang {
        if read.interpreter.is_some() {
            let help = "keep one of them";
            findings.add(Code::Misplaced, *span, "both `#!` and `interpreter` name a program", help);
        }
        // As the kernel reads it: the program, and all of the rest as one argument; `env -S` splits.
        let mut words = program.trim().splitn(2, [' ', '\t']).map(|word| word.trim().to_owned());
        let first = words.next().unwrap_or_default();
        if first.is_empty() {
            findings.add(Code::BadValue, *span, "`#!` names no program", "write `#!/usr/bin/env python3`");
            return Vec::new();
        }
        return std::iter::once(first).chain(words.filter(|word| !word.is_empty())).collect();
    }
    if let Some(interpreter) = read.interpreter.take() {
        return interpreter;
    }
    if read.interpreter_failed {
        return Vec::new();
    }
    match PROGRAMS.iter().find(|(name, _)| *name == language) {
        Some((_, program)) => vec![(*program).to_owned()],
        None => {
            let message = format!("no program is known that runs `{language}`");
            findings.add(
                Code::MissingKey,
                info_span,
                message,
                "say which: `interpreter: PROGRAM ARGUMENTS` in an option line at the top",
            );
            Vec::new()
        }
    }
}
