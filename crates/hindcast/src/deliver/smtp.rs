//! Hands mail to a mail server (SMTP, RFC 5321; STARTTLS, RFC 3207; TLS from the start, RFC 8314; AUTH, RFC 4954).
//!
//! `lettre` knows the protocol; here is who may be spoken to, and what every answer means. One connection for each mail: they
//! are few.

use super::email::mailbox;
use super::guard::Guard;
use super::{Invalid, Said};
use crate::config;
use crate::config::MailTls;
use anyhow::{Context as _, anyhow};
use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, response::Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Nobody is waited for longer, for any answer.
const TIMEOUT: Duration = Duration::from_secs(30);
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// A mail server, and how we come to it. Never logged: it knows a password.
pub(crate) struct Server {
    host: String,
    port: u16,
    tls: MailTls,
    login: Option<Credentials>,
    trust: TlsParameters,
    hello: ClientId,
}

/// What somebody says of a mail server.
pub(crate) struct ServerOf<'a> {
    pub host: &'a str,
    /// The usual one when it is 0.
    pub port: u16,
    pub tls: MailTls,
    pub user: Option<&'a str>,
    pub password: Option<&'a str>,
    /// Certificates in PEM to trust instead of the public ones.
    pub ca: Option<&'a str>,
    /// What we call ourselves.
    pub hello: &'a str,
}

/// The mail server of this installation, and who writes.
pub(crate) struct Ours {
    pub server: Server,
    pub from: Mailbox,
}

impl Ours {
    /// Reads what the operator set; nothing when there is no mail server.
    pub fn open(mail: &config::Mail, hello: &str) -> anyhow::Result<Option<Arc<Self>>> {
        if mail.host.is_empty() {
            return Ok(None);
        }
        let read = |file: &std::path::Path| match file.as_os_str().is_empty() {
            true => Ok(None),
            false => std::fs::read_to_string(file)
                .map(Some)
                .with_context(|| format!("cannot read {}", file.display())),
        };
        let (password, ca) = (read(&mail.password_file)?, read(&mail.ca)?);
        let in_mail = |invalid: Invalid| anyhow!("mail.{invalid}");
        let server = Server::new(&ServerOf {
            host: &mail.host,
            port: mail.port,
            tls: mail.tls,
            user: Some(mail.user.as_str()).filter(|user| !user.is_empty()),
            password: password.as_deref().map(|password| password.trim_end_matches(['\r', '\n'])),
            ca: ca.as_deref(),
            hello,
        });
        let from = mailbox("from", &mail.from).map_err(in_mail)?;
        Ok(Some(Arc::new(Self { server: server.map_err(in_mail)?, from })))
    }

    /// Hands a mail over.
    pub fn hand_over(&self, to: &[Address], mail: &[u8]) -> Result<Handed, NotHanded> {
        self.server.hand_over(None, &self.from.email, to, mail)
    }
}

/// A mail that was taken, though maybe not for everybody.
#[derive(Debug, Default)]
pub(crate) struct Handed {
    /// What was said when it was taken.
    pub said: Said,
    /// Who will never get it, and what was said.
    pub refused: Vec<(Address, Said)>,
    /// Who may get it later.
    pub put_off: Vec<(Address, Said)>,
}

/// A mail that was not taken for anybody.
#[derive(Debug)]
pub(crate) enum NotHanded {
    /// Not now.
    Again(Said),
    /// It would be the same for every mail: who we are, or from whom it is.
    Refused(Said),
    /// This mail.
    Unfit(Said),
    /// Any mail to these people.
    Nobody(Handed),
}

impl Server {
    /// Checks what was said. Touches no network.
    pub fn new(of: &ServerOf<'_>) -> Result<Self, Invalid> {
        let host = of.host.trim_matches(['[', ']']);
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/@".contains(c)) {
            return Err(Invalid::new("host", "must be the name or address of a mail server"));
        }
        let login = match (of.user, of.password) {
            (Some(user), Some(password)) => Some(Credentials::new(user.to_owned(), password.to_owned())),
            (None, None) => None,
            (Some(_), None) => return Err(Invalid::new("password", "is required beside `user`")),
            (None, Some(_)) => return Err(Invalid::new("user", "is required beside `password`")),
        };
        let trust = TlsParameters::builder(host.to_owned());
        let trust = match of.ca {
            None => trust.certificate_store(CertificateStore::WebpkiRoots),
            Some(pem) => {
                let wrong = |_| Invalid::new("ca", "must be certificates in PEM");
                crate::anchors::certificates_of(pem.as_bytes())
                    .map_err(|_| Invalid::new("ca", "must be certificates in PEM"))?;
                let certificate = Certificate::from_pem(pem.as_bytes()).map_err(wrong)?;
                trust.certificate_store(CertificateStore::None).add_root_certificate(certificate)
            }
        };
        let trust = trust.build().map_err(|error| Invalid::new("ca", format!("cannot be used: {error}")))?;
        Ok(Self {
            host: host.to_owned(),
            port: if of.port == 0 { of.tls.port() } else { of.port },
            tls: of.tls,
            login,
            trust,
            hello: ClientId::Domain(domain(of.hello)),
        })
    }

    /// Hands a mail over. Without a guard the server is the operator's own choice and may be anywhere.
    pub fn hand_over(
        &self,
        guard: Option<&Guard>,
        from: &Address,
        to: &[Address],
        mail: &[u8],
    ) -> Result<Handed, NotHanded> {
        let found = self.found(guard).map_err(NotHanded::Again)?;
        let mut connection = self.connect(&found)?;
        let handed = dictate(&mut connection, from, to, mail);
        // Whatever is said to that, what counts was said before.
        let _goodbye = connection.quit();
        handed
    }

    fn found(&self, guard: Option<&Guard>) -> Result<Vec<SocketAddr>, Said> {
        let nothing = |error: &dyn std::fmt::Display| Said::nothing(&error.to_string());
        let anywhere = ["0.0.0.0/0", "::/0"].map(str::parse);
        match guard {
            Some(guard) => guard.resolve(&self.host, self.port, self.tls != MailTls::None, TIMEOUT),
            None => {
                let anywhere: Vec<_> = anywhere.into_iter().flatten().collect();
                Guard::new(&anywhere).resolve(&self.host, self.port, false, TIMEOUT)
            }
        }
        .map_err(|refused| nothing(&refused))
    }

    fn connect(&self, found: &[SocketAddr]) -> Result<SmtpConnection, NotHanded> {
        let (host, port) = (&self.host, self.port);
        let failed = |error: Error| {
            let said = told(&error);
            NotHanded::Again(Said::new(said.status, &format!("{host}:{port}: {}", said.text)))
        };
        let at_once = (self.tls == MailTls::Tls).then_some(&self.trust);
        let mut connection =
            SmtpConnection::connect(found, Some(TIMEOUT), &self.hello, at_once, None).map_err(failed)?;
        if self.tls == MailTls::StartTls {
            if !connection.can_starttls() {
                connection.abort();
                return Err(NotHanded::Again(Said::nothing(&format!("{host}:{port} offers no STARTTLS"))));
            }
            connection.starttls(&self.trust, &self.hello).map_err(failed)?;
        }
        if let Some(login) = &self.login {
            let entered = connection.auth(&MECHANISMS, login);
            if let Err(error) = entered {
                connection.abort();
                let is_lasting = error.is_permanent() || error.is_client();
                return Err(if is_lasting { NotHanded::Refused(told(&error)) } else { failed(error) });
            }
        }
        Ok(connection)
    }
}

/// The commands of one mail.
fn dictate(
    connection: &mut SmtpConnection,
    from: &Address,
    to: &[Address],
    mail: &[u8],
) -> Result<Handed, NotHanded> {
    let sender = connection.command(Mail::new(Some(from.clone()), Vec::new()));
    sender.map_err(|error| judged(&error, NotHanded::Refused))?;
    let mut handed = Handed::default();
    for address in to {
        match connection.command(Rcpt::new(address.clone(), Vec::new())) {
            Ok(_) => {}
            Err(error) if error.is_permanent() => handed.refused.push((address.clone(), told(&error))),
            Err(error) if error.is_transient() => handed.put_off.push((address.clone(), told(&error))),
            Err(error) => return Err(NotHanded::Again(told(&error))),
        }
    }
    if handed.refused.len() + handed.put_off.len() == to.len() {
        return Err(NotHanded::Nobody(handed));
    }
    let taken = connection.command(Data).and_then(|_| connection.message(mail));
    let taken = taken.map_err(|error| judged(&error, NotHanded::Unfit))?;
    handed.said = heard(&taken);
    Ok(handed)
}

/// Not now, unless the server said never.
fn judged(error: &Error, never: fn(Said) -> NotHanded) -> NotHanded {
    if error.is_permanent() { never(told(error)) } else { NotHanded::Again(told(error)) }
}

fn heard(response: &Response) -> Said {
    Said::new(u16::from(response.code()), &response.message().collect::<Vec<_>>().join(" "))
}

/// What the server said, or why it said nothing.
fn told(error: &Error) -> Said {
    let source = std::error::Error::source(error).map(ToString::to_string);
    match (error.status(), source) {
        (Some(code), source) => Said::new(u16::from(code), &source.unwrap_or_default()),
        (None, Some(source)) => Said::nothing(&source),
        (None, None) => Said::nothing(&error.to_string()),
    }
}

/// The part of an installation's name that can be a domain.
pub(crate) fn domain(name: &str) -> String {
    let domain: String =
        name.chars().take_while(|&c| c.is_ascii_alphanumeric() || c == '.' || c == '-').collect();
    let domain = domain.trim_matches(['.', '-']);
    if domain.is_empty() { "hindcast.invalid".to_owned() } else { domain.to_owned() }
}
