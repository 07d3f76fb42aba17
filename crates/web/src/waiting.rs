//! What waits for a passkey, for minutes, and for whom.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::host::Pending;
use crate::name::RunName;
use crate::secret::Digest;

/// How long something waits for a passkey: less than a statement may be older than its event.
const WAITS: SignedDuration = SignedDuration::from_mins(5);

/// What waits for a passkey: one thing of each session, and used up by the first answer.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<HashMap<Digest, Waits>>);

struct Waits {
    run: RunName,
    pending: Pending,
    until: Timestamp,
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiting(..)")
    }
}

impl Waiting {
    fn all(&self) -> MutexGuard<'_, HashMap<Digest, Waits>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on, in the place of what waited before.
    pub(crate) fn wait(&self, session: Digest, run: RunName, pending: Pending, now: Timestamp) {
        let mut all = self.all();
        all.retain(|_, waits| now < waits.until);
        all.insert(session, Waits { run, pending, until: now + WAITS });
    }

    /// What waits of a session for that run. Whatever it was waits no more.
    pub(crate) fn take(&self, session: &Digest, run: &RunName, now: Timestamp) -> Option<Pending> {
        let waits = self.all().remove(session)?;
        (waits.run == *run && now < waits.until).then_some(waits.pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{ToSign, Wish};

    #[test]
    fn what_waits_is_of_one_session_and_one_run_and_used_up_by_the_first_answer() {
        let (waiting, now) = (Waiting::default(), Timestamp::UNIX_EPOCH);
        let (mine, other) = (Digest::of("mine"), Digest::of("other"));
        let [first, second] = [1, 2].map(RunName::Number);
        let wait = || {
            let wish = Wish { who: "qa".into(), what: ToSign::SignOff, shown: String::new() };
            let (statement, challenge) = Default::default();
            let pending = Pending { run: String::new(), wish, at: now, statement, challenge };
            waiting.wait(mine, first.clone(), pending, now);
        };
        wait();
        assert!(waiting.take(&other, &first, now).is_none(), "another session");
        assert!(waiting.take(&mine, &first, now).is_some());
        assert!(waiting.take(&mine, &first, now).is_none(), "used up");
        wait();
        assert!(waiting.take(&mine, &second, now).is_none(), "another run");
        assert!(waiting.take(&mine, &first, now).is_none(), "used up by that");
        wait();
        assert!(waiting.take(&mine, &first, now + WAITS).is_none(), "too late");
    }
}
