//! What a line of a session is: for this machine and its user, or for a shell that another command opens; a command, or what
//! one prints. Where that is not sure, nothing of it is offered.

use super::filled::filled;
use super::piece::{Command, Cut};
use super::programs::is_known;
use super::prompts::{Who, reads_as_command};
use super::unlike::{is_row, unlike};
use crate::lints::{self, Opens};
use crate::{Class, Confidence, Reading};

/// A shell that is open, or a program that takes commands of its own.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    /// The first line of the command that opened it.
    by: String,
    /// Who was at the prompt there.
    who: Option<Who>,
    what: Opens,
}

impl Opened {
    fn told(&self) -> String {
        let what = match self.what {
            Opens::Shell => "shell",
            Opens::Program => "program",
        };
        format!(
            "it belongs into the {what} that `{}` opens, for nothing above it says that this was left: type it there",
            self.by
        )
    }
}

/// How many shells within one another are followed.
const DEEPEST: usize = 32;

/// Has a command not be offered that may be one.
pub(super) fn doubt(command: &mut Command, reason: impl Into<String>) {
    command.is_doubtful = true;
    let (class, confidence) = (Class::NotACommand, Confidence::Likely);
    command.reading = Reading { class, confidence, reason: reason.into() };
}

/// Has nothing of code be offered.
pub(super) fn doubt_all(cut: &mut Cut, reason: &str) {
    cut.commands.iter_mut().filter(|command| command.is_offered()).for_each(|command| doubt(command, reason));
}

/// Follows the shells that the commands of a piece of code open and leave, after those that are `open` before it. What is for
/// one of them is not offered for this machine.
pub(super) fn follow(cut: &mut Cut, open: &mut Vec<Opened>) {
    let (mut all, mut home, mut back): (Option<String>, Option<Who>, Option<Who>) = (None, None, None);
    let last = cut.commands.iter().rposition(Command::is_offered);
    for (at, command) in cut.commands.iter_mut().enumerate().filter(|(_, command)| !command.is_left_out()) {
        let who = command.who.clone();
        if let Some(who) = &who {
            // A prompt of a shell is none of the program's.
            while open.last().is_some_and(|last| last.what == Opens::Program && last.who.is_some()) {
                open.pop();
            }
            if who.name.is_some()
                && let Some(at) = open.iter().position(|one| one.who.as_ref() == Some(who))
            {
                open.truncate(at);
            }
        }
        if let (Some(was), Some(who)) = (back.take(), &who)
            && was != *who
        {
            all.get_or_insert(
                "behind an `exit` its prompt is not the one from before: it is not sure whose shell that is"
                    .to_owned(),
            );
        }
        if open.is_empty()
            && let Some(who) = &who
        {
            let first = home.get_or_insert_with(|| who.clone());
            if first.name != who.name {
                let name = |who: &Who| who.name.clone().unwrap_or("nobody".to_owned());
                let (one, other) = (name(first), name(who));
                all.get_or_insert(format!(
                    "its prompts name `{one}` and `{other}`, and no command says how one came from one to the other: it is not sure which of them is here"
                ));
            }
        }
        if leaves(&command.text) {
            match open.pop() {
                Some(opened) => {
                    back = opened.who.clone().filter(|_| who.is_some());
                    command.is_typed_in = true;
                    doubt(command, format!("it leaves what `{}` opens: type it there", opened.by));
                }
                None if last.is_some_and(|last| at < last) => {
                    all.get_or_insert(format!("`{}` leaves a shell that no command above it opens: it is not sure where the others are for", command.text.trim()));
                }
                None => {}
            }
            continue;
        }
        if let Some(opened) = open.last() {
            command.is_typed_in = true;
            if command.is_offered() || command.is_doubtful {
                doubt(command, opened.told());
            }
        }
        let counts =
            command.is_offered() || command.reading.class == Class::Explanatory || command.is_doubtful;
        let opens = counts.then(|| lints::outline(&filled(&command.text)).opens).flatten();
        if open.len() == DEEPEST && opens.is_some() {
            all.get_or_insert("it opens more shells within one another than are followed".to_owned());
        } else if let Some((what, _)) = opens {
            let by = command.text.trim().lines().next().unwrap_or_default().to_owned();
            open.push(Opened { by, who, what });
        }
    }
    // Below other code nothing is typed into a program that nobody told of: it would be of another language.
    while open.last().is_some_and(|last| last.what == Opens::Program) {
        open.pop();
    }
    if let Some(reason) = all {
        doubt_all(cut, &reason);
    }
}

/// Whether a command leaves the shell or the program that it is typed into.
fn leaves(text: &str) -> bool {
    matches!(
        text.trim().trim_end_matches(';').to_lowercase().as_str(),
        "exit"
            | "logout"
            | "quit"
            | "exit()"
            | "quit()"
            | "\\q"
            | ".exit"
            | ".quit"
            | "^d"
            | "ctrl-d"
            | "ctrl+d"
    )
}

/// Whether a line that stands where nothing or something printed would may be a command: its first word is a program that is
/// known here, and it is no sentence and no row.
pub(super) fn may_be_typed(line: &str) -> bool {
    let text = line.trim();
    for list in [" && ", " || "] {
        if text.contains(list) {
            return text.split(list).any(may_be_typed);
        }
    }
    // Columns are parted so, too: `id | name`.
    if let Some((_, behind)) = text.split_once(" | ") {
        let mut parts = behind.split(" | ").map(str::split_whitespace);
        let known = parts.clone().all(|mut part| part.next().is_some_and(is_known));
        if !known || parts.all(|part| part.count() < 2) {
            return false;
        }
    }
    let mut rest = text;
    while let Some((word, behind)) = rest.split_once(char::is_whitespace) {
        let passes = matches!(
            word,
            "sudo" | "doas" | "time" | "nohup" | "exec" | "env" | "!" | "then" | "do" | "else" | "{" | "("
        ) || holdpoint_shell::assigned(word).is_some();
        if !passes {
            break;
        }
        rest = behind.trim_start();
    }
    let mut words = rest.split_whitespace();
    let (first, second) = (words.next().unwrap_or_default(), words.next());
    if matches!(first, "for" | "while" | "until" | "if") {
        return text.contains(';') || second.is_some_and(|word| word.starts_with(['[', '!', '(']));
    }
    // What is in a folder is printed as often as it is called.
    let folder = first.starts_with('/') && !(first.contains("/bin/") || first.contains("/sbin/"));
    let lone = first.contains('/') && second.is_none() && !first.starts_with("./");
    let version = second.is_some_and(|word| {
        let number = word.trim_start_matches('v');
        word == "version"
            || number.contains('.') && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    let told = second.is_some_and(|word| {
        word.ends_with([':', ',']) || word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_uppercase())
    });
    let shown = first == "diff" && second == Some("--git");
    let bare = matches!(first, "." | ":" | "[");
    if shown
        || folder
        || lone
        || version
        || told
        || bare && second.is_none()
        || !reads_as_typed(rest)
        || is_row(text)
    {
        return false;
    }
    let read = holdpoint_shell::read(text);
    let broken = read.error.as_ref().is_some_and(|error| {
        !matches!(error.kind, holdpoint_shell::ErrorKind::Open | holdpoint_shell::ErrorKind::OpenHereDocument)
    });
    !broken && unlike(text, &read).is_none()
}

/// The same of a line without what stands before its program. Few words are a command sooner than a remark (`touch a`,
/// `service web restart`), and nobody writes remarks among what is printed.
fn reads_as_typed(rest: &str) -> bool {
    let mut words = rest.split_whitespace();
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let ends = rest.ends_with([':', '!', '?'])
        || rest.ends_with('.') && !rest.ends_with(" .") && !rest.ends_with("..");
    let ended = first == "exit" && matches!(second, "status" | "code");
    let few = is_known(first) && !second.is_empty() && words.count() < 2 && !ends && !ended;
    few || reads_as_command(rest, is_known)
}

/// Why a session that shows no prompts tells nothing of its lines: one of them reads as what a command prints.
pub(super) fn unprompted(cut: &Cut) -> Option<String> {
    let mut looked = false;
    for command in cut.commands.iter().filter(|command| !command.is_left_out()) {
        let Reading { class, confidence, reason } = &command.reading;
        let first = command.text.trim().lines().next().unwrap_or_default();
        let number = command
            .text
            .split_whitespace()
            .nth(1)
            .is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
        let known = reason.contains("only looks") || *confidence == Confidence::Sure;
        let printed = match class {
            Class::NotACommand => !command.is_doubtful,
            Class::Offered | Class::Interactive => {
                *confidence == Confidence::Unsure
                    || looked && !known && (number || reason.contains("not known here"))
            }
            Class::Explanatory => false,
        };
        if printed {
            return Some(format!(
                "the session shows no prompts, and `{first}` may be what is printed: nothing tells that from commands"
            ));
        }
        looked |= reason.contains("only looks");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::may_be_typed;

    #[test]
    fn a_line_that_may_be_a_command_is_told_from_what_is_printed() {
        for line in [
            "ansible-playbook -i inventory/x.ini -b upgrade-cluster.yml",
            "touch /tmp/FOURTH",
            "touch a",
            "service web restart",
            "make install",
            "reboot",
            "sudo systemctl restart x",
            "export A=1",
            "A=1 kubectl apply -f x",
            "./deploy.sh prod",
            "/usr/bin/systemctl stop x",
            "for i in 1 2; do rm $i; done",
            "cat <<EOF",
            "kubectl get pods | grep x",
            "frob && systemctl restart x",
            "rm -rf x",
        ] {
            assert!(may_be_typed(line), "{line}");
        }
        for line in [
            "total 0",
            "drwxr-xr-x 2 root root 4096 x",
            "git version 2.39.2",
            "pip 23.0 from /usr/lib",
            "/usr/bin/python3",
            "/dev/sda1 50G 20G 30G 40% /",
            "/var/log/syslog rotated",
            "node   Ready   control-plane   5d   v1.29.1",
            "nginx   latest   605c77e624dd   2 weeks ago   141MB",
            "test result: ok. 3 passed",
            "npm WARN deprecated x",
            "exit status 1",
            " id | name",
            "id | host | name",
            "nothing || else",
            "diff --git a/x b/x",
            "Switched to branch 'x'",
            "HEAD is now at 05dabb7e Fix",
            "service/web created",
            "NAME=\"Ubuntu\"",
            "make: Nothing to be done",
            "uid=0(root) gid=0(root)",
            "a b",
            "",
        ] {
            assert!(!may_be_typed(line), "{line}");
        }
    }
}
