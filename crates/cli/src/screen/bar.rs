//! The terminal of the bar under a block's output: what it draws goes the way of everything else that is shown.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::TermLike;

use super::Screen;
use super::behind::Kind;

/// Collects what is drawn until it is to be seen.
#[derive(Debug)]
pub(super) struct Canvas {
    screen: Screen,
    drawn: Mutex<Drawn>,
}

#[derive(Debug, Default)]
struct Drawn {
    text: String,
    /// Whether what comes next begins a line.
    line_is_full: bool,
}

impl Canvas {
    pub(super) fn of(screen: &Screen) -> Canvas {
        Canvas { screen: screen.clone(), drawn: Mutex::default() }
    }

    fn drawn(&self) -> MutexGuard<'_, Drawn> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, text: &str) -> io::Result<()> {
        self.drawn().text.push_str(text);
        Ok(())
    }

    /// A cursor movement (ECMA-48 section 8.3: CUU, CUD, CUF, CUB); by 0 would be by 1.
    fn cursor(&self, n: usize, way: char) -> io::Result<()> {
        if n > 0 { self.add(&format!("\x1b[{n}{way}")) } else { Ok(()) }
    }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        console::Term::stderr().size().1
    }

    fn height(&self) -> u16 {
        console::Term::stderr().size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.cursor(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.cursor(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.cursor(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.cursor(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.add(text)?;
        self.add("\n")
    }

    /// A line comes first, then blanks up to the edge, behind which the next line begins by itself. Ends of lines instead
    /// outlive that the window is made wider; and the `^C` that a terminal echoes, behind the last of them, breaks none.
    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut drawn = self.drawn();
        if text.bytes().all(|byte| byte == b' ') {
            drawn.line_is_full = true;
        } else {
            if std::mem::take(&mut drawn.line_is_full) {
                drawn.text.push('\n');
            }
            drawn.text.push_str(text);
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.add("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let drawn = std::mem::take(&mut *self.drawn()).text;
        if !drawn.is_empty() {
            self.screen.show(drawn, Kind::Bar);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use holdpoint_driver::Secrets;
    use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

    use super::*;

    #[test]
    fn each_line_ends_where_its_text_does() {
        let (screen, kept) = Screen::kept(&Secrets::default());
        let canvas = ProgressDrawTarget::term_like(Box::new(Canvas::of(&screen)));
        let all = MultiProgress::with_draw_target(canvas);
        let bars = ["one", "two"].map(|message| {
            let style = ProgressStyle::with_template("{msg}").unwrap();
            all.add(ProgressBar::hidden().with_style(style)).with_message(message)
        });
        bars.iter().for_each(ProgressBar::tick);
        let drawn = String::from_utf8(kept.lock().unwrap().clone()).unwrap();
        assert!(drawn.ends_with("one\ntwo"), "{drawn:?}");
    }
}
