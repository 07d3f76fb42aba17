//! Output of a block while it runs, with a bar for the whole run under it.

use std::time::{Duration, Instant};

use holdpoint_document::many;
use holdpoint_report::visible;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::Screen;
use super::bar::Canvas;
use super::behind::Kind;
use super::clock::clock;
use super::flood::Flood;
use super::lanes::{Lane, Unseen};
use super::pace::Clocked;
use super::plain::{gutter, gutter_at};

/// A line longer than this is shown in pieces, bytes.
const LONGEST: usize = 4096;
/// So much of the end of what was left out is shown when the block has ended, bytes.
const TAIL: usize = 2048;

/// So many lines are shown of what was printed in an earlier session.
const LAST: usize = 10;

/// So many lines of the last attempt of a block are shown that was tried again by itself.
const RETRIED: usize = 100;

/// So much is written at once, bytes.
const BATCH: usize = 64 * 1024;

/// The bar is drawn so often in a second at the most.
const HERTZ: u8 = 20;

/// How a block is stopped, where the bar has room for it.
const HOW: &str = " · Ctrl-C stops it";

/// So wide the bar itself is at least before something else is told beside it.
const FEWEST_CELLS: usize = 8;

/// The moving part of the screen.
pub struct Live {
    screen: Screen,
    bar: Option<ProgressBar>,
    /// The line of one of several places: nothing of its output is shown but the last of it.
    lane: Option<Box<Lane>>,
    /// Unfinished lines of standard output, of standard error.
    pending: [Vec<u8>; 2],
    /// The last whole lines of each that were left out.
    tail: [Vec<u8>; 2],
    gutter: [String; 2],
    flood: Flood,
    recorded: bool,
    quiet: bool,
}

/// The line of a place that is being connected to.
pub struct Connecting(Option<Lane>);

impl Drop for Connecting {
    fn drop(&mut self) {
        if let Some(lane) = self.0.take() {
            drop(lane.finish());
        }
    }
}

impl Live {
    /// A screen for a block: `done` of `all` actions are settled, and so much is known of how long it lasts. A `quiet` one shows no output. From here on until
    /// [`Screen::written`] nothing waits for the terminal.
    pub fn new(
        screen: &Screen,
        title: &str,
        limit: Option<Duration>,
        (done, all): (usize, usize),
        clocked: Option<Clocked>,
        quiet: bool,
    ) -> Live {
        screen.fall_behind();
        let bar = screen.bars().then(|| {
            let of = limit.map(|limit| format!(" of {}", clock(limit))).unwrap_or_default();
            // Never as wide as the terminal: the `^C` that a terminal echoes must not break the line, or what is
            // left of it stays on the screen.
            let columns = screen.width().saturating_sub(6);
            let counts = format!(" {done}/{all} · ");
            let left = clocked.map_or(0, |_| " · at least 00:00:00 left".chars().count());
            let fixed = 2 + console::measure_text_width(&counts) + " · 00:00:00".len() + of.len() + left;
            let title = screen.neutralise(title);
            let wide = fixed + FEWEST_CELLS + console::measure_text_width(&title) + HOW.chars().count();
            let how = if wide <= columns { HOW } else { "" };
            let fixed = fixed + how.chars().count();
            let cells = (columns.saturating_sub(fixed) / 3).min(24);
            let title = screen.at_most(columns.saturating_sub(fixed + cells), &title);
            let template = format!("  {{bar:{cells}}}{counts}{{msg}} · {{took}}{of}{{left}}{how}");
            let style =
                ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let took = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = out.write_str(&clock(state.elapsed()));
            };
            let left = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
                let left = clocked.map(|clocked| clocked.told(Instant::now())).unwrap_or_default();
                let _ = out.write_str(&left);
            };
            // Complete before it is first drawn.
            let canvas = ProgressDrawTarget::term_like_with_hz(Box::new(Canvas::of(screen)), HERTZ);
            let bar = ProgressBar::with_draw_target(Some(all as u64), canvas)
                .with_style(style.with_key("took", took).with_key("left", left))
                .with_position(done as u64)
                .with_message(title);
            // What moves by itself is the clock, which shows seconds: more would only be bytes on a slow link.
            bar.enable_steady_tick(Duration::from_secs(1));
            bar
        });
        Live::with(screen, bar, quiet)
    }

    /// A screen without anything that moves, for output that is shown again; at a place, each line says so.
    pub fn still(screen: &Screen, place: Option<&str>) -> Live {
        let live = Live::with(screen, None, false);
        Live { gutter: place.map_or(live.gutter, |place| gutter_at(screen, place)), ..live }
    }

    /// A screen for a block at one of several places: a line of its own that is drawn over, or where nothing can be,
    /// lines that stand among those of others, and say where they are from.
    pub fn at(screen: &Screen, place: &str, clocked: Option<Clocked>, quiet: bool) -> Live {
        screen.fall_behind();
        let (gutter, lane) = (gutter_at(screen, place), Lane::of(screen, place, clocked).map(Box::new));
        Live { gutter, lane, ..Live::with(screen, None, quiet) }
    }

    /// A screen for one more try of a check that holds: nothing is shown, and the last that it prints only where it fails.
    pub fn out_of_sight(screen: &Screen, place: Option<&str>, quiet: bool) -> Live {
        screen.fall_behind();
        let lane = (!quiet).then(|| Box::new(Lane::out_of_sight(screen, place, super::lanes::KEPT)));
        Live { lane, ..Live::with(screen, None, quiet) }
    }

    /// A screen for one more attempt that is made by itself: nothing is shown, and what it printed where none follows.
    pub fn retried(screen: &Screen, place: Option<&str>, quiet: bool) -> Live {
        screen.fall_behind();
        let lane = (!quiet).then(|| Box::new(Lane::out_of_sight(screen, place, RETRIED)));
        Live { lane, ..Live::with(screen, None, quiet) }
    }

    /// A place that is being connected to, for as long as this is held.
    pub fn connecting(screen: &Screen, place: &str) -> Connecting {
        let lane = Lane::of(screen, place, None);
        lane.iter().for_each(|lane| lane.stands("connects"));
        Connecting(lane)
    }

    /// What a place is at, in a word, where it has a line of its own.
    pub fn stands(&self, word: &str) {
        if let Some(lane) = &self.lane {
            lane.stands(word);
        }
    }

    fn with(screen: &Screen, bar: Option<ProgressBar>, quiet: bool) -> Live {
        Live {
            screen: screen.clone(),
            bar,
            lane: None,
            pending: Default::default(),
            tail: Default::default(),
            gutter: gutter(screen),
            flood: Flood::new(Instant::now()),
            recorded: false,
            quiet,
        }
    }

    /// What is left out here stands in the record.
    pub fn all_is_recorded(&mut self) {
        self.recorded = true;
    }

    /// Shows a piece of output, line by line, already masked. Of a flood it shows as much as can be looked at, and says
    /// how much it leaves out.
    pub fn push(&mut self, error: bool, bytes: &[u8]) {
        if self.quiet {
            return;
        }
        if let Some(lane) = &mut self.lane {
            return lane.push(error, bytes);
        }
        let (of, mut rest, mut text) = (usize::from(error), bytes, String::new());
        let mut pending = std::mem::take(&mut self.pending[of]);
        if !pending.is_empty() {
            let end = line_end(rest).min(LONGEST - pending.len().min(LONGEST));
            pending.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
            if pending.len() >= LONGEST || pending.ends_with(b"\n") {
                self.lines(of, &pending, &mut text);
                pending.clear();
            }
        }
        let whole = whole_lines(rest);
        self.lines(of, &rest[..whole], &mut text);
        pending.extend_from_slice(&rest[whole..]);
        self.pending[of] = pending;
        self.show(&text);
    }

    /// Adds whole lines to a `text` that is to be shown, or leaves them out.
    fn lines(&mut self, of: usize, lines: &[u8], text: &mut String) {
        if lines.is_empty() {
            return;
        }
        let (room, mut at) = (self.flood.room(Instant::now(), self.screen.room()), 0);
        while at < lines.len() {
            let end = at + line_end(&lines[at..]);
            if end > room {
                break;
            }
            if at == 0 {
                self.tail = Default::default();
            }
            let left_out = self.flood.show(end - at);
            text.push_str(&self.gap(left_out));
            self.line(of, &lines[at..end], text);
            at = end;
            if text.len() >= BATCH {
                self.show(text);
                text.clear();
            }
        }
        if at < lines.len() {
            self.flood.leave_out(lines.len() - at);
            self.keep_tail(of, &lines[at..]);
        }
    }

    /// Whole lines that were left out, for the end: the last of them.
    fn keep_tail(&mut self, of: usize, lines: &[u8]) {
        let tail = &mut self.tail[of];
        if lines.len() >= TAIL {
            tail.clear();
        }
        tail.extend_from_slice(&lines[lines.len().saturating_sub(2 * TAIL)..]);
        // From the first line end on: what is before it may be half a line.
        if let Some(cut) = tail.len().checked_sub(TAIL).filter(|cut| *cut > 0) {
            let line = tail[cut - 1..].iter().position(|byte| *byte == b'\n').map_or(cut, |end| cut + end);
            tail.drain(..line);
        }
    }

    fn line(&self, of: usize, line: &[u8], text: &mut String) {
        let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        // A progress display overwrites its own line: what a reader would see is what comes last.
        let shown = visible(line[..end].rsplit(|byte| *byte == b'\r').next().unwrap_or_default());
        text.push_str(&self.gutter[of]);
        text.push_str(&shown);
        text.push('\n');
    }

    /// That so many bytes are not shown; nothing where there are none.
    fn gap(&self, left_out: u64) -> String {
        if left_out == 0 {
            return String::new();
        }
        let recorded = if self.recorded { "; all of it is recorded" } else { "" };
        let much = indicatif::HumanBytes(left_out);
        format!("{}\n", self.screen.style().dim().apply_to(format!("  … {much} not shown here{recorded} …")))
    }

    fn show(&self, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = self.screen.masked(text).into_owned();
        match &self.bar {
            Some(bar) => bar.suspend(|| self.screen.show(text, Kind::Output)),
            None => self.screen.show(text, Kind::Output),
        }
    }

    /// Says something of our own above what moves.
    pub fn tell(&self, text: &str) {
        let tell = || self.screen.say_hung("  ", text);
        match &self.bar {
            Some(bar) => bar.suspend(tell),
            None => tell(),
        }
    }

    /// The block is being stopped: nothing moves under what it still prints.
    pub fn rest(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if let Some(lane) = &self.lane {
            lane.clear();
        }
    }

    /// Shows what is left of unfinished lines and takes the bar away. Of a place with a line of its own, gives the last
    /// lines, which nobody has seen whole.
    pub fn finish(mut self) -> Unseen {
        if let Some(lane) = self.lane.take() {
            return lane.finish();
        }
        let tails = std::mem::take(&mut self.tail);
        let flood = std::mem::replace(&mut self.flood, Flood::new(Instant::now()));
        let mut text = self.gap(flood.end(tails.iter().map(Vec::len).sum()));
        for (of, tail) in tails.iter().enumerate() {
            let mut at = 0;
            while at < tail.len() {
                let end = at + line_end(&tail[at..]);
                self.line(of, &tail[at..end], &mut text);
                at = end;
            }
        }
        for of in [0, 1] {
            let rest = std::mem::take(&mut self.pending[of]);
            if !rest.is_empty() {
                self.line(of, &rest, &mut text);
            }
        }
        self.show(&text);
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        Unseen::default()
    }
}

/// Shows the last lines of what a block printed in an earlier session.
pub fn last_lines(screen: &Screen, printed: &[u8], error: bool) {
    let text = visible(printed);
    let lines: Vec<&str> = text.lines().collect();
    let gutter = &gutter(screen)[usize::from(error)];
    if let Some(more) = lines.len().checked_sub(LAST).filter(|more| *more > 0) {
        screen.say(&format!("{gutter}… {} before these", many(more, "line")));
    }
    let columns = screen.width().saturating_sub(5);
    for line in &lines[lines.len().saturating_sub(LAST)..] {
        screen.say(&format!("{gutter}{}", screen.at_most(columns, &screen.masked(line))));
    }
}

/// Where the first line ends, or the piece of it that is shown as one.
fn line_end(bytes: &[u8]) -> usize {
    let most = bytes.len().min(LONGEST);
    bytes[..most].iter().position(|byte| *byte == b'\n').map_or(most, |end| end + 1)
}

/// Up to where lines, or such pieces, are whole.
fn whole_lines(bytes: &[u8]) -> usize {
    // Looked for near the end only: what has no line end for so long is cut anywhere.
    let from = bytes.len().saturating_sub(16 * LONGEST);
    let ended = bytes[from..].iter().rposition(|byte| *byte == b'\n').map_or(from, |last| from + last + 1);
    ended + (bytes.len() - ended) / LONGEST * LONGEST
}
