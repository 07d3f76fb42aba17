//! What a block drew on its terminal, drawn again on this one.

use std::io::Write;

use holdpoint_report::Drawing;

use super::{Screen, raw};

/// A recorded terminal, on this one. Only what draws is shown: nothing of a record acts on the reader's terminal.
pub struct Playback {
    screen: Screen,
    drawing: Drawing,
    size: Option<(u16, u16)>,
}

impl Playback {
    /// On this terminal.
    pub fn on(screen: &Screen) -> Playback {
        Playback { screen: screen.clone(), drawing: Drawing::default(), size: None }
    }

    /// The recorded terminal has this size from here on. A smaller one than it cannot show it as it was, and says so.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let here = raw::size();
        if self.size.is_none() && (here.0 < columns || here.1 < rows) {
            let text =
                format!("  recorded at {columns}x{rows}, and this terminal is only {}x{}", here.0, here.1);
            let said = self.screen.style().dim().apply_to(text).to_string();
            self.screen.say(&said);
        }
        self.size = Some((columns, rows));
    }

    /// Draws a piece.
    pub fn push(&mut self, bytes: &[u8]) {
        write(&self.drawing.push(bytes));
    }

    /// The block has ended: the screen is fit for lines again.
    pub fn finish(self) {
        drop(self);
    }
}

impl Drop for Playback {
    fn drop(&mut self) {
        write(format!("{}\r\n", self.drawing.end()).as_bytes());
    }
}

fn write(bytes: &[u8]) {
    let mut stderr = std::io::stderr().lock();
    // A terminal that went away is no reason to stop.
    let _ = stderr.write_all(bytes);
    let _ = stderr.flush();
}
