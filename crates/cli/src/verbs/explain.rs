//! `plan --explain`: what each step and command was taken for, how sure that is, and why.

use holdpoint_document::{
    Class, Confidence, DocumentKind, Explained, Plan, Reading, Span, Work, explain, many,
};
use serde::Serialize;

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
    /// Commands in it, whether they are offered or not.
    commands: Vec<Command>,
}

/// How sure something is, and why.
#[derive(Debug, Serialize)]
struct Because {
    confidence: Confidence,
    reason: &'static str,
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
    let line = |at: usize| 1 + source.get(..at).map_or(0, |text| text.matches('\n').count());
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
            step: Some(why(source, plan, step)),
            commands: of(Some(index)),
        })
        .collect();
    let stray = of(None);
    if !stray.is_empty() {
        let (number, id, title) = (String::new(), String::new(), "in no step".to_owned());
        steps.push(Step { number, id, title, step: None, commands: stray });
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

/// What made something a step, by how it begins and what is in it.
fn why(source: &str, plan: &Plan, step: &holdpoint_document::Step) -> Because {
    let first = step.span.of(source).trim_start();
    let digits = first.trim_start_matches(|c: char| c.is_ascii_digit());
    let (sure, reason) = if plan.kind == DocumentKind::Annotated {
        (true, "it holds blocks or items")
    } else if first.len() > digits.len() && digits.starts_with(['.', ')']) {
        (true, "it is a numbered item")
    } else if step.actions.iter().any(|action| is_task(source, action.span.start)) {
        (true, "it holds items with boxes to tick")
    } else if step.actions.iter().any(|action| action.work.offered().is_some()) {
        (true, "it holds commands")
    } else if first.starts_with(['-', '*', '+']) {
        (false, "it is an item of a list that says what to do")
    } else if step.actions.iter().all(|action| matches!(action.work, Work::Confirm { .. })) {
        (false, "it is a section with text to follow, and no items")
    } else {
        (false, "something is to be done in it")
    };
    Because { confidence: if sure { Confidence::Sure } else { Confidence::Likely }, reason }
}

fn is_task(source: &str, at: usize) -> bool {
    let line = source.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let rest = line.trim_start().trim_start_matches(['-', '*', '+']).trim_start();
    ["[ ]", "[x]", "[X]"].iter().any(|mark| rest.starts_with(mark))
}

/// In words.
pub fn text(path: &str, plan: &Plan, steps: &[Step]) -> String {
    let mut out = format!("{} ({path})\n", plan.title);
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    for Step { number, id, title, step, commands } in steps {
        line(String::new());
        let id = if id.is_empty() { String::new() } else { format!("  [{id}]") };
        line(format!("{number:<8}{title}{id}"));
        if let Some(Because { confidence, reason }) = step {
            line(format!("        a step, {}: {reason}", confidence.words()));
        }
        for Command { line: at, command, reading, needs, refused } in commands {
            let Reading { class, confidence, reason } = reading;
            line(format!("        line {at}: {}, {}: {reason}", class.words(), confidence.words()));
            for text in command.lines() {
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
    out
}
