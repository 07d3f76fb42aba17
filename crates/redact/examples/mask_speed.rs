//! How long 100 MB of output take to be masked, digested and copied, without secrets and with eight.
//! `cargo run --release -p holdpoint-redact --example mask_speed`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use std::time::{Duration, Instant};

use holdpoint_redact::Redactor;
use sha2::{Digest, Sha256};

const PIECE: usize = 1024 * 1024;
const PIECES: usize = 100;

fn main() {
    let piece = sample();
    let none = Redactor::new(Vec::new()).unwrap();
    let start = Instant::now();
    let eight = Redactor::new((0_u8..8).map(|n| (format!("SECRET_{n}"), secret(n))).collect()).unwrap();
    println!("built in {:?}", start.elapsed());
    let (mut without, mut with, mut masking) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..7 {
        without.push(kept(&none, &piece));
        with.push(kept(&eight, &piece));
        masking.push(masked(&eight, &piece));
    }
    let [without, with, masking] = [without, with, masking].map(median);
    let rate = |time: Duration| (PIECE * PIECES) as f64 / 1e6 / time.as_secs_f64();
    println!("digest and copy, no secret      {without:>10.1?} {:>6.0} MB/s", rate(without));
    println!("digest and copy, eight secrets  {with:>10.1?} {:>6.0} MB/s", rate(with));
    println!("masking alone                   {masking:>10.1?} {:>6.0} MB/s", rate(masking));
    println!("ratio {:.2}", with.as_secs_f64() / without.as_secs_f64());
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Like a token: 40 characters that look random.
fn secret(n: u8) -> String {
    let digest = Sha256::digest([n]);
    "sk-"
        .chars()
        .chain(digest.iter().map(|byte| char::from(b'A' + byte % 26)))
        .chain("/9+=x".chars())
        .collect()
}

/// Lines as a build prints them; one secret in about 64 KB.
fn sample() -> Vec<u8> {
    let mut text = Vec::new();
    for n in 0_u64.. {
        let line = format!(
            "2026-11-23T14:34:05.{:06}Z INFO build: compiled unit {n} in {} ms\n",
            n * 7919 % 1_000_000,
            n % 977
        );
        text.extend_from_slice(line.as_bytes());
        if n % 900 == 899 {
            text.extend_from_slice(secret((n % 8) as u8).as_bytes());
        }
        if text.len() >= PIECE {
            break;
        }
    }
    text.truncate(PIECE);
    text
}

fn masked(redactor: &Redactor, piece: &[u8]) -> Duration {
    let (start, mut stream, mut length) = (Instant::now(), redactor.stream(), 0);
    for _ in 0..PIECES {
        stream.push(piece, &mut |out| length += out.len());
    }
    stream.finish(&mut |out| length += out.len());
    assert!(length > PIECE * PIECES / 2);
    start.elapsed()
}

fn kept(redactor: &Redactor, piece: &[u8]) -> Duration {
    let (start, mut stream) = (Instant::now(), redactor.stream());
    let (mut hasher, mut copy) = (Sha256::new(), Vec::with_capacity(PIECE + 4096));
    for _ in 0..PIECES {
        copy.clear();
        stream.push(piece, &mut |out| {
            hasher.update(out);
            copy.extend_from_slice(out);
        });
    }
    stream.finish(&mut |out| hasher.update(out));
    assert_ne!(hasher.finalize()[..], [0; 32]);
    start.elapsed()
}
