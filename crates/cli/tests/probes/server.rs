//! Servers that behave as no server should, and some that do.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// A server at a port of this machine.
pub struct Server {
    pub port: u16,
    /// Each request that came, its body too.
    pub requests: Receiver<String>,
}

impl Server {
    /// What `answer` does with each connection, once a request has come.
    pub fn start(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while reader.read_line(&mut head).is_ok_and(|count| count > 2) {}
                let length = head.to_ascii_lowercase();
                let length = length.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length = length.map_or(0, |length| length.parse().unwrap());
                let count = reader.take(length).read_to_string(&mut head).unwrap();
                assert_eq!(count as u64, length, "{head}");
                let _ = tell.send(head.clone());
                answer(&head, &mut stream);
            }
        });
        Server { port, requests }
    }

    /// One that answers so.
    pub fn says(answer: &str) -> Server {
        let answer = answer.to_owned();
        Server::start(move |_, stream| drop(stream.write_all(answer.as_bytes())))
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// An answer of success with this body.
pub fn good(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
