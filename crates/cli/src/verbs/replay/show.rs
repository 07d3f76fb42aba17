//! Frames of a replay on the screen.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::rc::Rc;

use holdpoint_engine::{Finished, Outcome};
use holdpoint_report::{FrameKind, Source, Stream};

use crate::screen::{self, Live, Playback, Screen};
use crate::verbs::read::Recorded;

/// The screen, and the output that is being shown.
pub struct Showing<'r> {
    screen: &'r Screen,
    recorded: &'r Recorded,
    /// How the run ended, as `show` and reports say it.
    verdict: String,
    /// Attempts that began in the session that is shown and have not ended.
    begun: BTreeSet<Rc<Source>>,
    /// Attempts that print, each with its unfinished lines: at several places they do so at the same time.
    lives: BTreeMap<Rc<Source>, Live>,
    /// Attempts that have a terminal, and how large it is.
    sizes: BTreeMap<Rc<Source>, (u16, u16)>,
    /// What one of them draws there.
    window: Option<(Rc<Source>, Playback)>,
    /// Whether the line that says that it stands still is there, and whether it says that this is the end.
    standing: Option<bool>,
}

impl<'r> Showing<'r> {
    /// With nothing on it yet.
    pub fn of(screen: &'r Screen, recorded: &'r Recorded, verdict: String) -> Showing<'r> {
        Showing {
            screen,
            recorded,
            verdict,
            begun: BTreeSet::new(),
            lives: BTreeMap::new(),
            sizes: BTreeMap::new(),
            window: None,
            standing: None,
        }
    }

    /// Says that it stands still, on a line that goes away again where the cursor can be moved.
    pub fn stands(&mut self, at_the_end: bool) {
        if self.standing.replace(at_the_end) == Some(at_the_end) {
            return;
        }
        let what = if at_the_end { "at the end" } else { "stopped" };
        let text = format!("  {what} · space goes on · arrows step · ? explains · q leaves");
        let text = self.screen.at_most(self.screen.width() - 1, &text);
        if self.screen.moves() {
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "\r{}\x1b[K", self.screen.style().reverse().apply_to(text));
            let _ = stderr.flush();
        } else {
            self.screen.say(&text);
        }
    }

    /// Takes that line away.
    pub fn moves_on(&mut self) {
        if self.standing.take().is_some() && self.screen.moves() {
            let mut stderr = std::io::stderr().lock();
            let _ = stderr.write_all(b"\r\x1b[K");
            let _ = stderr.flush();
        }
    }

    /// What is half shown of an output is left as it is: something else follows.
    pub fn breaks_off(&mut self) {
        self.closes_window();
        for live in std::mem::take(&mut self.lives).into_values() {
            live.finish();
        }
    }

    fn closes_window(&mut self) {
        if let Some((_, window)) = self.window.take() {
            window.finish();
        }
    }

    /// The attempt's drawing; begun anew where something else was shown meanwhile.
    fn window(&mut self, of: &Rc<Source>, (columns, rows): (u16, u16)) -> &mut Playback {
        if self.window.as_ref().is_some_and(|(drawn, _)| drawn != of) {
            self.closes_window();
        }
        let (_, window) = self.window.get_or_insert_with(|| (Rc::clone(of), Playback::on(self.screen)));
        window.resize(columns, rows);
        window
    }

    fn output(&mut self, of: &Rc<Source>, stream: Stream, bytes: &[u8]) {
        if let Some(size) = self.sizes.get(of).copied() {
            return self.window(of, size).push(bytes);
        }
        self.closes_window();
        let live = || Live::still(self.screen, of.place.as_deref());
        let live = self.lives.entry(Rc::clone(of)).or_insert_with(live);
        live.push(stream == Stream::Stderr, bytes);
    }

    /// A frame.
    pub fn show(&mut self, kind: &FrameKind) {
        if let FrameKind::Screen { of, columns, rows } = kind {
            // Without a terminal it is shown line by line.
            if self.screen.moves() {
                self.sizes.insert(Rc::clone(of), (*columns, *rows));
                self.window(of, (*columns, *rows));
            }
            return;
        }
        if let FrameKind::Output { of, stream, piece } = kind {
            return match self.recorded.output(piece) {
                Ok(bytes) => self.output(of, *stream, &bytes),
                Err(why) => {
                    self.closes_window();
                    self.screen.say_hung("  ", &format!("note: {why}"));
                }
            };
        }
        self.closes_window();
        if let FrameKind::Command { of, .. } | FrameKind::Ended { of, .. } = kind {
            self.sizes.remove(of);
            if let Some(live) = self.lives.remove(of) {
                live.finish();
            }
        }
        let at = kind.place().map(|place| format!(" at {place}")).unwrap_or_default();
        let line = |text: String| self.screen.say_hung("  ", &self.screen.within_a_line(&text));
        match kind {
            FrameKind::Output { .. } | FrameKind::Screen { .. } => {}
            FrameKind::Session { session, resumed } => {
                self.begun.clear();
                let what = if *resumed { "taken up again" } else { "opened" };
                line(format!("{what} by {} on {}", session.operator, session.host));
            }
            FrameKind::StepHead { number, title, .. } => {
                self.screen.say("");
                self.screen.say(&self.screen.rule(&self.screen.neutralise(&format!("{number} {title}"))));
            }
            FrameKind::Command { of, kind, script, differs, language } => {
                self.begun.insert(Rc::clone(of));
                let differs = if *differs { " · not the document's own script" } else { "" };
                let attempt =
                    if of.attempt > 1 { format!(" · attempt {}", of.attempt) } else { String::new() };
                line(format!("{} · {language} {}{attempt}{differs}", of.told(), kind.words()));
                for text in self.screen.neutralise(script.trim_end()).lines() {
                    self.screen.say(&format!("    {}", self.screen.style().cyan().apply_to(text)));
                }
            }
            FrameKind::Ended { of, outcome, exit, signal, error, duration_ms } => {
                // Its command stands far above, in an earlier session.
                if !self.begun.remove(of) {
                    line(format!("{}, begun in an earlier session, has ended:", of.told()));
                }
                let place = of.place.clone();
                screen::verdict_line(
                    self.screen,
                    &ended(place, *outcome, *exit, *signal, error.clone(), *duration_ms),
                );
            }
            FrameKind::Expectation { expected, came, held, .. } => {
                if !held {
                    self.screen.say_hung("    expected  ", &self.screen.neutralise(expected));
                    let came = came.as_deref().map(|came| holdpoint_engine::as_told(expected, came));
                    let came = self.screen.neutralise(came.as_deref().unwrap_or("nothing"));
                    self.screen.say_hung("    actual    ", &came);
                }
            }
            FrameKind::Captured { name, value, .. } => line(format!("  captured {name} = {value}")),
            FrameKind::Confirmed { text, by } => line(format!("[x] {text}  (confirmed by {})", by.words())),
            FrameKind::Value { name, value, within_limits, by, .. } => {
                let limits = if *within_limits { "" } else { ", OUT OF ITS LIMITS" };
                line(format!("{name} = {value}  (written down by {}{limits})", by.words()));
            }
            FrameKind::Corrected(corrected) => line(corrected.words()),
            FrameKind::SignOffRequested { role, statement } => {
                line(format!("HOLD POINT sign-off by the role {role}: “{statement}”"));
            }
            FrameKind::SignOff(signed) => {
                let (by, from) = (&signed.by, signed.by.source());
                line(format!("signed off by {} ({}){from}, {}", signed.name, by.who, signed.meaning));
            }
            FrameKind::SignOffWithheld { rejected, reason, by } => {
                let what = if *rejected { "rejected" } else { "refused" };
                line(format!("sign-off {what}, {}: {reason}", by.words()));
            }
            FrameKind::SignOffLapsed { reason } => line(format!("sign-off lapsed: {reason}")),
            FrameKind::NotApplicable { condition, .. } => {
                line(format!("not for this run{at}: {condition} does not hold"))
            }
            FrameKind::Decision { choice, reason, by, .. } => {
                let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                line(format!("decided by {}{at}: {choice}{reason}", by.words()));
            }
            FrameKind::Deviation(deviation) => {
                let rules: Vec<&str> =
                    deviation.overridden.iter().flat_map(|it| &it.rules).map(|rule| rule.as_str()).collect();
                let rules = if rules.is_empty() { String::new() } else { format!(", {}", rules.join(", ")) };
                line(format!(
                    "DEVIATION ({}{rules}){at} by {}: {}",
                    deviation.kind,
                    deviation.by.words(),
                    deviation.reason
                ));
            }
            FrameKind::Rollback { steps, .. } => line(format!("ROLLBACK of {}", steps.join(", "))),
            FrameKind::Note { text, by } => line(format!("note by {}: {text}", by.who)),
            FrameKind::Handover(handover) => {
                line(format!("HANDED OVER by {} to {}", handover.by.who, handover.to));
                handover.note.iter().for_each(|note| line(format!("  {note}")));
            }
            FrameKind::HandoverEnded { accepted, reason, by } => {
                let how = if *accepted { "accepted" } else { "withdrawn" };
                let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                line(format!("handover {how} by {}{why}", by.who));
            }
            FrameKind::Remark(text) => line(format!("note: {text}")),
            FrameKind::Closed(_) => {
                self.screen.say("");
                line(self.verdict.clone());
            }
        }
    }
}

fn ended(
    place: Option<String>,
    outcome: Outcome,
    exit: Option<i32>,
    signal: Option<i32>,
    error: Option<String>,
    duration_ms: u64,
) -> Finished {
    Finished {
        place,
        exit,
        signal,
        error,
        duration_ms,
        ..Finished::of(String::new(), String::new(), 1, outcome)
    }
}
