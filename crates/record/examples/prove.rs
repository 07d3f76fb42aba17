//! How long it takes to prove a record, to read it, and to read its bytes alone; and how much memory.
//! `cargo run --release -p holdpoint-record --example prove -- bytes|verify|read|events|lines DIR`
//! Long records are made by `holdpoint-inputs record`, of `crates/gauge`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use std::io::BufRead as _;
use std::path::Path;
use std::time::Instant;

use holdpoint_record::{LOG, Reader, verify, verify_bytes};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (what, dir) = (arguments[0].as_str(), Path::new(&arguments[1]));
    let start = Instant::now();
    let came = match what {
        "bytes" => verify_bytes(dir).unwrap().verdict.to_string(),
        "verify" => verify(dir).unwrap().verdict.to_string(),
        "read" => holdpoint_record::read(dir).unwrap().events.len().to_string(),
        "events" => Reader::open(dir).unwrap().map(Result::unwrap).count().to_string(),
        // Reading the file once: the least that anything that reads it does.
        "lines" => {
            let file = std::fs::File::open(dir.join(LOG)).unwrap();
            let mut file = std::io::BufReader::with_capacity(1 << 20, file);
            let (mut line, mut lines) = (Vec::new(), 0);
            while file.read_until(b'\n', &mut line).unwrap() > 0 {
                lines += 1;
                line.clear();
            }
            lines.to_string()
        }
        other => panic!("{other}?"),
    };
    let took = start.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim();
    println!("{what}: {came} in {took:.3} s, {peak}");
}
