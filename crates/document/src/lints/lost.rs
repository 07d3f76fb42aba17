//! What a foreign document would have had confirmed, and the same document under `runbook: 1` only shows.

use std::collections::HashSet;

use crate::blocks::Kind;
use crate::findings::Findings;
use crate::foreign::{is_layout, rows};
use crate::include::Instance;
use crate::markdown::{Block, Fence, Tree, fences};
use crate::spanned::shorten;
use crate::{Action, Code, Span, Step, Work};

/// Holds the steps of the foreign reading against those of the document's own, in which prose may be confirmed already.
pub(crate) fn lint(
    source: &str,
    tree: &Tree,
    instances: &[Instance],
    (foreign, own): (&[Step], &[Step]),
    confirms: bool,
    findings: &mut Findings,
) {
    let starts: HashSet<usize> = own.iter().map(|step| step.span.start).collect();
    let mut done: Vec<Span> = own.iter().flat_map(spans).collect();
    done.sort_by_key(|span| span.start);
    let wholes = Wholes::of(own, foreign);
    let rows = Rows::of(source, &tree.blocks, own);
    let blocks: Vec<&Fence> = fences(&tree.blocks).iter().map(|fenced| fenced.fence).collect();
    let titles = titles(&tree.blocks, instances);
    for step in foreign {
        // What stands directly below a title introduces what follows.
        let introduces =
            titles.contains(&step.span.start) && matches!(&*step.actions, [only] if only.span == step.span);
        if introduces {
            continue;
        }
        for action in step.actions.iter().filter(|action| confirms && is_asked(&action.work)) {
            if let Some(span) = behind(source, action.span, &done, &blocks) {
                tell(source, span, &step.title, confirms, findings);
            }
        }
        if starts.contains(&step.span.start) && step.actions.len() == 1 {
            continue;
        }
        let lost: Vec<&Action> = step
            .actions
            .iter()
            .filter(|action| {
                is_asked(&action.work)
                    && !(meets(&done, action.span) || wholes.cover(action.span) || rows.asks(action.span))
                    && says_something(source, action.span, &blocks)
            })
            .collect();
        let whole = lost.len() == step.actions.len() && !starts.contains(&step.span.start);
        if whole && !lost.is_empty() {
            tell(source, step.span, &step.title, confirms, findings);
        } else if !whole {
            lost.iter().for_each(|action| tell(source, action.span, &step.title, confirms, findings));
        }
    }
}

/// What is confirmed as the whole of a step, and what would be asked by itself otherwise.
struct Wholes {
    spans: Vec<Span>,
    /// Where each question begins.
    asked: Vec<usize>,
}

impl Wholes {
    fn of(own: &[Step], foreign: &[Step]) -> Wholes {
        let all = foreign.iter().flat_map(|step| &step.actions);
        let mut asked: Vec<usize> =
            all.filter(|action| is_asked(&action.work)).map(|action| action.span.start).collect();
        asked.sort_unstable();
        let all = own.iter().flat_map(|step| step.actions.iter().map(move |action| (step, action)));
        let mut spans: Vec<Span> =
            all.filter(|(step, action)| is_whole(step, action)).map(|(_, action)| action.span).collect();
        spans.sort_unstable();
        Wholes { spans, asked }
    }

    /// Whether such a confirmation says this: of several things in it, it says none.
    fn cover(&self, span: Span) -> bool {
        let from = self.spans.partition_point(|whole| whole.end <= span.start);
        let within = |whole: &&Span| whole.start < span.end;
        self.spans[from..].iter().take_while(within).any(|whole| {
            let count = |at: usize| self.asked.partition_point(|start| *start < at);
            span.start <= whole.start || count(whole.end) - count(whole.start) < 2
        })
    }
}

/// Rows of tables that are asked for by what stands elsewhere in their step: under what they are called.
struct Rows(HashSet<usize>);

impl Rows {
    fn of(source: &str, blocks: &[Block], own: &[Step]) -> Rows {
        let mut found = HashSet::new();
        for block in blocks {
            let Block::Other(table) = block else { continue };
            let rows = rows(source, *table);
            if rows.is_empty() {
                continue;
            }
            // Steps are in the order of the document.
            let from = own.partition_point(|step| step.span.end < table.end);
            let Some(step) = own.get(from).filter(|step| step.span.start < table.start) else { continue };
            let asked: HashSet<&str> = step.actions.iter().flat_map(asked_as).collect();
            found.extend(rows.iter().filter(|row| asked.contains(&*row.title)).map(|row| row.span.start));
        }
        Rows(found)
    }

    fn asks(&self, span: Span) -> bool {
        self.0.contains(&span.start)
    }
}

/// What somebody is asked by an action.
fn asked_as(action: &Action) -> Vec<&str> {
    match &action.work {
        Work::Confirm { text } => vec![text.trim()],
        Work::Record { fields } => fields.iter().filter_map(|field| field.prompt.as_deref()).collect(),
        _ => Vec::new(),
    }
}

/// Whether an action stands for all that its step says.
fn is_whole(step: &Step, action: &Action) -> bool {
    matches!(action.work, Work::Confirm { .. }) && action.span == step.span
}

/// Text behind the last thing that is done in what would be confirmed; of an item that is confirmed itself that is all of it.
fn behind(source: &str, span: Span, done: &[Span], fences: &[&Fence]) -> Option<Span> {
    let from = done.partition_point(|one| one.start < span.start);
    let inner = done[from..].iter().take_while(|one| one.end <= span.end);
    let is_itself = done.get(from).is_some_and(|one| one.start == span.start);
    let mut at = inner.map(|one| one.end).max().filter(|_| !is_itself)?;
    let from = fences.partition_point(|fence| fence.span.end <= at);
    for fence in fences[from..].iter().take_while(|fence| fence.span.start < span.end) {
        let text = source.get(at..fence.span.start).unwrap_or_default();
        if says(text) {
            break;
        }
        at = fence.span.end;
    }
    let text = source.get(at..span.end)?;
    let blank = text.len() - text.trim_start().len();
    says(text).then(|| Span::new(at + blank, span.end))
}

/// Whether a text says something beside headings and what sets the page.
fn says(text: &str) -> bool {
    let line = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    !is_layout(text) && text.lines().any(line)
}

/// Where the document's title begins, if its first heading is of the first level, and those of files that it includes.
fn titles(blocks: &[Block], instances: &[Instance]) -> Vec<usize> {
    let mut first = true;
    let mut found = Vec::new();
    for block in blocks {
        let Block::Heading(heading) = block else { continue };
        let included = |one: &Instance| (heading.span.start..=heading.span.end).contains(&one.range.start);
        if first && heading.level == 1 || instances.iter().any(included) {
            found.push(heading.span.start);
        }
        first = false;
    }
    found
}

fn tell(source: &str, span: Span, title: &str, confirms: bool, findings: &mut Findings) {
    let line = span.of(source).lines().next().unwrap_or_default();
    let at = Span::new(span.start, span.start + line.trim_end().len());
    let message =
        format!("nobody confirms this: without `runbook: 1` it would be a step (“{}”)", shorten(title));
    let help = match confirms {
        true => "write it as an item `- [ ]`, or give it a block",
        false => {
            "write `manual: true` in the front matter to have prose confirmed, or `manual: false` if it is only read; \
             or give it a block, or write `- [ ]` before what is to be done"
        }
    };
    findings.add(Code::LostStep, at, message, help);
}

fn is_asked(work: &Work) -> bool {
    matches!(work, Work::Confirm { .. } | Work::Record { .. })
}

fn spans(step: &Step) -> impl Iterator<Item = Span> {
    let actions = step.actions.iter().filter(|action| !is_whole(step, action)).map(|action| action.span);
    actions.chain(step.rollbacks.iter().map(|block| block.span))
}

/// Whether anything that is done stands in it, or it stands in that.
fn meets(done: &[Span], span: Span) -> bool {
    let behind = done.partition_point(|one| one.start < span.end);
    done[..behind].iter().rev().any(|one| one.end > span.start)
}

/// Whether there is more than a heading, comments and blocks that say how others are done.
fn says_something(source: &str, span: Span, fences: &[&Fence]) -> bool {
    let mut at = span.start;
    let mut rest = String::new();
    // They are in the order of the document.
    let from = fences.partition_point(|fence| fence.span.start < span.start);
    for fence in fences[from..].iter().take_while(|fence| fence.span.end <= span.end) {
        if fence.kind != Kind::Documentation {
            rest.push_str(source.get(at..fence.span.start).unwrap_or_default());
            at = fence.span.end;
        }
    }
    rest.push_str(source.get(at..span.end).unwrap_or_default());
    let is_prose = |line: &str| {
        let line = line.trim();
        let comment = line.starts_with("<!--") && line.ends_with("-->");
        !(line.is_empty() || line.starts_with('#') || comment)
    };
    rest.lines().any(is_prose)
}
