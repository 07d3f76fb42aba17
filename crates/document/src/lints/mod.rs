//! Warnings: the document runs, somebody should look (format.md section 6).

mod agent;
mod claims;
mod commands;
mod foreign;
mod interactive;
mod lists;
mod looked;
mod lost;
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

use std::collections::BTreeSet;

use crate::blocks::{is_shell, spoken};
use crate::findings::Findings;
use crate::spanned::Mapped;
use crate::{Block, Config, Diagnostic, FrontMatter, Plan, Step};

use shell::Shell;

/// Looks at one script. Of the front matter only its secrets count.
pub(crate) fn look(block: &Block, text: &Mapped, front: &FrontMatter) -> Looked {
    let shell = is_shell(spoken(&block.interpreter, &block.language)).then(|| Shell::scan(text.text()));
    let script = Script { block, text, shell };
    let mut findings = Findings::default();
    placeholder::lint(&script, &mut findings);
    commands::lint(&script, front, &mut findings);
    let agents = agent::wanting(&script);
    let (uses, defines) = script.shell.map(|shell| (shell.uses, shell.defines)).unwrap_or_default();
    Looked {
        start: block.span.start,
        findings,
        uses: uses.into_iter().map(|(name, at)| (name, text.span(at))).collect(),
        defines: defines.into_iter().collect(),
        agents,
    }
}

/// Programs that a shell script calls by a name that is written out, as far as it does not define them itself; `None` for
/// other languages, and where it decides by itself where programs are looked for.
pub(crate) fn programs<'b>(block: &'b Block, script: &'b str) -> Option<BTreeSet<String>> {
    if !is_shell(spoken(&block.interpreter, &block.language)) {
        return None;
    }
    let shell = Shell::scan(script);
    if shell.defines.contains("PATH") || block.options.env.iter().any(|(name, _)| name == "PATH") {
        return None;
    }
    let plain = |name: &&str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.+".contains(c))
    };
    let named = shell.commands.iter().filter_map(|command| Some(&*command.words.first()?.text));
    let own = |name: &&str| !defines_function(script, name);
    Some(named.filter(plain).filter(own).map(str::to_owned).collect())
}

fn defines_function(script: &str, name: &str) -> bool {
    script.lines().any(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("function ").map_or(line, str::trim_start);
        line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(['(', '{']))
    })
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
    agent::lint(scripts.iter().flat_map(|script| &script.looked.agents), plan, config, &mut findings);
    structure::lint(source, plan, &mut findings);
    findings.into_sorted(source)
}

fn of_step<'p>(step: &'p Step, looked: &'p [Looked]) -> impl Iterator<Item = OfPlan<'p>> {
    let actions = step.actions.iter().filter_map(|action| action.work.block()).map(|block| (block, false));
    let rollbacks = step.rollbacks.iter().map(|block| (block, true));
    actions.chain(rollbacks).filter_map(|(block, rollback)| {
        let index = looked.binary_search_by_key(&block.span.start, |looked| looked.start).ok()?;
        Some(OfPlan { block, rollback, looked: &looked[index] })
    })
}
