//! Whether an included file fits the document: a run is opened by the document's front matter alone, so that nothing an
//! included one says may be lost.

use crate::findings::{Findings, suggest};
use crate::{Code, FrontMatter, Input, Span};

/// Holds the front matter of the included file at `path` against the document's; findings stand at the link.
pub(super) fn agree(
    path: &str,
    own: &FrontMatter,
    document: &FrontMatter,
    at: Span,
    findings: &mut Findings,
) {
    for input in &own.inputs {
        inputs(path, input, document, at, findings);
    }
    let roles: Vec<&str> = document.roles.iter().map(String::as_str).collect();
    for role in own.roles.iter().filter(|role| !document.roles.contains(role)) {
        let message = format!("`{path}` has the role `{role}`, which this document does not declare");
        let help = match roles.as_slice() {
            [] => format!("add `roles: [{role}]` to the front matter"),
            _ => format!("add it to `roles` in the front matter; {}", suggest(role, &roles, "roles there")),
        };
        findings.add(Code::Undeclared, at, message, help);
    }
    let elsewhere = document.environments.iter().find(|name| !own.environments.contains(name));
    if !own.environments.is_empty() && (document.environments.is_empty() || elsewhere.is_some()) {
        let whole = own.environments.join(", ");
        let message = match elsewhere {
            Some(name) => {
                format!("`{path}` does not run in the environment `{name}`, and this document does")
            }
            None => format!("`{path}` runs in {whole} only, and this document runs in every environment"),
        };
        let help = format!("name only environments that both are for: `environments: [{whole}]`");
        findings.add(Code::BadInclude, at, message, help);
    }
    if own.manual && !document.manual {
        let message = format!("`{path}` has its prose confirmed, and this document does not");
        findings.add(Code::BadInclude, at, message, "write `manual: true` in the front matter here as well");
    }
    if let Some(date) =
        own.effective_date.filter(|date| document.effective_date.is_none_or(|own| own < *date))
    {
        let message = format!("`{path}` is effective from {date}, and this document does not wait for that");
        let help = format!("write `effective_date: {date}` or later in the front matter");
        findings.add(Code::BadInclude, at, message, help);
    }
}

fn inputs(path: &str, input: &Input, document: &FrontMatter, at: Span, findings: &mut Findings) {
    let name = &input.name;
    let Some(declared) = document.inputs.iter().find(|other| other.name == *name) else {
        let known: Vec<&str> = document.inputs.iter().map(|input| input.name.as_str()).collect();
        let message = format!("`{path}` needs the input `{name}`, which this document does not declare");
        let help = match known.as_slice() {
            [] => format!("add `{name}` to `inputs` in the front matter, as that file has it"),
            _ => format!(
                "add it to `inputs` in the front matter, as that file has it; {}",
                suggest(name, &known, "inputs there")
            ),
        };
        return findings.add(Code::Undeclared, at, message, help);
    };
    // What is only said to whoever is asked may differ.
    let kept = |own: bool, same: bool| !own || same;
    let parts = [
        (declared.kind == input.kind, "with another type or other limits"),
        (declared.secret == input.secret, "a secret in one of them, and none in the other"),
        (kept(input.default.is_some(), declared.default == input.default), "with another default"),
        (kept(input.from.is_some(), declared.from == input.from), "from somewhere else"),
    ];
    if let Some((_, how)) = parts.into_iter().find(|(same, _)| !same) {
        let message = format!("`{path}` declares the input `{name}` otherwise than this document: {how}");
        findings.add(Code::BadInclude, at, message, "write the same in both front matters");
    }
}
