//! Work that blocks, on a thread of its own: whoever gave up on it does not wait for its end.

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
