//! What somebody is asked to confirm in the document as it is, and nobody would in the run-book: told by one comparison of
//! both readings, whatever made the difference.

use super::edit::{Place, back};
use super::proposal::Proposal;
use crate::spanned::shorten;
use crate::{Action, Plan, Span, Step, Work};

/// What is confirmed, written down or signed in the run-book, and where that stood.
struct Answer<'p> {
    span: Span,
    /// What a step of nothing else confirms: that stands for all that is in it.
    whole: Option<&'p str>,
}

/// What is asked in the document as it is, and where its words are.
struct Asked<'p> {
    span: Span,
    text: &'p str,
}

/// Names it, but for what is named already and for rows of tables, which are named by the table.
pub(super) fn left(proposal: &mut Proposal, source: &str, plan: &Plan, (read, places): (&Plan, &[Place])) {
    let actions = |plan: &'_ Plan| -> Vec<(usize, usize)> {
        let of =
            |(at, step): (usize, &Step)| (0..step.actions.len()).map(move |action| (at, action)).collect();
        plan.steps.iter().enumerate().flat_map(|both| -> Vec<_> { of(both) }).collect()
    };
    let answers = actions(read).into_iter().filter_map(|(step, action)| {
        let step = &read.steps[step];
        answer(step, &step.actions[action], places)
    });
    let answers: Vec<Answer<'_>> = answers.collect();
    let asked = actions(plan).into_iter();
    let asked: Vec<Asked<'_>> =
        asked.filter_map(|(step, action)| asked_of(source, &plan.steps[step].actions[action])).collect();
    let steps: Vec<Span> = plan.steps.iter().map(|step| step.span).collect();
    let is_named = |span: Span| {
        let named = proposal.left.iter().map(|left| left.span).filter(|left| !steps.contains(left));
        named.into_iter().any(|left| left.start <= span.start && span.end <= left.end)
    };
    let lost: Vec<(Span, String)> = asked
        .iter()
        .filter(|one| !is_named(one.span) && !answers.iter().any(|answer| covers(answer, one, &asked)))
        .map(|one| {
            let first = one.text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            let said = first.trim_start_matches(['-', '*', '+', '>', ' ']);
            let what = format!(
                "“{}” is confirmed in the document as it is, and nobody confirms it in the run-book: write it as an item (`- [ ]`) if \
                 somebody is to",
                shorten(said)
            );
            (one.span, what)
        })
        .collect();
    lost.into_iter().for_each(|(span, what)| proposal.leave(span, what));
}

fn answer<'p>(step: &Step, action: &'p Action, places: &[Place]) -> Option<Answer<'p>> {
    let whole = match &action.work {
        Work::Confirm { text } => (action.span == step.span).then_some(text.as_str()),
        Work::Record { .. } | Work::SignOff(_) => None,
        Work::Run(_) | Work::Check(_) => return None,
    };
    let start = back(places, action.span.start);
    Some(Answer { span: Span::new(start, back(places, action.span.end).max(start)), whole })
}

fn asked_of<'p>(source: &'p str, action: &'p Action) -> Option<Asked<'p>> {
    let Work::Confirm { text } = &action.work else { return None };
    let is_row = action.span.of(source).trim_start_matches(['>', ' ', '\t']).starts_with('|');
    // What is left of a section is confirmed by its heading.
    let (span, text) = match action.prose {
        Some(prose) if action.span.start == action.span.end => (prose, prose.of(source)),
        _ => (action.span, text.as_str()),
    };
    (!is_row).then_some(Asked { span, text })
}

/// Whether somebody who gives an answer says this with it. What stands for the whole of a step says so of one thing alone.
fn covers(answer: &Answer<'_>, one: &Asked<'_>, all: &[Asked<'_>]) -> bool {
    let meets = |span: Span| answer.span.start <= span.end && span.start <= answer.span.end;
    if !meets(one.span) {
        return false;
    }
    let Some(text) = answer.whole else { return true };
    one.span.start <= answer.span.start
        || text == one.text
        || all.iter().filter(|other| meets(other.span)).count() == 1
}
