//! Somebody who uses the shop all the time.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A client that asks one thing after the other until it is told to stop.
pub struct Load {
    over: Arc<AtomicBool>,
    asking: Vec<JoinHandle<Vec<String>>>,
}

/// What an answer was, in one line: its status line, or why there is none.
fn ask(address: &str, path: &str) -> String {
    let asked = || -> std::io::Result<String> {
        let mut line = TcpStream::connect((address, 8080))?;
        line.set_read_timeout(Some(Duration::from_secs(20)))?;
        write!(line, "GET {path} HTTP/1.0\r\nHost: shop\r\n\r\n")?;
        let mut answer = String::new();
        line.read_to_string(&mut answer)?;
        Ok(answer.lines().next().unwrap_or_default().to_owned())
    };
    asked().unwrap_or_else(|error| format!("no answer: {error}"))
}

impl Load {
    /// Quick requests, and ones that are under way for a second.
    pub fn on(address: &str) -> Load {
        let over = Arc::new(AtomicBool::new(false));
        let asking = ["/version", "/slow"].map(|path| {
            let (over, address) = (Arc::clone(&over), address.to_owned());
            std::thread::spawn(move || {
                let mut answers = Vec::new();
                while !over.load(Ordering::SeqCst) {
                    answers.push(ask(&address, path));
                    std::thread::sleep(Duration::from_millis(40));
                }
                answers
            })
        });
        Load { over, asking: asking.into() }
    }

    /// How many requests there were; none has failed.
    #[track_caller]
    pub fn all_went_well(self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        let answers: Vec<String> =
            self.asking.into_iter().flat_map(|asking| asking.join().unwrap()).collect();
        let failed: Vec<&String> = answers.iter().filter(|line| !line.contains(" 200 ")).collect();
        assert!(failed.is_empty(), "{} of {} failed: {failed:?}", failed.len(), answers.len());
        answers.len()
    }
}
