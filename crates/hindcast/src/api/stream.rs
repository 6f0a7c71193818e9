//! Bodies that are sent piece by piece while they are made.
//!
//! A few pieces may wait; then whoever makes them waits too. A client that takes nothing for [`STALL_MAX`] is given up,
//! and so is one for whom a thread waits longer than [`PACE_BYTES_MIN`] allows.

use bytes::Bytes;
use futures_core::Stream;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// A client that takes nothing for so long is given up.
pub const STALL_MAX: Duration = Duration::from_secs(30);
/// A thread waits for a client no longer than this many bytes in a second take, besides [`STALL_MAX`].
pub const PACE_BYTES_MIN: u64 = 32 * 1024;
/// Pieces that wait to be sent.
const WAITING_MAX: usize = 4;

/// Where pieces are put in.
#[derive(Debug)]
pub struct Chunks(mpsc::Sender<io::Result<Bytes>>);

/// Where they come out.
#[derive(Debug)]
pub struct Stretched(mpsc::Receiver<io::Result<Bytes>>);

/// A body to be made while it is sent.
pub fn chunks() -> (Chunks, Stretched) {
    let (send, receive) = mpsc::channel(WAITING_MAX);
    (Chunks(send), Stretched(receive))
}

impl Chunks {
    /// Sends a piece; nothing when the client is gone.
    pub async fn send(&self, chunk: Bytes) -> Option<()> {
        self.put(Ok(chunk)).await.ok()
    }

    /// Breaks the body off, so that the client does not take it for whole.
    pub async fn fail(&self, error: &str) {
        let _heard = self.put(Err(io::Error::other(error.to_owned()))).await;
    }

    /// Waits until the client is gone.
    pub async fn closed(&self) {
        self.0.closed().await;
    }

    async fn put(&self, chunk: io::Result<Bytes>) -> io::Result<()> {
        match tokio::time::timeout(STALL_MAX, self.0.send(chunk)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Stream for Stretched {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// Writes pieces from a thread that may block.
#[derive(Debug)]
pub struct Pipe {
    chunks: Chunks,
    runtime: Handle,
    sent_bytes: u64,
    waited: Duration,
}

impl Pipe {
    /// Must be made where the runtime is at hand.
    pub fn new(chunks: Chunks) -> Self {
        Self { chunks, runtime: Handle::current(), sent_bytes: 0, waited: Duration::ZERO }
    }

    /// Breaks the body off, so that the client does not take it for whole.
    pub fn fail(&self, error: &str) {
        self.runtime.block_on(self.chunks.fail(error));
    }
}

/// So long a client may have kept us waiting when it has taken so much.
fn patience(sent_bytes: u64) -> Duration {
    STALL_MAX + Duration::from_secs(sent_bytes / PACE_BYTES_MIN)
}

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let begun = Instant::now();
        self.runtime.block_on(self.chunks.put(Ok(Bytes::copy_from_slice(bytes))))?;
        self.sent_bytes += bytes.len() as u64;
        self.waited += begun.elapsed();
        if self.waited > patience(self.sent_bytes) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes it too slowly"));
        }
        Ok(bytes.len())
    }

    /// Nothing is kept back; but whoever writes hears whether the client is still there.
    fn flush(&mut self) -> io::Result<()> {
        if self.chunks.0.is_closed() { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_takes_more_is_waited_for_longer() {
        assert_eq!(patience(0), STALL_MAX);
        assert_eq!(patience(60 * PACE_BYTES_MIN), STALL_MAX + Duration::from_secs(60));
    }
}
