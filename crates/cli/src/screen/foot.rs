//! The line below those of several places: how long their step takes.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use super::clock::clock;
use super::pace::Clocked;

/// How long the step takes that goes over several places, below all of them.
#[derive(Debug)]
pub(super) struct Foot {
    all: MultiProgress,
    pub(super) bar: ProgressBar,
}

impl Foot {
    pub(super) fn drawn(all: &MultiProgress, clocked: Clocked) -> Foot {
        let told = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let now = Instant::now();
            let took = clock(now.saturating_duration_since(clocked.since));
            let _ = write!(out, "{took}{}", clocked.told(now));
        };
        let template = ProgressStyle::with_template("  this step {told}");
        let template = template.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("told", told);
        let bar = all.add(ProgressBar::hidden().with_style(template));
        bar.tick();
        bar.enable_steady_tick(Duration::from_secs(1));
        Foot { all: all.clone(), bar }
    }
}

impl Drop for Foot {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.all.remove(&self.bar);
    }
}
