//! Which program runs a script, and what kind of program it is.

/// How a program is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// bash.
    Bash,
    /// A POSIX shell: dash, busybox ash, or bash in that role.
    Sh,
    /// Anything that takes a file's name.
    Other,
}

/// A program with its arguments, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// How it is spoken to.
    pub kind: Kind,
    /// The program, then arguments up to and with the shell's own name; never empty.
    pub head: Vec<String>,
    /// Arguments of the interpreter itself.
    pub arguments: Vec<String>,
}

impl Interpreter {
    /// Takes apart what a `#!` line says. `None`: it names no program. A plain `env` in front is dropped, so that a
    /// program that is missing is noticed before anything runs.
    pub fn read(words: &[String]) -> Option<Interpreter> {
        let mut words = words.to_vec();
        if base_name(words.first()?) == "env" && words.len() > 1 {
            if words[1] == "-S" {
                let split: Option<Vec<_>> = words[2..].iter().map(|word| shlex::split(word)).collect();
                words.splice(1.., split?.into_iter().flatten());
            }
            if words.get(1).is_some_and(|word| !word.starts_with('-') && !word.contains('=')) {
                words.remove(0);
            }
        }
        let shell_at = match base_name(words.first()?) {
            "env" => words.iter().skip(1).position(|word| !word.contains('=')).map_or(0, |at| at + 1),
            "busybox" if words.len() > 1 => 1,
            _ => 0,
        };
        let kind =
            if words[shell_at].starts_with('-') { Kind::Other } else { kind(base_name(&words[shell_at])) };
        let arguments = words.split_off(if kind == Kind::Other { 1 } else { shell_at + 1 });
        Some(Interpreter { kind, head: words, arguments })
    }

    /// Whether the script's author asked for a trace (`bash -x`), which must not show what the wrapper does.
    pub fn traces(&self) -> bool {
        let short = |word: &&String| word.starts_with('-') && !word.starts_with("--");
        self.arguments.iter().filter(short).any(|word| word.contains('x'))
    }

    /// Whether a failing command in the middle of a script can be made to end it: in a shell that is called itself, or that
    /// stands last behind what only runs it.
    pub fn is_strict(&self) -> bool {
        self.kind != Kind::Other || !self.strict_options().is_empty()
    }

    /// What a shell that takes a file's name is told for that.
    pub fn strict_options(&self) -> &'static [&'static str] {
        let last = self.arguments.last().or(self.head.last()).map_or("", |word| base_name(word));
        match kind(last) {
            _ if self.kind != Kind::Other => &[],
            Kind::Bash => &["-eu", "-o", "pipefail"],
            Kind::Sh => &["-eu"],
            Kind::Other => {
                match last.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')) {
                    "zsh" | "ksh" | "mksh" | "oksh" => &["-eu", "-o", "pipefail"],
                    _ => &[],
                }
            }
        }
    }

    /// What script files of this language end in, with the dot; some programs insist on it.
    pub fn extension(&self) -> &'static str {
        let name = base_name(&self.head[0]).trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        match (self.kind, name) {
            (Kind::Bash | Kind::Sh, _) | (_, "zsh" | "ksh" | "mksh" | "fish") => ".sh",
            (_, "python" | "pypy" | "uv") => ".py",
            (_, "node") => ".js",
            (_, "deno" | "bun" | "tsx" | "ts-node") => ".ts",
            (_, "ruby") => ".rb",
            (_, "perl") => ".pl",
            (_, "php") => ".php",
            (_, "lua") => ".lua",
            (_, "pwsh") => ".ps1",
            _ => "",
        }
    }
}

fn kind(name: &str) -> Kind {
    match name {
        "sh" | "dash" | "ash" => Kind::Sh,
        _ if name.strip_prefix("bash").is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphabetic())) => {
            Kind::Bash
        }
        _ => Kind::Other,
    }
}

/// The last part of a path.
pub fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Case<'a> = (&'a [&'a str], Kind, &'a [&'a str], &'a [&'a str]);

    #[test]
    fn shells_are_told_from_other_programs() {
        let cases: &[Case<'_>] = &[
            (&["bash"], Kind::Bash, &["bash"], &[]),
            (&["/bin/bash", "-x"], Kind::Bash, &["/bin/bash"], &["-x"]),
            (&["bash-5.2"], Kind::Bash, &["bash-5.2"], &[]),
            (&["/usr/bin/env", "bash"], Kind::Bash, &["bash"], &[]),
            (&["/usr/bin/env", "-S", "bash -x"], Kind::Bash, &["bash"], &["-x"]),
            (&["/usr/bin/env", "-S", "bash", "-x"], Kind::Bash, &["bash"], &["-x"]),
            (&["env", "A=1", "sh", "-f"], Kind::Sh, &["env", "A=1", "sh"], &["-f"]),
            (&["env", "-i", "bash"], Kind::Other, &["env"], &["-i", "bash"]),
            (&["busybox", "sh"], Kind::Sh, &["busybox", "sh"], &[]),
            (&["dash"], Kind::Sh, &["dash"], &[]),
            (&["bashful"], Kind::Other, &["bashful"], &[]),
            (&["python3", "-u"], Kind::Other, &["python3"], &["-u"]),
            (&["env"], Kind::Other, &["env"], &[]),
        ];
        for (words, kind, head, arguments) in cases {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            let read = Interpreter::read(&words).unwrap();
            assert_eq!(
                (read.kind, read.head.as_slice()),
                (*kind, head.map_to_strings().as_slice()),
                "{words:?}"
            );
            assert_eq!(read.arguments, arguments.map_to_strings(), "{words:?}");
        }
        assert_eq!(Interpreter::read(&[]), None);
    }

    #[test]
    fn a_shell_that_another_program_runs_is_strict_too() {
        for (words, strictly) in [
            (&["nice", "bash"][..], &["-eu", "-o", "pipefail"][..]),
            (&["timeout", "5", "/bin/sh"], &["-eu"]),
            (&["zsh"], &["-eu", "-o", "pipefail"]),
            (&["/usr/bin/env", "ksh"], &["-eu", "-o", "pipefail"]),
            (&["zsh-5.9"], &["-eu", "-o", "pipefail"]),
            (&["bash"], &[]),
            (&["python3"], &[]),
            (&["nice", "bash", "-x"], &[]),
        ] {
            let read = Interpreter::read(&words.map_to_strings()).unwrap();
            assert_eq!(read.strict_options(), strictly, "{words:?}");
        }
    }

    trait MapToStrings {
        fn map_to_strings(&self) -> Vec<String>;
    }

    impl MapToStrings for &[&str] {
        fn map_to_strings(&self) -> Vec<String> {
            self.iter().map(ToString::to_string).collect()
        }
    }
}
