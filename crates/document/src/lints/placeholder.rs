//! Placeholders left in commands: they parse as redirections and globs, and do real damage.

use super::looked::Script;
use crate::Code;
use crate::blocks::{is_shell, spoken};
use crate::findings::Findings;
use crate::placeholders::Search;

pub(super) fn lint(script: &Script<'_>, findings: &mut Findings) {
    let language = spoken(&script.block.interpreter, &script.block.language);
    if !is_shell(language) && !matches!(language, "sql" | "psql" | "mysql") {
        return;
    }
    let text = script.text.text();
    let Some(search) = Search::of(text, script.block.options.template) else { return };
    for line in script.text.lines() {
        for found in search.in_line(&text[line.clone()]) {
            let at = line.start + found.start..line.start + found.end;
            findings.add(
                Code::Placeholder,
                script.text.span(at.clone()),
                format!("`{}` looks like a placeholder that nobody filled in", &text[at]),
                "make it an input and write \"$NAME\"; a run refuses placeholders",
            );
        }
    }
}
