//! For how long checks have held that must hold for a time: a line for each under everything else, on a terminal that can
//! be drawn on. Elsewhere it is said now and then.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use holdpoint_driver::Held;
use holdpoint_engine::duration;
use indicatif::{ProgressState, ProgressStyle};

use super::Screen;
use super::clock::clock;
use super::line::Line;
use super::pace::Clocked;
use super::retrying::whole;

/// Where nothing can be drawn, it is said so often on the way.
const PARTS: u64 = 10;
/// Columns of the bar.
const CELLS: usize = 12;
/// Columns that stay free: the `^C` that a terminal echoes must not break the line.
const MARGIN: usize = 6;

/// An action, and its place where it has one.
type Which = (String, Option<String>);

/// Checks that hold just now.
#[derive(Debug)]
pub struct Soaking {
    screen: Screen,
    lines: BTreeMap<Which, Soak>,
}

#[derive(Debug)]
struct Soak {
    drawn: Option<Line>,
    /// The last part of the time that was told.
    told: Option<u64>,
    anew: u32,
}

impl Soaking {
    /// None yet.
    pub fn new(screen: &Screen) -> Soaking {
        Soaking { screen: screen.clone(), lines: BTreeMap::new() }
    }

    /// Whether anything is drawn that must stay where it is.
    pub fn is_drawn(&self) -> bool {
        self.lines.values().any(|line| line.drawn.is_some())
    }

    /// A try has passed, and another follows after a `pause`.
    pub fn holds(
        &mut self,
        (action, place): (&str, Option<&str>),
        held: &Held,
        pause: Duration,
        clocked: Option<Clocked>,
    ) {
        let which = (action.to_owned(), place.map(str::to_owned));
        let screen = &self.screen;
        let line =
            self.lines.entry(which).or_insert_with(|| Soak { drawn: Line::of(screen), told: None, anew: 0 });
        if held.anew > line.anew {
            line.anew = held.anew;
            line.told = None;
            screen.tell(
                "  nobody looked for longer than the document lets between two tries: it begins to hold anew",
            );
        }
        let at = place.map_or_else(String::new, |place| format!(" at {}", screen.neutralise(place)));
        let tries = if held.tries == 1 { "1 try".to_owned() } else { format!("{} tries", held.tries) };
        let (ms, of) = (Duration::from_millis(held.held_ms), Duration::from_millis(held.of_ms));
        let left = of.saturating_sub(ms);
        match &line.drawn {
            Some(Line { bar, .. }) => {
                let core = format!("held {} of {}, {} left{at}", clock(ms), clock(of), clock(left));
                // What matters most first, as far as the line reaches; never as wide as the terminal.
                let mut room = screen.width().saturating_sub(CELLS + "      ".len() + MARGIN);
                let core = screen.at_most(room, &core);
                room = room.saturating_sub(console::measure_text_width(&core));
                let mut fits = |columns: usize| {
                    let fits = columns <= room;
                    room -= if fits { columns } else { 0 };
                    fits
                };
                let tries = Some(format!(" · {tries}")).filter(|tries| fits(tries.chars().count()));
                let clocked = clocked.filter(|_| fits(" · at least 00:00:00 left in all".chars().count()));
                let pause = Some(pause).filter(|_| fits(" · next in 00:00:00".chars().count()));
                let asks = Some("; Ctrl-C asks instead").filter(|asks| at.is_empty() && fits(asks.len()));
                // Complete before it is first drawn.
                bar.set_style(style(pause, clocked));
                bar.set_message(
                    [&core, tries.as_deref().unwrap_or_default(), asks.unwrap_or_default()].concat(),
                );
                bar.set_length(held.of_ms);
                bar.set_position(held.held_ms);
                bar.reset_elapsed();
                bar.enable_steady_tick(Duration::from_secs(1));
            }
            None => {
                let part = held.held_ms.saturating_mul(PARTS) / held.of_ms.max(1);
                if line.told.replace(part) != Some(part) {
                    let (ms, of, left) = (duration(whole(ms)), duration(of), duration(whole(left)));
                    screen.tell(&format!("  it has held for {ms} of {of}, {left} left{at} · {tries}"));
                }
            }
        }
    }

    /// It holds no more, or has held for long enough.
    pub fn ends(&mut self, action: &str, place: Option<&str>) {
        let which = (action.to_owned(), place.map(str::to_owned));
        self.lines.remove(&which).and_then(|soak| soak.drawn).into_iter().for_each(Line::clear);
    }

    /// Somebody is asked, or something else is at hand.
    pub fn clear(&mut self) {
        std::mem::take(&mut self.lines).into_values().filter_map(|soak| soak.drawn).for_each(Line::clear);
    }
}

fn style(pause: Option<Duration>, clocked: Option<Clocked>) -> ProgressStyle {
    let left = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let left = pause.map(|pause| pause.saturating_sub(state.elapsed())).filter(|left| !left.is_zero());
        let _ = left.map_or(Ok(()), |left| write!(out, " · next in {}", clock(left)));
        // Of the step and the run, beside that of the soak.
        let whole = clocked.map(|clocked| clocked.told(Instant::now())).unwrap_or_default();
        let _ = out.write_str(&whole.replace(" left", " left in all"));
    };
    let template = ProgressStyle::with_template(&format!("  {{bar:{CELLS}}} {{msg}}{{left}}"));
    template.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("left", left)
}
