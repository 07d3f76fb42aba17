//! A line for each place where a block runs, under everything else, on a terminal that can be drawn on. Each is drawn over
//! as its place prints; what is said meanwhile stands above all of them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use holdpoint_report::visible;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::Screen;
use super::clock::clock;
use super::crowd::Crowd;
use super::foot::Foot;
use super::pace::Clocked;
use super::plain::{gutter, gutter_at};

/// So many columns a place's name may take; a longer one is cut.
const NAME: usize = 32;
/// So many lines of a place are kept, to be shown where its block fails.
pub(super) const KEPT: usize = 8;
/// No more of an unfinished line is kept, bytes.
const LONGEST: usize = 4096;

/// One place at work.
pub(super) struct Lane {
    screen: Screen,
    bar: ProgressBar,
    all: MultiProgress,
    place: String,
    /// What it is at.
    word: RefCell<String>,
    /// The last line that is not blank.
    shown: String,
    /// Unfinished lines of standard output, of standard error.
    pending: [Vec<u8>; 2],
    /// So many lines are kept of it.
    keeps: usize,
    /// What it printed last.
    last: VecDeque<String>,
    gutter: [String; 2],
    /// Held for as long as this is drawn.
    foot: Option<Arc<Foot>>,
    /// What it is known by among the others; nothing where it is out of sight.
    number: Option<u64>,
}

impl Screen {
    /// The line below those of all places, which stays as long as one of them.
    fn foot(&self, all: &MultiProgress, clocked: Clocked) -> Arc<Foot> {
        let mut kept = self.0.foot.lock().unwrap_or_else(PoisonError::into_inner);
        kept.upgrade().unwrap_or_else(|| {
            let foot = Arc::new(Foot::drawn(all, clocked));
            *kept = Arc::downgrade(&foot);
            foot
        })
    }

    /// Draws a line with those of other places, or counts it where there is no room. Gives what it is known by.
    fn joins(&self, all: &MultiProgress, bar: &ProgressBar) -> u64 {
        self.crowded(all, |crowd| crowd.add(bar))
    }

    fn leaves(&self, all: &MultiProgress, bar: &ProgressBar, number: u64) {
        bar.finish_and_clear();
        all.remove(bar);
        self.crowded(all, |crowd| crowd.remove(number));
    }

    fn crowded<T>(&self, all: &MultiProgress, change: impl FnOnce(&mut Crowd) -> T) -> T {
        let foot = self.0.foot.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let mut crowd = self.0.crowd.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut crowd);
        crowd.arrange(all, foot.as_ref().map(|foot| &foot.bar), self.rows());
        changed
    }
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
    pub(super) fn of(screen: &Screen, place: &str, clocked: Option<Clocked>) -> Option<Lane> {
        screen.bars().then(|| Lane::drawn(screen, place, clocked))
    }

    /// One of which nobody sees a line, and the last ones when its block has ended.
    pub(super) fn out_of_sight(screen: &Screen, place: Option<&str>, keeps: usize) -> Lane {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let bar = all.add(ProgressBar::hidden());
        Lane {
            screen: screen.clone(),
            bar,
            all,
            place: screen.neutralise(place.unwrap_or_default()),
            word: RefCell::default(),
            shown: String::new(),
            pending: Default::default(),
            keeps,
            last: VecDeque::new(),
            gutter: place.map_or_else(|| gutter(screen), |place| gutter_at(screen, place)),
            foot: None,
            number: None,
        }
    }

    fn drawn(screen: &Screen, place: &str, clocked: Option<Clocked>) -> Lane {
        let all = screen.drawing();
        let took = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = out.write_str(&clock(state.elapsed()));
        };
        let template = ProgressStyle::with_template("  {prefix} {took} {msg}");
        let template = template.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("took", took);
        // Complete before it is first drawn.
        let bar = ProgressBar::hidden().with_style(template);
        let foot = clocked.map(|clocked| screen.foot(&all, clocked));
        let number = Some(screen.joins(&all, &bar));
        let lane = Lane {
            screen: screen.clone(),
            bar,
            all,
            place: screen.neutralise(place),
            word: RefCell::new("runs".to_owned()),
            shown: String::new(),
            pending: Default::default(),
            keeps: KEPT,
            last: VecDeque::new(),
            gutter: gutter_at(screen, place),
            foot,
            number,
        };
        lane.fit();
        lane.bar.enable_steady_tick(Duration::from_secs(1));
        lane
    }

    /// Takes a piece of output, masked already.
    pub(super) fn push(&mut self, error: bool, bytes: &[u8]) {
        let of = usize::from(error);
        // Only the last lines are ever seen of it.
        let mut from = bytes.len();
        for _ in 0..=self.keeps {
            let end = bytes[..from].iter().rposition(|byte| *byte == b'\n');
            from = end.unwrap_or(0);
        }
        if from > 0 {
            self.pending[of].clear();
            from += 1;
        }
        let mut last = None;
        for piece in bytes[from..].split_inclusive(|byte| *byte == b'\n') {
            let pending = &mut self.pending[of];
            pending.extend_from_slice(piece);
            // A progress display overwrites its own line: what a reader would see is what comes last.
            let over = pending[..text_end(pending)].iter().rposition(|byte| *byte == b'\r');
            pending.drain(..over.map_or(0, |over| over + 1));
            pending.truncate(LONGEST);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(pending);
                last = Some(self.line(of, &line)).filter(|line| !line.trim().is_empty()).or(last);
            } else if over.is_some() || pending.ends_with(b"\r") {
                last = Some(self.seen(&self.pending[of])).filter(|line| !line.trim().is_empty()).or(last);
            }
        }
        if let Some(line) = last {
            self.shown = line;
            self.fit();
        }
    }

    /// Keeps a line; gives what of it is shown.
    fn line(&mut self, of: usize, line: &[u8]) -> String {
        let shown = self.seen(line);
        self.last.push_back(format!("{}{shown}", self.gutter[of]));
        if self.last.len() > self.keeps {
            self.last.pop_front();
        }
        shown
    }

    /// A line as it is shown, without its end.
    fn seen(&self, line: &[u8]) -> String {
        self.screen.masked(&visible(&line[..text_end(line)])).into_owned()
    }

    /// Draws what has room in the window as it is now.
    fn fit(&self) {
        // Never as wide as the terminal: see the bar of a single block.
        let columns = self.screen.width().saturating_sub(6);
        let name = self.screen.at_most(NAME.min(columns / 2), &self.place);
        let word = self.word.borrow();
        let room = columns
            .saturating_sub("   0:00:00 · ".chars().count() + word.len() + 1)
            .saturating_sub(console::measure_text_width(&name));
        let message = match self.shown.as_str() {
            "" => String::new(),
            _ if room < 4 => String::new(),
            shown => format!("· {}", self.screen.at_most(room, shown)),
        };
        self.bar.set_prefix(format!("{} {word}", self.screen.style().bold().apply_to(name)));
        self.bar.set_message(message);
    }

    /// What the place is at, in a word.
    pub(super) fn stands(&self, word: &str) {
        word.clone_into(&mut self.word.borrow_mut());
        self.fit();
    }

    /// Takes the line away before the block has ended.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Takes the line away; gives what was printed last.
    pub(super) fn finish(mut self) -> Unseen {
        for of in [0, 1] {
            let rest = std::mem::take(&mut self.pending[of]);
            if !rest.is_empty() {
                self.line(of, &rest);
            }
        }
        match self.number {
            Some(number) => self.screen.leaves(&self.all, &self.bar, number),
            None => self.bar.finish_and_clear(),
        }
        drop(self.foot.take());
        Unseen { screen: Some(self.screen), lines: self.last.into() }
    }
}

/// Where a line ends, but for what ends it.
fn text_end(line: &[u8]) -> usize {
    line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use holdpoint_driver::Secrets;

    use super::*;

    fn lane() -> Lane {
        Lane::drawn(&Screen::kept(&Secrets::default()).0, "ssh://web-01", None)
    }

    #[test]
    fn a_line_says_the_place_what_it_is_at_and_what_it_printed_last_cut_to_the_width() {
        let mut lane = lane();
        assert_eq!((lane.bar.prefix(), lane.bar.message()), ("ssh://web-01 runs".into(), String::new()));
        lane.push(false, b"one\ntwo\nthr");
        assert_eq!(lane.bar.message(), "· two");
        lane.push(false, b"ee\n\n");
        assert_eq!(lane.bar.message(), "· three");
        lane.push(true, format!("{}\n", "wide ".repeat(100)).as_bytes());
        let message = lane.bar.message();
        let taken = console::measure_text_width(&message) + "  ssh://web-01 runs 0:00 ".len();
        assert!(message.ends_with('…') && taken < lane.screen.width(), "{message}");
        lane.stands("unreached");
        assert_eq!(lane.bar.prefix(), "ssh://web-01 unreached");
    }

    #[test]
    fn below_all_places_stands_how_long_their_step_takes_as_long_as_one_of_them_works() {
        let (screen, kept) = Screen::kept(&Secrets::default());
        let ago = |seconds| std::time::Instant::now() - Duration::from_secs(seconds);
        let of_step = Some(Duration::from_secs(60));
        let clocked = Clocked { since: ago(61), of_step, of_rest: (Duration::ZERO, false) };
        let [one, two] =
            ["ssh://web-01", "ssh://web-02"].map(|place| Lane::drawn(&screen, place, Some(clocked)));
        let drawn = String::from_utf8(kept.lock().unwrap().clone()).unwrap();
        assert!(drawn.contains("this step 1:01 · LATE by 0:01"), "{drawn:?}");
        let stands = || screen.0.foot.lock().unwrap().upgrade().is_some();
        drop(one.finish());
        assert!(stands());
        drop(two.finish());
        assert!(!stands());
    }

    #[test]
    fn a_progress_display_that_ends_no_line_is_shown_as_it_goes() {
        let mut lane = lane();
        for (piece, shown) in
            [("1 %\r", "1 %"), ("2 %\r3 %", "3 %"), ("3\r\x1b[K4 %\r", "4 %"), ("5 %\r\n", "5 %")]
        {
            lane.push(false, piece.as_bytes());
            assert!(lane.bar.message().ends_with(shown), "{piece:?}: {}", lane.bar.message());
        }
        lane.push(false, "a % that never ends\r".repeat(10_000).as_bytes());
        assert!(lane.pending[0].len() < LONGEST);
        let lines = lane.finish().lines;
        assert!(lines.len() == 2 && lines[0].ends_with("│ 5 %"), "{lines:?}");
    }

    #[test]
    fn the_last_lines_of_a_place_are_kept_for_its_failure_and_no_more() {
        let mut lane = lane();
        let printed: String = (0..100_000).map(|number| format!("{number}\n")).collect();
        lane.push(false, printed.as_bytes());
        lane.push(true, b"an end without a line");
        let lines = lane.finish().lines;
        let shown: Vec<&str> = lines.iter().filter_map(|line| line.rsplit(' ').next()).collect();
        assert_eq!(shown[..7], ["99993", "99994", "99995", "99996", "99997", "99998", "99999"]);
        assert!(lines.len() == KEPT && lines[7].ends_with("┃ an end without a line"), "{lines:?}");
    }
}
