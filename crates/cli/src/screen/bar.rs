//! The terminal of the bar under a block's output: what it draws goes the way of everything else that is shown.

use std::io;
use std::sync::{Mutex, PoisonError};

use indicatif::TermLike;

use super::Screen;
use super::behind::Kind;

/// Collects what is drawn until it is to be seen.
#[derive(Debug)]
pub(super) struct Canvas {
    screen: Screen,
    drawn: Mutex<String>,
}

impl Canvas {
    pub(super) fn of(screen: &Screen) -> Canvas {
        Canvas { screen: screen.clone(), drawn: Mutex::default() }
    }

    fn add(&self, text: &str) -> io::Result<()> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
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

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.add(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.add("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let drawn = std::mem::take(&mut *self.drawn.lock().unwrap_or_else(PoisonError::into_inner));
        if !drawn.is_empty() {
            self.screen.show(drawn, Kind::Bar);
        }
        Ok(())
    }
}
