//! Loopback ports that nobody uses.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ranges that systems take ports for outgoing connections from, so that one chosen here is still free when
/// the service is restarted on it.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// So many different free ports. Each call, and each process, looks somewhere else first.
///
/// # Errors
/// There are not as many.
pub fn free<const N: usize>() -> io::Result<[u16; N]> {
    let start = std::process::id().wrapping_mul(97) % u32::from(COUNT);
    let mut found = Vec::with_capacity(N);
    for _ in 0..COUNT {
        let offset = (start + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % u32::from(COUNT);
        let port = FIRST + offset as u16;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            found.push(listener);
        }
        if found.len() == N {
            let mut ports = [0; N];
            for (port, listener) in ports.iter_mut().zip(&found) {
                *port = listener.local_addr()?.port();
            }
            return Ok(ports);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrNotAvailable, "no free loopback port"))
}
