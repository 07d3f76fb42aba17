//! Lines of more places than the window has room for: the first of them are drawn, and below them how many others there are.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// So many lines of the window are left to what is said above, to what is told below, and to the cursor.
const KEPT: usize = 4;

/// The lines of all places at work, in the order in which they came.
#[derive(Default)]
pub(super) struct Crowd {
    lines: Vec<Line>,
    /// How many there ever were.
    count: u64,
    /// How many are not drawn, where some are not.
    more: Option<ProgressBar>,
}

struct Line {
    number: u64,
    bar: ProgressBar,
    is_drawn: bool,
}

impl Crowd {
    /// One more place is at work. Gives what its line is known by.
    pub(super) fn add(&mut self, bar: &ProgressBar) -> u64 {
        self.count += 1;
        self.lines.push(Line { number: self.count, bar: bar.clone(), is_drawn: false });
        self.count
    }

    /// It is not any more: another takes its room.
    pub(super) fn remove(&mut self, number: u64) {
        self.lines.retain(|line| line.number != number);
    }

    /// What is drawn from now on is drawn anew.
    pub(super) fn forget(&mut self) {
        self.lines.clear();
        self.more.take().iter().for_each(ProgressBar::finish_and_clear);
    }

    /// Draws as many as there is room for in a window of so many lines.
    pub(super) fn arrange(&mut self, all: &MultiProgress, foot: Option<&ProgressBar>, rows: usize) {
        let fit = rows.saturating_sub(KEPT).max(1);
        let others = self.lines.len().saturating_sub(fit);
        for line in self.lines.iter_mut().skip(fit).filter(|line| line.is_drawn) {
            all.remove(&line.bar);
            line.is_drawn = false;
        }
        if others == 0
            && let Some(more) = self.more.take()
        {
            more.finish_and_clear();
            all.remove(&more);
        }
        let below = self.more.as_ref().or(foot);
        for line in self.lines.iter_mut().take(fit).filter(|line| !line.is_drawn) {
            match below {
                Some(below) => all.insert_before(below, line.bar.clone()),
                None => all.add(line.bar.clone()),
            };
            line.is_drawn = true;
            line.bar.tick();
        }
        if others > 0 {
            let more = self.more.get_or_insert_with(|| {
                let style = ProgressStyle::with_template("  {msg}");
                let more =
                    ProgressBar::hidden().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                match foot {
                    Some(foot) => all.insert_before(foot, more),
                    None => all.add(more),
                }
            });
            more.set_message(format!("and {others} more"));
            more.tick();
        }
    }
}

#[cfg(test)]
mod tests {
    use indicatif::ProgressDrawTarget;

    use super::*;

    #[test]
    fn where_there_is_no_room_for_all_lines_the_last_one_says_how_many_more_there_are() {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let mut crowd = Crowd::default();
        let drawn = |crowd: &Crowd| crowd.lines.iter().filter(|line| line.is_drawn).count();
        let told = |crowd: &Crowd| crowd.more.as_ref().map(ProgressBar::message);
        for _ in 0..30 {
            crowd.add(&ProgressBar::hidden());
            crowd.arrange(&all, None, 24);
        }
        assert_eq!((drawn(&crowd), told(&crowd)), (20, Some("and 10 more".to_owned())));
        (1..10).for_each(|number| crowd.remove(number));
        crowd.arrange(&all, None, 24);
        assert_eq!((drawn(&crowd), told(&crowd)), (20, Some("and 1 more".to_owned())));
        crowd.remove(12);
        crowd.arrange(&all, None, 24);
        assert_eq!((drawn(&crowd), told(&crowd)), (20, None));
    }
}
