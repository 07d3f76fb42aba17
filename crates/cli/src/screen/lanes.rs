//! A line for each place where a block runs, under everything else, on a terminal that can be drawn on. Each is drawn over
//! as its place prints; what is said meanwhile stands above all of them.

use std::collections::VecDeque;
use std::time::Duration;

use holdpoint_report::visible;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::Screen;
use super::bar::Canvas;
use super::live::{clock, gutter_at};

/// Lines are drawn so often in a second at the most, all of them together.
const HERTZ: u8 = 10;
/// So many columns a place's name may take; a longer one is cut.
const NAME: usize = 32;
/// So many lines of a place are kept, to be shown where its block fails.
const KEPT: usize = 8;
/// No more of an unfinished line is kept, bytes.
const LONGEST: usize = 4096;

/// One place at work.
pub(super) struct Lane {
    screen: Screen,
    bar: ProgressBar,
    all: MultiProgress,
    /// Unfinished lines of standard output, of standard error.
    pending: [Vec<u8>; 2],
    /// What it printed last.
    last: VecDeque<String>,
    gutter: [String; 2],
}

/// The last that a place printed, which nobody has seen whole.
#[derive(Default)]
pub struct Unseen {
    screen: Option<Screen>,
    lines: Vec<String>,
}

impl Unseen {
    /// Shows it.
    pub fn show(&self) {
        if let Some(screen) = &self.screen {
            self.lines.iter().for_each(|line| screen.say(line));
        }
    }
}

impl Lane {
    /// A line under those that there are; none where nothing may be drawn.
    pub(super) fn of(screen: &Screen, place: &str) -> Option<Lane> {
        if !screen.bars() {
            return None;
        }
        let all = || {
            let canvas = ProgressDrawTarget::term_like_with_hz(Box::new(Canvas::of(screen)), HERTZ);
            MultiProgress::with_draw_target(canvas)
        };
        let all = screen.lanes().get_or_insert_with(all).clone();
        let took = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(&clock(state.elapsed()));
        };
        let template = ProgressStyle::with_template("  {prefix} {took} {msg}");
        let template = template.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("took", took);
        // Complete before it is first drawn.
        let bar = ProgressBar::hidden().with_style(template);
        let bar = all.add(bar);
        let name = screen.at_most(NAME.min(screen.width() / 2), &screen.neutralise(place));
        bar.set_prefix(format!("{} runs", screen.style().bold().apply_to(name)));
        bar.enable_steady_tick(Duration::from_secs(1));
        let gutter = gutter_at(screen, place);
        Some(Lane {
            screen: screen.clone(),
            bar,
            all,
            pending: Default::default(),
            last: VecDeque::new(),
            gutter,
        })
    }

    /// Takes a piece of output, masked already.
    pub(super) fn push(&mut self, error: bool, bytes: &[u8]) {
        let of = usize::from(error);
        // Only the last lines are ever seen of it.
        let mut from = bytes.len();
        for _ in 0..=KEPT {
            let end = bytes[..from].iter().rposition(|byte| *byte == b'\n');
            from = end.unwrap_or(0);
        }
        if from > 0 {
            self.pending[of].clear();
            from += 1;
        }
        let mut is_new = false;
        for piece in bytes[from..].split_inclusive(|byte| *byte == b'\n') {
            let room = LONGEST.saturating_sub(self.pending[of].len());
            self.pending[of].extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.pending[of]);
                is_new |= self.line(of, &line);
            }
        }
        if is_new && let Some(line) = self.last.back() {
            self.bar.set_message(self.cut(line));
        }
    }

    fn line(&mut self, of: usize, line: &[u8]) -> bool {
        let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        // A progress display overwrites its own line: what a reader would see is what comes last.
        let shown = visible(line[..end].rsplit(|byte| *byte == b'\r').next().unwrap_or_default());
        let is_new = !shown.trim().is_empty();
        self.last.push_back(format!("{}{}", self.gutter[of], self.screen.masked(&shown)));
        if self.last.len() > KEPT {
            self.last.pop_front();
        }
        is_new
    }

    /// What has room behind the name and the time.
    fn cut(&self, line: &str) -> String {
        let text = self.gutter.iter().find_map(|gutter| line.strip_prefix(gutter.as_str())).unwrap_or(line);
        // Never as wide as the terminal: see the bar of a single block.
        let taken = 2 + console::measure_text_width(&self.bar.prefix()) + " 0:00:00 · ".len() + 6;
        format!("· {}", self.screen.at_most(self.screen.width().saturating_sub(taken).max(4), text))
    }

    /// What the place is at, in a word.
    pub(super) fn stands(&self, word: &str) {
        let prefix = self.bar.prefix();
        let name = prefix.rsplit_once(' ').map_or(prefix.as_str(), |(name, _)| name);
        self.bar.set_prefix(format!("{name} {word}"));
    }

    /// Takes the line away; gives what was printed last.
    pub(super) fn finish(mut self) -> Unseen {
        for of in [0, 1] {
            let rest = std::mem::take(&mut self.pending[of]);
            if !rest.is_empty() {
                self.line(of, &rest);
            }
        }
        self.bar.finish_and_clear();
        self.all.remove(&self.bar);
        Unseen { screen: Some(self.screen), lines: self.last.into() }
    }
}
