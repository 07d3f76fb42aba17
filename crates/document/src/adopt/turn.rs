//! What is not for every run: as a block it would run all the same.

use std::sync::LazyLock;

use regex::Regex;

use super::proposal::Proposal;
use crate::foreign::{Part, alternative};
use crate::markdown::{self, Fronts};
use crate::offered::{Unit, before, last_sentence, units};
use crate::{Action, DocumentKind, Plan, Span, Step, Work, instructions};

/// Words of a title, or of the text above code, by which that is for some runs only.
static SOMETIMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)\b(
            roll(?:s|ing|ed)?[\x20-]?back | rollbacks? | back(?:s|ing)?\x20out | revert\w* | undo\w* | restor\w+ | downgrad\w+ | abort\w* |
            fails? | failed | failures? | errors? | crash\w* | emergenc\w+ | disaster | recover\w* | troubleshoot\w* | broken |
            in\x20case | in\x20the\x20case | if | unless | otherwise | alternativ\w* | instead | either | or | option(?:s|al|ally)? |
            one\x20of | deprecated | obsolete | old\x20way | old\x20behaviou?r | uninstall\w* | clean[\x20-]?up | appendix | faq | useful\x20commands |
            tab | not\x20needed | not\x20necessary | only\x20when | automatically | when\x20needed | as\x20needed
        )\b",
    )
    .ok()
});

const IN_A_TAB: &str =
    "it stands in a tab, of which a run-book knows nothing: make a section of each, with a `when`";

const IN_AN_ADMONITION: &str = "it stands in an admonition, which a run-book reads as indented code: move it out of that if it is to be run";

/// Why code in a group of tabs is not run in its turn: only one of them is to be.
pub(super) fn one_of_several(unit: &Unit) -> Option<String> {
    unit.is_one_of_several.then(|| IN_A_TAB.to_owned())
}

/// Whether what is called so is not for every run: where a run of the document as it is would let it be passed over, and more
/// besides, for a block is not asked about.
fn is_sometimes(title: &str) -> bool {
    alternative(title).is_some() || SOMETIMES.as_ref().is_none_or(|sometimes| sometimes.is_match(title))
}

/// Why code is not run in its turn, if it is not; `parts` are those of the document.
pub(super) fn out_of(source: &str, plan: &Plan, parts: &[Part], unit: Span) -> Option<String> {
    let step = plan.steps.iter().rfind(|step| step.span.start <= unit.start && unit.end <= step.span.end);
    let Some(step) = step else {
        return Some(
            "it stands where nothing is to be done: say `run` or `check` if it is to be run there".to_owned(),
        );
    };
    let titles = step.path.iter().skip(1).chain([&step.title]);
    let parts = parts.iter().filter(|part| part.holds(unit)).map(|part| &part.title);
    let leads = last_sentence(before(source, unit.start));
    let told = titles.chain(parts).map(String::as_str).chain(leads).any(is_sometimes);
    (told || !step.alternatives.is_empty()).then(|| {
        "it may not be for every run: make it a `rollback` of the step that it undoes, give its step a `when`, or say `run`"
            .to_owned()
    })
}

/// Names the steps that are not for every run and would be confirmed in each, and rows of tables that nobody would be asked for.
pub(super) fn left(proposal: &mut Proposal, source: &str, plan: &Plan, parts: &[Part]) {
    prose(proposal, source, plan);
    let sometimes = |step: &&Step| {
        let mut around = parts.iter().filter(|part| part.holds(step.span));
        !step.alternatives.is_empty() || around.any(|part| alternative(&part.title).is_some())
    };
    for step in plan.steps.iter().filter(sometimes) {
        let what = "it is not for every run, and a run-book asks for it in each: give it a `when`, or move it to another document";
        proposal.leave(step.span, what);
    }
    for step in &plan.steps {
        let asked_for = |action: &&Action| {
            let is_in = |table: &Span| table.start <= action.span.start && action.span.end <= table.end;
            proposal.tables.iter().any(is_in)
        };
        let row = step.actions.iter().filter(|action| !asked_for(action)).find(|action| {
            let is_row = || action.span.of(source).trim_start_matches(['>', ' ', '\t']).starts_with('|');
            matches!(action.work, Work::Record { .. })
                || matches!(action.work, Work::Confirm { .. }) && is_row()
        });
        if let Some(row) = row {
            let what = "a run-book does not ask for the rows of a table: write a `yaml record` for each, or `- [ ]` items";
            proposal.leave(row.span, what);
        }
    }
}

/// Names prose that says what to do and stands above a command that becomes a block: what is shown above a block nobody confirms.
fn prose(proposal: &mut Proposal, source: &str, plan: &Plan) {
    let all =
        plan.steps.iter().flat_map(|step| step.actions.iter().map(move |action| (step.span.start, action)));
    for (start, action) in all.filter(|(_, action)| action.work.offered().is_some()) {
        let is_active = |unit: &Span| unit.start <= action.span.start && action.span.end <= unit.end;
        let Some(prose) = action.prose.filter(|_| proposal.active.iter().any(is_active)) else { continue };
        // What an item is called says what its block does.
        let (before, behind) = match start.checked_sub(prose.start) {
            Some(own) if start < prose.end => {
                let (before, behind) = prose.of(source).split_at(own);
                (before, markdown::behind_paragraph(behind))
            }
            _ => ("", prose.of(source)),
        };
        let said = sentences(before).chain(sentences(behind)).find(|sentence| says_what_to_do(sentence));
        if let Some(said) = said {
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            let what = format!(
                "“{said}” is only shown above its block: write it as an item (`- [ ]`, or numbered) if somebody is to confirm it"
            );
            proposal.leave(prose, what);
        }
    }
}

/// The sentences of paragraphs, without what leads to the code below: that says what the code does.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    static ENDS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[.!?](?:\s+|$)|\n\s*\n").ok());
    let mut at = 0;
    let ends: Vec<usize> =
        ENDS.iter().flat_map(|ends| ends.find_iter(text)).map(|found| found.end()).collect();
    ends.into_iter().chain([text.len()]).filter_map(move |end| {
        let sentence = text.get(at..end)?.trim();
        at = end;
        (!sentence.is_empty() && !sentence.ends_with(':')).then_some(sentence)
    })
}

/// Whether a sentence says what to do, behind what it begins with too: `Before you start, tell them.`
fn says_what_to_do(sentence: &str) -> bool {
    static BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:before|after|once|when|first|then|as soon as|next)\b[^,.]*,\s+").ok()
    });
    let behind =
        BEFORE.as_ref().and_then(|before| before.find(sentence)).map(|found| &sentence[found.end()..]);
    [Some(sentence), behind].into_iter().flatten().any(instructions::begins_with_verb)
}

/// Code with commands in tabs and admonitions, how many, and why they are left: a run-book has no tabs, and to it all that stands in one is text; `plain` is
/// what it reads as code.
pub(super) fn in_tabs(source: &str, fronts: &Fronts, plain: &[Unit]) -> Vec<(Span, usize, &'static str)> {
    let tree = markdown::read(source, fronts, DocumentKind::Foreign);
    let mut found = Vec::new();
    for unit in units(source, &tree) {
        let count = unit.cut.commands.iter().filter(|command| command.is_offered()).count();
        if count > 0 && !plain.iter().any(|plain| plain.span == unit.span) {
            let why = if unit.is_one_of_several { IN_A_TAB } else { IN_AN_ADMONITION };
            found.push((unit.span, count, why));
        }
    }
    found
}

/// Names what stands in tabs and admonitions.
pub(super) fn leave_tabs(proposal: &mut Proposal, in_tabs: &[(Span, usize, &'static str)]) {
    for (span, count, why) in in_tabs {
        proposal.commands.left += count;
        proposal.leave(*span, *why);
    }
}
