//! Secrets that a session's blocks may print: declared ones, and those that blocks registered.

use std::cell::{Cell, Ref, RefCell};

use holdpoint_driver::Secrets;
use holdpoint_redact::Redactor;

/// Shared by everybody who runs blocks of one session: what a block registers is masked in what all others print, too.
pub(super) struct Known {
    declared: Vec<(String, String)>,
    /// Known to this process only.
    registered: RefCell<Vec<(String, String)>>,
    redactor: RefCell<Redactor>,
    /// How often there was one more.
    times: Cell<u64>,
}

impl Known {
    pub(super) fn new(declared: Vec<(String, String)>, redactor: Redactor) -> Known {
        let (registered, redactor) = (RefCell::default(), RefCell::new(redactor));
        Known { declared, registered, redactor, times: Cell::new(0) }
    }

    pub(super) fn declared(&self) -> &[(String, String)] {
        &self.declared
    }

    /// Every secret that output is masked by.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        self.declared.iter().chain(&*self.registered.borrow()).cloned().collect()
    }

    pub(super) fn redactor(&self) -> Ref<'_, Redactor> {
        self.redactor.borrow()
    }

    /// Changes when there is one more.
    pub(super) fn times(&self) -> u64 {
        self.times.get()
    }

    /// From now on this is a secret. `source`: the run-book, where nothing can be masked.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub(super) fn register(
        &self,
        name: &str,
        value: &str,
        source: &str,
        session: &Secrets,
    ) -> Result<(), String> {
        let secret = (name.to_owned(), value.to_owned());
        if self.registered.borrow().contains(&secret) {
            return Ok(());
        }
        self.registered.borrow_mut().push(secret);
        *self.redactor.borrow_mut() = Redactor::new(self.all()).map_err(|error| error.to_string())?;
        if Redactor::new(vec![(name.to_owned(), value.to_owned())])
            .is_ok_and(|new| new.held_by(source.as_bytes()).is_some())
        {
            return Err(format!("the secret {name} stands in the run-book, where nothing can be masked"));
        }
        session.hide(&self.redactor.borrow());
        self.times.set(self.times.get() + 1);
        Ok(())
    }
}
