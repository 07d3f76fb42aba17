//! `replay`: shows a run again as it happened. Executes nothing.

mod keys;
mod show;

use std::collections::BTreeSet;
use std::io::{IsTerminal, stdin, stdout};
use std::time::{Duration, Instant};

use holdpoint_engine::duration;
use holdpoint_report::{Frame, FrameKind, Player, Turn, Wish};
use holdpoint_view::{Break, Reading, Verified};
use serde_json::json;

use self::keys::{HELP, Key, Keys};
use self::show::Showing;
use super::choice::{Among, chosen};
use super::read::{Recorded, proved, said};
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::problem::Problem;
use crate::screen::{self, Screen};

/// How often it looks for signals while it waits for keys.
const LOOKS: Duration = Duration::from_millis(100);

/// Plays a run.
pub async fn replay(screen: &Screen, arguments: &args::Replay) -> Result<Exit, Problem> {
    let (proof, recorded) = proved(chosen(screen, arguments.run.as_deref(), Among::All)?)?;
    let verified = said(&proof);
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
    if let Some(place) = &arguments.place {
        let targets = recorded.opened().environment.targets.values();
        let places: BTreeSet<&str> = targets.flat_map(|target| &target.places).map(String::as_str).collect();
        if !places.contains(place.as_str()) {
            let places: Vec<&str> = places.into_iter().collect();
            let help = match (places.is_empty(), holdpoint_document::nearest(place, &places)) {
                (true, _) => "All of it ran on the machine that drove it.".to_owned(),
                (_, Some(near)) => format!("Did you mean {near}?"),
                (_, None) => format!("Its places are {}.", places.join(", ")),
            };
            return Err(Problem::usage(format!("the run has no place {place}"), help));
        }
    }
    let broken = broken(&recorded, &verified);
    let altered = !proof.verdict.holds() && broken.is_none();
    let exit = if altered || broken.is_some() { Exit::Record } else { Exit::Passed };
    let frames = recorded.with_material(Some(verified.clone()), holdpoint_report::timeline);
    let frames = match &arguments.step {
        Some(step) => of_step(frames, step),
        None => frames,
    };
    let frames = match &arguments.place {
        Some(place) => of_place(frames, place),
        None => frames,
    };
    if arguments.format == Format::Json {
        let frames: Vec<_> = frames.iter().map(|frame| as_json(frame, &recorded)).collect();
        screen.data(&serde_json::to_string_pretty(&frames).unwrap_or_default());
        return Ok(exit);
    }
    let opened = recorded.opened();
    let label = format!("{} · REPLAY: nothing is executed", opened.number);
    screen::head(screen, (&recorded.plan, None), opened, &opened.session, &label);
    let player = Player::new(&frames, arguments.speed, Duration::from_secs_f64(arguments.max_wait));
    play(screen, player, (&recorded, verified)).await?;
    if altered {
        screen.tell(&format!("The record is not intact: {}. See `holdpoint verify`.", proof.verdict));
    }
    if let Some(Break { n, why }) = broken {
        screen.tell(&format!("The record does not conform from event {n} on: {why}"));
        screen.tell("What was shown from there on proves nothing; see `holdpoint verify`.");
    }
    Ok(exit)
}

/// Where the record stops being one that the engine would have asked for, or that `verify` takes.
fn broken(recorded: &Recorded, verified: &Verified) -> Option<Break> {
    let mut reading = Reading::new(&recorded.plan).refusing(verified.broken.clone());
    let refused = recorded.events.iter().any(|stamped| reading.take(stamped).is_err());
    reading.broken().filter(|_| refused).cloned()
}

/// Shows what is due when it is due, and does what keys ask for in between.
async fn play(
    screen: &Screen,
    mut player: Player<'_>,
    (recorded, verified): (&Recorded, Verified),
) -> Result<(), Problem> {
    let summary = recorded.with_material(Some(verified), holdpoint_report::summarise);
    let fault = |error: holdpoint_report::ReportError| {
        Problem::fault(
            error.to_string(),
            "This is a fault of holdpoint. `holdpoint verify` still judges the record.",
        )
    };
    let verdict = summary.map_err(fault)?.verdict_words();
    let mut showing = Showing::of(screen, recorded, verdict);
    let attended = stdin().is_terminal() && stdout().is_terminal() && screen.is_terminal();
    // Caught before the terminal is changed: a signal must not leave it changed.
    let mut interrupts = if attended { Some(Interrupts::catch(screen)?) } else { None };
    let mut keys = if attended { Keys::listen(screen).ok() } else { None };
    if keys.is_some() {
        screen.say("  space stops · arrows step from action to action · ? explains");
    }
    let mut since = Instant::now();
    loop {
        if let Some(interrupts) = &mut interrupts
            && interrupts.pending().is_some()
        {
            break;
        }
        let due = player.due();
        if due.is_none() && !(player.is_paused() && keys.is_some()) {
            break;
        }
        if player.is_paused() {
            showing.stands(due.is_none());
        }
        let wait = due.map_or(Duration::ZERO, |(wait, _)| wait).saturating_sub(since.elapsed());
        let wait = if player.is_paused() { LOOKS } else { wait };
        let key = match &mut keys {
            Some(keys) => keys.next_within(wait.min(LOOKS)),
            None => {
                std::thread::sleep(wait);
                None
            }
        };
        match (key, due) {
            (Some(key), _) => {
                showing.moves_on();
                match key {
                    Key::Quit => break,
                    Key::Help => explain(screen),
                    Key::Wish(wish) => {
                        turn(screen, &mut player, &mut showing, wish);
                        since = Instant::now();
                    }
                }
            }
            (None, Some((wait, frame))) if !player.is_paused() && since.elapsed() >= wait => {
                showing.show(&frame.kind);
                player.shown();
                since = Instant::now();
            }
            _ => {}
        }
    }
    showing.moves_on();
    showing.breaks_off();
    Ok(())
}

fn explain(screen: &Screen) {
    HELP.iter().for_each(|(key, what)| screen.say_hung(&format!("    {key:<13}"), what));
}

fn turn(screen: &Screen, player: &mut Player<'_>, showing: &mut Showing<'_>, wish: Wish) {
    let say = |text: &str| screen.say(&screen.style().dim().apply_to(format!("  {text}")).to_string());
    match player.wish(wish) {
        Turn::Paused | Turn::Resumed => {}
        Turn::Nowhere => say(match wish {
            Wish::Deviation => "there is no deviation from here on",
            Wish::SignOff => "there is no sign-off from here on",
            Wish::Back => "this is the beginning",
            _ => "this is the end",
        }),
        Turn::Show(range) => player.frames(range).iter().for_each(|frame| showing.show(&frame.kind)),
        Turn::Jump { head, shown, back } => {
            showing.breaks_off();
            say(match (back, wish) {
                (true, _) => "⋯ back to",
                (_, Wish::Deviation) => "⋯ to the next deviation",
                _ => "⋯ to the next sign-off",
            });
            let head = head.map_or(0..0, |head| head..head + 1);
            let frames = player.frames(head).iter().chain(player.frames(shown));
            frames.for_each(|frame| showing.show(&frame.kind));
        }
    }
}

/// Frames of one step, its head first. What is of the run as a whole may come in the midst of the step.
fn of_step(frames: Vec<Frame>, wanted: &str) -> Vec<Frame> {
    let mut within = false;
    let keep = |frame: &Frame| {
        match &frame.kind {
            FrameKind::StepHead { step, .. } => within = step == wanted,
            FrameKind::Session { .. } | FrameKind::Closed(_) | FrameKind::Rollback { .. } => return false,
            _ => {}
        }
        frame.kind.source().map_or(within, |of| of.step == wanted)
    };
    frames.into_iter().filter(keep).collect()
}

/// Frames of one place, and the heads of steps.
fn of_place(frames: Vec<Frame>, wanted: &str) -> Vec<Frame> {
    let keep = |frame: &Frame| {
        matches!(frame.kind, FrameKind::StepHead { .. }) || frame.kind.place() == Some(wanted)
    };
    frames.into_iter().filter(keep).collect()
}

fn as_json(frame: &Frame, recorded: &Recorded) -> serde_json::Value {
    let mut json = json!({"at": duration(frame.at), "at_ms": frame.at.as_millis() as u64, "n": frame.n, "frame": frame.kind.name()});
    if let Some(of) = frame.kind.source() {
        json["step"] = json!(of.step);
        json["action"] = json!(of.name());
        json["attempt"] = json!(of.attempt);
    }
    if let Some(place) = frame.kind.place() {
        json["place"] = json!(place);
    }
    match &frame.kind {
        FrameKind::Output { stream, piece, .. } => {
            json["stream"] = json!(stream.name());
            match recorded.output(piece) {
                Ok(bytes) => json["text"] = json!(String::from_utf8_lossy(&bytes)),
                Err(why) => json["missing"] = json!(why),
            }
        }
        FrameKind::Screen { columns, rows, .. } => {
            json["columns"] = json!(columns);
            json["rows"] = json!(rows);
        }
        FrameKind::StepHead { step, .. } => json["step"] = json!(step),
        FrameKind::Command { script, .. } => json["script"] = json!(script),
        FrameKind::Remark(text) => json["text"] = json!(text),
        _ => {}
    }
    json
}
