//! Connections: so many, each with its time to say what it wants.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// So many at once; others wait to be taken.
const MOST: usize = 128;
/// So long somebody may take to say what they want, and to say nothing in between.
const HEAD: Duration = Duration::from_secs(10);
/// Most bytes of a request's head.
const LARGEST_HEAD: usize = 16 * 1024;
/// Most headers.
const HEADERS: usize = 64;
/// A pause where the machine takes no connections, for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until `stop` comes; then all of them end.
pub(crate) async fn take(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(MOST));
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            () = &mut stop => return,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            (place, accepted) = accepted => {
                let Ok((stream, _)) = accepted else {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                };
                let service = TowerToHyperService::new(router.clone());
                connections.spawn(async move {
                    let connection = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(HEAD)
                        .max_buf_size(LARGEST_HEAD)
                        .max_headers(HEADERS)
                        .serve_connection(TokioIo::new(stream), service);
                    // Whoever is gone, or speaks no HTTP, is told nothing.
                    let _ = connection.await;
                    drop(place);
                });
            }
        }
    }
}
