//! Hold points where prose asks for somebody's approval.

use std::sync::LazyLock;

use regex::Regex;

use super::indent::width;
use super::proposal::Proposal;
use crate::markdown::Block;
use crate::{Config, Plan, Span, Work};

/// Sentences that have somebody wait for another's word.
static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:(?:get|obtain|wait for|await|request|ask for|needs?|requires?|with)\s+(?:\w+\s+){0,4}?(?:approvals?|sign[- ]?offs?)\b|(?:must|has to|have to|to) be (?:approved|signed off) by\b|have (?:\w+\s+){1,4}?(?:approve|sign off)\b)",
    )
    .ok()
});

/// Puts a sign-off below each step whose text asks for one, and tells the roles that it takes.
pub(super) fn propose(
    proposal: &mut Proposal,
    source: &str,
    blocks: &[Block],
    plan: &Plan,
    config: Option<&Config>,
) -> Vec<String> {
    let mut roles: Vec<String> = Vec::new();
    for step in &plan.steps {
        let asks = step.actions.iter().find_map(|action| match &action.work {
            Work::Confirm { text } => Some(text.lines().find(|line| asks(line))?.to_owned()),
            _ => None,
        });
        // A step of the section before it, or of one that is read as a whole, ends elsewhere.
        let new = proposal.widths.get(&step.span.start).copied();
        let Some((line, indent)) = asks.zip(new.or_else(|| indent(source, blocks, step.span))) else {
            continue;
        };
        let end = source[step.span.start..step.span.end].trim_end().len() + step.span.start;
        let role = role(&line, config);
        let pad = " ".repeat(indent);
        let statement = yaml_text(&statement(&line));
        let text = format!(
            "\n\n{pad}```yaml signoff\n{pad}role: {role}\n{pad}meaning: approval\n{pad}statement: {statement}\n{pad}```"
        );
        let reason = format!("the text asks for an approval: whoever has the role `{role}` gives it here");
        proposal.edit(Span::new(end, end), text, reason);
        proposal.signoffs.push(end);
        proposal.leave(
            step.span,
            format!("who may sign this off? `{role}` is a guess; name them in holdpoint.toml"),
        );
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles
}

/// What is signed: not what the text has somebody do, but that it is given.
fn statement(line: &str) -> String {
    let asked = line.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '`' | '"' | '\''));
    let asked = asked.trim().trim_end_matches(['.', ':', ';']);
    format!(
        "I have looked at what is on record above, and give the approval that is asked for here: “{asked}”."
    )
}

fn asks(line: &str) -> bool {
    ASKS.as_ref().is_some_and(|asks| asks.is_match(line))
}

/// How far what is put in at the end of a step is indented: of an item, or of a section of its own. `None` elsewhere, and
/// where tabs say it.
fn indent(source: &str, blocks: &[Block], step: Span) -> Option<usize> {
    blocks.iter().find_map(|block| match block {
        Block::List(list) => {
            let item = list.items.iter().find(|item| item.span.start == step.start)?;
            width(source, item)
        }
        Block::Heading(heading) => (heading.span.start == step.start).then_some(0),
        _ => None,
    })
}

/// The configured role that the text names, else a guess.
fn role(line: &str, config: Option<&Config>) -> String {
    let lower = line.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let configured: Vec<&String> = config.map(|config| config.roles.keys().collect()).unwrap_or_default();
    if let Some(role) = configured.iter().find(|role| words.contains(&role.to_lowercase().as_str())) {
        return (**role).clone();
    }
    if let [only] = configured.as_slice() {
        return (*only).clone();
    }
    let known = ["qa", "manager", "security", "legal", "dba", "lead", "owner"];
    known
        .iter()
        .find(|role| words.contains(role))
        .map_or_else(|| "approver".to_owned(), |role| (*role).to_owned())
}

/// A text as YAML that is no template.
pub(super) fn yaml_text(text: &str) -> String {
    let plain: String = text.replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #");
    format!("'{}'", plain.replace('\'', "''"))
}
