//! Shell scripts as lints see them: commands, words, variables. Good enough to warn, never used to decide.

mod command;
mod scan;
mod started;

use holdpoint_shell::{assigned, is_name};

use crate::operands::takes_the_next;

pub(in crate::lints) use command::{Command, Shell};
pub(in crate::lints) use started::{Started, started, started_by_python};

/// Programs that run the command behind them on this machine: their options that take the next word, and how many words
/// of their own come before the command.
const WRAPPERS: &[(&[&str], &[&str], usize)] = &[
    (&["command", "builtin", "nohup", "setsid"], &[], 0),
    (&["exec"], &["-a"], 0),
    (&["time"], &["-f", "-o"], 0),
    (&["sudo", "doas"], &["-u", "-g", "-h", "-p", "-C", "-a"], 0),
    (&["env"], &["-u", "-C"], 0),
    (&["nice"], &["-n"], 0),
    (&["ionice"], &["-c", "-n"], 0),
    (&["stdbuf"], &["-i", "-o", "-e"], 0),
    (&["timeout"], &["-k", "-s"], 1),
    (&["flock"], &["-w", "-E"], 1),
    (&["xargs"], &["-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E"], 0),
];

impl<'t> Shell<'t> {
    pub(in crate::lints) fn scan(text: &'t str) -> Shell<'t> {
        let mut read = scan::scan(text);
        let commands = std::mem::take(&mut read.commands);
        read.commands = commands.into_iter().filter_map(|command| read.simplify(command)).collect();
        read
    }

    /// Drops what stands in front of the program, and notes what is defined.
    fn simplify(&mut self, mut command: Command<'t>) -> Option<Command<'t>> {
        loop {
            let first = command.words.first()?.text.clone();
            if let Some(name) = assigned(&first) {
                self.defines.insert(name.to_owned());
                command.words.remove(0);
                continue;
            }
            let Some((_, taking, operands)) = WRAPPERS.iter().find(|(names, ..)| names.contains(&&*first))
            else {
                break;
            };
            let asks = ["sudo", "doas"].into_iter().find(|name| *name == first);
            command.password_for = asks.filter(|_| !is_told_not_to_ask(&command)).or(command.password_for);
            command.raised |= asks.is_some();
            command.limited |= first == "timeout";
            let opening = command.words.clone();
            command.words.remove(0);
            let mut opens = false;
            while let Some(option) = command.words.first().filter(|word| word.text.starts_with('-')) {
                opens |= asks.is_some() && opens_a_shell(&option.text);
                let words = if takes_the_next(&option.text, taking) { 2 } else { 1 };
                command.words.drain(..words.min(command.words.len()));
            }
            command.words.drain(..(*operands).min(command.words.len()));
            // `sudo -i`: the shell that it opens is all that there is.
            if opens && command.words.is_empty() {
                command.words = opening;
                break;
            }
        }
        let define = |shell: &mut Shell<'_>, name: &str| {
            let name = name.split(['=', '+', '[']).next().unwrap_or_default();
            if is_name(name) {
                shell.defines.insert(name.to_owned());
            }
        };
        match command.program() {
            "export" | "local" | "declare" | "typeset" | "readonly" | "read" | "mapfile" | "readarray"
            | "let" | "getopts" => command.arguments().for_each(|word| define(self, word)),
            "printf" => {
                let words: Vec<&str> = command.arguments().collect();
                words.windows(2).filter(|pair| pair[0] == "-v").for_each(|pair| define(self, pair[1]));
            }
            _ => {}
        }
        Some(command)
    }
}

/// Whether an option of `sudo` or `doas` has it open a shell, where it is given no command.
fn opens_a_shell(option: &str) -> bool {
    match option.strip_prefix("--") {
        Some(name) => matches!(name, "login" | "shell"),
        None => option.contains(['i', 's']),
    }
}

/// Whether `sudo` or `doas` fails where it would ask, or is given the password otherwise.
fn is_told_not_to_ask(command: &Command<'_>) -> bool {
    let options = command.arguments().take_while(|word| word.starts_with('-'));
    options.into_iter().any(|word| match word.strip_prefix("--") {
        Some(name) => ["non-interactive", "stdin", "askpass"].contains(&name),
        None => word.contains(['n', 'S', 'A']),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_where_a_shell_splits_them() {
        let shell = Shell::scan(
            "A=1 sudo -u x foo 'a b' | bar \"$(baz \"$Q\" >/dev/null)\" && cat <<EOF\n$IN ; no\nEOF\nend # not\n",
        );
        let words: Vec<Vec<&str>> =
            shell.commands.iter().map(|c| c.words.iter().map(|w| &*w.text).collect()).collect();
        assert_eq!(words, [vec!["foo", "a b"], vec!["baz", "$Q"], vec!["bar", ""], vec!["cat"], vec!["end"]]);
        assert!(shell.commands[0].captured && shell.commands[1].captured && shell.commands[2].fed);
        assert_eq!(shell.uses.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Q", "IN"]);
        assert!(shell.defines.contains("A"));
    }

    #[test]
    fn patterns_of_case_pipe_nothing_and_groups_hand_on_what_they_are_given() {
        let shell = Shell::scan(
            "case $1 in a|b) one;; c | d) two;; esac\n{ three; } < file\n( four & ) > file\nfive $(six)",
        );
        let told: Vec<_> =
            shell.commands.iter().map(|c| (c.program(), c.piped, c.fed, c.captured, c.background)).collect();
        assert_eq!(
            told,
            [
                ("one", false, false, false, false),
                ("two", false, false, false, false),
                ("three", false, true, false, false),
                ("four", false, false, true, true),
                ("six", false, false, true, false),
                ("five", false, false, false, false),
            ]
        );
    }

    #[test]
    fn defaults_quotes_and_escapes_are_no_uses() {
        let shell = Shell::scan(
            "echo ${A:-x} ${B-} ${C:?no} '$D' \\$E \"\\$F\" ${#G} $1 $@ $$ ${H} \"$I\"\ncat <<'X'\n$J\nX\n",
        );
        assert_eq!(shell.uses.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["H", "I"]);
    }

    #[test]
    fn names_are_defined_by_the_words_that_define_them() {
        let shell = Shell::scan(
            "read -r A B\nfor C in 1; do export D=1; local E; done\nprintf -v F x\n: ${G:=1}\nH+=1\nwhile read I; do :; done",
        );
        assert_eq!(shell.defines.iter().map(String::as_str).collect::<String>(), "ABCDEFGHI");
    }
}
