//! What the program is asked to stop for, heard by every block that runs.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Interrupt;
use crate::interrupts::Interrupts;
use crate::problem::Problem;
use crate::screen::Screen;

/// Interrupts of a session, in the order in which they came.
pub(super) struct Stops {
    interrupts: RefCell<Interrupts>,
    heard: RefCell<Vec<Interrupt>>,
    /// Those before this one have had their effect.
    since: Cell<usize>,
    /// Of those up to this one somebody has said what comes of them.
    told: Cell<usize>,
}

/// How far one listener has heard.
#[derive(Debug)]
pub(super) struct Heard(Cell<usize>);

impl Stops {
    pub(super) fn catch(screen: &Screen) -> Result<Stops, Problem> {
        let interrupts = RefCell::new(Interrupts::catch(screen)?);
        Ok(Stops { interrupts, heard: RefCell::default(), since: Cell::new(0), told: Cell::new(0) })
    }

    /// Begins to listen: to what has had no effect yet, too.
    pub(super) fn listen(&self) -> Heard {
        Heard(Cell::new(self.since.get()))
    }

    /// Waits for the next one that this listener has not heard.
    pub(super) async fn next(&self, of: &Heard) -> Interrupt {
        poll_fn(|cx| {
            self.take(cx);
            self.heard.borrow().get(of.0.get()).map_or(Poll::Pending, |interrupt| {
                of.0.set(of.0.get() + 1);
                Poll::Ready(*interrupt)
            })
        })
        .await
    }

    /// Whether what comes of what this listener has heard is still to be said: one of several that heard it does.
    pub(super) fn is_first_to_tell(&self, of: &Heard) -> bool {
        let heard = of.0.get();
        self.told.replace(self.told.get().max(heard)) < heard
    }

    /// Ends listening. Says whether there was one more.
    pub(super) async fn end(&self, of: Heard) -> bool {
        self.take_now().await;
        let (all, heard) = (self.heard.borrow().len(), of.0.get());
        self.since.set(self.since.get().max(all));
        all > heard
    }

    /// Waits so long, or until there is one.
    pub(super) async fn wait(&self, pause: Duration) -> Option<Interrupt> {
        let listener = self.listen();
        tokio::select! {
            () = tokio::time::sleep(pause) => None,
            interrupt = self.next(&listener) => {
                self.since.set(self.since.get().max(listener.0.get()));
                Some(interrupt)
            }
        }
    }

    /// Whether the program was asked to leave. Where somebody is `attended`, forgets a Ctrl-C that was meant for a prompt
    /// or a shell; where nobody is asked anything, it was meant for the program.
    pub(super) async fn asked_to_leave(&self, attended: bool) -> bool {
        self.take_now().await;
        let heard = self.heard.borrow();
        let new = &heard[self.since.replace(heard.len())..];
        new.iter().any(|interrupt| !attended || *interrupt == Interrupt::Leave)
    }

    async fn take_now(&self) {
        poll_fn(|cx| {
            self.take(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// Takes what has come; whoever else listens is asked once more.
    fn take(&self, cx: &mut Context<'_>) {
        let mut interrupts = self.interrupts.borrow_mut();
        while let Poll::Ready(interrupt) = pin!(interrupts.next()).poll(cx) {
            self.heard.borrow_mut().push(interrupt);
            cx.waker().wake_by_ref();
        }
    }
}
