//! `sign --format`: what whoever signs is shown, given away; nothing is signed or written to the record.

use holdpoint_document::{SignOff, Work};
use holdpoint_driver::Secrets;
use holdpoint_engine::{BlobRef, Exhibit, Next, Question, Run, Standing, Takes, Task};
use holdpoint_record::blob;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::choice::{Among, chosen};
use super::note::known_secrets;
use super::read::{Recorded, blob_problem, to_be_signed};
use super::run::hide;
use crate::args::{self, EvidenceFormat};
use crate::digest::sha256;
use crate::exit::Exit;
use crate::output;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;

/// Gives it in the form that is asked for.
pub fn give(screen: &Screen, arguments: &args::Sign, secrets: &Secrets) -> Result<Exit, Problem> {
    output::untaken(arguments.output.as_deref())?;
    let recorded = to_be_signed(chosen(screen, arguments.run.as_deref(), Among::SignOff)?)?;
    hide(&known_secrets(screen, &recorded, &Place::here()?)?, secrets)?;
    let run = as_signed(&recorded)?;
    let (task, _) = awaited(&run, &recorded)?;
    let script = |script: &BlobRef| blob(&recorded.dir.path, script).map_err(blob_problem);
    let exhibit = run.exhibit(&recorded.plan, task, script)?;
    let outputs = if arguments.outputs { outputs(&run, &recorded)? } else { Vec::new() };
    let text = match arguments.format.unwrap_or(EvidenceFormat::Text) {
        EvidenceFormat::Text => exhibit.text() + &as_text(&outputs),
        EvidenceFormat::Html => {
            let told = format!("Evidence for run {}: {}", recorded.opened().number, task.id(&recorded.plan));
            let parts = outputs.iter().map(|(title, text)| (title.clone(), text.clone())).collect();
            let masked = secrets.masked(&exhibit.text()).into_owned();
            holdpoint_report::exhibit(&told, &exhibit, &sha256(masked.as_bytes()), parts)
                .map_err(Problem::ours)?
        }
        EvidenceFormat::Json => as_json(&run, &recorded, task, &exhibit, &outputs, secrets),
    };
    // Of a text broken into lines, too: what is given away is what would be kept.
    let text = secrets.masked(&text).into_owned();
    output::give(screen, arguments.output.as_deref(), &text, "; nothing was signed")?;
    Ok(Exit::Passed)
}

/// What whoever signs now would be shown.
pub struct PutBefore {
    /// The hold point.
    pub action: String,
    /// Whose sign-off it takes.
    pub role: String,
    /// The text whose digest is signed.
    pub text: String,
}

/// What whoever signs now would be shown, made from the record alone; `None` where the run waits for no signature, or was given
/// secrets: whether they stand in the text only whoever has them can say.
pub fn put_before(recorded: &Recorded) -> Result<Option<PutBefore>, Problem> {
    if recorded.opened().inputs.iter().any(|input| input.secret) {
        return Ok(None);
    }
    let run = as_signed(recorded)?;
    let Ok((task, sign_off)) = awaited(&run, recorded) else { return Ok(None) };
    let script = |script: &BlobRef| blob(&recorded.dir.path, script).map_err(blob_problem);
    let text = run.exhibit(&recorded.plan, task, script)?.text();
    Ok(Some(PutBefore { action: task.id(&recorded.plan).to_owned(), role: sign_off.role.clone(), text }))
}

/// The run as it would be if somebody signed now: sign-offs before it may lapse first.
fn as_signed(recorded: &Recorded) -> Result<Run, Problem> {
    let (plan, now) = (&recorded.plan, Timestamp::now());
    let wrong = |error: holdpoint_engine::Unexpected| {
        Problem::record(
            format!("the record does not conform: {error}"),
            "Nothing was written. `holdpoint verify` says more.",
        )
    };
    let mut run = Run::new(plan);
    for stamped in &recorded.events {
        run.apply(plan, stamped.at, &stamped.event).map_err(wrong)?;
    }
    run.going_on_at(plan, now).map_err(wrong)
}

/// What the blocks printed last: which and where, and what.
fn outputs(run: &Run, recorded: &Recorded) -> Result<Vec<(String, String)>, Problem> {
    let mut outputs = Vec::new();
    for (action, output) in run.last_outputs() {
        for (stream, printed) in [("standard output", &output.stdout), ("standard error", &output.stderr)] {
            let bytes = blob(&recorded.dir.path, printed).map_err(blob_problem)?;
            if !bytes.is_empty() {
                outputs.push((format!("{action}, {stream}"), holdpoint_report::visible(&bytes)));
            }
        }
    }
    Ok(outputs)
}

/// Below the text, and marked as no part of it.
fn as_text(outputs: &[(String, String)]) -> String {
    if outputs.is_empty() {
        return String::new();
    }
    let mut text = "\nPrinted last, beside what is signed\n".to_owned();
    for (title, printed) in outputs {
        text.push_str(&format!("  {title}\n"));
        printed.lines().for_each(|line| text.push_str(&format!("    │ {line}\n")));
    }
    text
}

fn as_json(
    run: &Run,
    recorded: &Recorded,
    task: Task,
    exhibit: &Exhibit,
    outputs: &[(String, String)],
    secrets: &Secrets,
) -> String {
    let (opened, step) = (recorded.opened(), task.step_of(&recorded.plan));
    let text = secrets.masked(&exhibit.text()).into_owned();
    let shown = BlobRef { sha256: sha256(text.as_bytes()), bytes: text.len() as u64 };
    let outputs: Vec<Value> =
        outputs.iter().map(|(title, text)| json!({"of": title, "text": text})).collect();
    let told = json!({
        "format": "exhibit/1.0",
        "run": {"number": opened.number, "id": opened.id},
        "step": step.id,
        "action": task.id(&recorded.plan),
        "shown": shown,
        "parts": exhibit.parts,
        "seen": run.seen(),
        "outputs": outputs,
    });
    serde_json::to_string_pretty(&told).unwrap_or_default() + "\n"
}

/// The hold point that the run waits at.
pub fn awaited<'p>(run: &Run, recorded: &'p Recorded) -> Result<(Task, &'p SignOff), Problem> {
    let number = recorded.opened().number;
    if let Next::Ask(task, Question::SignOff) = run.next(&recorded.plan)
        && let Some(Work::SignOff(sign_off)) = task.work(&recorded.plan)
    {
        return Ok((task, sign_off));
    }
    let plan = &recorded.plan;
    let why = match run.next(plan) {
        _ if run.is_closed() => "it has ended".to_owned(),
        Next::Ask(task, Question::Failed) if matches!(task.work(plan), Some(Work::SignOff(_))) => run
            .condition_error(plan, task)
            .unwrap_or_else(|| format!("{} did not pass, and its operator decides what now", task.id(plan))),
        Next::SignSession => run.unsigned_refusal(),
        Next::Done(_) => "its operator only has to close it, with `holdpoint resume`".to_owned(),
        _ => {
            let Standing { next, .. } = run.standing(plan);
            let what = match next.takes {
                Takes::Execution => "a block to run",
                other => other.words(),
            };
            let action = next.action.map(|action| format!(" at {action}")).unwrap_or_default();
            format!("it is not at a hold point; next{action}: {what}")
        }
    };
    Err(Problem::usage(
        format!("run {number} waits for no signature: {why}"),
        format!("`holdpoint show {number}` says where it is."),
    ))
}
