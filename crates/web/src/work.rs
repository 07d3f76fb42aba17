//! What takes its time, on threads of its own: the thread that answers never waits for a record.

use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::answer::Trouble;
use crate::host::{Host, Refusal};
use crate::state::{PATIENCE, State};

/// As much as the thread that runs verbs has: what reads documents calls itself.
const STACK: usize = 8 * 1024 * 1024;

/// Has the host do something. Only so much is done at once; what takes too long is given up, and goes on counting as being
/// done until it has come to its end.
pub(crate) async fn of_host<T: Send + 'static>(
    state: &State,
    work: impl FnOnce(&dyn Host) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Trouble> {
    let turn = timeout(PATIENCE / 2, Arc::clone(&state.readers).acquire_owned()).await;
    let Ok(Ok(turn)) = turn else { return Err(Trouble::too_slow("other records are being read")) };
    let host = Arc::clone(&state.host);
    let (done, come) = oneshot::channel();
    begin(move || {
        let made = work(&*host);
        drop(turn);
        let _ = done.send(made);
    })?;
    match timeout(PATIENCE / 2, come).await {
        Ok(Ok(made)) => Ok(made?),
        Ok(Err(_)) => Err(Trouble::fault()),
        Err(_) => Err(Trouble::too_slow("it takes too long")),
    }
}

/// Begins something on a thread of its own, which nobody waits for where the program ends.
pub(crate) fn begin(work: impl FnOnce() + Send + 'static) -> Result<(), Trouble> {
    let begun = thread::Builder::new().name("serve".into()).stack_size(STACK).spawn(work);
    begun.map(drop).map_err(|_| Trouble::too_slow("the machine has no room for more"))
}
