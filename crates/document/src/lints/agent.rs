//! Commands that want the SSH agent, where blocks do not get it.

use super::Script;
use super::shell::Command;
use crate::findings::Findings;
use crate::{Assurance, Code, Config, Plan, Span};

/// Commands of a block without `agent` that sign in somewhere by SSH, as far as can be told.
pub(super) fn wanting(script: &Script<'_>) -> Vec<(String, Span)> {
    let Some(shell) = script.shell.as_ref().filter(|_| !script.block.options.agent) else {
        return Vec::new();
    };
    let wanting = shell.commands.iter().filter_map(|command| Some((wants(command)?, command.at())));
    wanting.map(|(name, at)| (name, script.text.span(at))).collect()
}

/// Says so, where one of the environments that the document runs in takes signatures by key.
pub(super) fn lint<'l>(
    wanting: impl Iterator<Item = &'l (String, Span)>,
    plan: &Plan,
    config: Option<&Config>,
    findings: &mut Findings,
) {
    let environments = config.iter().flat_map(|config| &config.environments);
    let allowed = &plan.front.environments;
    let mut here = environments.filter(|(name, _)| allowed.is_empty() || allowed.contains(name));
    let Some((name, _)) = here.find(|(_, it)| it.signature.is_some_and(|least| least > Assurance::Typed))
    else {
        return;
    };
    for (command, span) in wanting {
        let message = format!("`{command}` may want the SSH agent, which this block does not get in {name}");
        let help =
            "add `#| agent: true` if it needs one; whoever signs is told so. Else give it a key of its own";
        findings.add(Code::NoAgent, *span, message, help);
    }
}

fn wants(command: &Command<'_>) -> Option<String> {
    let program = command.program();
    let mut words = command.arguments().filter(|word| !word.starts_with('-'));
    let elsewhere = |word: &str| word.contains("://") || word.starts_with(['/', '.']);
    match program {
        "ssh" | "scp" | "sftp" | "ssh-copy-id" | "ssh-add" => Some(program.to_owned()),
        "rsync" => words.any(|word| word.contains(':') && !word.contains("://")).then(|| program.to_owned()),
        "git" => {
            let verb = words.next()?;
            let remote = matches!(verb, "push" | "fetch" | "pull" | "clone" | "ls-remote");
            let over_ssh = words.next().is_none_or(|place| place.starts_with("ssh://") || !elsewhere(place));
            (remote && over_ssh).then(|| format!("git {verb}"))
        }
        _ => None,
    }
}
