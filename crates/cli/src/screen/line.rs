//! A line under everything else, among others that are drawn there.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};

use super::Screen;
use super::bar::Canvas;

/// Lines are drawn so often in a second at the most, all of them together.
const HERTZ: u8 = 10;

/// A line, until it is cleared.
#[derive(Debug)]
pub(super) struct Line {
    all: MultiProgress,
    /// What it shows.
    pub(super) bar: ProgressBar,
}

impl Screen {
    /// What draws all lines of this screen.
    pub(super) fn drawing(&self) -> MultiProgress {
        let all = || {
            let canvas = ProgressDrawTarget::term_like_with_hz(Box::new(Canvas::of(self)), HERTZ);
            MultiProgress::with_draw_target(canvas)
        };
        self.lanes().get_or_insert_with(all).clone()
    }
}

impl Line {
    /// A line under those that there are; none where nothing may be drawn.
    pub(super) fn of(screen: &Screen) -> Option<Line> {
        screen.bars().then(|| {
            let all = screen.drawing();
            let bar = all.add(ProgressBar::hidden());
            Line { all, bar }
        })
    }

    /// Takes it away.
    pub(super) fn clear(self) {
        self.bar.finish_and_clear();
        self.all.remove(&self.bar);
    }
}
