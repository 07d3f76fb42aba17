//! Which program runs a block.

use holdpoint_shell::interpreter::{Interpreter, base_name};

use super::raw::{Read, Script};
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

/// Programs that run another one, with the letters of options that an argument follows, and how many words stand before
/// the program's name.
const WRAPPERS: &[(&str, &str, usize)] = &[
    ("env", "uC", 0),
    ("nice", "n", 0),
    ("sudo", "ughpCrtTUDR", 0),
    ("doas", "uC", 0),
    ("runuser", "ugG", 0),
    ("nohup", "", 0),
    ("setsid", "", 0),
    ("stdbuf", "ioe", 0),
    ("ionice", "cnp", 0),
    ("timeout", "sk", 1),
    ("chroot", "", 1),
    ("taskset", "", 1),
    ("chrt", "", 1),
    ("unshare", "", 0),
    ("time", "", 0),
    ("command", "", 0),
    ("exec", "a", 0),
    ("busybox", "", 0),
];

/// Long options of these that an argument follows.
const LONG: &[&str] =
    &["--user", "--group", "--chdir", "--unset", "--adjustment", "--signal", "--kill-after"];

/// The program that an interpreter comes to, behind all that only runs another one.
pub(super) fn program(interpreter: &[String]) -> &str {
    let mut words = interpreter.iter().flat_map(|word| word.split_whitespace()).map(base_name).peekable();
    while let Some((_, letters, operands)) =
        words.peek().and_then(|word| WRAPPERS.iter().find(|(wrapper, ..)| wrapper == word))
    {
        words.next();
        while let Some(option) = words.next_if(|word| word.starts_with('-')) {
            let short = option.len() == 2 && option[1..].contains(|c| letters.contains(c));
            if short || LONG.contains(&option) {
                words.next();
            }
            if option == "--" {
                break;
            }
        }
        while words.next_if(|word| word.contains('=')).is_some() {}
        for _ in 0..*operands {
            words.next();
        }
    }
    words.next().unwrap_or_default()
}

/// The language that a script is read in: that of the program which runs it, where that is known, else what its fence
/// says.
pub fn spoken<'a>(interpreter: &[String], language: &'a str) -> &'a str {
    let program = program(interpreter);
    let program = program.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
    match program {
        "sh" | "dash" | "ash" => "sh",
        "bash" | "rbash" => "bash",
        "zsh" => "zsh",
        "ksh" | "mksh" | "oksh" => "ksh",
        "fish" => "fish",
        "python" | "pypy" => "python",
        "ruby" => "ruby",
        "perl" => "perl",
        "node" | "nodejs" | "deno" | "bun" => "node",
        "php" => "php",
        "lua" | "luajit" => "lua",
        "pwsh" | "powershell" => "pwsh",
        "psql" | "mysql" | "mariadb" | "sqlite" => "sql",
        _ => language,
    }
}

/// Whether `strict` can be kept by what runs a script: by a shell that can be told to, and by whatever is none.
pub(super) fn can_be_strict(interpreter: &[String]) -> bool {
    let words: Vec<String> =
        interpreter.iter().flat_map(|word| word.split_whitespace()).map(str::to_owned).collect();
    // Somebody said so, as far as it goes.
    let said =
        words.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('e'));
    match spoken(&words, "") {
        "fish" => false,
        "sh" | "bash" | "zsh" | "ksh" => {
            said || Interpreter::read(&words).is_some_and(|read| read.is_strict())
        }
        _ => true,
    }
}

/// Whether the language is a POSIX-like shell: what the shell lints and quoting rules know.
pub(crate) fn is_shell(language: &str) -> bool {
    matches!(language, "sh" | "shell" | "bash" | "zsh" | "dash" | "ksh")
}

/// Whether Python runs it.
pub(crate) fn is_python(language: &str) -> bool {
    matches!(language, "python" | "python3" | "py")
}

/// Whether a fence of this language looks like something to be run.
pub(crate) fn is_shell_like(language: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::{can_be_strict, spoken};

    #[test]
    fn a_shell_is_strict_where_it_can_be_told_to() {
        for (interpreter, strict) in [
            ("bash", true),
            ("/usr/bin/env bash", true),
            ("/usr/bin/env -S bash -x", true),
            ("busybox sh", true),
            ("zsh", true),
            ("nice bash", true),
            ("timeout 5 bash", true),
            ("sudo -u x -- bash -e", true),
            ("python3 -u", true),
            ("nice bash -x", false),
            ("zsh-5.9", true),
            ("zsh -x", false),
            // It is run as any program is, and told nothing.
            ("rbash", false),
            ("fish", false),
        ] {
            let whole = [interpreter.to_owned()];
            let split: Vec<String> = interpreter.split(' ').map(str::to_owned).collect();
            assert_eq!(can_be_strict(&whole), strict, "{interpreter}");
            assert_eq!(can_be_strict(&split), strict, "{interpreter}");
        }
    }

    #[test]
    fn a_script_is_read_in_the_language_of_the_program_that_runs_it() {
        for (interpreter, fence, language) in [
            ("bash", "bash", "bash"),
            ("/usr/bin/env python3", "bash", "python"),
            ("/usr/bin/env -S python3.12 -u", "sh", "python"),
            ("env A=1 perl -w", "sh", "perl"),
            ("/bin/sh -e", "python", "sh"),
            ("busybox sh", "python", "sh"),
            ("bash-5.2", "sh", "bash"),
            ("nice bash", "python", "bash"),
            ("nice -n 5 /bin/sh -e", "python", "sh"),
            ("sudo bash", "python", "bash"),
            ("sudo -u x -- bash -e", "python", "bash"),
            ("sudo -E --user x A=1 sh", "python", "sh"),
            ("env -u HOME X=1 sh", "python", "sh"),
            ("sudo -u bash nice python3", "sh", "python"),
            ("timeout -k 5 30 dash", "python", "sh"),
            ("nice", "sh", "sh"),
            ("/opt/node-22/bin/node", "bash", "node"),
            ("psql -v ON_ERROR_STOP=1 -f", "bash", "sql"),
            ("./run-in-container sh", "python", "python"),
            ("", "sh", "sh"),
        ] {
            let whole = [interpreter.to_owned()];
            let split: Vec<String> = interpreter.split(' ').map(str::to_owned).collect();
            assert_eq!(spoken(&whole, fence), language, "{interpreter}");
            assert_eq!(spoken(&split, fence), language, "{interpreter}");
        }
    }
}
