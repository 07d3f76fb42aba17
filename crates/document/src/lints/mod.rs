//! Warnings: the document runs, somebody should look (format.md section 6).

mod agent;
mod claims;
mod commands;
mod compared;
mod foreign;
mod images;
mod interactive;
mod lists;
mod looked;
mod lost;
mod never_fails;
mod opens;
mod pipes;
mod placeholder;
mod shell;
mod structure;
mod variables;

pub(crate) use claims::claims;
pub(crate) use foreign::lint as foreign;
pub(crate) use lists::lint as lists;
pub(crate) use looked::Looked;
use looked::{OfPlan, Script};
pub(crate) use lost::lint as lost;
pub(crate) use opens::Opens;
pub(crate) use pipes::in_command;
pub(crate) use variables::is_common;

use std::borrow::Cow;
use std::collections::BTreeSet;

use holdpoint_bounded::template::without_tags;

use crate::blocks::{is_shell, spoken};
use crate::findings::Findings;
use crate::spanned::Mapped;
use crate::{Block, Config, Diagnostic, FrontMatter, Plan, Step, Work};

use shell::Shell;

/// Looks at one script. Of the front matter only its secrets count.
pub(crate) fn look(block: &Block, text: &Mapped, front: &FrontMatter) -> Looked {
    let mut findings = Findings::default();
    placeholder::lint(block, text, &mut findings);
    // Filters of its tags are no pipes.
    let untagged = match without_tags(text.text()) {
        Cow::Owned(untagged) if block.options.template => Some(text.reading(untagged)),
        _ => None,
    };
    let text = untagged.as_ref().unwrap_or(text);
    let shell = is_shell(spoken(&block.interpreter, &block.language)).then(|| Shell::scan(text.text()));
    let script = Script { block, text, shell };
    commands::lint(&script, front, &mut findings);
    if let Some(shell) = &script.shell {
        pipes::lint(&script, shell, &mut findings);
        compared::lint(&script, shell, &mut findings);
    } else if script.is_python() {
        pipes::in_python(&script, &mut findings);
    }
    let agents = agent::wanting(&script);
    let images = images::tagged(&script);
    let (uses, defines) = script.shell.map(|shell| (shell.uses, shell.defines)).unwrap_or_default();
    Looked {
        start: block.span.start,
        findings,
        uses: uses.into_iter().map(|(name, at)| (name, text.span(at))).collect(),
        defines: defines.into_iter().collect(),
        agents,
        images,
    }
}

/// Programs that a shell script calls by a name that is written out, as far as it does not define them itself; `None` for
/// other languages, and where it decides by itself where programs are looked for.
pub(crate) fn programs<'b>(block: &'b Block, script: &'b str) -> Option<BTreeSet<String>> {
    if !is_shell(spoken(&block.interpreter, &block.language)) {
        return None;
    }
    let script = if block.options.template { without_tags(script) } else { Cow::Borrowed(script) };
    let shell = Shell::scan(&script);
    if shell.defines.contains("PATH") || block.options.env.iter().any(|(name, _)| name == "PATH") {
        return None;
    }
    let plain = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.+".contains(c))
    };
    let named = shell.commands.iter().filter_map(|command| Some(&*command.words.first()?.text));
    let functions = functions(&script);
    let own = |name: &&str| !functions.contains(name);
    Some(named.filter(plain).filter(own).map(str::to_owned).collect())
}

/// Folders in which a program is what it is called.
const OF_SYSTEM: [&str; 6] = ["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// What a shell script calls, sets and reads, for those who ask what a command is.
pub(crate) struct Outline {
    /// The programs by name, each with its words behind it.
    pub(crate) calls: Vec<(String, Vec<String>)>,
    /// A program is called by a path that is none of the system's: what it is called says nothing of what it does.
    pub(crate) is_elsewhere: bool,
    /// Variables that are set in it.
    pub(crate) defines: BTreeSet<String>,
    /// Variables that are read without a default.
    pub(crate) uses: BTreeSet<String>,
    /// The first program that wants somebody at a terminal.
    pub(crate) waits: Option<String>,
    /// The first program that may ask for a password there.
    pub(crate) asks: Option<&'static str>,
    /// The first program that never ends by itself.
    pub(crate) endless: Option<String>,
    /// What the first of its commands opens that opens something to type into, and its program.
    pub(crate) opens: Option<(Opens, String)>,
}

/// Looks at a shell script by itself.
pub(crate) fn outline(script: &str) -> Outline {
    let shell = Shell::scan(script);
    let started = shell::started(script, &shell);
    let commands = || shell.commands.iter().chain(started.iter().map(|it| &it.command));
    let waits = commands().find(|command| interactive::waits_for_somebody(command));
    let mut pairs = shell.commands.iter().zip(shell.commands.iter().skip(1).map(Some).chain([None]));
    let endless = pairs.find(|(command, next)| commands::endless(command, *next));
    let endless = endless.map(|(command, _)| command.program().to_owned());
    let asks = commands().find_map(|command| interactive::asks_for_password(command));
    let waits = waits.map(|command| command.program().to_owned());
    let calls = shell.commands.iter().map(|command| {
        (command.program().to_owned(), command.arguments().map(str::to_owned).collect::<Vec<_>>())
    });
    let is_elsewhere = |command: &shell::Command<'_>| {
        let path = command.words.first().and_then(|word| word.text.rsplit_once('/'));
        path.is_some_and(|(folder, _)| !OF_SYSTEM.contains(&folder))
    };
    let opens = shell
        .commands
        .iter()
        .find_map(|command| Some((opens::opens(command)?, command.program().to_owned())));
    Outline {
        opens,
        is_elsewhere: shell.commands.iter().any(is_elsewhere),
        calls: calls.collect(),
        waits,
        asks,
        uses: shell.uses.into_iter().map(|(name, _)| name).collect(),
        defines: shell.defines,
        endless,
    }
}

/// Functions that a line of a script defines.
fn functions(script: &str) -> BTreeSet<&str> {
    fn defined(line: &str) -> Option<&str> {
        let line = line.trim_start();
        let line = line.strip_prefix("function ").map_or(line, str::trim_start);
        let end = line.find(|c: char| c.is_whitespace() || matches!(c, '(' | '{'))?;
        line[end..].trim_start().starts_with(['(', '{']).then_some(&line[..end])
    }
    script.lines().filter_map(defined).collect()
}

/// Warnings of a plan whose scripts were looked at; `looked` in document order.
pub(crate) fn judge(
    source: &str,
    looked: &[Looked],
    plan: &Plan,
    config: Option<&Config>,
) -> Vec<Diagnostic> {
    let scripts: Vec<OfPlan<'_>> = plan.steps.iter().flat_map(|step| of_step(step, looked)).collect();
    let mut findings = Findings::default();
    variables::lint(&scripts, plan, config, &mut findings);
    scripts.iter().for_each(|script| findings.append(script.looked.findings.clone()));
    scripts.iter().for_each(|script| never_fails::lint(script, &mut findings));
    agent::lint(scripts.iter().flat_map(|script| &script.looked.agents), plan, config, &mut findings);
    images::lint(&scripts, &mut findings);
    structure::lint(source, plan, &mut findings);
    findings.into_sorted(source)
}

fn of_step<'p>(step: &'p Step, looked: &'p [Looked]) -> impl Iterator<Item = OfPlan<'p>> {
    let actions = step
        .actions
        .iter()
        .filter_map(|action| Some((action.work.block()?, false, matches!(action.work, Work::Run(_)))));
    let rollbacks = step.rollbacks.iter().map(|block| (block, true, true));
    actions.chain(rollbacks).filter_map(|(block, rollback, mutates)| {
        let index = looked.binary_search_by_key(&block.span.start, |looked| looked.start).ok()?;
        Some(OfPlan { block, rollback, mutates, looked: &looked[index] })
    })
}
