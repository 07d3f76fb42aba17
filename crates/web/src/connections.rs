//! Connections: so many, each with its time to say what it wants.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;

/// So many at once; others wait to be taken.
const MOST: usize = 128;
/// So long somebody may take to say what they want, and to say nothing in between.
const HEAD: Duration = Duration::from_secs(10);
/// So long somebody may take none of what they are told; a stream says every quarter of a minute that it is there.
const TAKES_NOTHING: Duration = Duration::from_secs(30);
/// Most bytes of a request's head.
const LARGEST_HEAD: usize = 16 * 1024;
/// Most headers.
const HEADERS: usize = 64;
/// A pause where the machine takes no connections, for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections of all listeners until `stop` comes; then all of them end.
pub(crate) async fn take(listeners: Vec<TcpListener>, router: Router, stop: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(MOST));
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, next(&listeners).await)
        };
        tokio::select! {
            () = &mut stop => return,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            (place, accepted) = accepted => {
                let Ok((stream, _)) = accepted else {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                };
                let router = router.clone();
                connections.spawn(async move {
                    answer(stream, router, TAKES_NOTHING).await;
                    drop(place);
                });
            }
        }
    }
}

/// The next connection, whichever listener it comes to.
async fn next(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let mut polled = listeners.iter().map(|listener| listener.poll_accept(context));
        polled.find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

/// Answers one connection until it ends, or takes nothing of what it is told for so long.
async fn answer(stream: TcpStream, router: Router, patience: Duration) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(router));
    // Whoever is gone, or speaks no HTTP, is told nothing.
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn whoever_takes_nothing_of_an_answer_is_let_go() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // More than all buffers on the way hold.
        let router = Router::new().route("/", get(|| async { vec![b'x'; 64 << 20] }));
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let ended = answer(stream, router, Duration::from_millis(100));
        tokio::time::timeout(Duration::from_secs(60), ended).await.expect("it is held for ever");
    }
}
