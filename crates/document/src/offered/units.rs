//! Code of a document, cut into commands.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::code::{Code, cut, language};
use super::filled::placeholders;
use super::piece::{Command, Cut};
use super::session::{Opened, follow};
use super::ways::groups;
use crate::markdown::{Block as Markdown, Tree, is_tab, last_paragraph, within_containers};
use crate::placeholders::Search;
use crate::spanned::Mapped;
use crate::{Confidence, Reading, Span};

/// Code of a document that may hold commands.
pub(crate) struct Unit {
    /// All of it, with what fences it.
    pub(crate) span: Span,
    pub(crate) body: Mapped,
    pub(crate) language: &'static str,
    /// What stands behind the mark that begins it.
    pub(crate) info: String,
    pub(crate) cut: Cut,
    /// It stands in a tab, or in a group of such: of these one is taken.
    pub(crate) is_one_of_several: bool,
}

/// All code of a document that reads as a shell's, in order.
pub(crate) fn units(source: &str, tree: &Tree) -> Vec<Unit> {
    let mut found = Vec::new();
    collect(source, &tree.blocks, false, &mut found);
    found.sort_by_key(|unit| unit.span.start);
    let (groups, mut at) = (groups(source), 0);
    let (headings, mut passed) = (headings(&tree.blocks), 0);
    let mut open: Vec<Opened> = Vec::new();
    for unit in &mut found {
        // A shell that one piece of code opens is open in the next, up to where something else begins.
        let behind = headings[passed..].iter().take_while(|at| **at <= unit.span.start).count();
        passed += behind;
        if behind > 0 {
            open.clear();
        }
        follow(&mut unit.cut, &mut open);
        at += groups[at..].iter().take_while(|group| group.end <= unit.span.start).count();
        unit.is_one_of_several |= groups.get(at).is_some_and(|group| group.start <= unit.span.start);
        if unit.is_one_of_several {
            unit.cut.commands.iter_mut().filter(|command| command.is_offered()).for_each(is_one_way);
        }
    }
    found
}

/// Where headings begin.
fn headings(blocks: &[Markdown]) -> Vec<usize> {
    let heading = |block: &Markdown| match block {
        Markdown::Heading(heading) => Some(heading.span.start),
        _ => None,
    };
    blocks.iter().filter_map(heading).collect()
}

/// Whoever is offered a command of a group is told so.
fn is_one_way(command: &mut Command) {
    let Reading { confidence, reason, .. } = &mut command.reading;
    if *confidence == Confidence::Sure {
        *confidence = Confidence::Likely;
    }
    reason.push_str("; it stands in a tab, and is one of several ways");
}

/// Placeholders of the commands that are offered, each with its place: what a run asks for.
pub(crate) fn asked(source: &str, tree: &Tree) -> Vec<(Span, String)> {
    let mut all = Vec::new();
    if Search::of_people(source).is_none() {
        return all;
    }
    for Unit { body, cut, .. } in units(source, tree) {
        for command in cut.commands.iter().filter(|command| command.is_offered()) {
            // The text has no prompts, and no marks of lines that go on.
            let mut from = command.at.start;
            for at in placeholders(&command.text) {
                let written = &command.text[at];
                let Some(found) = body.text().get(from..command.at.end).and_then(|rest| rest.find(written))
                else {
                    continue;
                };
                let at = from + found..from + found + written.len();
                from = at.end;
                all.push((body.span(at), written.to_owned()));
            }
        }
    }
    all
}

/// Commands that are not offered as it is not sure what they are, each reason once in a piece of code, with its place.
pub(crate) fn doubted(source: &str, tree: &Tree) -> Vec<(Span, String)> {
    let mut all = Vec::new();
    for Unit { body, cut, .. } in units(source, tree) {
        let mut told: BTreeSet<&str> = BTreeSet::new();
        // What is typed into a shell that was opened is where it belongs.
        for command in cut.commands.iter().filter(|command| command.is_doubtful && !command.is_typed_in) {
            if told.insert(&command.reading.reason) {
                all.push((body.span(command.at.clone()), command.reading.reason.clone()));
            }
        }
    }
    all
}

fn collect(source: &str, blocks: &[Markdown], in_tab: bool, found: &mut Vec<Unit>) {
    let own = |unit: Option<Unit>| {
        unit.map(|unit| Unit { is_one_of_several: in_tab || unit.is_one_of_several, ..unit })
    };
    for block in blocks {
        match block {
            Markdown::Fence(fence) => {
                // A fence that swallows headings is none that anybody meant.
                if fence.closed {
                    found.extend(own(unit(source, fence.span, fence.body.clone(), Some(fence.info.clone()))));
                }
            }
            Markdown::Indented(body, span) => {
                found.extend(own(unit(source, *span, (**body).clone(), Some(String::new()))))
            }
            Markdown::Text(text) => {
                found.extend(own(unit(source, text.span, within_containers(source, text.span), None)))
            }
            Markdown::List(list) => list.items.iter().for_each(|item| {
                collect(source, &item.blocks, in_tab || is_tab(item.span.of(source)), found)
            }),
            Markdown::Quote(quote) => collect(source, &quote.blocks, in_tab, found),
            Markdown::Heading(_) | Markdown::Html(_) | Markdown::Other(_) => {}
        }
    }
}

fn unit(source: &str, span: Span, body: Mapped, info: Option<String>) -> Option<Unit> {
    let before = before(source, span.start);
    let code = Code { info: info.as_deref(), text: body.text(), before };
    let language = language(&code)?;
    let cut = cut(&code);
    let info = info.unwrap_or_default();
    let is_one_of_several = info.contains("tab=");
    (!cut.commands.is_empty()).then_some(Unit { span, body, language, info, cut, is_one_of_several })
}

/// What a fence is called beside others in its info string, as it is written there: `[npm]`, `title="web"`.
pub(super) fn label(info: &str) -> &str {
    static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?:^|\s)(\[[^\]\s][^\]]*\]|(?:title|file|filename|tab)="[^"]+")"#).ok()
    });
    let found = LABEL.as_ref().and_then(|label| label.captures(info)?.get(1));
    found.map_or("", |found| found.as_str())
}

/// The text right before a place: its last paragraph, unless that is code or a heading.
pub(crate) fn before(source: &str, at: usize) -> &str {
    // What is further away says nothing of it.
    let far = (0..=at.saturating_sub(2000)).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0);
    let text = source[far..at].trim_end();
    let paragraph = last_paragraph(text);
    let closes = paragraph.lines().last().is_some_and(|line| {
        line.trim_start().starts_with(['`', '~']) && line.contains("```") || line.contains("~~~")
    });
    if closes || paragraph.starts_with('#') { "" } else { paragraph }
}
