//! Pipes in shells that have no `pipefail`: only the last command says whether one failed.

use std::ops::Range;

use holdpoint_shell::{Handed, Kind, Part, PartKind, To, Token, handed, handed_by_python, read};

use super::looked::Script;
use super::shell::{Command, Shell};
use crate::Code;
use crate::blocks::spoken;
use crate::findings::Findings;

/// How deep scripts in scripts are followed.
const DEEPEST: usize = 8;

const OWN: &str = "write `bash`, where `pipefail` is set, or keep the output in a file and read that";
const HANDED: &str =
    "hand it to `bash -o pipefail`, by `-c` or as its input, or keep the output in a file and read that";
const BY_PYTHON: &str = "hand it over as `[\"bash\", \"-o\", \"pipefail\", \"-c\", …]`, or keep the output in a file and read that";
const OF_INPUT: &str =
    "write the pipe as the script of `bash -o pipefail -c`, or let one program print the value";

/// A command whose failure nobody hears of.
pub(super) struct Unheard {
    at: Range<usize>,
    program: String,
    /// What checks the last command alone.
    shell: String,
}

impl Unheard {
    fn message(&self) -> String {
        let Unheard { program, shell, .. } = self;
        format!("`{program}` can fail here unnoticed: {shell} only checks the last command of a pipeline")
    }
}

pub(super) fn lint(script: &Script<'_>, shell: &Shell<'_>, findings: &mut Findings) {
    let block = script.block;
    let has_pipefail = spoken(&block.interpreter, &block.language) != "sh"
        || block.interpreter.iter().any(|word| word == "pipefail");
    let text = script.text.text();
    let own = if has_pipefail || sets(shell) { None } else { unheard(shell) };
    if let Some((at, program)) = &own {
        let told = Unheard { at: at.clone(), program: program.clone(), shell: "`sh`".to_owned() };
        findings.add(Code::PipeInSh, script.text.span(at.clone()), told.message(), OWN);
    }
    // What `eval` reads has been told of with the script around it.
    let has_pipefail = has_pipefail || own.is_some() || sets(shell);
    if let Some(inner) = in_handed(text, has_pipefail, 0) {
        findings.add(Code::PipeInSh, script.text.span(inner.at.clone()), inner.message(), HANDED);
    }
}

/// The same of what Python hands to a shell.
pub(super) fn in_python(script: &Script<'_>, findings: &mut Findings) {
    let handed = handed_by_python(script.text.text());
    if let Some(inner) = handed.iter().find_map(|it| of_handed(it, false, 0)) {
        findings.add(Code::PipeInSh, script.text.span(inner.at.clone()), inner.message(), BY_PYTHON);
    }
}

/// What is to be said of a command that `sh -c` reads, with the advice.
pub(crate) fn in_command(text: &str) -> Option<(String, &'static str)> {
    let shell = Shell::scan(text);
    let own = if sets(&shell) { None } else { unheard(&shell) };
    let own = own.map(|(at, program)| Unheard { at, program, shell: "`sh -c`".to_owned() });
    let found = own.or_else(|| in_handed(text, sets(&shell), 0));
    found.map(|found| (found.message(), OF_INPUT))
}

/// Whether a script sees to it by itself.
fn sets(shell: &Shell<'_>) -> bool {
    let sets = |command: &Command<'_>| {
        command.program() == "set" && command.arguments().any(|word| word == "pipefail")
    };
    shell.commands.iter().any(sets)
}

/// Whether a switch or router reads this, and no shell: what it shows goes through filters of its own behind `|`.
fn is_of_a_device(shell: &Shell<'_>) -> bool {
    const FILTERS: [&str; 13] = [
        "include", "inc", "exclude", "exc", "begin", "beg", "section", "sec", "match", "except", "display",
        "no-more", "count",
    ];
    let mut programs = shell.commands.iter().map(Command::program);
    let shows = matches!(programs.next(), Some("show" | "display"));
    shows && programs.all(|program| FILTERS.contains(&program))
}

/// The first command on the left of a pipe that can fail.
fn unheard(shell: &Shell<'_>) -> Option<(Range<usize>, String)> {
    let safe = |command: &Command<'_>| match command.program() {
        "echo" | "printf" | "true" | ":" | "yes" | "seq" | "pwd" => true,
        "cat" => command.arguments().next().is_none(),
        _ => false,
    };
    // Of what a loop or a group does, what it asks does not matter.
    let asks = |command: &Command<'_>| matches!(command.program(), "read" | "test" | "[" | "[[");
    let found = shell
        .commands
        .iter()
        .find(|command| !safe(command) && (command.piped || command.grouped && !asks(command)));
    found.map(|command| (command.at(), command.program().to_owned()))
}

/// The same in what a script hands to shells: `pipefail` says whether its own shell has that.
fn in_handed(text: &str, pipefail: bool, depth: usize) -> Option<Unheard> {
    if !text.contains('|') || depth > DEEPEST {
        return None;
    }
    handed(text, &read(text)).iter().find_map(|it| of_handed(it, pipefail, depth))
}

/// The text, with a word in the place of every command that a shell puts in it.
fn without_commands(text: &str) -> String {
    let mut without = text.to_owned();
    let mut blank = |part: &Part, _: &[Token]| {
        if matches!(part.kind, PartKind::Command(_) | PartKind::Backquote(_)) {
            without.replace_range(part.at.clone(), &"x".repeat(part.at.len()));
        }
    };
    for token in read(text).tokens {
        match &token.kind {
            Kind::Word(word) => word.parts.iter().for_each(|part| part.lists(&mut blank)),
            Kind::Body(body) => body.parts.iter().for_each(|part| part.lists(&mut blank)),
            _ => {}
        }
    }
    without
}

fn of_handed(handed: &Handed<'_>, pipefail: bool, depth: usize) -> Option<Unheard> {
    let (pipefail, who) = match &handed.to {
        To::Itself => (pipefail, "`eval` in `sh`".to_owned()),
        To::Shell { name, options } => (options.contains(&"pipefail"), format!("this `{name}`")),
        To::Login(by) => (false, format!("the shell behind `{by}`")),
    };
    // What is worked out before it is handed on is the business of the shell around it.
    let text = if handed.settled { handed.text.clone() } else { without_commands(&handed.text).into() };
    let shell = Shell::scan(&text);
    let device = matches!(handed.to, To::Login(_)) && is_of_a_device(&shell);
    let pipefail = pipefail || sets(&shell) || device;
    let own = if pipefail { None } else { unheard(&shell) };
    own.map(|(_, program)| (program, who))
        .or_else(|| in_handed(&text, pipefail, depth + 1).map(|inner| (inner.program, inner.shell)))
        .map(|(program, shell)| Unheard { at: handed.at.clone(), program, shell })
}
