//! A run as an asciicast (version 3), for players that know nothing of run-books.
//!
//! The format: one JSON object as a head, then one array `[interval, code, data]` a line, the interval in seconds
//! since the line before. Codes used here: `o` output, `m` marker, `r` another size, `x` the exit code.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use holdpoint_engine::{Event, Outcome, Verdict};

use crate::text::visible;
use crate::{Drawing, Frame, FrameKind, Material, ReportError, Source, Stream, took};

const COLUMNS: u16 = 100;
const ROWS: u16 = 30;
/// A line longer than this is shown in pieces, bytes.
const LONGEST: usize = 4096;

/// The record as an asciicast: what the operator saw, with the waits as they were, and a marker at each step.
///
/// # Errors
///
/// [`ReportError::NotOpened`] where the record does not begin with `run.opened`.
pub fn cast(m: &Material<'_>) -> Result<String, ReportError> {
    let Some((first, Event::RunOpened(opened))) = m.events.first().map(|first| (first, &first.event)) else {
        return Err(holdpoint_view::NotOpened.into());
    };
    let title = format!("Run {}: {}", opened.number, opened.title());
    let head = serde_json::json!({
        "version": 3,
        "term": {"cols": COLUMNS, "rows": ROWS, "type": "xterm-256color"},
        "timestamp": first.at.as_second(),
        "title": one_line(&title),
    });
    let summary = crate::summarise(m)?;
    let mut writer = CastWriter {
        m,
        verdict: summary.verdict_words(),
        text: format!("{head}\n"),
        before: Duration::ZERO,
        pending: Default::default(),
        sizes: BTreeMap::new(),
        screen: None,
        size: (COLUMNS, ROWS),
    };
    writer.line(Duration::ZERO, &bold(&one_line(&title)));
    let about = format!("{} · {}", opened.runbook.path, opened.environment.name);
    writer.line(Duration::ZERO, &one_line(&about));
    if let Some(independence) = &summary.independence {
        writer.line(Duration::ZERO, &one_line(independence));
    }
    for why in summary.unsound() {
        writer.line(Duration::ZERO, &bold(&one_line(&format!("holdpoint verify: {why}"))));
    }
    for frame in crate::timeline(m) {
        writer.frame(&frame);
    }
    Ok(writer.text)
}

/// Writes frames as an asciicast.
struct CastWriter<'a> {
    m: &'a Material<'a>,
    /// How the run ended, as every report says it.
    verdict: String,
    text: String,
    before: Duration,
    /// Unfinished lines of standard output and standard error, of each attempt.
    pending: BTreeMap<Rc<Source>, [Vec<u8>; 2]>,
    /// Attempts that have a terminal, and how large it is.
    sizes: BTreeMap<Rc<Source>, (u16, u16)>,
    /// What a block with a terminal draws, while it does.
    screen: Option<Screen>,
    /// Columns and rows.
    size: (u16, u16),
}

/// What is drawn on a block's terminal.
struct Screen {
    of: Rc<Source>,
    drawing: Drawing,
    /// Half a character, whose other half comes with the next piece.
    half: Vec<u8>,
}

impl CastWriter<'_> {
    fn event(&mut self, at: Duration, code: &str, data: &str) {
        // Differences of whole microseconds: nothing is rounded, so nothing adds up.
        let micros = at.as_micros().saturating_sub(self.before.as_micros());
        self.before = at.max(self.before);
        let data = serde_json::Value::from(data);
        self.text.push_str(&format!(
            "[{}.{:06}, \"{code}\", {data}]\n",
            micros / 1_000_000,
            micros % 1_000_000
        ));
    }

    fn line(&mut self, at: Duration, text: &str) {
        self.event(at, "o", &format!("{text}\r\n"));
    }

    /// Output as the operator saw it: line by line, each with its place and the mark of its stream.
    fn output(&mut self, at: Duration, of: &Rc<Source>, stream: Stream, bytes: &[u8]) {
        let error = stream == Stream::Stderr;
        self.pending.entry(Rc::clone(of)).or_default()[usize::from(error)].extend_from_slice(bytes);
        loop {
            let pending = &mut self.pending.entry(Rc::clone(of)).or_default()[usize::from(error)];
            let end = match pending.iter().position(|byte| *byte == b'\n') {
                Some(end) => end + 1,
                None if pending.len() > LONGEST => LONGEST,
                None => return,
            };
            let line: Vec<u8> = pending.drain(..end).collect();
            self.output_line(at, of, error, &line);
        }
    }

    fn output_line(&mut self, at: Duration, of: &Source, error: bool, line: &[u8]) {
        let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        // A progress display overwrites its own line: what a reader saw is what came last.
        let text = visible(line[..end].rsplit(|byte| *byte == b'\r').next().unwrap_or_default());
        let place = of.place.as_ref().map(|place| format!("{} ", one_line(place))).unwrap_or_default();
        let (colour, mark) = if error { (33, "┃") } else { (2, "│") };
        self.line(at, &format!("\u{1b}[{colour}m  {place}{mark} \u{1b}[0m{text}"));
    }

    /// The block's terminal has this size. One that was broken off is begun anew.
    fn begin_screen(&mut self, at: Duration, of: &Rc<Source>, size: (u16, u16)) {
        if self.screen.as_ref().is_some_and(|screen| screen.of != *of) {
            self.after_screen(at);
        }
        let of = Rc::clone(of);
        self.screen.get_or_insert_with(|| Screen { of, drawing: Drawing::default(), half: Vec::new() });
        self.resize(at, size);
    }

    /// Output as a program drew it, and no more than what draws.
    fn drawn(&mut self, at: Duration, bytes: &[u8]) {
        let Some(screen) = &mut self.screen else { return };
        let mut all = std::mem::take(&mut screen.half);
        all.extend(screen.drawing.push(bytes));
        let whole = match std::str::from_utf8(&all) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => all.len(),
        };
        screen.half = all.split_off(whole);
        if !all.is_empty() {
            self.event(at, "o", &String::from_utf8_lossy(&all));
        }
    }

    fn resize(&mut self, at: Duration, size: (u16, u16)) {
        if size != self.size {
            self.size = size;
            self.event(at, "r", &format!("{}x{}", size.0, size.1));
        }
    }

    /// A block with a terminal has ended.
    fn after_screen(&mut self, at: Duration) {
        if let Some(screen) = self.screen.take() {
            self.event(at, "o", &format!("{}\r\n", screen.drawing.end()));
            self.resize(at, (COLUMNS, ROWS));
        }
    }

    /// The attempt has ended: its unfinished lines are all there will be of them.
    fn unfinished(&mut self, at: Duration, of: &Source) {
        self.sizes.remove(of);
        let [stdout, stderr] = self.pending.remove(of).unwrap_or_default();
        for (error, rest) in [(true, stderr), (false, stdout)] {
            if !rest.is_empty() {
                self.output_line(at, of, error, &rest);
            }
        }
    }

    fn frame(&mut self, frame: &Frame) {
        let at = frame.at;
        match &frame.kind {
            FrameKind::Output { of, stream, piece } => {
                let read = piece.read((self.m.blob)(piece.blob()));
                return match (read, self.sizes.get(of).copied()) {
                    (Ok(bytes), Some(size)) => {
                        self.begin_screen(at, of, size);
                        self.drawn(at, &bytes);
                    }
                    (Ok(bytes), None) => {
                        self.after_screen(at);
                        self.output(at, of, *stream, &bytes);
                    }
                    (Err(why), _) => self.line(at, &format!("  ({why})")),
                };
            }
            FrameKind::Screen { of, columns, rows } => {
                self.sizes.insert(Rc::clone(of), (*columns, *rows));
                return self.begin_screen(at, of, (*columns, *rows));
            }
            _ => {}
        }
        self.after_screen(at);
        if let FrameKind::Ended { of, .. } = &frame.kind {
            self.unfinished(at, of);
        }
        match &frame.kind {
            FrameKind::StepHead { step, number, title } => {
                let name = if number.is_empty() { one_line(step) } else { format!("{number} {title}") };
                self.event(at, "m", &one_line(&name));
                self.line(at, "");
                self.line(at, &bold(&format!("── {} ──", one_line(&name))));
            }
            FrameKind::Command { of, kind, script, differs, language } => {
                let attempt =
                    if of.attempt > 1 { format!(" · attempt {}", of.attempt) } else { String::new() };
                let differs = if *differs { " · not the document's own script" } else { "" };
                let kind = kind.words();
                self.line(at, &format!("  {} · {language} {kind}{attempt}{differs}", one_line(&of.told())));
                for line in visible(script.trim_end().as_bytes()).lines() {
                    self.line(at, &format!("\u{1b}[36m    {line}\u{1b}[0m"));
                }
            }
            FrameKind::Closed(verdict) => {
                let code = match verdict {
                    Verdict::Passed => "0",
                    Verdict::NothingDone | Verdict::Failed | Verdict::RolledBack => "1",
                    Verdict::Aborted => "4",
                };
                let words = bold(&self.verdict);
                self.line(at, "");
                self.line(at, &words);
                self.event(at, "x", code);
            }
            other => {
                if let Some(text) = words(other) {
                    self.line(at, &format!("  {text}"));
                }
            }
        }
    }
}

/// What a frame says in one line; `None` where it says nothing.
fn words(kind: &FrameKind) -> Option<String> {
    let because = |reason: &Option<String>| match reason {
        Some(reason) => format!(": {}", one_line(reason)),
        None => String::new(),
    };
    let at = kind.place().map(|place| format!(" at {}", one_line(place))).unwrap_or_default();
    Some(match kind {
        FrameKind::Session { session, resumed } => {
            let what = if *resumed { "taken up again" } else { "opened" };
            format!("{what} by {} on {}", one_line(&session.operator), one_line(&session.host))
        }
        FrameKind::Ended { of, outcome, exit, signal, error, duration_ms } => {
            let place = of.place.as_ref().map(|place| format!(" · {}", one_line(place))).unwrap_or_default();
            let colour = if *outcome == Outcome::Passed { 32 } else { 31 };
            let exit = exit.map(|exit| format!(" · exit {exit}")).unwrap_or_default();
            let signal = signal.map(|signal| format!(" · signal {signal}")).unwrap_or_default();
            let error = error.as_ref().map(|error| format!(" · {}", one_line(error))).unwrap_or_default();
            let outcome = crate::Status::from(*outcome).words();
            format!("\u{1b}[{colour}m{outcome}\u{1b}[0m{exit}{signal}{error} · {}{place}", took(*duration_ms))
        }
        FrameKind::Expectation { held: true, .. } => return None,
        FrameKind::Expectation { expected, came, .. } => {
            let came = came.as_deref().unwrap_or("nothing");
            format!("  expected  {}\r\n    actual    {}", one_line(expected), one_line(came))
        }
        FrameKind::Captured { name, value, .. } => {
            format!("captured {} = {}", one_line(name), one_line(value))
        }
        FrameKind::Confirmed { text, by } => {
            format!("[x] {}  (confirmed by {})", one_line(text), one_line(&by.words()))
        }
        FrameKind::Value { name, value, within_limits, by, .. } => {
            let limits = if *within_limits { "" } else { ", OUT OF ITS LIMITS" };
            let (name, value, who) = (one_line(name), one_line(value), one_line(&by.words()));
            format!("{name} = {value}  (written down by {who}{limits})")
        }
        FrameKind::Corrected(corrected) => one_line(&corrected.words()),
        FrameKind::SignOffRequested { role, statement } => {
            format!("HOLD POINT sign-off by the role {}: “{}”", one_line(role), one_line(statement))
        }
        FrameKind::SignOff(signed) => {
            let who = one_line(&signed.by.who);
            format!("signed off by {} ({who}){}", one_line(&signed.name), signed.by.source())
        }
        FrameKind::SignOffWithheld { rejected, reason, by } => {
            let what = if *rejected { "rejected" } else { "refused" };
            format!("sign-off {what}, {}: {}", one_line(&by.words()), one_line(reason))
        }
        FrameKind::NotApplicable { condition, .. } => {
            format!("not for this run{at}: {} does not hold", one_line(condition))
        }
        FrameKind::Decision { choice, reason, by, .. } => {
            format!("decided by {}{at}: {choice}{}", one_line(&by.words()), because(reason))
        }
        FrameKind::Deviation(deviation) => {
            let (who, reason) = (one_line(&deviation.by.words()), one_line(&deviation.reason));
            let rules: Vec<&str> =
                deviation.overridden.iter().flat_map(|it| &it.rules).map(|rule| rule.as_str()).collect();
            let rules = if rules.is_empty() { String::new() } else { format!(", {}", rules.join(", ")) };
            format!("\u{1b}[33mDEVIATION\u{1b}[0m ({}{rules}){at} by {who}: {reason}", deviation.kind)
        }
        FrameKind::Rollback { steps, without, reason, .. } => {
            let without = match without.as_slice() {
                [] => String::new(),
                steps => format!("; nothing undoes {}", one_line(&steps.join(", "))),
            };
            format!("ROLLBACK of {}{without}{}", one_line(&steps.join(", ")), because(reason))
        }
        FrameKind::Note { text, by } => format!("note by {}: {}", one_line(&by.who), one_line(text)),
        FrameKind::Handover(handover) => format!(
            "HANDED OVER by {} to {}{}",
            one_line(&handover.by.who),
            one_line(&handover.to),
            because(&handover.note)
        ),
        FrameKind::HandoverEnded { accepted, reason, by } => {
            let how = if *accepted { "accepted" } else { "withdrawn" };
            format!("handover {how} by {}{}", one_line(&by.who), because(reason))
        }
        FrameKind::Remark(text) => format!("note: {}", one_line(text)),
        _ => return None,
    })
}

fn bold(text: &str) -> String {
    format!("\u{1b}[1m{text}\u{1b}[0m")
}

/// Text on one line of a terminal, in which nothing acts.
fn one_line(text: &str) -> String {
    visible(text.as_bytes()).replace('\n', "⏎").replace('\t', " ")
}
