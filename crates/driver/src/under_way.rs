//! What is under way: futures that hold neither the run nor the record, all polled by one loop.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use holdpoint_engine::{Execution, Task};

use crate::{Interrupt, Reached, Script};

/// What has come of something that was under way.
pub(crate) enum Arrived<A> {
    /// The pause before an attempt is over, or what cut it short has come.
    Rested(Execution, Option<Interrupt>),
    /// The place of an attempt was reached, or cannot be.
    Reached(Execution, Script, Reached),
    /// An attempt has ended.
    Ended(Execution, A),
    /// A place has been told that it need not keep something.
    Reaped,
    /// An answer has arrived at the desk.
    Answer,
}

type Boxed<'r, A> = Pin<Box<dyn Future<Output = Arrived<A>> + 'r>>;

/// Executions under way, and what is done beside them.
pub(crate) struct UnderWay<'r, A> {
    executions: Vec<(Task, Boxed<'r, A>)>,
    beside: Vec<Boxed<'r, A>>,
    children: Children,
}

/// Process groups as they begin and end, to be noted by whoever has the journal.
pub(crate) type Children = Rc<RefCell<Vec<Option<i32>>>>;

impl<A> Default for UnderWay<'_, A> {
    fn default() -> Self {
        UnderWay { executions: Vec::new(), beside: Vec::new(), children: Children::default() }
    }
}

impl<'r, A> UnderWay<'r, A> {
    /// Whether no execution is.
    pub(crate) fn is_empty(&self) -> bool {
        self.executions.is_empty()
    }

    /// Whether this one is, from the pause before it to its end.
    pub(crate) fn has(&self, task: Task) -> bool {
        self.executions.iter().any(|(under_way, _)| *under_way == task)
    }

    /// Whether one of the same block is, whatever the place.
    pub(crate) fn has_block_of(&self, task: Task) -> bool {
        self.executions.iter().any(|(under_way, _)| under_way.unplaced() == task.unplaced())
    }

    pub(crate) fn add(&mut self, task: Task, future: impl Future<Output = Arrived<A>> + 'r) {
        self.executions.push((task, Box::pin(future)));
    }

    pub(crate) fn add_beside(&mut self, future: impl Future<Output = Arrived<A>> + 'r) {
        self.beside.push(Box::pin(future));
    }

    pub(crate) fn children(&self) -> Children {
        Rc::clone(&self.children)
    }

    /// Waits until nothing is done beside executions any more.
    pub(crate) async fn settled(&mut self) {
        poll_fn(|cx| {
            self.poll_beside(cx);
            if self.beside.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// What has arrived by now; everything that arrives in the same moment comes together. `note` is told of process groups.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        note: &mut impl FnMut(Option<i32>),
    ) -> Vec<Arrived<A>> {
        self.poll_beside(cx);
        let mut arrived = Vec::new();
        self.executions.retain_mut(|(_, future)| match future.as_mut().poll(cx) {
            Poll::Ready(what) => {
                arrived.push(what);
                false
            }
            Poll::Pending => true,
        });
        self.children.borrow_mut().drain(..).for_each(note);
        arrived
    }

    fn poll_beside(&mut self, cx: &mut Context<'_>) {
        self.beside.retain_mut(|future| future.as_mut().poll(cx).is_pending());
    }
}
