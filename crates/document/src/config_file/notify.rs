//! What is told to people who do not sit at the terminal.

use crate::findings::Findings;
use crate::spanned::{Fields, Node};
use crate::{Code, Noteworthy, Notify};

/// `[notify]`; in the user's `own` configuration a program is named from the root, or found on `PATH`.
pub(super) fn read(node: Option<&Node>, own: bool, findings: &mut Findings) -> Option<Notify> {
    let node = node?;
    let mut fields = Fields::open(node, "`[notify]`", findings)?;
    let on = fields.get("on").map(|node| noteworthy(node, findings)).unwrap_or_default();
    let command = fields.get("command").map(|node| command(node, own, findings)).unwrap_or_default();
    let url = fields.get("url").and_then(|node| address(node, findings));
    let bell = fields.bool("bell", findings).unwrap_or(false);
    let terminal = fields.bool("terminal", findings).unwrap_or(false);
    let says_how = ["command", "url", "bell", "terminal"].into_iter().any(|key| fields.get(key).is_some());
    fields.finish(findings);
    if !says_how {
        let message = "`[notify]` does not say how somebody is told";
        findings.add(
            Code::MissingKey,
            node.span,
            message,
            "add `command`, `url`, `bell` or `terminal`, or remove the table",
        );
    }
    Some(Notify { on, command, url, bell, terminal })
}

fn noteworthy(node: &Node, findings: &mut Findings) -> Vec<Noteworthy> {
    let words = Noteworthy::ALL.map(|what| (what.as_str(), what));
    let Some(items) = node.list(findings) else { return Vec::new() };
    if items.is_empty() {
        findings.add(
            Code::BadValue,
            node.span,
            "`on` names nothing, and so nobody would be told",
            "name some of parks, waits, fails and ends, or leave it out for all of them",
        );
    }
    items.iter().filter_map(|item| item.word(findings, &words)).collect()
}

fn command(node: &Node, own: bool, findings: &mut Findings) -> Vec<String> {
    let words = node.texts(findings).unwrap_or_default();
    if words.first().is_none_or(|program| program.trim().is_empty()) {
        findings.add(
            Code::BadValue,
            node.span,
            "`command` names no program",
            "write it and its arguments: command = [\"scripts/tell-us.sh\", \"ops\"]",
        );
        return Vec::new();
    }
    if own && words[0].contains('/') && !words[0].starts_with('/') {
        let message = format!("`{}` is another program in each directory", words[0]);
        findings.add(Code::BadValue, node.span, message, "write its whole path, or its name alone");
    }
    words
}

fn address(node: &Node, findings: &mut Findings) -> Option<String> {
    let address = node.text(findings)?;
    let host = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let is_whole = host
        .is_some_and(|host| !host.is_empty() && host.chars().all(|c| !c.is_whitespace() && !c.is_control()));
    if !is_whole {
        let message = format!("`{address}` is no address that a notice could be posted to");
        findings.add(Code::BadValue, node.span, message, "it begins with https:// or http://");
    }
    is_whole.then_some(address)
}
