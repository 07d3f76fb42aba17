//! What stands inside fences: kinds, options, and the decoded blocks.

mod capture;
mod contradiction;
mod disguised;
mod expect;
mod idle;
mod info;
mod inserted;
mod insertion;
mod interpreter;
mod lines;
mod options;
mod patience;
mod probe;
mod raw;
mod script;
mod terminal;
mod typed;
mod value_kind;

pub(crate) use disguised::goes_on_blankly;
use expect::expectations;
pub(crate) use idle::of_command;
pub use info::KINDS;
pub(crate) use info::{kind_of, kind_or_near};
pub(crate) use insertion::refusals;
pub use interpreter::spoken;
pub(crate) use interpreter::{is_python, is_shell, is_shell_like};
pub(crate) use lines::expected_lines;
pub(crate) use probe::decode as decode_probe;
pub(crate) use raw::{Kind, Templated, is_templated};
pub use script::replacement_error;
pub(crate) use script::script_of;
pub(crate) use terminal::expectations_of_terminal;
pub(crate) use typed::{StepOptions, record, signoff, step_options};
pub(crate) use value_kind::value_kind;

use crate::findings::Findings;
use crate::markdown::Fence;
use crate::placeholders::Search;
use crate::spanned::{Mapped, Node, Value, parse_yaml};
use crate::{Block, Code, Expectation, Span};

/// A run, check or rollback block, with what must be checked of it once all names are known.
pub(crate) struct Decoded {
    pub(crate) block: Block,
    /// Templates and conditions of its options.
    pub(crate) templates: Vec<Templated>,
    /// Where each capture's name is given, in the order of the captures.
    pub(crate) capture_spans: Vec<Span>,
    /// Where `id`, `target` and `secrets` are given.
    pub(crate) id_span: Option<Span>,
    pub(crate) target_span: Option<Span>,
    pub(crate) secret_spans: Vec<Span>,
    /// Where the script itself stands.
    pub(crate) script_span: Span,
}

/// The expectations of a `yaml expect` and their templates. `None` after a finding.
pub(crate) fn expected(fence: &Fence, findings: &mut Findings) -> Option<(Vec<Expectation>, Vec<Templated>)> {
    let node = yaml(fence, "this block expects nothing", findings)?;
    disguised::in_expectation(&fence.body, findings);
    Some(expectations(&node, findings))
}

/// Characters of a script that are not what they look like.
pub(crate) fn disguised(script: &Mapped, is_shell: bool, findings: &mut Findings) {
    disguised::in_script(script, is_shell, findings);
}

/// The same of a command that a value comes from.
pub(crate) fn disguised_command(command: &str, span: Span, findings: &mut Findings) {
    disguised::in_command(command, span, findings);
}

/// Whether what looks like a placeholder in a script of this language is one.
pub(crate) fn marks_placeholders(language: &str) -> bool {
    is_shell(language) || matches!(language, "sql" | "psql" | "mysql")
}

/// `{{ name }}` where nothing fills it in: in a run-book nothing but a template is written so.
fn unfilled(script: &Mapped, findings: &mut Findings) {
    let text = script.text();
    let Some(search) = Search::of_templates(text) else { return };
    for line in script.lines() {
        for found in search.in_line(&text[line.clone()]) {
            let at = line.start + found.start..line.start + found.end;
            let written = &text[at.clone()];
            let name = written.trim_matches(['{', '}', ' ', '\t']);
            let message = format!("`{written}` is filled in in a template alone, and this block is none");
            let help = format!("make it an input and write \"${name}\", or give the block `template: true`");
            findings.add(Code::Placeholder, script.span(at), message, help);
            findings.make_errors(findings.len() - 1);
        }
    }
}

/// A here-document without an end, which the shell that runs the script may pass over in silence.
fn here_document(script: &Mapped, findings: &mut Findings) {
    if let Some(at) = holdpoint_shell::open_here_document(script.text()) {
        let (message, help) = script::OPEN;
        findings.add(Code::ScriptSyntax, script.span(at..at + 2), message, help);
    }
}

/// The block's YAML; none at all is an error told as `empty`.
pub(crate) fn yaml(fence: &Fence, empty: &'static str, findings: &mut Findings) -> Option<Node> {
    let node = parse_yaml(&fence.body, findings)?;
    if matches!(node.value, Value::Null) {
        findings.add(Code::MissingKey, fence.info_span, empty, "fill the block in, or remove it");
        return None;
    }
    Some(node)
}

/// Decodes a run, check or rollback block. `look` is shown what is decoded, with where the script stands, before it is a
/// text of its own.
pub(crate) fn decode(
    fence: &Fence,
    kind: Kind,
    look: impl FnOnce(&Block, &Mapped),
    findings: &mut Findings,
) -> Decoded {
    let language = fence.info.split_whitespace().next().unwrap_or_default().to_lowercase();
    let script = script_of(fence, &language, findings);
    let mut read = options::read(&script, kind, findings);
    let interpreter = interpreter::choose(&script, &mut read, &language, fence.info_span, findings);
    // The word of the fence says what somebody meant; the program reads the script.
    let spoken = spoken(&interpreter, &language);
    if read.options.strict && !interpreter::can_be_strict(&interpreter) {
        let message = format!(
            "`{}` does not end a script where a command in its middle fails, and nothing can tell it to",
            interpreter.join(" ")
        );
        let help = "name the shell first, or last; or say `#| strict: false`, and let the script look for failures itself";
        findings.add(Code::BadValue, fence.info_span, message, help);
    }
    idle::check(&script.body, kind, &interpreter, spoken, fence.info_span, findings);
    // What a template's tags leave of a script is known when it runs, and is held against the same rule then.
    let settled = !read.options.template || !script.body.text().contains("{%");
    if is_shell(spoken) && settled {
        here_document(&script.body, findings);
    }
    if let Some(span) = read.template_span {
        if is_shell(&language) && is_shell(spoken) {
            insertion::check(&script.body, findings);
        } else {
            let language = if is_shell(&language) { spoken } else { &language };
            let message = format!("values cannot be quoted safely for `{language}`");
            let help = "leave `template` out and read the values from the environment";
            findings.add(Code::BadValue, span, message, help);
        }
    }
    if !read.options.template && marks_placeholders(spoken) {
        unfilled(&script.body, findings);
    }
    self::disguised(&script.body, is_shell(spoken), findings);
    if is_shell(spoken) {
        disguised::parted(&script.body, findings);
    }
    let script_span = script.body.span(0..script.body.text().len());
    let mut block = Block {
        language,
        interpreter,
        script: String::new(),
        span: fence.span,
        options: read.options,
        expect: Vec::new(),
        probe: None,
        offered: None,
    };
    look(&block, &script.body);
    block.script = script.body.into_text();
    Decoded {
        block,
        templates: read.templates,
        capture_spans: read.capture_spans,
        id_span: read.id_span,
        target_span: read.target_span,
        secret_spans: read.secret_spans,
        script_span,
    }
}
