//! A probe that somebody stops.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::SECRET;
use crate::bench::{Bench, HOLDPOINT, Ran};
use crate::book;
use crate::server::Server;

#[test]
fn a_signal_ends_a_probe_at_once_and_the_record_says_so() {
    for signal in [Signal::INT, Signal::TERM] {
        let held = std::sync::Mutex::new(Vec::new());
        let server = Server::start(move |_, stream| held.lock().unwrap().push(stream.try_clone().unwrap()));
        let bench = Bench::new();
        bench.file("book.md", &book(&[&format!("timeout: 10m\nhttp: {{ url: \"{}\" }}", server.url("/"))]));
        let mut command = bench.command(HOLDPOINT);
        command.args(["run", "book.md", "--unattended"]).env("TOKEN", SECRET);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        server.requests.recv().unwrap();
        let asked = Instant::now();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ran = Ran::of(child.wait_with_output().unwrap());
        // Far less than what the block may take, or what a script is given to end.
        assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
        assert_eq!(ran.code, 3, "{}", ran.both());
        assert_eq!(bench.of_type(1, "action.finished")[0]["outcome"], "interrupted", "{}", ran.both());
        bench.ends(0, &["verify", "1"]);
    }
}
