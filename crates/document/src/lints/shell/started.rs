//! Commands that are started by others: in the words of a shell, in what `eval` reads, behind `find -exec`.

use std::borrow::Cow;
use std::ops::Range;

use holdpoint_shell::{Handed, To, handed, handed_by_python, read};

use super::command::{Command, Shell, Word};

/// How deep scripts in scripts are followed.
const DEEPEST: usize = 8;

/// A command that another one starts.
pub(in crate::lints) struct Started {
    /// Its words stand where they stand in what is handed on.
    pub(in crate::lints) command: Command<'static>,
    /// Where that stands.
    pub(in crate::lints) at: Range<usize>,
    /// It runs on this machine, as whoever runs the script.
    pub(in crate::lints) is_here: bool,
}

/// What the commands of a script start here, in a container or as somebody else; what a host is sent is its own business.
pub(in crate::lints) fn started(text: &str, shell: &Shell<'_>) -> Vec<Started> {
    let mut found = Vec::new();
    by_shell(text, shell, 0, &mut found);
    found
}

/// What a script of Python has a shell start.
pub(in crate::lints) fn started_by_python(text: &str) -> Vec<Started> {
    let mut found = Vec::new();
    handed_by_python(text).iter().for_each(|it| of_handed(it, &Command::default(), true, 0, &mut found));
    found
}

fn by_shell(text: &str, shell: &Shell<'_>, depth: usize, found: &mut Vec<Started>) {
    for command in &shell.commands {
        found.extend(behind_find(command).map(|inner| Started {
            command: inner,
            at: command.at(),
            is_here: true,
        }));
    }
    if depth > DEEPEST || ![" -", "eval", "<<"].iter().any(|sign| text.contains(sign)) {
        return;
    }
    for it in handed(text, &read(text)) {
        let before = shell.commands.iter().filter(|command| command.at().start <= it.at.start);
        let around = before.max_by_key(|command| command.at().start).cloned().unwrap_or_default();
        let is_here = matches!(
            around.program(),
            "sh" | "bash" | "dash" | "ash" | "ksh" | "mksh" | "zsh" | "eval" | "find"
        );
        // A here-document is its input.
        let fed = around.fed || it.at.start >= around.at().end;
        of_handed(&it, &Command { fed, ..around }, is_here, depth, found);
    }
}

fn of_handed(it: &Handed<'_>, around: &Command<'_>, is_here: bool, depth: usize, found: &mut Vec<Started>) {
    if it.to == To::Login("ssh") {
        return;
    }
    let shell = Shell::scan(&it.text);
    let mut deeper = Vec::new();
    by_shell(&it.text, &shell, depth + 1, &mut deeper);
    found.extend(shell.commands.into_iter().map(|command| Started {
        command: like(command, around),
        at: it.at.clone(),
        is_here,
    }));
    found.extend(deeper.into_iter().map(|inner| Started {
        command: like(inner.command, around),
        at: it.at.clone(),
        is_here: is_here && inner.is_here,
    }));
}

/// The command, with what holds of all that the one around it starts.
fn like(command: Command<'_>, around: &Command<'_>) -> Command<'static> {
    let owned = |word: Word<'_>| Word { text: Cow::Owned(word.text.into_owned()), at: word.at };
    Command {
        words: command.words.into_iter().map(owned).collect(),
        captured: command.captured || around.captured,
        fed: command.fed || around.fed,
        limited: command.limited || around.limited,
        background: command.background || around.background,
        raised: command.raised || around.raised,
        piped: command.piped,
        grouped: command.grouped,
        password_for: command.password_for,
    }
}

/// What `find` starts for what it finds.
fn behind_find(command: &Command<'_>) -> Option<Command<'static>> {
    if command.program() != "find" {
        return None;
    }
    let starts = |word: &Word<'_>| matches!(&*word.text, "-exec" | "-execdir" | "-ok" | "-okdir");
    let at = command.words.iter().position(starts)?;
    let ends = |word: &&Word<'_>| !matches!(&*word.text, ";" | "+");
    let words = command.words[at + 1..].iter().take_while(ends).cloned().collect();
    // What it stands behind has been told of with `find` itself.
    let inner = Command { words, password_for: None, ..command.clone() };
    Some(like(Shell::default().simplify(inner)?, &Command::default()))
}
