//! A server that runs for a test, and a client that can say anything.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Bench, HOLDPOINT};

/// Longer than anything here takes, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

/// `holdpoint serve` over the store of a bench; it ends with the test.
pub struct Serving {
    child: Child,
    pub address: String,
    pub told: Value,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let found = self.head.iter().find(|(of, _)| of == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}\n{:?}", self.body, self.head);
        self
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server, and has what it prints first.
pub fn serving(bench: &Bench) -> Serving {
    serving_with(bench, &[])
}

pub fn serving_with(bench: &Bench, arguments: &[&str]) -> Serving {
    let mut command: Command = bench.command(HOLDPOINT);
    command.args(["serve", "--format", "json"]).args(arguments);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    Serving { child, address: told["address"].as_str().unwrap().to_owned(), told }
}

impl Serving {
    pub fn link(&self) -> String {
        self.told["sign_in"].as_str().unwrap().to_owned()
    }

    pub fn link_file(&self) -> PathBuf {
        PathBuf::from(self.told["next_sign_in"].as_str().unwrap())
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn wait(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }

    /// Sends these bytes, and takes what comes until the server closes.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // Whoever is refused early may not be heard out.
        let _ = stream.write_all(bytes);
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        answer(&String::from_utf8_lossy(&all))
    }

    /// A request with these lines beside `Host`.
    pub fn ask(&self, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        self.ask_at(&self.address, method, path, lines, body)
    }

    /// A request that says that it is for this host.
    pub fn ask_at(&self, host: &str, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        for line in lines {
            head += &format!("{line}\r\n");
        }
        if !body.is_empty() {
            head += &format!(
                "Content-Length: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                body.len()
            );
        }
        self.raw(format!("{head}\r\n{body}").as_bytes())
    }

    pub fn get(&self, path: &str, lines: &[&str]) -> Answer {
        self.ask("GET", path, lines, "")
    }

    pub fn origin(&self) -> String {
        format!("Origin: http://{}", self.address)
    }

    /// Signs in with a link; the line of its cookie.
    pub fn sign_in(&self, link: &str) -> Result<String, Answer> {
        let body = format!("link={}", link.replace(':', "%3A").replace('/', "%2F").replace('#', "%23"));
        let answer = self.ask("POST", "/sign-in", &[&self.origin()], &body);
        if answer.status != 303 {
            return Err(answer);
        }
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Ok(format!("Cookie: {cookie}"))
    }

    /// Somebody who is signed in.
    pub fn signed_in(&self) -> String {
        self.sign_in(&self.link()).unwrap()
    }

    /// A stream of events.
    pub fn stream(&self, path: &str, lines: &[&str]) -> Stream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\n{lines}\r\n", self.address).unwrap();
        let mut from = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(from.read_line(&mut head).unwrap(), 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.contains("content-type: text/event-stream\r\n"), "{head}");
        Stream { from }
    }
}

/// Events as they come.
pub struct Stream {
    from: BufReader<TcpStream>,
}

impl Stream {
    /// The next event: its name and its data; `None` at the end.
    pub fn next(&mut self) -> Option<(String, Value)> {
        let (mut name, mut data) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            if self.from.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            let line = line.trim_end();
            if let Some(of) = line.strip_prefix("event: ") {
                name = of.to_owned();
            } else if let Some(of) = line.strip_prefix("data: ") {
                data = of.to_owned();
            } else if line.is_empty() && !data.is_empty() {
                return Some((name, serde_json::from_str(&data).unwrap()));
            } else if line == "0" {
                return None;
            }
        }
    }

    /// Waits for an event of this name.
    #[track_caller]
    pub fn until(&mut self, name: &str) -> Value {
        loop {
            let (of, data) = self.next().unwrap_or_else(|| panic!("it ended without {name}"));
            if of == name {
                return data;
            }
        }
    }
}

fn answer(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let pair =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let head: Vec<(String, String)> = lines.filter_map(pair).collect();
    let chunked = head.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked { unchunked(body) } else { body.to_owned() };
    Answer { status: status.unwrap_or(0), head, body }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        whole += &rest[..size];
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}
