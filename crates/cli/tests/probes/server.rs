//! Servers that behave as no server should, and some that do.

use std::io::{BufRead as _, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// A server at a port of this machine.
pub struct Server {
    pub port: u16,
    /// The head of each request that came.
    pub requests: Receiver<String>,
}

impl Server {
    /// What `answer` does with each connection, once the head of a request has come.
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
