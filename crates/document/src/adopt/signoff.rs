//! Hold points where prose asks for somebody's approval.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::indent::width;
use super::proposal::Proposal;
use crate::markdown::{Block, Item, Text};
use crate::{Config, Plan, Span, Step, Work};

/// Sentences that have somebody wait for another's word.
static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:(?:get|obtain|wait for|await|request|ask for|needs?|requires?|with)\s+(?:\w+\s+){0,4}?(?:approvals?|sign[- ]?offs?)\b|(?:must|has to|have to|to) be (?:approved|signed off) by\b|have (?:\w+\s+){1,4}?(?:approve|sign off)\b|(?:must|has to|have to|needs? to)\s+(?:approve|sign[- ]?off)\b)",
    )
    .ok()
});

/// A text that asks for an approval.
struct Asks {
    line: String,
    /// What asks for it, in the document.
    span: Span,
    /// Where the sign-off goes, and how far it is indented; `None` where it would change what stands around it.
    at: Option<(usize, usize)>,
}

/// Puts a sign-off below each text that asks for one, and tells the roles that it takes.
pub(super) fn propose(
    proposal: &mut Proposal,
    source: &str,
    blocks: &[Block],
    plan: &Plan,
    config: Option<&Config>,
) -> Vec<String> {
    let mut roles: Vec<String> = Vec::new();
    let all: Vec<Asks> =
        plan.steps.iter().flat_map(|step| of_step(&proposal.widths, source, blocks, step)).collect();
    for Asks { line, span, at } in all {
        let Some((end, indent)) = at else {
            let what = "it asks for an approval, and no sign-off has its place here: write a `yaml signoff` where it is to be given";
            proposal.leave(span, what);
            continue;
        };
        let role = role(&line, config);
        let pad = " ".repeat(indent);
        let statement = yaml_text(&statement(&line));
        let text = format!(
            "\n\n{pad}```yaml signoff\n{pad}role: {role}\n{pad}meaning: approval\n{pad}statement: {statement}\n{pad}```"
        );
        let reason = format!("the text asks for an approval: whoever has the role `{role}` gives it here");
        proposal.edit(Span::new(end, end), text, reason);
        proposal.signoffs.push(end);
        proposal
            .leave(span, format!("who may sign this off? `{role}` is a guess; name them in holdpoint.toml"));
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles
}

/// What asks for an approval in a step: what is confirmed, the text above that or above a command, or what the step is called.
/// `widths` are those of items whose mark changes.
fn of_step(widths: &BTreeMap<usize, usize>, source: &str, blocks: &[Block], step: &Step) -> Vec<Asks> {
    let mut found: Vec<Asks> = Vec::new();
    let own = Place::of(blocks, step.span.start);
    for action in &step.actions {
        let Work::Confirm { text } = &action.work else { continue };
        let Some(line) = text.lines().find(|line| asks(line)) else { continue };
        let at = match Place::of(blocks, action.span.start) {
            Some(Place::Item(item)) if action.span.start != step.span.start && item.task.is_some() => {
                width(source, item).map(|indent| (item.span.end, indent))
            }
            // A step of the section before it, or of one that is read as a whole, ends elsewhere.
            _ => {
                let end = source[step.span.start..step.span.end].trim_end().len() + step.span.start;
                let new = widths.get(&step.span.start).copied();
                new.or_else(|| own.as_ref()?.indent(source)).map(|indent| (end, indent))
            }
        };
        if !found.iter().any(|other| other.at == at) {
            found.push(Asks { line: line.to_owned(), span: step.span, at });
        }
    }
    let prose = step.actions.iter().filter_map(|action| action.prose);
    for prose in prose.filter(|prose| asks(prose.of(source))) {
        let (inner, indent) = match &own {
            Some(Place::Item(item)) => (&*item.blocks, width(source, item)),
            // A sign-off beside numbered items would make one step of them.
            Some(Place::Heading(section)) => {
                let ordered = section.iter().any(|block| matches!(block, Block::List(list) if list.ordered));
                (*section, (!ordered).then_some(0))
            }
            None => continue,
        };
        for block in inner {
            let Block::Text(Text { span, .. }) = block else { continue };
            let line = sentences(span.of(source)).find(|sentence| asks(sentence));
            if let Some(line) = line.filter(|_| prose.start <= span.start && span.end <= prose.end) {
                found.push(Asks { line, span: *span, at: indent.map(|indent| (span.end, indent)) });
            }
        }
    }
    let is_told = || found.iter().any(|one| step.title.contains(one.line.trim()));
    if let Some(Place::Item(item)) = own.filter(|_| asks(&step.title) && !is_told()) {
        let at = item.text().map(|text| text.span.end).zip(width(source, item));
        found.push(Asks { line: step.title.clone(), span: step.span, at });
    }
    found
}

/// The sentences of a paragraph, each on one line.
fn sentences(text: &str) -> impl Iterator<Item = String> {
    let on_one_line = |sentence: &str| sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split_inclusive(['.', '!', '?', ';']).map(on_one_line)
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

/// Where a step, or what is confirmed in one, begins: at an item, or at a heading, with what stands below that.
enum Place<'t> {
    Item(&'t Item),
    Heading(&'t [Block]),
}

impl<'t> Place<'t> {
    /// What begins at this byte; not in quotes.
    fn of(blocks: &'t [Block], start: usize) -> Option<Place<'t>> {
        // They stand in order and apart: what ends before it holds nothing that begins there.
        let from = blocks.partition_point(|block| block.span().end <= start);
        let reach = blocks.iter().enumerate().skip(from).take_while(|(_, block)| block.span().start <= start);
        reach.into_iter().find_map(|(at, block)| match block {
            Block::List(list) => {
                let from = list.items.partition_point(|item| item.span.end <= start);
                let reach = list.items[from..].iter().take_while(|item| item.span.start <= start);
                reach.into_iter().find_map(|item| match item.span.start == start {
                    true => Some(Place::Item(item)),
                    false => Place::of(&item.blocks, start),
                })
            }
            Block::Heading(heading) if heading.span.start == start => {
                let rest = &blocks[at + 1..];
                let end = rest.iter().position(|block| matches!(block, Block::Heading(_)));
                Some(Place::Heading(&rest[..end.unwrap_or(rest.len())]))
            }
            _ => None,
        })
    }

    /// How far what is put in at its end is indented; `None` where tabs say it.
    fn indent(&self, source: &str) -> Option<usize> {
        match self {
            Place::Item(item) => width(source, item),
            Place::Heading(_) => Some(0),
        }
    }
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
