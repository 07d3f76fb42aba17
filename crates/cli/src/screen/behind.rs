//! Text that a thread of its own writes while a block runs: a terminal that is stopped (Ctrl-S), or slow, must not hold
//! up the block, its time limit or the record. Before anybody is asked anything, all of it is written.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use console::Style;

/// So much may wait to be written, bytes; more output is left out.
const MOST: usize = 1024 * 1024;
/// So much output is written at once, bytes, and a line: how far a slow terminal lags behind what is dropped.
const PIECE: usize = 4096;
/// Output that a terminal has not taken so long after the block has ended is left out.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// A writer that lags behind.
pub(super) struct Behind {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    texts: VecDeque<(String, Kind)>,
    /// Not written yet, bytes.
    waiting: usize,
    /// From when on output is left out, once nothing more comes.
    late: Option<Instant>,
}

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What we say.
    Said,
    /// What a block printed, in whole lines; it may be left out.
    Output,
    /// The bar drawn or taken away.
    Bar,
}

impl Behind {
    /// One that writes to this; what it says of its own looks like that.
    pub(super) fn start(to: impl Write + Send + 'static, own: Style) -> std::io::Result<Behind> {
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("screen".into()).spawn(move || writer.write_on(to, &own))?;
        Ok(Behind { shared, thread })
    }

    pub(super) fn write(&self, text: String, kind: Kind) {
        let mut queue = self.shared.queue();
        queue.waiting += text.len();
        queue.texts.push_back((text, kind));
        self.shared.changed.notify_one();
    }

    /// How much more output may wait, bytes.
    pub(super) fn room(&self) -> usize {
        MOST.saturating_sub(self.shared.queue().waiting)
    }

    /// Waits until all is written. Of the output that the terminal does not take soon, only how many lines are left out
    /// is.
    pub(super) fn end(self, patience: Duration) {
        self.shared.queue().late = Some(Instant::now() + patience);
        self.shared.changed.notify_one();
        // It has panicked, or it has written all.
        let _ = self.thread.join();
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread. A terminal that went away is no reason to stop.
    fn write_on(&self, mut to: impl Write, own: &Style) {
        let mut left_out = 0;
        while let Some((text, kind)) = self.next() {
            let mut written = 0;
            while written < text.len() {
                let rest = &text[written..];
                if kind == Kind::Output && self.is_late() {
                    left_out += rest.matches('\n').count();
                    break;
                }
                let piece = if kind == Kind::Output { first_lines(rest) } else { rest };
                if kind != Kind::Bar {
                    let _ = to.write_all(gap(own, std::mem::take(&mut left_out)).as_bytes());
                }
                let _ = to.write_all(piece.as_bytes());
                written += piece.len();
            }
            self.queue().waiting -= text.len();
        }
        let _ = to.write_all(gap(own, left_out).as_bytes());
        let _ = to.flush();
    }

    fn next(&self) -> Option<(String, Kind)> {
        let mut queue = self.queue();
        loop {
            match queue.texts.pop_front() {
                None if queue.late.is_some() => return None,
                None => queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
                text => return text,
            }
        }
    }

    fn is_late(&self) -> bool {
        self.queue().late.is_some_and(|late| Instant::now() >= late)
    }
}

/// As many whole lines as make a piece; at least one.
fn first_lines(text: &str) -> &str {
    let most = text.floor_char_boundary(PIECE);
    let end = text[..most].rfind('\n').or_else(|| text.find('\n')).map_or(text.len(), |end| end + 1);
    &text[..end]
}

fn gap(own: &Style, lines: usize) -> String {
    let much = match lines {
        0 => return String::new(),
        1 => "a line".to_owned(),
        _ => format!("{lines} lines"),
    };
    let said = format!("  … {much} not shown here: the terminal did not take them …");
    format!("{}\n", own.apply_to(said))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A terminal that takes a text only when it is told to.
    struct Slow {
        begun: Sender<()>,
        go_on: Receiver<()>,
        taken: Arc<Mutex<String>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.begun.send(());
            let _ = self.go_on.recv();
            self.taken.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Behind, Receiver<()>, Sender<()>, Arc<Mutex<String>>) {
        let ((begun, begins), (goes_on, go_on), taken) = (channel(), channel(), Arc::default());
        let slow = Slow { begun, go_on, taken: Arc::clone(&taken) };
        (Behind::start(slow, Style::new()).unwrap(), begins, goes_on, taken)
    }

    #[test]
    fn all_is_written_in_order_and_nobody_waits_before_the_end() {
        let (behind, begins, go_on, taken) = slow();
        for text in ["one\n", "two\n", "three\n"] {
            behind.write(text.to_owned(), Kind::Output);
        }
        begins.recv().unwrap();
        assert_eq!((taken.lock().unwrap().as_str(), behind.shared.queue().waiting), ("", 14));
        drop(go_on);
        behind.end(Duration::MAX / 4);
        assert_eq!(*taken.lock().unwrap(), "one\ntwo\nthree\n");
    }

    #[test]
    fn output_that_is_not_taken_in_time_is_counted_and_what_is_ours_is_written() {
        let (behind, begins, go_on, taken) = slow();
        behind.write("one\n".to_owned(), Kind::Output);
        begins.recv().unwrap();
        let many = "a line that is left out\n".repeat(1000);
        let (output, bar) = (Kind::Output, ("bar\n", Kind::Bar));
        for (text, kind) in
            [(&*many, output), bar, (&many, output), ("ours\n", Kind::Said), ("last\n", output)]
        {
            behind.write(text.to_owned(), kind);
        }
        let shared = Arc::clone(&behind.shared);
        let end = std::thread::spawn(move || behind.end(Duration::ZERO));
        while shared.queue().late.is_none() {
            std::thread::yield_now();
        }
        drop(go_on);
        end.join().unwrap();
        let gap = |much: &str| format!("  … {much} not shown here: the terminal did not take them …\n");
        let taken = console::strip_ansi_codes(&taken.lock().unwrap()).into_owned();
        assert_eq!(taken, format!("one\nbar\n{}ours\n{}", gap("2000 lines"), gap("a line")));
        assert_eq!(shared.queue().waiting, 0);
    }

    #[test]
    fn pieces_are_whole_lines() {
        let text = "é".repeat(PIECE) + "\n" + &"line\n".repeat(PIECE);
        let first = first_lines(&text);
        assert_eq!(first.len(), 2 * PIECE + 1);
        let second = first_lines(&text[first.len()..]);
        assert!(
            second.len() <= PIECE && second.len() > PIECE - 5 && second.ends_with("line\n"),
            "{second:?}"
        );
        assert_eq!(first_lines("no end"), "no end");
    }
}
