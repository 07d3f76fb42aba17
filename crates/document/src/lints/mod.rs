//! Warnings: the document runs, somebody should look (format.md section 6).

mod claims;
mod commands;
mod placeholder;
mod shell;
mod structure;
mod variables;

pub(crate) use claims::claims;

use std::collections::BTreeMap;

use crate::blocks::{is_shell, script_of};
use crate::findings::Findings;
use crate::markdown::{self, Block as Markdown, Fence};
use crate::spanned::Mapped;
use crate::{Block, Config, Diagnostic, Plan, Step};

use shell::Shell;

/// A block of the plan, with the way back to where its script stands.
struct Script<'p> {
    block: &'p Block,
    rollback: bool,
    /// The script, mapped to the document.
    text: Mapped,
    /// The script as a shell reads it; `None` in other languages.
    shell: Option<Shell>,
}

pub(crate) fn lint(source: &str, plan: &Plan, config: Option<&Config>) -> Vec<Diagnostic> {
    let tree = markdown::read(source);
    let mut fences = BTreeMap::new();
    collect(&tree.blocks, &mut fences);
    let scripts: Vec<Script<'_>> = plan.steps.iter().flat_map(|step| of_step(step, &fences)).collect();

    let mut findings = Findings::default();
    variables::lint(&scripts, plan, config, &mut findings);
    for script in &scripts {
        placeholder::lint(script, &mut findings);
        commands::lint(script, plan, &mut findings);
    }
    structure::lint(source, plan, &mut findings);
    findings.into_sorted(source)
}

fn collect<'t>(blocks: &'t [Markdown], fences: &mut BTreeMap<usize, &'t Fence>) {
    for block in blocks {
        if let Markdown::Fence(fence) = block {
            fences.insert(fence.span.start, fence);
        }
        block.children().for_each(|child| collect(std::slice::from_ref(child), fences));
    }
}

fn of_step<'p>(step: &'p Step, fences: &BTreeMap<usize, &Fence>) -> Vec<Script<'p>> {
    let actions = step.actions.iter().filter_map(|action| action.work.block()).map(|block| (block, false));
    let rollbacks = step.rollbacks.iter().map(|block| (block, true));
    actions
        .chain(rollbacks)
        .filter_map(|(block, rollback)| {
            let fence = fences.get(&block.span.start)?;
            // What is wrong with the option lines was said when the document was compiled.
            let text = script_of(fence, &block.language, &mut Findings::default()).body;
            let shell = is_shell(&block.language).then(|| Shell::scan(text.text()));
            Some(Script { block, rollback, text, shell })
        })
        .collect()
}
