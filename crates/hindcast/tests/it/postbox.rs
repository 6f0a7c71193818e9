//! A mail server for tests, as strict as RFC 5321 lets it be: commands in their order, lines that end in CRLF and are not too
//! long, nothing but ASCII (it offers no 8BITMIME), dots doubled. It keeps what it takes.

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// No line may be longer, its end included (RFC 5321 4.5.3.1.6).
const LINE_BYTES_MAX: usize = 1000;

/// How it wants to be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secured {
    No,
    StartTls,
    Tls,
}

/// A command, and how many mails there are, to an answer.
pub type Says = Box<dyn Fn(&str, usize) -> Option<&'static str> + Send + Sync>;

/// What it answers.
pub struct Manners {
    pub secured: Secured,
    /// Who may sign in, and with which password; nobody has to when there is none.
    pub login: Option<(&'static str, &'static str)>,
    /// What it says to a command other than yes; told the command and how many mails it has.
    pub says: Says,
}

impl Default for Manners {
    fn default() -> Self {
        Self { secured: Secured::No, login: None, says: Box::new(|_, _| None) }
    }
}

/// A mail that it took.
#[derive(Clone, Debug)]
pub struct Kept {
    pub from: String,
    pub to: Vec<String>,
    pub mail: Vec<u8>,
    pub is_secured: bool,
}

/// A mail server.
pub struct Postbox {
    pub port: u16,
    /// The certificate to trust, in PEM.
    pub ca: String,
    kept: Arc<Mutex<Vec<Kept>>>,
    /// What nobody may do who speaks SMTP.
    offences: Arc<Mutex<Vec<String>>>,
}

trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

impl Postbox {
    pub fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let (ca, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let chain = vec![CertificateDer::from_pem_slice(ca.as_bytes()).expect("PEM")];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let tls = tls.expect("versions").with_no_client_auth().with_single_cert(chain, key).expect("a key");
        let (kept, offences) = (Arc::default(), Arc::default());
        let postbox = Self { port, ca, kept: Arc::clone(&kept), offences: Arc::clone(&offences) };
        let (manners, tls) = (Arc::new(manners), Arc::new(tls));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (manners, tls) = (manners.clone(), tls.clone());
                let (kept, offences) = (kept.clone(), offences.clone());
                std::thread::spawn(move || {
                    let talk = Talk { manners: &manners, tls, kept: &kept };
                    if let Err(Offence(offence)) = talk.hold(stream) {
                        offences.lock().expect("unpoisoned").push(offence);
                    }
                });
            }
        });
        postbox
    }

    /// What came, if everybody behaved.
    pub fn kept(&self) -> Vec<Kept> {
        let offences = self.offences.lock().expect("unpoisoned");
        assert!(offences.is_empty(), "{offences:?}");
        self.kept.lock().expect("unpoisoned").clone()
    }
}

struct Talk<'a> {
    manners: &'a Manners,
    tls: Arc<ServerConfig>,
    kept: &'a Mutex<Vec<Kept>>,
}

/// Somebody did what nobody may do.
struct Offence(String);

type Line = Result<Option<String>, Offence>;

impl Talk<'_> {
    fn hold(&self, stream: TcpStream) -> Result<(), Offence> {
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        match self.manners.secured {
            Secured::Tls => self.greet(Box::new(self.secured(stream)), true),
            Secured::No => self.greet(Box::new(stream), false),
            Secured::StartTls => {
                let mut plain = BufReader::new(stream.try_clone().expect("a stream"));
                put(&mut plain, "220 postbox.example ESMTP");
                while let Some(line) = line(&mut plain)? {
                    match line.to_ascii_uppercase().split(' ').next() {
                        Some("EHLO") => put(&mut plain, "250-postbox.example\r\n250 STARTTLS"),
                        Some("STARTTLS") => {
                            put(&mut plain, "220 go ahead");
                            return self.listen(BufReader::new(Box::new(self.secured(stream))), true);
                        }
                        Some("QUIT") => {
                            put(&mut plain, "221 bye");
                            return Ok(());
                        }
                        _ => return Err(Offence(format!("{line:?} in the clear"))),
                    }
                }
                Ok(())
            }
        }
    }

    fn secured(&self, stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
        StreamOwned::new(ServerConnection::new(self.tls.clone()).expect("TLS"), stream)
    }

    fn greet(&self, wire: Box<dyn Wire>, is_secured: bool) -> Result<(), Offence> {
        let mut wire = BufReader::new(wire);
        put(&mut wire, "220 postbox.example ESMTP");
        self.listen(wire, is_secured)
    }

    fn listen(&self, mut wire: BufReader<Box<dyn Wire>>, is_secured: bool) -> Result<(), Offence> {
        let (mut is_known, mut may_send) = (false, self.manners.login.is_none());
        let (mut from, mut to) = (None, Vec::new());
        while let Some(line) = line(&mut wire)? {
            let count = self.kept.lock().expect("unpoisoned").len();
            if let Some(answer) = (self.manners.says)(&line, count) {
                put(&mut wire, answer);
                continue;
            }
            let wrong = || Err(Offence(format!("{line:?} does not belong here")));
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb {
                "EHLO" if !rest.is_empty() => {
                    is_known = true;
                    let offered = if self.manners.login.is_some() { "250-AUTH PLAIN LOGIN\r\n" } else { "" };
                    put(&mut wire, &format!("250-postbox.example\r\n{offered}250 SIZE 10485760"));
                }
                "AUTH" if is_known => {
                    let shown = rest.strip_prefix("PLAIN ").map(str::to_owned);
                    may_send = shown.is_some_and(|shown| self.is_let_in(&shown));
                    let answer = if may_send { "235 2.7.0 welcome" } else { "535 5.7.8 who are you" };
                    put(&mut wire, answer);
                }
                "MAIL" if is_known && may_send && from.is_none() => {
                    let Some(address) = address(rest, "FROM:") else { return wrong() };
                    from = Some(address);
                    put(&mut wire, "250 2.1.0 ok");
                }
                "RCPT" if from.is_some() => {
                    let Some(address) = address(rest, "TO:") else { return wrong() };
                    to.push(address);
                    put(&mut wire, "250 2.1.5 ok");
                }
                "DATA" if !to.is_empty() && rest.is_empty() => {
                    put(&mut wire, "354 go ahead");
                    let mail = mail(&mut wire)?;
                    let from = from.take().unwrap_or_default();
                    let to = std::mem::take(&mut to);
                    self.kept.lock().expect("unpoisoned").push(Kept { from, to, mail, is_secured });
                    put(&mut wire, &format!("250 2.0.0 kept as {count}"));
                }
                "RSET" => {
                    (from, to) = (None, Vec::new());
                    put(&mut wire, "250 2.0.0 ok");
                }
                "QUIT" => {
                    put(&mut wire, "221 2.0.0 bye");
                    return Ok(());
                }
                _ => return wrong(),
            }
        }
        Ok(())
    }

    fn is_let_in(&self, shown: &str) -> bool {
        use base64::Engine as _;
        let shown = base64::engine::general_purpose::STANDARD.decode(shown).unwrap_or_default();
        let login = self.manners.login.map(|(user, password)| format!("\0{user}\0{password}"));
        login.is_some_and(|login| shown == login.as_bytes())
    }
}

fn address(rest: &str, before: &str) -> Option<String> {
    let address = rest.strip_prefix(before)?.strip_prefix('<')?.strip_suffix('>')?;
    (address.contains('@') && !address.contains(' ')).then(|| address.to_owned())
}

fn put<W: Read + Write>(wire: &mut BufReader<W>, answer: &str) {
    // Whoever is gone hears nothing.
    let _gone = wire.get_mut().write_all(format!("{answer}\r\n").as_bytes());
    let _gone = wire.get_mut().flush();
}

/// A line without its end; nothing when there is none any more.
fn line<R: Read>(wire: &mut BufReader<R>) -> Line {
    let mut line = Vec::new();
    let read = wire.by_ref().take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line);
    if read.is_err() || line.is_empty() {
        return Ok(None);
    }
    let offence = |what: &str| Err(Offence(format!("{what}: {:?}", String::from_utf8_lossy(&line))));
    match line.strip_suffix(b"\r\n") {
        _ if line.len() > LINE_BYTES_MAX => offence("a line is too long"),
        None => offence("a line does not end in CRLF"),
        Some(text) if !text.is_ascii() => offence("8 bits, which nobody offered"),
        Some(text) if text.iter().any(|byte| b"\r\n\0".contains(byte)) => offence("a bare CR, LF or NUL"),
        Some(text) => Ok(Some(String::from_utf8_lossy(text).into_owned())),
    }
}

fn mail<R: Read>(wire: &mut BufReader<R>) -> Result<Vec<u8>, Offence> {
    let mut mail = Vec::new();
    while let Some(line) = line(wire)? {
        if line == "." {
            return Ok(mail);
        }
        let line = line.strip_prefix('.').unwrap_or(&line);
        mail.extend_from_slice(line.as_bytes());
        mail.extend_from_slice(b"\r\n");
    }
    Err(Offence("a mail without an end".to_owned()))
}
