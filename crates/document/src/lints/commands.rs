//! Commands that prompt, wait, never end, or show secrets.

use std::collections::BTreeSet;

use super::interactive::{asks_for_password, waits_for_somebody};
use super::looked::Script;
use super::shell::{Command, Shell, Started};
use crate::findings::Findings;
use crate::{Code, FrontMatter, Span};

pub(super) fn lint(script: &Script<'_>, front: &FrontMatter, findings: &mut Findings) {
    prompts(script, findings);
    if let Some(shell) = &script.shell {
        for (index, command) in shell.commands.iter().enumerate() {
            let span = script.text.span(command.at());
            of_command(script, command, shell.commands.get(index + 1), span, front, findings);
        }
        loops(script, shell, findings);
    }
    // Of several in what is handed on, the first is told: they stand at one place.
    let mut told = BTreeSet::new();
    for Started { command, at, .. } in script.started() {
        let mut found = Findings::default();
        of_command(script, &command, None, script.text.span(at.clone()), front, &mut found);
        if found.len() > 0 && told.insert(at.start) {
            findings.append(found);
        }
    }
}

fn of_command(
    script: &Script<'_>,
    command: &Command<'_>,
    next: Option<&Command<'_>>,
    span: Span,
    front: &FrontMatter,
    findings: &mut Findings,
) {
    let program = command.program();
    if script.block.options.tty {
        // Somebody sits there who answers it, and ends it.
    } else if waits_for_somebody(command) {
        let message = format!("`{program}` waits for somebody at a terminal, and this block has none");
        let help = "use its batch mode; a block of this machine may have a terminal instead: `#| tty: true`";
        findings.add(Code::InteractiveProgram, span, message, help);
    } else if let Some(asking) = asks_for_password(command) {
        let message = format!("`{asking}` may ask for a password at a terminal, and this block has none");
        let instead = match asking {
            "su" => "write `sudo -n -u USER …`, or as root `runuser -u USER -- …`".to_owned(),
            _ => format!("write `{asking} -n`, which fails instead"),
        };
        let help = format!("{instead}; a block of this machine may have a terminal: `#| tty: true`");
        findings.add(Code::InteractiveProgram, span, message, help);
    } else if endless(command, next) {
        let message = format!("`{program}` as written here never ends by itself");
        let help = "limit it (`-n`, `-c`, `timeout 60 …`), or write a check with `retry`";
        findings.add(Code::NeverEnds, span, message, help);
    }
    if let Some(name) = shows_secret(command, front) {
        let message = format!("the secret `{name}` is printed");
        findings.add(
            Code::SecretPrinted,
            span,
            message,
            "hand it to the program by its environment or standard input",
        );
    }
}

fn prompts(script: &Script<'_>, findings: &mut Findings) {
    let text = script.text.text();
    for line in script.text.lines() {
        let content = text[line.clone()].trim_start();
        if content.starts_with("$ ") || content.starts_with("% ") || content.starts_with("❯ ") {
            let start = line.end - content.len();
            let span = script.text.span(start..line.end);
            let help = "remove the prompt; show output in a `text expect` or `text output` block";
            findings.add(Code::PromptInBlock, span, "the line begins with a shell prompt", help);
            return;
        }
    }
}

/// A command that goes on until somebody stops it.
pub(super) fn endless(command: &Command<'_>, next: Option<&Command<'_>>) -> bool {
    let cut = command.captured
        && next.is_some_and(|next| {
            next.fed
                && (next.program() == "head"
                    || (next.program() == "grep" && (next.flag('q', "quiet") || next.flag('m', "max-count"))))
        });
    if command.background || command.limited || cut {
        return false;
    }
    let word = |wanted: &str| command.arguments().any(|word| word == wanted);
    match command.program() {
        "tail" => command.flag('f', "follow") || command.flag('F', ""),
        "journalctl" | "dmesg" => command.flag('f', "follow") || command.flag('w', "follow"),
        "watch" => !command.flag('g', "chgexit"),
        "sleep" => word("infinity"),
        "ping" => !command.flag('c', "count"),
        "tcpdump" => !command.flag('c', ""),
        "yes" => !command.captured,
        "kubectl" | "oc" => {
            word("port-forward")
                || command.flag('w', "watch")
                || (word("logs") && command.flag('f', "follow"))
        }
        "docker" | "podman" | "docker-compose" => {
            (word("logs") && command.flag('f', "follow"))
                || word("stats") && !word("--no-stream")
                || word("events")
        }
        "ssh" => command.flag('N', ""),
        "python" | "python3" => word("http.server"),
        _ => false,
    }
}

/// `while true` in a script that never breaks out.
fn loops(script: &Script<'_>, shell: &Shell<'_>, findings: &mut Findings) {
    if shell.commands.iter().any(|command| matches!(command.program(), "break" | "exit" | "return")) {
        return;
    }
    let text = script.text.text();
    for line in script.text.lines() {
        let content = text[line.clone()].trim();
        if ["while true", "while :", "while [ 1 ]", "until false", "for ((;;))"].iter().any(|head| {
            content.strip_prefix(head).is_some_and(|rest| rest.is_empty() || rest.starts_with([';', ' ']))
        }) {
            let span = script.text.span(line);
            let help = "break out of it, or write a check with `retry`";
            findings.add(Code::NeverEnds, span, "this loop never ends by itself", help);
        }
    }
}

fn shows_secret<'p>(command: &Command<'_>, front: &'p FrontMatter) -> Option<&'p str> {
    if command.captured {
        return None;
    }
    let secrets = front.inputs.iter().filter(|input| input.secret).map(|input| input.name.as_str());
    let holds = |name: &str| match command.program() {
        "echo" | "printf" => command.arguments().any(|word| {
            word.match_indices(&format!("${name}")).any(|(at, found)| {
                !word[at + found.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            })
        }),
        "printenv" => command.arguments().any(|word| word == name) || command.words.len() == 1,
        "export" | "declare" | "set" => {
            command.arguments().all(|word| word == "-p") && command.words.len() == 2
        }
        _ => false,
    };
    secrets.into_iter().find(|name| holds(name))
}
