//! A connection that is kept open: for those who take a stream of messages and say nothing back.
//!
//! Nobody acknowledges anything here. What the other side's system took before it vanished is lost without a word, so
//! before each try it is asked whether the connection still stands.

use super::{Invalid, Said, Sender, Settings};
use crate::syslog;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{ErrorKind, Read as _, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// Nobody is waited for longer, neither to connect nor to take what we write.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The word for a way to carry messages, as in the field `transport`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    Udp,
    Tcp,
    Tls,
}

/// Where messages go, and the connection there.
pub(super) struct Stream {
    host: String,
    port: u16,
    carrier: Carrier,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    sender: Sender,
    open: Option<Open>,
}

enum Open {
    Udp(UdpSocket),
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Carrier {
    /// Reads the word of a field.
    pub fn of(word: &str) -> Self {
        match word {
            "udp" => Self::Udp,
            "tcp" => Self::Tcp,
            _ => Self::Tls,
        }
    }
}

impl Stream {
    /// From the fields `address`, `ca`, `certificate` and `key`.
    pub fn new(settings: &Settings, carrier: Carrier, sender: &Sender) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("address", "must be host:port");
        let (host, port) = settings.required("address")?.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|&port| port > 0).ok_or_else(wrong)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(wrong());
        }
        let tls = match carrier {
            Carrier::Tls => {
                Some((Arc::new(tls(settings)?), ServerName::try_from(host.clone()).map_err(|_| wrong())?))
            }
            Carrier::Udp | Carrier::Tcp => None,
        };
        Ok(Self { host, port, carrier, tls, sender: sender.clone(), open: None })
    }

    /// Writes messages one after the other; how many were handed over, and why not all.
    pub fn write<'m>(&mut self, messages: impl Iterator<Item = &'m [u8]>) -> (usize, Option<Said>) {
        let mut written = 0;
        match self.try_write(messages, &mut written) {
            Ok(()) => (written, None),
            Err(said) => {
                self.open = None;
                // What was written to a stream that broke may never have left.
                (if self.carrier == Carrier::Udp { written } else { 0 }, Some(said))
            }
        }
    }

    fn try_write<'m>(
        &mut self,
        messages: impl Iterator<Item = &'m [u8]>,
        written: &mut usize,
    ) -> Result<(), Said> {
        if self.open.as_mut().is_some_and(|open| !open.stands()) {
            self.open = None;
        }
        if self.open.is_none() {
            self.open = Some(self.connect()?);
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        for message in messages {
            open.write(message).map_err(|error| Said::nothing(&error.to_string()))?;
            *written += 1;
        }
        open.flush().map_err(|error| Said::nothing(&error.to_string()))
    }

    fn connect(&self) -> Result<Open, Said> {
        let with_tls = self.carrier == Carrier::Tls;
        let found = self.sender.guard.resolve(&self.host, self.port, with_tls, TIMEOUT);
        let found = found.map_err(|refused| Said::nothing(&refused.to_string()))?;
        let opened = match (self.carrier, &self.tls) {
            (Carrier::Udp, _) => udp(&found).map(Open::Udp),
            (_, None) => tcp(&found).map(Open::Tcp),
            (_, Some((config, name))) => tcp(&found).and_then(|stream| {
                let connection = ClientConnection::new(config.clone(), name.clone());
                let mut stream = StreamOwned::new(connection.map_err(std::io::Error::other)?, stream);
                // Who they are is known before anything is said.
                while stream.conn.is_handshaking() {
                    stream.conn.complete_io(&mut stream.sock)?;
                }
                Ok(Open::Tls(Box::new(stream)))
            }),
        };
        opened.map_err(|error| {
            Said::nothing(&format!("cannot connect to {}:{}: {error}", self.host, self.port))
        })
    }
}

impl Open {
    /// Whether the other side has not closed it, as far as it is known here.
    fn stands(&mut self) -> bool {
        let socket = match self {
            Self::Udp(_) => return true,
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => &mut stream.sock,
        };
        if socket.set_nonblocking(true).is_err() {
            return false;
        }
        let mut said = [0; 1];
        let stands = match self {
            Self::Udp(_) => true,
            Self::Tcp(stream) => still(stream.read(&mut said)),
            Self::Tls(stream) => still(stream.read(&mut said)),
        };
        let socket = match self {
            Self::Udp(_) => return stands,
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => &mut stream.sock,
        };
        stands && socket.set_nonblocking(false).is_ok()
    }

    fn write(&mut self, message: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send(message).map(drop),
            Self::Tcp(stream) => stream.write_all(message),
            Self::Tls(stream) => stream.write_all(message),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Udp(_) => Ok(()),
            Self::Tcp(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// What a read that does not wait says of a connection: nothing to read is good, an end is not.
fn still(read: std::io::Result<usize>) -> bool {
    match read {
        Ok(bytes) => bytes > 0,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

fn tcp(found: &[SocketAddr]) -> std::io::Result<TcpStream> {
    let mut failure = ErrorKind::AddrNotAvailable.into();
    for address in found {
        match TcpStream::connect_timeout(address, TIMEOUT) {
            Ok(stream) => {
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn udp(found: &[SocketAddr]) -> std::io::Result<UdpSocket> {
    let first = found.first().ok_or(ErrorKind::AddrNotAvailable)?;
    let socket = UdpSocket::bind(if first.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.connect(first)?;
    Ok(socket)
}

fn tls(settings: &Settings) -> Result<ClientConfig, Invalid> {
    let pem = |name| settings.text(name).map(str::as_bytes);
    let client = match (pem("certificate"), pem("key")) {
        (Some(chain), Some(key)) => Some((chain, key)),
        (None, None) => None,
        (Some(_), None) => return Err(Invalid::new("key", "is required beside `certificate`")),
        (None, Some(_)) => return Err(Invalid::new("certificate", "is required beside `key`")),
    };
    let field = if client.is_some() { "certificate" } else { "ca" };
    syslog::tls(pem("ca"), client).map_err(|error| Invalid::new(field, format!("cannot be used: {error:#}")))
}
