//! `plan --explain`: what each step and command was taken for, how sure that is, and why.

use holdpoint_document::{
    Alternative, Bullets, Class, Confidence, DocumentKind, Explained, OnlyShown, Plan, Reading, Span, Work,
    bullets, explain, many, only_shown,
};
use serde::Serialize;

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
    let commands = match plan.kind {
        DocumentKind::Foreign => explain(source),
        DocumentKind::Annotated => Vec::new(),
    };
    let owners: Vec<Option<usize>> = commands.iter().map(|command| owner(plan, command.span.start)).collect();
    let line = |at: usize| line_of(source, at);
    let lists = match plan.kind {
        DocumentKind::Foreign => bullets(source),
        DocumentKind::Annotated => Vec::new(),
    };
    let code = match plan.kind {
        DocumentKind::Foreign => only_shown(source),
        DocumentKind::Annotated => Vec::new(),
    };
    let told = |command: &Explained| {
        let actions = plan.steps.iter().flat_map(|step| &step.actions);
        let mut offered = actions.filter(|action| holds(action.span, command.span.start));
        let offered =
            offered.find_map(|action| action.work.offered().filter(|it| it.text == command.text.trim_end()));
        let mut reading = command.reading.clone();
        if offered.is_none() && matches!(reading.class, Class::Offered | Class::Interactive) {
            let reason = "it stands in text that is only read".to_owned();
            reading = Reading { class: Class::Explanatory, confidence: Confidence::Sure, reason };
        }
        Command {
            line: line(command.span.start),
            command: command.text.trim_end().to_owned(),
            reading,
            needs: offered.iter().flat_map(|it| &it.values).map(|blank| blank.written.clone()).collect(),
            refused: offered.and_then(|it| it.refused.clone()),
        }
    };
    let of = |owner: Option<usize>| -> Vec<Command> {
        let own = commands.iter().zip(&owners).filter(|(_, of)| **of == owner);
        own.map(|(command, _)| told(command)).collect()
    };
    let mut steps: Vec<Step> = plan
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| Step {
            number: step.number.clone(),
            id: step.id.clone(),
            title: step.title.clone(),
            step: Some(why(source, plan, step, &lists)),
            asks: if plan.is_foreign() { asks(source, step, &lists) } else { Vec::new() },
            reads: reads(source, plan, index, &lists),
            shows: shows(source, plan, Some(index), &code),
            commands: of(Some(index)),
        })
        .collect();
    let (stray, shows) = (of(None), shows(source, plan, None, &code));
    if !(stray.is_empty() && shows.is_empty()) {
        let (number, id, title) = (String::new(), String::new(), "in no step".to_owned());
        let (asks, reads) = (Vec::new(), Vec::new());
        steps.push(Step { number, id, title, step: None, asks, reads, shows, commands: stray });
    }
    steps
}

/// The step under which what stands there is shown: above its items, too, which lie elsewhere than what leads to them.
fn owner(plan: &Plan, at: usize) -> Option<usize> {
    let shows = |step: &holdpoint_document::Step| {
        step.actions.iter().any(|action| {
            holds(action.span, at) && action.work.offered().is_some()
                || action.prose.is_some_and(|prose| holds(prose, at))
        })
    };
    let spans = |step: &holdpoint_document::Step| holds(step.span, at);
    plan.steps.iter().position(shows).or_else(|| plan.steps.iter().rposition(spans))
}

fn holds(span: Span, at: usize) -> bool {
    (span.start..span.end).contains(&at)
}

fn line_of(source: &str, at: usize) -> usize {
    1 + source.get(..at).map_or(0, |text| text.matches('\n').count())
}

/// What somebody is asked in a step, with the reason of each question.
fn asks(source: &str, step: &holdpoint_document::Step, lists: &[Bullets]) -> Vec<ExplainedLine> {
    let offers = step.actions.iter().any(|action| action.work.offered().is_some());
    let told = |action: &holdpoint_document::Action| {
        let at = action.span.start;
        let list = list_of(lists, at);
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
        Some(ExplainedLine { line: line_of(source, at), text, reason })
    };
    step.actions.iter().filter_map(told).collect()
}

/// Lists of bullets that are shown with a step and in which nothing is asked, and why not.
fn reads(source: &str, plan: &Plan, index: usize, lists: &[Bullets]) -> Vec<ExplainedLine> {
    let starts: Vec<usize> =
        plan.steps.iter().flat_map(|step| &step.actions).map(|action| action.span.start).collect();
    let asked = |list: &&Bullets| list.items.iter().any(|at| starts.contains(at));
    let told = |list: &Bullets| {
        let reason = match list.explains {
            Some(explains) => explains.to_owned(),
            None if list.verbs * 2 > list.items.len() => "the section is one that is only read".to_owned(),
            None => format!("{}, and it takes more than half", list.told()),
        };
        let at = list.span.start;
        let text = source.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        ExplainedLine { line: line_of(source, at), text: text.trim().to_owned(), reason }
    };
    let own = |list: &&Bullets| owner(plan, list.span.start) == Some(index);
    lists.iter().filter(|list| !asked(list)).filter(own).map(told).collect()
}

/// Code of a step, or of none, that may be commands and of which nothing is read as one, and why not.
fn shows(source: &str, plan: &Plan, index: Option<usize>, all: &[OnlyShown]) -> Vec<ExplainedLine> {
    let told = |code: &OnlyShown| {
        let at = code.span.start;
        let mut lines = code.span.of(source).lines().map(str::trim);
        let text = lines
            .find(|line| !line.is_empty() && !line.starts_with("```") && !line.starts_with("~~~"))
            .unwrap_or_default();
        ExplainedLine { line: line_of(source, at), text: text.to_owned(), reason: code.reason.to_owned() }
    };
    all.iter().filter(|code| owner(plan, code.span.start) == index).map(told).collect()
}

/// The list of which an item begins at this place.
fn list_of(lists: &[Bullets], at: usize) -> Option<&Bullets> {
    lists.iter().find(|list| list.items.contains(&at))
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
fn why(source: &str, plan: &Plan, step: &holdpoint_document::Step, lists: &[Bullets]) -> Because {
    let asks_of = |asked: fn(&Bullets) -> bool| {
        step.actions.iter().any(|action| list_of(lists, action.span.start).is_some_and(asked))
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
    for Step { number, id, title, step, asks, reads, shows, commands } in steps {
        line(String::new());
        let parts = plan.steps.iter().filter(|step| step.id == *id).flat_map(|step| &step.alternatives);
        let id = if id.is_empty() { String::new() } else { format!("  [{id}]") };
        line(format!("{number:<8}{title}{id}"));
        if let Some(Because { confidence, reason }) = step {
            line(format!("        a step, {}: {reason}", confidence.words()));
        }
        parts.for_each(|part| line(may_be_passed_over(part)));
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
