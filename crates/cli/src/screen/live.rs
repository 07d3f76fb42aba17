//! Output of a block while it runs, with a bar for the whole run under it.

use std::time::Duration;

use holdpoint_report::visible;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::{at_most, bars, neutralise, say, style, width};

/// A line longer than this is shown in pieces, bytes.
const LONGEST: usize = 4096;

/// The moving part of the screen.
pub struct Live {
    bar: Option<ProgressBar>,
    pending: [Vec<u8>; 2],
    quiet: bool,
}

impl Live {
    /// A screen for a block: `done` of `all` actions are settled. A `quiet` one shows no output.
    pub fn new(title: &str, limit: Option<Duration>, done: usize, all: usize, quiet: bool) -> Live {
        let bar = bars().then(|| {
            let of = limit.map(|limit| format!(" of {}", clock(limit))).unwrap_or_default();
            // Never as wide as the terminal: the `^C` that a terminal echoes must not break the line, or what is
            // left of it stays on the screen.
            let columns = width().saturating_sub(6);
            let counts = format!(" {done}/{all} · ");
            let fixed = 2 + console::measure_text_width(&counts) + " · 00:00:00".len() + of.len();
            let cells = (columns.saturating_sub(fixed) / 3).min(24);
            let title = at_most(columns.saturating_sub(fixed + cells), &neutralise(title));
            let template = format!("  {{bar:{cells}}}{counts}{{msg}} · {{took}}{of}");
            let style =
                ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let took = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = out.write_str(&clock(state.elapsed()));
            };
            // Complete before it is first drawn.
            let bar = ProgressBar::with_draw_target(Some(all as u64), ProgressDrawTarget::stderr())
                .with_style(style.with_key("took", took))
                .with_position(done as u64)
                .with_message(title);
            // What moves by itself is the clock, which shows seconds: more would only be bytes on a slow link.
            bar.enable_steady_tick(Duration::from_secs(1));
            bar
        });
        Live { bar, pending: [Vec::new(), Vec::new()], quiet }
    }

    /// A screen without anything that moves, for output that is shown again.
    pub fn still() -> Live {
        Live { bar: None, pending: [Vec::new(), Vec::new()], quiet: false }
    }

    /// Shows a piece of output, line by line, already masked.
    pub fn push(&mut self, error: bool, bytes: &[u8]) {
        if self.quiet {
            return;
        }
        self.pending[usize::from(error)].extend_from_slice(bytes);
        loop {
            let pending = &mut self.pending[usize::from(error)];
            let end = match pending.iter().position(|byte| *byte == b'\n') {
                Some(end) => end + 1,
                None if pending.len() > LONGEST => LONGEST,
                None => return,
            };
            let line: Vec<u8> = pending.drain(..end).collect();
            self.line(error, &line);
        }
    }

    fn line(&self, error: bool, line: &[u8]) {
        let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        // A progress display overwrites its own line: what a reader would see is what comes last.
        let text = visible(line[..end].rsplit(|byte| *byte == b'\r').next().unwrap_or_default());
        let gutter =
            if error { style().yellow().apply_to("  ┃ ") } else { style().dim().apply_to("  │ ") };
        let line = format!("{gutter}{text}");
        match &self.bar {
            Some(bar) => bar.suspend(|| say(&line)),
            None => say(&line),
        }
    }

    /// Says something of our own above what moves.
    pub fn tell(&self, text: &str) {
        let tell = || super::say_hung("  ", text);
        match &self.bar {
            Some(bar) => bar.suspend(tell),
            None => tell(),
        }
    }

    /// Shows what is left of unfinished lines and takes the bar away.
    pub fn finish(mut self) {
        for error in [false, true] {
            let rest = std::mem::take(&mut self.pending[usize::from(error)]);
            if !rest.is_empty() {
                self.line(error, &rest);
            }
        }
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `1:05`, `2:00:07`.
fn clock(time: Duration) -> String {
    let (hours, minutes, seconds) = (time.as_secs() / 3600, time.as_secs() / 60 % 60, time.as_secs() % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}
