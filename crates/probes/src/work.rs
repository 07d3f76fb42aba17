//! Work that blocks, on a thread of its own: whoever gave up on it does not wait for its end.

use holdpoint_helper::{Answer, Helper, Stop};
use tokio::sync::oneshot;

/// Runs `work` beside everything else.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new()
        .name("probe".to_owned())
        .spawn(move || drop(tell.send(work())))
        .map_err(|error| format!("no thread can be started: {error}"))?;
    told.await.unwrap_or_else(|_| Err("the probe ended without an answer".to_owned()))
}

/// Ends a program when nobody waits for it any more.
struct Ends(Stop);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.now();
    }
}

/// What a program answers, which is ended when nobody waits for it any more.
pub(crate) async fn answer(helper: Helper) -> Result<Answer, String> {
    let _ends = Ends(helper.stop());
    beside(move || helper.ask().map_err(|error| error.to_string())).await
}
