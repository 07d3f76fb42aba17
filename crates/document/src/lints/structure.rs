//! Steps that change something and are not checked, signed off or undone.

use crate::findings::Findings;
use crate::{Code, Plan, Span, Step, Work};

pub(super) fn lint(source: &str, plan: &Plan, findings: &mut Findings) {
    // What others wrote for themselves is nothing that could have been written so.
    if plan.is_foreign() {
        return;
    }
    let mut signed_off = false;
    for (index, step) in plan.steps.iter().enumerate() {
        let head = first_line(source, step);
        let first_run = step.actions.iter().position(|action| matches!(action.work, Work::Run(_)));
        let until = if step.mutates() { first_run.unwrap_or(0) } else { step.actions.len() };
        let signed_off_inside =
            |to: usize| step.actions[..to].iter().any(|action| matches!(action.work, Work::SignOff(_)));
        if step.irreversible && !signed_off && !signed_off_inside(until) {
            let help = "put a `yaml signoff` before what cannot be undone";
            findings.add(
                Code::IrreversibleWithoutSignOff,
                head,
                "a point of no return that nobody signs off",
                help,
            );
        }
        signed_off |= signed_off_inside(step.actions.len());
        if !step.mutates() {
            continue;
        }
        if !checked(plan, index) {
            let help = "add a `sh check` after its last run, or a step that checks before the next change";
            findings.add(
                Code::NoCheck,
                head,
                "this step changes something, and nothing checks that it worked",
                help,
            );
        }
        if step.rollbacks.is_empty() && !step.irreversible {
            let help = "add a `sh rollback`, or `irreversible: true` if there is none";
            findings.add(
                Code::NoRollback,
                head,
                "this step changes something, and nothing says how it is undone",
                help,
            );
        }
    }
}

/// Whether a check stands after the step's last run and before the next step that changes something does so.
fn checked(plan: &Plan, index: usize) -> bool {
    let is_check = |work: &Work| matches!(work, Work::Check(_));
    let step = &plan.steps[index];
    let after = step.actions.iter().rev().take_while(|action| !matches!(action.work, Work::Run(_)));
    if after.into_iter().any(|action| is_check(&action.work)) {
        return true;
    }
    for later in &plan.steps[index + 1..] {
        for action in &later.actions {
            match action.work {
                Work::Check(_) => return true,
                Work::Run(_) => return false,
                _ => {}
            }
        }
    }
    false
}

fn first_line(source: &str, step: &Step) -> Span {
    let line = step.span.of(source).lines().next().unwrap_or_default();
    Span::new(step.span.start, step.span.start + line.trim_end().len())
}
