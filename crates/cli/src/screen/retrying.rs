//! Blocks that failed and are tried again by themselves: a line for each under everything else, which counts and says how
//! long that goes on. Where nothing can be drawn, it is said of each attempt.

use std::collections::BTreeMap;
use std::time::Duration;

use holdpoint_engine::{Finished, Retrying, duration};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use super::Screen;
use super::action::ended_with;
use super::clock::clock;
use super::line::Line;

/// Columns that stay free: the `^C` that a terminal echoes must not break the line.
const MARGIN: usize = 8;

/// So many columns of how an attempt ended are shown, or none.
const LEAST: usize = 6;

/// An action, and its place where it has one.
type Which = (String, Option<String>);

/// Blocks that are tried again just now.
#[derive(Debug)]
pub struct Retries {
    screen: Screen,
    lines: BTreeMap<Which, Option<Line>>,
    /// How the last attempt of each ended.
    ended: BTreeMap<Which, String>,
}

impl Retries {
    /// None yet.
    pub fn new(screen: &Screen) -> Retries {
        Retries { screen: screen.clone(), lines: BTreeMap::new(), ended: BTreeMap::new() }
    }

    /// Whether anything is drawn that must stay where it is.
    pub fn is_drawn(&self) -> bool {
        self.lines.values().any(Option::is_some)
    }

    /// Whether it is told that this is tried again.
    pub fn tells_of(&self, action: &str, place: Option<&str>) -> bool {
        self.lines.contains_key(&which(action, place))
    }

    /// An attempt has failed.
    pub fn failed(&mut self, finished: &Finished) {
        self.ended.insert(which(&finished.action, finished.place.as_deref()), ended_with(finished));
    }

    /// Another attempt follows after a `pause`.
    pub fn waits(&mut self, (action, place): (&str, Option<&str>), retrying: Retrying, pause: Duration) {
        let which = which(action, place);
        let how = self.ended.get(&which).cloned().unwrap_or_else(|| "failed".to_owned());
        let (count, rest) = (format!("attempt {}", retrying.attempts), format!("{}: {how}", self.at(place)));
        let how = format!("{count}{rest}");
        let screen = &self.screen;
        let line = self.lines.entry(which).or_insert_with(|| Line::of(screen));
        match line {
            Some(line) => draw(screen, &line.bar, (&count, &rest), Some(pause), retrying.left),
            None => {
                let (next, left) = (duration(pause), duration(whole(retrying.left)));
                screen.tell(&format!("  {how} · again in {next}, goes on for {left}"));
            }
        }
    }

    /// The next attempt has begun.
    pub fn begins(&mut self, (action, place): (&str, Option<&str>), retrying: Retrying) {
        let (count, rest) = (format!("attempt {}", retrying.attempts), format!("{} runs", self.at(place)));
        let screen = &self.screen;
        let line = self.lines.entry(which(action, place)).or_insert_with(|| Line::of(screen));
        if let Some(line) = line {
            draw(screen, &line.bar, (&count, &rest), None, retrying.left);
        }
    }

    /// It is not tried again; whether it was told that it would be.
    pub fn ends(&mut self, action: &str, place: Option<&str>) -> bool {
        let which = which(action, place);
        self.ended.remove(&which);
        let line = self.lines.remove(&which);
        let told = line.is_some();
        line.flatten().into_iter().for_each(Line::clear);
        told
    }

    /// Somebody is asked, or something else is at hand.
    pub fn clear(&mut self) {
        std::mem::take(&mut self.lines).into_values().flatten().for_each(Line::clear);
    }

    fn at(&self, place: Option<&str>) -> String {
        let place = place.filter(|place| *place != "local");
        place.map_or_else(String::new, |place| format!(" at {}", self.screen.neutralise(place)))
    }
}

fn which(action: &str, place: Option<&str>) -> Which {
    (action.to_owned(), place.map(str::to_owned))
}

/// What matters most first, as far as the line reaches; never as wide as the terminal. A count is never cut: 10 would read as 1.
fn draw(
    screen: &Screen,
    bar: &ProgressBar,
    (count, rest): (&str, &str),
    pause: Option<Duration>,
    left: Duration,
) {
    let mut room = screen.width().saturating_sub(MARGIN);
    let mut fits = |columns: usize| {
        let fits = columns <= room;
        room -= if fits { columns } else { 0 };
        fits
    };
    fits(count.len());
    let next = fits(" · again in 00:00".len());
    let goes_on = fits(" · goes on for 0:00:00".len());
    let asks =
        if pause.is_some() && fits("; Ctrl-C asks instead".len()) { "; Ctrl-C asks instead" } else { "" };
    // Of the rest a letter or two says nothing.
    let rest = if room < LEAST.min(rest.len()) { String::new() } else { screen.at_most(room, rest) };
    let what = format!("{count}{rest}");
    let told = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let elapsed = state.elapsed();
        let pause = pause.map(|pause| pause.saturating_sub(elapsed));
        let _ = match (next, pause) {
            (false, _) => Ok(()),
            (true, Some(pause)) => write!(out, " · again in {}", clock(pause)),
            (true, None) => write!(out, " {}", clock(elapsed)),
        };
        // The pause is counted already.
        let left = if pause.is_some() { left } else { left.saturating_sub(elapsed) };
        if goes_on {
            let _ = write!(out, " · goes on for {}", clock(left));
        }
    };
    let style = ProgressStyle::with_template(&format!("  {{msg}}{{told}}{asks}"));
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("told", told));
    bar.set_message(what);
    bar.reset_elapsed();
    bar.enable_steady_tick(Duration::from_secs(1));
}

/// To the second, once there are some: what is less says nothing to a reader.
pub(super) fn whole(time: Duration) -> Duration {
    if time.as_secs() == 0 { time } else { Duration::from_secs(time.as_secs()) }
}
