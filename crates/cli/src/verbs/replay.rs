//! `replay`: shows a run again as it happened. Executes nothing.

use std::time::Duration;

use holdpoint_engine::{Finished, Outcome, duration};
use holdpoint_report::{Frame, FrameKind, Stream};
use serde_json::json;

use super::read::{Recorded, recorded};
use super::verdict_words;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::{self, Live};

/// Plays a run.
pub fn replay(arguments: &args::Replay) -> Result<Exit, Problem> {
    let recorded = recorded(&arguments.run)?;
    if let Some(step) = &arguments.step
        && recorded.plan.step(step).is_none()
    {
        let ids: Vec<&str> = recorded.plan.steps.iter().map(|step| step.id.as_str()).collect();
        let help = match holdpoint_document::nearest(step, &ids) {
            Some(near) => format!("Did you mean {near}?"),
            None => format!("Its steps are {}.", ids.join(", ")),
        };
        return Err(Problem::usage(format!("the run has no step {step}"), help));
    }
    let frames = recorded.with_material(None, holdpoint_report::timeline);
    let frames = match &arguments.step {
        Some(step) => of_step(frames, step),
        None => frames,
    };
    if arguments.format == Format::Json {
        let frames: Vec<_> = frames.iter().map(|frame| as_json(frame, &recorded)).collect();
        screen::data(&serde_json::to_string_pretty(&frames).unwrap_or_default());
        return Ok(Exit::Passed);
    }
    let opened = recorded.opened();
    let label = format!("{} · REPLAY: nothing is executed", opened.number);
    screen::head(&recorded.plan, opened, &opened.session.operator, &label);
    let longest = Duration::from_secs_f64(arguments.max_wait);
    let mut before = frames.first().map_or(Duration::ZERO, |frame| frame.at);
    let mut player = Player { recorded: &recorded, live: None };
    for frame in &frames {
        let wait = frame.at.saturating_sub(before).div_f64(arguments.speed).min(longest);
        before = frame.at;
        if !wait.is_zero() {
            std::thread::sleep(wait);
        }
        player.show(&frame.kind);
    }
    Ok(Exit::Passed)
}

/// Frames of one step, its head first.
fn of_step(frames: Vec<Frame>, wanted: &str) -> Vec<Frame> {
    let mut within = false;
    let keep = |frame: &Frame| {
        match &frame.kind {
            FrameKind::StepHead { step, .. } => within = step == wanted,
            FrameKind::Session { .. } | FrameKind::Closed(_) | FrameKind::Rollback { .. } => within = false,
            _ => {}
        }
        within
    };
    frames.into_iter().filter(keep).collect()
}

struct Player<'a> {
    recorded: &'a Recorded,
    live: Option<Live>,
}

impl Player<'_> {
    fn show(&mut self, kind: &FrameKind) {
        if let FrameKind::Output { stream, piece } = kind {
            match (self.recorded.output(piece), &mut self.live) {
                (Ok(bytes), Some(live)) => live.push(*stream == Stream::Stderr, &bytes),
                (Err(why), _) => screen::say(&format!("  note: {why}")),
                (Ok(_), None) => {}
            }
            return;
        }
        if let Some(live) = self.live.take() {
            live.finish();
        }
        let line = |text: String| screen::say(&format!("  {}", screen::neutralise(&text)));
        match kind {
            FrameKind::Output { .. } => {}
            FrameKind::Session { session, resumed } => {
                let what = if *resumed { "taken up again" } else { "opened" };
                line(format!("{what} by {} on {}", session.operator, session.host));
            }
            FrameKind::StepHead { number, title, .. } => {
                screen::say("");
                screen::say(&screen::rule(&screen::neutralise(&format!("{number} {title}"))));
            }
            FrameKind::Command { action, kind, attempt, script, differs, language } => {
                let differs = if *differs { " · not the document's own script" } else { "" };
                let attempt = if *attempt > 1 { format!(" · attempt {attempt}") } else { String::new() };
                line(format!("{action} · {language} {kind:?}{attempt}{differs}"));
                for text in screen::neutralise(script.trim_end()).lines() {
                    screen::say(&format!("    {}", screen::style().cyan().apply_to(text)));
                }
                self.live = Some(Live::new("replay", None, 0, 0, false));
            }
            FrameKind::Ended { outcome, exit, signal, error, duration_ms, .. } => {
                screen::verdict_line(&ended(*outcome, *exit, *signal, error.clone(), *duration_ms));
            }
            FrameKind::Expectation { expected, came, held } => {
                if !held {
                    line(format!("  expected  {expected}"));
                    line(format!("  came      {}", came.as_deref().unwrap_or("nothing")));
                }
            }
            FrameKind::Captured { name, value } => line(format!("  captured {name} = {value}")),
            FrameKind::Confirmed { text, by } => line(format!("[x] {text}  (confirmed by {})", by.who)),
            FrameKind::Value { name, value, within_limits, by, .. } => {
                let limits = if *within_limits { "" } else { ", OUT OF ITS LIMITS" };
                line(format!("{name} = {value}  (written down by {}{limits})", by.who));
            }
            FrameKind::SignOffRequested { role, statement } => {
                line(format!("HOLD POINT release by the role {role}: “{statement}”"));
            }
            FrameKind::SignOff(signed) => {
                line(format!("released by {} ({}), {:?}", signed.name, signed.by.who, signed.meaning));
            }
            FrameKind::SignOffWithheld { rejected, reason, by } => {
                let what = if *rejected { "rejected" } else { "refused" };
                line(format!("release {what}, {}: {reason}", by.who));
            }
            FrameKind::SignOffLapsed { reason } => line(format!("release lapsed: {reason}")),
            FrameKind::NotApplicable { condition } => {
                line(format!("not for this run: {condition} does not hold"))
            }
            FrameKind::Decision { choice, reason, by } => {
                let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                line(format!("decided by {}: {choice:?}{reason}", by.who));
            }
            FrameKind::Deviation(deviation) => {
                line(format!(
                    "DEVIATION ({:?}) by {}: {}",
                    deviation.kind, deviation.by.who, deviation.reason
                ));
            }
            FrameKind::Rollback { steps, .. } => line(format!("ROLLBACK of {}", steps.join(", "))),
            FrameKind::Note { text, by } => line(format!("note by {}: {text}", by.who)),
            FrameKind::Remark(text) => line(format!("note: {text}")),
            FrameKind::Closed(verdict) => {
                screen::say("");
                line(verdict_words(*verdict).to_uppercase());
            }
        }
    }
}

fn ended(
    outcome: Outcome,
    exit: Option<i32>,
    signal: Option<i32>,
    error: Option<String>,
    duration_ms: u64,
) -> Finished {
    Finished {
        step: String::new(),
        action: String::new(),
        attempt: 1,
        probe: false,
        outcome,
        exit,
        signal,
        error,
        duration_ms,
        output: None,
        expectations: Vec::new(),
        captures: Default::default(),
        files: Default::default(),
        state: None,
        masked: Default::default(),
        remarks: Vec::new(),
    }
}

fn as_json(frame: &Frame, recorded: &Recorded) -> serde_json::Value {
    let what = format!("{:?}", frame.kind);
    let name = what.split([' ', '(', '{']).next().unwrap_or_default().to_owned();
    let mut json =
        json!({"at": duration(frame.at), "at_ms": frame.at.as_millis() as u64, "n": frame.n, "frame": name});
    match &frame.kind {
        FrameKind::Output { stream, piece } => {
            json["stream"] = json!(format!("{stream:?}").to_lowercase());
            match recorded.output(piece) {
                Ok(bytes) => json["text"] = json!(String::from_utf8_lossy(&bytes)),
                Err(why) => json["missing"] = json!(why),
            }
        }
        FrameKind::StepHead { step, .. } => json["step"] = json!(step),
        FrameKind::Command { action, script, .. } => {
            json["action"] = json!(action);
            json["script"] = json!(script);
        }
        _ => {}
    }
    json
}
