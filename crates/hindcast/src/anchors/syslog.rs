//! A syslog (RFC 5424) over UDP (RFC 5426), TCP with counted octets (RFC 6587) or TLS (RFC 5425).

use super::{Head, fingerprint};
use crate::config::{AnchorOf, Transport};
use crate::syslog::{self, counted};
use anyhow::{Context as _, bail, ensure};
use hindcast_event::Timestamp;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// Facility 13, log audit; severity 5, notice.
const PRIORITY: u8 = 13 * 8 + 5;
/// A syslog has nothing to say; so much is read until it closes the connection.
const ANSWER_BYTES_MAX: u64 = 4096;

/// A syslog.
pub(super) struct Syslog {
    address: String,
    timeout: Duration,
    by: By,
}

enum By {
    Udp,
    Tcp,
    Tls(Arc<ClientConfig>, ServerName<'static>),
}

impl Syslog {
    pub fn new(of: &AnchorOf) -> anyhow::Result<Self> {
        let address = of.address.clone().context("address is missing")?;
        let (host, port) = address.rsplit_once(':').context("address must be host:port")?;
        ensure!(port.parse::<u16>().is_ok_and(|port| port > 0), "address must be host:port, not {address:?}");
        let by = match of.transport.unwrap_or_default() {
            Transport::Udp => By::Udp,
            Transport::Tcp => By::Tcp,
            Transport::Tls => {
                let host = host.trim_matches(['[', ']']).to_owned();
                By::Tls(Arc::new(tls(of)?), ServerName::try_from(host).context("address names no host")?)
            }
        };
        Ok(Self { timeout: Duration::from_secs(of.timeout_seconds), address, by })
    }

    pub fn send(&self, head: &Head, now: Timestamp) -> anyhow::Result<String> {
        let message = message(head, now);
        let addresses: Vec<SocketAddr> = self
            .address
            .to_socket_addrs()
            .with_context(|| format!("cannot find {}", self.address))?
            .collect();
        let Some(first) = addresses.first() else { bail!("{} has no address", self.address) };
        match &self.by {
            By::Udp => {
                let any = if first.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                UdpSocket::bind(any)?.send_to(message.as_bytes(), first)?;
                Ok("sent; UDP does not tell whether it arrived".to_owned())
            }
            By::Tcp => {
                let stream = self.connect(&addresses)?;
                (&stream).write_all(&counted(message.as_bytes()))?;
                stream.shutdown(Shutdown::Write)?;
                closed(&stream)?;
                Ok(String::new())
            }
            By::Tls(config, host) => {
                let connection = ClientConnection::new(config.clone(), host.clone())?;
                let mut stream = StreamOwned::new(connection, self.connect(&addresses)?);
                stream.write_all(&counted(message.as_bytes()))?;
                stream.conn.send_close_notify();
                stream.flush()?;
                closed(stream)?;
                Ok(String::new())
            }
        }
    }

    fn connect(&self, addresses: &[SocketAddr]) -> anyhow::Result<TcpStream> {
        let mut failure = None;
        for address in addresses {
            match TcpStream::connect_timeout(address, self.timeout) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(self.timeout))?;
                    stream.set_write_timeout(Some(self.timeout))?;
                    return Ok(stream);
                }
                Err(error) => failure = Some(error),
            }
        }
        bail!(
            "cannot connect to {}: {}",
            self.address,
            failure.map_or(String::new(), |error| error.to_string())
        )
    }
}

/// Waits until the other side has read everything and closes; one that keeps the connection open has it too.
fn closed(stream: impl Read) -> anyhow::Result<()> {
    match std::io::copy(&mut stream.take(ANSWER_BYTES_MAX), &mut std::io::sink()) {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(()),
        // Many close TLS without saying so.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(()),
        Err(error) => Err(error).context("the connection broke"),
    }
}

fn tls(of: &AnchorOf) -> anyhow::Result<ClientConfig> {
    let ca = of
        .ca
        .as_ref()
        .map(|file| std::fs::read(file).with_context(|| format!("cannot read {}", file.display())));
    syslog::tls(ca.transpose()?.as_deref(), None)
}

/// One line of ASCII: whoever stores it must not be able to break the note in two.
fn message(head: &Head, now: Timestamp) -> String {
    let checkpoint = &head.checkpoint;
    let told = serde_json::json!({
        "origin": checkpoint.origin(),
        "size": checkpoint.size(),
        "root": checkpoint.root().to_string(),
        "fingerprint": fingerprint(checkpoint),
        "note": head.note.to_string(),
    });
    let mut ascii = String::new();
    for c in told.to_string().chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| ascii.push_str(&format!("\\u{unit:04x}")));
        }
    }
    let host = checkpoint.origin().split('/').next().filter(|host| !host.is_empty() && host.is_ascii());
    let (host, process) = (host.unwrap_or("-"), std::process::id());
    format!("<{PRIORITY}>1 {now} {host} hindcast {process} checkpoint - {ascii}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_ledger::{Checkpoint, Signer, empty_root};

    #[test]
    fn a_message_is_one_line_of_ascii_with_the_whole_note() {
        let signer = Signer::new("audit.example.com/w/instance/0", &[1; 32]).expect("a key");
        let checkpoint = Checkpoint::new(signer.name(), 0, empty_root()).expect("a checkpoint");
        let note = checkpoint.sign(&signer).expect("signed");
        let head = Head { checkpoint, note };
        let message = message(&head, Timestamp::from_micros(1_700_000_000_123_456));
        let (header, told) = message.split_once(" checkpoint - ").expect("a header");
        let process = std::process::id();
        assert_eq!(
            header,
            format!("<109>1 2023-11-14T22:13:20.123456Z audit.example.com hindcast {process}")
        );
        assert!(message.is_ascii() && !message.contains('\n'), "{message}");
        let told: serde_json::Value = serde_json::from_str(told).expect("JSON");
        assert_eq!(told["note"], head.note.to_string());
    }
}
