//! Draws what a program wrote to the terminal that it was lent, on a thread of its own: a terminal takes its time, in which
//! the program's next output is read and recorded.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::Screen;

/// So many pieces wait to be drawn; whoever has more waits too. Few, so that what is seen is what is going on.
const AT_MOST: usize = 4;

/// Draws in order. Dropped, it draws what it has first.
pub struct LentWriter {
    screen: Screen,
    /// `None` where there is no thread: then everything is drawn at once.
    pieces: Option<SyncSender<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl LentWriter {
    pub fn new(screen: &Screen) -> LentWriter {
        let (pieces, waiting) = sync_channel::<Vec<u8>>(AT_MOST);
        let drawn_on = screen.clone();
        let draw_all = move || waiting.iter().for_each(|piece| drawn_on.draw(&piece));
        let thread = std::thread::Builder::new().name("screen".to_owned()).spawn(draw_all).ok();
        LentWriter { screen: screen.clone(), pieces: thread.is_some().then_some(pieces), thread }
    }

    pub fn draw(&self, piece: &[u8]) {
        let sent = self.pieces.as_ref().map(|pieces| pieces.send(piece.to_vec()));
        if !matches!(sent, Some(Ok(()))) {
            self.screen.draw(piece);
        }
    }
}

impl Drop for LentWriter {
    fn drop(&mut self) {
        self.pieces = None;
        // One that panicked has said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
