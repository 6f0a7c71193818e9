//! Ports that are named before somebody listens there.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Linux gives out those from 32768 on to whoever asks for any, so none of these is taken by chance before it is used.
const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

/// A port at which nobody listens, and which nobody else in this process is told.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = std::process::id().wrapping_mul(97) as u16 % COUNT;
    loop {
        let port = FIRST + (own + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
