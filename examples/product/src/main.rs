//! Parcel desk: the smallest service that can be released. Tells which commit it was built from.
//!
//! One file, standard library only, so that a Rust compiler is all it takes to build it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The commit this binary was built from; `scripts/build.sh` bakes it in.
const COMMIT: &str = env!("RELEASE_COMMIT");

fn main() {
    let argument = std::env::args().nth(1);
    match argument.as_deref() {
        Some("--version") => println!("{COMMIT}"),
        Some(address) => serve(address),
        None => fail("usage: service ADDRESS:PORT | service --version"),
    }
}

/// Answers until the process is stopped.
fn serve(address: &str) {
    let started = seconds_since_epoch();
    let listener = TcpListener::bind(address).unwrap_or_else(|error| fail(&format!("cannot listen on {address}: {error}")));
    println!("commit {COMMIT} listens on {address}");
    for stream in listener.incoming().flatten() {
        // One thread each: a client that is slow to ask must not hold up the next one.
        std::thread::spawn(move || {
            if let Err(error) = answer(stream, started) {
                eprintln!("request not answered: {error}");
            }
        });
    }
}

/// Reads one request and answers it.
fn answer(mut stream: TcpStream, started: u64) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            _ if request.len() > 16 * 1024 => return Ok(()),
            count => request.extend_from_slice(&buffer[..count]),
        }
    }
    let (status, body) = respond(&String::from_utf8_lossy(&request), started);
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// Status line and body for a request.
fn respond(request: &str, started: u64) -> (&'static str, String) {
    let mut words = request.lines().next().unwrap_or_default().split(' ');
    match (words.next(), words.next()) {
        (Some("GET"), Some("/version")) => ("200 OK", version(started)),
        (Some("GET"), Some("/health")) => ("200 OK", health(started)),
        (Some("GET"), Some(_)) => ("404 Not Found", "{\"error\":\"no such page\"}\n".into()),
        _ => ("405 Method Not Allowed", "{\"error\":\"only GET\"}\n".into()),
    }
}

/// What runs here: commit, start (seconds since 1970, UTC) and process.
fn version(started: u64) -> String {
    format!("{{\"commit\":\"{COMMIT}\",\"started\":{started},\"pid\":{}}}\n", std::process::id())
}

/// Whether it is fit to serve.
fn health(_started: u64) -> String {
    "{\"status\":\"ok\"}\n".into()
}

fn seconds_since_epoch() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> (&'static str, String) {
        respond(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"), 7)
    }

    #[test]
    fn version_names_the_commit_it_was_built_from() {
        let (status, body) = get("/version");
        assert_eq!(status, "200 OK");
        assert!(body.starts_with(&format!("{{\"commit\":\"{COMMIT}\",\"started\":7,\"pid\":")));
    }

    #[test]
    fn health_is_ok() {
        let (status, body) = get("/health");
        assert_eq!(status, "200 OK");
        assert!(body.contains("\"status\":\"ok\""));
    }

    #[test]
    fn an_unknown_page_is_not_found() {
        assert_eq!(get("/admin").0, "404 Not Found");
    }

    #[test]
    fn nothing_can_be_written() {
        assert_eq!(respond("POST /version HTTP/1.1\r\n\r\n", 7).0, "405 Method Not Allowed");
    }
}
