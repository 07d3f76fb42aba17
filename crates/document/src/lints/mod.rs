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
use crate::markdown::{self, Block as Markdown, Fence, Tree};
use crate::spanned::Mapped;
use crate::{Block, Config, Diagnostic, Plan, Step, parallel};

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
    lint_tree(source, &markdown::read(source), plan, config)
}

/// The same of a document that was read already.
pub(crate) fn lint_tree(source: &str, tree: &Tree, plan: &Plan, config: Option<&Config>) -> Vec<Diagnostic> {
    let mut fences = BTreeMap::new();
    collect(&tree.blocks, &mut fences);
    let blocks: Vec<(&Block, bool, &Fence)> =
        plan.steps.iter().flat_map(|step| of_step(step, &fences)).collect();
    let read = parallel::map(source.len(), &blocks, |&(block, rollback, fence)| {
        let script = Script::read(block, rollback, fence);
        let mut findings = Findings::default();
        placeholder::lint(&script, &mut findings);
        commands::lint(&script, plan, &mut findings);
        (script.without_commands(), findings)
    });
    let (scripts, own): (Vec<_>, Vec<_>) = read.into_iter().unzip();

    let mut findings = Findings::default();
    variables::lint(&scripts, plan, config, &mut findings);
    own.into_iter().for_each(|own| findings.append(own));
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

/// The step's blocks with their fences, and whether they are rollbacks.
fn of_step<'p>(step: &'p Step, fences: &BTreeMap<usize, &'p Fence>) -> Vec<(&'p Block, bool, &'p Fence)> {
    let actions = step.actions.iter().filter_map(|action| action.work.block()).map(|block| (block, false));
    let rollbacks = step.rollbacks.iter().map(|block| (block, true));
    let blocks = actions.chain(rollbacks);
    blocks.filter_map(|(block, rollback)| Some((block, rollback, *fences.get(&block.span.start)?))).collect()
}

impl<'p> Script<'p> {
    fn read(block: &'p Block, rollback: bool, fence: &Fence) -> Script<'p> {
        // What is wrong with the option lines was said when the document was compiled.
        let text = script_of(fence, &block.language, &mut Findings::default()).body;
        let shell = is_shell(&block.language).then(|| Shell::scan(text.text()));
        Script { block, rollback, text, shell }
    }

    /// What is still asked for once all scripts are read: the variables.
    fn without_commands(mut self) -> Script<'p> {
        if let Some(shell) = &mut self.shell {
            shell.commands = Vec::new();
        }
        self
    }
}
