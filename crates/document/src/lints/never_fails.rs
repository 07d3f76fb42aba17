//! Checks that pass whatever is the case.

use super::looked::OfPlan;
use crate::blocks::{is_python, is_shell, spoken};
use crate::findings::Findings;
use crate::{Block, Code, Expected};

/// Says so of a check of which nothing is expected but that it ends well, and that does.
pub(super) fn lint(script: &OfPlan<'_>, findings: &mut Findings) {
    let OfPlan { block, rollback, mutates, .. } = script;
    let spoken = spoken(&block.interpreter, &block.language);
    let says_more = |expected: &Expected| !matches!(expected, Expected::Exit(codes) if codes.contains(&0));
    if *rollback
        || *mutates
        || block.probe.is_some()
        || !block.options.capture.is_empty()
        || block.expect.iter().any(|expectation| says_more(&expectation.that))
        || !(is_shell(spoken) || is_python(spoken))
        // That it does nothing has been told.
        || holdpoint_shell::idle(&block.script, spoken).is_some()
        // What its tags leave is known when it runs.
        || block.options.template && block.script.contains("{%")
        || !never_fails(block, spoken)
    {
        return;
    }
    let (message, help) = match is_shell(spoken) {
        true => (
            "this check never fails: each of its commands passes, whatever is the case",
            "let the command that tells it end the block, without `|| true` or an `if` around it; or say what must \
             be printed: `text expect`",
        ),
        false => (
            "this check never fails: what fails in it is swallowed, or nobody looks at it",
            "let what is raised end the block, without `except` around it, and hand commands to \
             `subprocess.run(…, check=True)`; or say what must be printed: `text expect`",
        ),
    };
    findings.add(Code::IdleScript, block.span, message, help);
}

fn never_fails(block: &Block, spoken: &str) -> bool {
    match is_shell(spoken) {
        true => holdpoint_shell::never_fails(&block.script, block.options.strict),
        false => holdpoint_shell::python_never_fails(&block.script),
    }
}
