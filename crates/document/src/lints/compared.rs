//! `[ "$n" > 5 ]`: a redirection where a comparison was meant.

use super::looked::Script;
use super::shell::Shell;
use crate::Code;
use crate::findings::Findings;

const HELP: &str = "compare numbers with `-gt`, `-lt` and the like; texts in `bash` with `[[ … > … ]]`, elsewhere with `\\>`";

pub(super) fn lint(script: &Script<'_>, shell: &Shell<'_>, findings: &mut Findings) {
    let Some(found) = &shell.redirected else { return };
    let (sign, does) = if found.writes { (">", "writes") } else { ("<", "reads") };
    let message =
        format!("`{sign}` compares nothing in this test: the shell {does} the file `{}`", found.file);
    findings.add(Code::IdleScript, script.text.span(found.at.clone()), message, HELP);
}
