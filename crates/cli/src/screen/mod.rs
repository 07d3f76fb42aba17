//! What people see. Everything here goes to standard error; a terminal that went away is no reason to stop.

mod able;
mod action;
mod bar;
mod behind;
mod clock;
mod crowd;
mod editor;
mod flood;
mod foot;
mod harmless;
mod head;
mod lanes;
mod lent;
mod lent_writer;
mod line;
mod live;
mod modes;
mod out;
mod pace;
mod paced;
mod plain;
mod playback;
mod prompt;
mod prose;
pub mod raw;
mod retrying;
mod soaking;
mod streams;
mod table;
mod wrap;

use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use console::Style;
use holdpoint_driver::Secrets;
use indicatif::MultiProgress;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;

use crate::hearing::Hearing;
use behind::{Behind, Kind};
use crowd::Crowd;
use foot::Foot;
use lent::Lent;
use out::Out;
use pace::Pace;
use streams::Able;

pub use able::Audience;
pub use action::{
    STOPPED, failure, has_held, shown_command, started, started_at, variables_of, verdict_line, was_retried,
};
use harmless::harmless;
pub use head::{environment_style, head, step_head, time_left, told_below};
pub use lanes::Unseen;
pub use lent_writer::LentWriter;
pub use live::{Live, last_lines};
pub use pace::{told, told_together};
pub use playback::Playback;
pub use prompt::{EXPLAIN, forget_typed, meant, not_empty, with_field, with_kind};
pub use prose::{Cautions, heading, markdown, marked};
pub use retrying::Retries;
pub use soaking::Soaking;
pub use table::{Cell, Table};
pub use wrap::{beside, untabbed};

/// What one session says, and to whom. It masks what that session's secrets hide, and will hide; clones are the same
/// screen, and two screens do not know of each other.
#[derive(Clone)]
pub struct Screen(Arc<Parts>);

struct Parts {
    secrets: Secrets,
    able: Able,
    out: Out,
    /// Who writes while a block runs.
    behind: Mutex<Option<Behind>>,
    /// What is drawn under everything else meanwhile, at several places.
    lanes: Mutex<Option<MultiProgress>>,
    /// What is told below them.
    foot: Mutex<Weak<Foot>>,
    /// Which of them are drawn.
    crowd: Mutex<Crowd>,
    /// How long steps are expected to take.
    pace: Mutex<Pace>,
    /// What is lent to a block.
    lent: Mutex<Option<Lent>>,
    hearing: Hearing,
    /// Whether its window has a title of ours.
    title: AtomicBool,
    /// After how many signals the reader of a pipe was given time to go.
    parted: AtomicUsize,
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").finish_non_exhaustive()
    }
}

impl Screen {
    /// Standard error, for a session with these secrets.
    pub fn of_this_process(secrets: &Secrets) -> Screen {
        Screen::with(secrets, Able::of_this_process(), Out::Stderr)
    }

    fn with(secrets: &Secrets, able: Able, out: Out) -> Screen {
        let (behind, lanes, lent) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (pace, foot, crowd) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (secrets, hearing, parted) = (secrets.clone(), Hearing::default(), AtomicUsize::default());
        let title = AtomicBool::default();
        Screen(Arc::new(Parts {
            secrets,
            able,
            out,
            behind,
            lanes,
            foot,
            crowd,
            pace,
            lent,
            hearing,
            title,
            parted,
        }))
    }

    /// One that nobody looks at, and what was written to it.
    #[cfg(test)]
    pub(crate) fn kept(secrets: &Secrets) -> (Screen, Arc<Mutex<Vec<u8>>>) {
        let kept = Arc::<Mutex<Vec<u8>>>::default();
        (Screen::with(secrets, Able::default(), Out::Kept(Arc::clone(&kept))), kept)
    }

    /// Who is asked here, and what signals come to.
    pub fn hearing(&self) -> &Hearing {
        &self.0.hearing
    }

    /// A text with its secrets masked. What is broken into lines, cut or escaped must be masked before.
    pub fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.0.secrets.masked(text)
    }

    /// The name of a secret that a text holds in any form.
    pub fn held_by(&self, text: &str) -> Option<String> {
        self.0.secrets.held_by(text)
    }

    /// Writes one line (or several) for people. Whatever it holds, only our own colours act on the terminal.
    pub fn say(&self, text: &str) {
        let text = self.masked(text);
        let text = harmless(&text, self.colours());
        self.show(format!("{text}\n"), Kind::Said);
    }

    /// Writes a text that hangs behind a margin, see [`Screen::hung`].
    pub fn say_hung(&self, margin: &str, text: &str) {
        self.hung(margin, text).iter().for_each(|line| self.say(line));
    }

    /// Writes a sentence of our own; what does not fit goes on below, behind the blanks that it begins with.
    pub fn tell(&self, sentence: &str) {
        let text = sentence.trim_start_matches(' ');
        self.say_hung(&sentence[..sentence.len() - text.len()], text);
    }

    /// What is drawn under everything else is taken away for a text, and drawn anew below it.
    fn show(&self, text: String, kind: Kind) {
        // Given back at once: what is drawn below comes by here too.
        let lanes = if kind == Kind::Bar { None } else { self.lanes().clone() };
        match lanes {
            Some(lanes) => lanes.suspend(|| self.put(text, kind)),
            None => self.put(text, kind),
        }
    }

    fn put(&self, text: String, kind: Kind) {
        let text = match &*self.behind() {
            Some(behind) => return behind.write(text, kind),
            None => text,
        };
        self.let_reader_go();
        if let Err(error) = self.0.out.clone().write_all(text.as_bytes())
            && error.kind() == std::io::ErrorKind::BrokenPipe
            && self.is_typed()
            && let Ok(mut terminal) = std::fs::OpenOptions::new().write(true).open("/dev/tty")
        {
            // Ctrl-C ends a `tee` too. Whoever pressed it shall see what comes of it.
            let _ = terminal.write_all(text.as_bytes());
        }
    }

    /// Ctrl-C ends a `tee` too, but not at once: what it is still given then nobody reads. It has a second to go; one that
    /// stays is told like before.
    fn let_reader_go(&self) {
        let signals = self.hearing().signals();
        let is_read_by_another = self.0.able.piped && self.is_typed();
        if !is_read_by_another || self.0.parted.swap(signals, Ordering::SeqCst) == signals {
            return;
        }
        let second = Timespec { tv_sec: 1, tv_nsec: 0 };
        // That nobody reads any more is told without being asked for.
        let stderr = std::io::stderr();
        let _ = retry_on_intr(|| poll(&mut [PollFd::new(&stderr, PollFlags::empty())], Some(&second)));
    }

    /// From here on, until [`Screen::written`], what is shown on a terminal does not wait for it. Where no thread can be
    /// had it does.
    fn fall_behind(&self) {
        let mut behind = self.behind();
        if self.is_terminal() && behind.is_none() {
            self.hearing().hide_keys();
            *behind = Behind::start(self.0.out.clone(), self.style().dim()).ok();
        }
    }

    /// How much more output may wait, bytes.
    fn room(&self) -> usize {
        self.behind().as_ref().map_or(usize::MAX, Behind::room)
    }

    /// Waits until all that was said is written. Of the output that the terminal does not take soon, only how many lines
    /// are left out is.
    pub fn written(&self) {
        drop(self.lanes().take());
        self.0.crowd.lock().unwrap_or_else(PoisonError::into_inner).forget();
        let ended = self.behind().take();
        if let Some(ended) = ended {
            ended.end(behind::PATIENCE);
        }
        self.hearing().show_keys();
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.0.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lanes(&self) -> MutexGuard<'_, Option<MultiProgress>> {
        self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn behind(&self) -> MutexGuard<'_, Option<Behind>> {
        self.0.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes data to standard output, as they are; on a terminal nothing of them acts. A reader that closed its end is
    /// no fault.
    pub fn data(&self, text: &str) {
        let text = self.masked(text);
        let text = if self.0.able.data_on_terminal { harmless(&text, false) } else { text };
        self.write_data(&text);
    }

    /// Writes what is harmless already to standard output.
    fn write_data(&self, text: &str) {
        let mut out = self.0.out.for_data();
        let _ = out.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
        let _ = out.flush();
    }

    /// A line across the screen, with a text in it; a text that is too long for one goes on below.
    pub fn rule(&self, text: &str) -> String {
        let mut lines = self.wrapped(self.width() - 4, text);
        if let Some(last) = lines.last_mut() {
            let rest = self.width().saturating_sub(4 + console::measure_text_width(last));
            *last = format!("{last} {}", "─".repeat(rest));
        }
        format!("── {}", lines.join("\n   "))
    }

    /// The styles in use; plain text where colours may not be written.
    pub fn style(&self) -> Style {
        Style::new().for_stderr().force_styling(self.colours())
    }
}

#[cfg(test)]
#[path = "apart_tests.rs"]
mod tests;
