//! Blocks that do nothing, and pass whatever is the case.

use holdpoint_shell::{Idle, idle, open_here_document};

use super::interpreter::program;
use super::raw::Kind;
use crate::findings::Findings;
use crate::spanned::{Mapped, Node};
use crate::{Code, Span};

/// Programs that do not look into the script which they are given.
const BLIND: &[&str] = &["true", "false", ":", "echo", "printf", "test", "[", "sleep", "basename", "dirname"];

const HELP: &str = "write the command, or take the block out; `example` shows text that is not run";

/// Reports a block that can do nothing, or so little that more was probably meant.
pub(super) fn check(
    script: &Mapped,
    kind: Kind,
    interpreter: &[String],
    spoken: &str,
    at: Span,
    findings: &mut Findings,
) {
    if let Some(program) = blind(interpreter) {
        let message =
            format!("`{program}` does not run the script that it is given, so nothing in it is done");
        findings.add(Code::EmptyScript, at, message, "name the program that runs it: `interpreter: bash`");
        return;
    }
    // What plain variables are to the next block, these shells alone say.
    let tells = matches!(spoken, "sh" | "shell" | "bash" | "dash");
    let (code, why) = match idle(script.text(), spoken) {
        Some(Idle::Nothing(why)) => (Code::EmptyScript, why),
        Some(Idle::Little(why)) if kind != Kind::Check => (Code::IdleScript, why),
        Some(Idle::Assigns) if !tells => (Code::EmptyScript, "only sets variables, which end with it"),
        Some(Idle::Assigns) if kind == Kind::Check => {
            (Code::IdleScript, "only sets variables, so it can never fail")
        }
        _ => return,
    };
    let (message, help) = match code {
        Code::EmptyScript => (format!("this block {why}, so it always passes"), HELP),
        _ => (
            format!("this block {why}"),
            "write the command that is missing; `:` alone says that nothing is done",
        ),
    };
    findings.add(code, at, message, help);
}

/// The program that would not look into the script; a wrapper in front of it is passed over.
fn blind(interpreter: &[String]) -> Option<&str> {
    let program = program(interpreter);
    BLIND.contains(&program).then_some(program)
}

/// A command that a value comes from, as `sh -c` reads it.
pub(crate) fn of_command(command: &str, node: &Node, findings: &mut Findings) {
    if open_here_document(command).is_some() {
        let (message, help) = super::script::OPEN;
        findings.add(Code::ScriptSyntax, node.span, message, help);
    } else if let Some(Idle::Nothing(why)) = idle(command, "sh") {
        let message = format!("this command {why}, so no value comes from it");
        findings.add(Code::EmptyScript, node.span, message, "write a command that prints the value");
    }
}
