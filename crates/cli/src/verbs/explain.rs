//! `plan --explain`: what each step and command was taken for, how sure that is, and why.

mod places;

use holdpoint_document::{
    Alternative, Bullets, Class, Confidence, DocumentKind, Explained, OnlyShown, Plan, Reading, Work,
    bullets, explain, many, only_shown,
};
use serde::Serialize;

use self::places::Places;
use crate::screen::untabbed;

/// A step of a plan, explained.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Its number; empty for commands that stand in none.
    number: String,
    id: String,
    title: String,
    /// What made it a step.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<Because>,
    /// What is asked in it, but for its commands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    asks: Vec<ExplainedLine>,
    /// Lists of bullets in it that are read with the text around them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reads: Vec<ExplainedLine>,
    /// Code in it that may be commands and is only shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shows: Vec<ExplainedLine>,
    /// Commands in it, whether they are offered or not.
    commands: Vec<Command>,
}

/// How sure something is, and why.
#[derive(Debug, Serialize)]
struct Because {
    confidence: Confidence,
    reason: &'static str,
}

/// A line of the document, and why it is asked about, or is not.
#[derive(Debug, Serialize)]
struct ExplainedLine {
    line: usize,
    text: String,
    reason: String,
}

/// A command of the document.
#[derive(Debug, Serialize)]
struct Command {
    line: usize,
    command: String,
    #[serde(flatten)]
    reading: Reading,
    /// What is asked for before it runs, as it is written in the document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    needs: Vec<String>,
    /// Why it is not run from here.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

/// The steps of a plan, each with its commands; those of no step come last.
pub fn explained(source: &str, plan: &Plan) -> Vec<Step> {
    let (commands, lists, code) = match plan.kind {
        DocumentKind::Foreign => (explain(source), bullets(source), only_shown(source)),
        DocumentKind::Annotated => Default::default(),
    };
    let places = Places::of(source, plan, &lists);
    let mut steps: Vec<Step> = plan
        .steps
        .iter()
        .map(|step| Step {
            number: step.number.clone(),
            id: step.id.clone(),
            title: step.title.clone(),
            step: Some(why(source, plan, step, &places)),
            asks: if plan.is_foreign() { asks(source, step, &places) } else { Vec::new() },
            reads: Vec::new(),
            shows: Vec::new(),
            commands: Vec::new(),
        })
        .collect();
    let (number, id, title) = (String::new(), String::new(), "in no step".to_owned());
    let (asks, reads) = (Vec::new(), Vec::new());
    let mut stray =
        Step { number, id, title, step: None, asks, reads, shows: Vec::new(), commands: Vec::new() };
    for list in lists.iter().filter(|list| !list.items.iter().any(|at| places.is_asked(*at))) {
        if let Some(step) = places.owner(list.span.start).and_then(|index| steps.get_mut(index)) {
            step.reads.push(read(source, list, &places));
        }
    }
    for code in &code {
        let owner = places.owner(code.span.start).and_then(|index| steps.get_mut(index));
        owner.unwrap_or(&mut stray).shows.push(shown(source, code, &places));
    }
    for explained in &commands {
        let owner = places.owner(explained.span.start).and_then(|index| steps.get_mut(index));
        owner.unwrap_or(&mut stray).commands.push(command(explained, &places));
    }
    if !(stray.commands.is_empty() && stray.shows.is_empty()) {
        steps.push(stray);
    }
    steps
}

/// A command, as it is offered or not.
fn command(explained: &Explained, places: &Places<'_>) -> Command {
    let text = explained.text.trim_end();
    let mut offered = places.offered(explained.span.start);
    let offered = offered.find_map(|action| action.work.offered().filter(|it| it.text == text));
    let mut reading = explained.reading.clone();
    if offered.is_none() && matches!(reading.class, Class::Offered | Class::Interactive) {
        let reason = "it stands in text that is only read".to_owned();
        reading = Reading { class: Class::Explanatory, confidence: Confidence::Sure, reason };
    }
    Command {
        line: places.line(explained.span.start),
        command: text.to_owned(),
        reading,
        needs: offered.iter().flat_map(|it| &it.values).map(|blank| blank.written.clone()).collect(),
        refused: offered.and_then(|it| it.refused.clone()),
    }
}

/// What somebody is asked in a step, with the reason of each question.
fn asks(source: &str, step: &holdpoint_document::Step, places: &Places<'_>) -> Vec<ExplainedLine> {
    let offers = step.actions.iter().any(|action| action.work.offered().is_some());
    let told = |action: &holdpoint_document::Action| {
        let at = action.span.start;
        let list = places.list(at);
        let written = source.get(at..).unwrap_or_default();
        let (text, reason) = match &action.work {
            Work::Confirm { text } => {
                let reason = match list {
                    _ if action.span.start == action.span.end => {
                        "what is left of the section is confirmed by its heading".to_owned()
                    }
                    Some(list) if list.explains.is_none() => format!("a bullet: {}", list.told()),
                    Some(_) => "a bullet that is asked by itself".to_owned(),
                    None if is_task(source, at) => "it has a box".to_owned(),
                    None if is_numbered(written) => "it is a numbered item".to_owned(),
                    None if is_row(written) => "it is a row of a table that is ticked".to_owned(),
                    None if is_bullet(written) => "a bullet beside boxes".to_owned(),
                    None if offers => "it stands among commands, and is none".to_owned(),
                    None => "the section is confirmed by its heading".to_owned(),
                };
                (text.as_str(), reason)
            }
            Work::Record { fields } => {
                let prompt = fields.first().and_then(|field| field.prompt.as_deref()).unwrap_or_default();
                (prompt, "it is a row of a table, for which something is chosen".to_owned())
            }
            _ => return None,
        };
        let text = text.lines().next().unwrap_or_default().to_owned();
        Some(ExplainedLine { line: places.line(at), text, reason })
    };
    step.actions.iter().filter_map(told).collect()
}

/// A list of bullets that is shown with a step and in which nothing is asked, and why not.
fn read(source: &str, list: &Bullets, places: &Places<'_>) -> ExplainedLine {
    let reason = match list.explains {
        Some(explains) => explains.to_owned(),
        None if list.verbs * 2 > list.items.len() => "the section is one that is only read".to_owned(),
        None => format!("{}, and it takes more than half", list.told()),
    };
    let at = list.span.start;
    let text = source.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    ExplainedLine { line: places.line(at), text: text.trim().to_owned(), reason }
}

/// Code that may be commands and of which nothing is read as one, and why not.
fn shown(source: &str, code: &OnlyShown, places: &Places<'_>) -> ExplainedLine {
    let mut lines = code.span.of(source).lines().map(str::trim);
    let text = lines
        .find(|line| !line.is_empty() && !line.starts_with("```") && !line.starts_with("~~~"))
        .unwrap_or_default();
    ExplainedLine {
        line: places.line(code.span.start),
        text: text.to_owned(),
        reason: code.reason.to_owned(),
    }
}

fn is_numbered(text: &str) -> bool {
    let rest = text.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < text.trim_start().len() && rest.starts_with(['.', ')'])
}

fn is_row(text: &str) -> bool {
    text.trim_start_matches(['>', ' ', '\t']).starts_with('|')
}

fn is_bullet(text: &str) -> bool {
    text.trim_start().starts_with(['-', '*', '+'])
}

/// What made something a step, by how it begins and what is in it.
fn why(source: &str, plan: &Plan, step: &holdpoint_document::Step, places: &Places<'_>) -> Because {
    let asks_of = |asked: fn(&Bullets) -> bool| {
        step.actions.iter().any(|action| places.list(action.span.start).is_some_and(asked))
    };
    let (sure, reason) = if plan.kind == DocumentKind::Annotated {
        (true, "it holds blocks or items")
    } else if is_numbered(step.span.of(source)) {
        (true, "it is a numbered item")
    } else if step.actions.iter().any(|action| is_task(source, action.span.start)) {
        (true, "it holds items with boxes to tick")
    } else if asks_of(|list| list.explains.is_none()) {
        (false, "it holds bullets that say what to do, and each is asked by itself")
    } else if step.actions.iter().any(|action| matches!(action.work, Work::Record { .. })) {
        (true, "it holds a table for whose rows something is chosen")
    } else if step.actions.iter().any(|action| action.work.offered().is_some()) {
        (true, "it holds commands")
    } else if is_bullet(step.span.of(source)) {
        (false, "it is an item of a list that says what to do")
    } else if step.actions.iter().any(|action| is_row(source.get(action.span.start..).unwrap_or_default())) {
        (true, "it holds a table whose rows are ticked")
    } else {
        (false, "it is a section with text to follow, and is confirmed as a whole")
    };
    Because { confidence: if sure { Confidence::Sure } else { Confidence::Likely }, reason }
}

fn is_task(source: &str, at: usize) -> bool {
    let line = source.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let rest = line.trim_start().trim_start_matches(['-', '*', '+']).trim_start();
    ["[ ]", "[x]", "[X]"].iter().any(|mark| rest.starts_with(mark))
}

/// That a step stands in a part which is not for every run, and why.
pub fn may_be_passed_over(part: &Alternative) -> String {
    format!("        may be passed over, for “{}” is {}", untabbed(&part.title), part.why)
}

/// In words.
pub fn text(path: &str, plan: &Plan, steps: &[Step]) -> String {
    let mut out = format!("{} ({path})\n", plan.title);
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    // They are those of the plan, in its order, and behind them may be what stands in none.
    let parts = plan.steps.iter().map(|step| &*step.alternatives).chain([&[][..]]);
    for (Step { number, id, title, step, asks, reads, shows, commands }, parts) in steps.iter().zip(parts) {
        line(String::new());
        let id = if id.is_empty() { String::new() } else { format!("  [{id}]") };
        line(format!("{number:<8}{title}{id}"));
        if let Some(Because { confidence, reason }) = step {
            line(format!("        a step, {}: {reason}", confidence.words()));
        }
        parts.iter().for_each(|part| line(may_be_passed_over(part)));
        let mut before = "";
        for ExplainedLine { line: at, text, reason } in asks {
            let why = if reason == before { "likewise" } else { reason };
            before = reason;
            line(format!("        line {at}: asked: {why}"));
            line(format!("          {}", untabbed(text)));
        }
        for ExplainedLine { line: at, text, reason } in reads {
            line(format!("        line {at}: bullets that are read: {reason}"));
            line(format!("          {}", untabbed(text)));
        }
        for ExplainedLine { line: at, text, reason } in shows {
            line(format!("        line {at}: code that is only shown: {reason}"));
            line(format!("          {}", untabbed(text)));
        }
        for Command { line: at, command, reading, needs, refused } in commands {
            let Reading { class, confidence, reason } = reading;
            line(format!("        line {at}: {}, {}: {reason}", class.words(), confidence.words()));
            for text in untabbed(command).lines() {
                line(format!("          {text}"));
            }
            if !needs.is_empty() {
                line(format!("          asks first: {}", needs.join(", ")));
            }
            if let Some(why) = refused {
                line(format!("          not run from here: {why}"));
            }
        }
    }
    line(String::new());
    let of = |class: Class| {
        steps.iter().flat_map(|step| &step.commands).filter(|command| command.reading.class == class).count()
    };
    let count = |class: Class, what: &str| (of(class) > 0).then(|| format!("{} {what}", of(class)));
    let counts: Vec<String> = [
        count(Class::Offered, "offered"),
        count(Class::Interactive, "offered at a terminal"),
        count(Class::Explanatory, "that explain"),
        count(Class::NotACommand, "that are none"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let all: usize = steps.iter().map(|step| step.commands.len()).sum();
    line(match counts.is_empty() {
        true => "No commands.".to_owned(),
        false => format!("{}: {}", many(all, "command"), counts.join(", ")),
    });
    let asked: usize = steps.iter().map(|step| step.asks.len()).sum();
    if asked > 0 {
        line(format!("{} besides.", many(asked, "question")));
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use holdpoint_document::compile;

    use super::*;

    #[test]
    fn a_long_document_is_explained_soon() {
        for part in ["## Do it\n\nx\n\n", "1. Do it\n\n   ```sh\n   ls\n   ```\n\n", "- Stop the queue\n"] {
            let source = format!("# T\n\n{}", part.repeat(5_000));
            let plan = compile(&source, None).plan;
            let begun = Instant::now();
            let told = text("t.md", &plan, &explained(&source, &plan));
            assert!(told.lines().count() > 5_000, "{}", told.lines().count());
            assert!(begun.elapsed() < Duration::from_secs(20), "{part}: {:?}", begun.elapsed());
        }
    }
}
