//! `capture`: variables taken from a block's results.

use crate::findings::Findings;
use crate::names::is_variable;
use crate::spanned::{Fields, Node, Value};
use crate::{Capture, CaptureFrom, Code, Span};
use holdpoint_bounded::pattern::{Over, Pattern};

const HELP: &str = "write { file: PATH }, { stdout: true }, { regex: PATTERN } or { json: $.path }";

/// The captures and where their names stand.
pub(super) fn captures(node: &Node, findings: &mut Findings) -> (Vec<Capture>, Vec<Span>) {
    let mut captures = Vec::new();
    let mut spans = Vec::new();
    let Value::Map(entries) = &node.value else {
        let message = format!("expected names and where their values are, found {}", node.found());
        node.bad(findings, message, "write `capture: { NAME: { file: PATH } }`");
        return (captures, spans);
    };
    for entry in entries {
        let good = is_variable(&entry.key, entry.key_span, findings);
        if let Some((from, empty, null)) = from(&entry.node, findings).filter(|_| good) {
            captures.push(Capture { name: entry.key.clone(), from, empty, null });
            spans.push(entry.key_span);
        }
    }
    (captures, spans)
}

/// Where the value is, and whether it may be empty, and `null`.
fn from(node: &Node, findings: &mut Findings) -> Option<(CaptureFrom, bool, bool)> {
    let before = findings.len();
    let mut fields = Fields::open(node, "a capture", findings)?;
    let file = fields.text("file", findings).map(CaptureFrom::File);
    let stdout = match fields.get("stdout") {
        Some(node) => match node.bool(findings) {
            Some(true) => Some(CaptureFrom::Stdout),
            Some(false) => {
                node.bad(findings, "`stdout: false` captures nothing", HELP);
                None
            }
            None => None,
        },
        None => None,
    };
    let regex = fields.get("regex").and_then(|node| Some((node.regex(Over::Lines, findings)?, node)));
    let json = fields.get("json").and_then(|node| json_path(node, findings)).map(CaptureFrom::Json);
    let empty = fields.bool("empty", findings).unwrap_or(false);
    let null = fields.bool("null", findings).unwrap_or(false);
    fields.finish(findings);
    if let Some((pattern, node)) = regex.as_ref().filter(|_| empty)
        && finds_nothing(pattern)
    {
        node.bad(
            findings,
            "this pattern finds nothing at the very beginning of what is printed, so nothing is captured",
            "write what stands before the value, or `^` where it begins a line",
        );
    }
    let regex = regex.map(|(pattern, _)| CaptureFrom::Regex(pattern));
    let mut given: Vec<CaptureFrom> = [file, stdout, regex, json].into_iter().flatten().collect();
    match given.len() {
        1 => given.pop().map(|from| (from, empty, null)),
        0 if findings.len() > before => None,
        0 => {
            findings.add(Code::MissingKey, node.span, "nothing says where the value is", HELP);
            None
        }
        _ => {
            node.bad(findings, "a capture has one source", HELP);
            None
        }
    }
}

/// Whether it finds nothing at the beginning of every text but those that happen to begin with what it says.
fn finds_nothing(pattern: &str) -> bool {
    // It may say where the value begins; then it may be missing there.
    if pattern.contains(['^', '\\', '$']) {
        return false;
    }
    let Ok(pattern) = Pattern::new(pattern, Over::Lines) else { return false };
    let found = |text| pattern.captures(text).ok().flatten().is_some_and(|found| found[0].is_empty());
    pattern.takes_anything() && ["\u{e000}", "§ x"].into_iter().all(found)
}

/// An RFC 9535 path, kept as written.
fn json_path(node: &Node, findings: &mut Findings) -> Option<String> {
    let path = node.text(findings)?;
    check_json_path(&path, node.span, findings).then_some(path)
}

/// Whether `path` is an RFC 9535 path.
pub(super) fn check_json_path(path: &str, span: Span, findings: &mut Findings) -> bool {
    match holdpoint_bounded::path::Path::parse(path) {
        Ok(_) => true,
        Err(error) => {
            let message = format!("`{path}` is not a JSON path: {error}");
            findings.add(
                Code::BadValue,
                span,
                message,
                "write it as in RFC 9535: `$.status`, `$.items[0].name`",
            );
            false
        }
    }
}
