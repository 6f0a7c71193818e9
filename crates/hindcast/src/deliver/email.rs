//! Mail: messages for people through a mail server, their own or that of this installation.
//!
//! What a server says of a recipient counts for them alone. Whoever is refused (5xx) is named in a dead letter, and the others
//! have their mail; whoever is put off (4xx) is tried again, alone, so that nobody gets it twice.

use super::format::Format;
use super::message::mail::Letter;
use super::message::{BATCH, LANGUAGE, Message, Reader};
use super::smtp::{Handed, NotHanded, Ours, Server, ServerOf, domain};
use super::{
    BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Said, Sender, Settings, Sink, Tried,
};
use crate::config::MailTls;
use lettre::Address;
use lettre::message::Mailbox;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Nobody needs more; a mailing list is one address.
const RECIPIENTS_MAX: usize = 20;
/// Whoever is put off while others take their mail is tried again so often,
const AGAIN_AFTER: Duration = Duration::from_secs(30);
/// and for so long: new mail for the others waits meanwhile.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

pub(super) const KIND: KindOf = KindOf {
    word: "email",
    name: "Email",
    is_for_people: true,
    fields: &[
        Field::required(
            "to",
            FieldKind::Text { bytes_max: 2000, example: "security@example.com, ana@example.com" },
        ),
        LANGUAGE,
        Field::optional("host", FieldKind::Text { bytes_max: 253, example: "smtp.example.com" }),
        Field::optional("port", FieldKind::Number { min: 1, max: 65_535, default: 587 }),
        Field::optional("tls", FieldKind::Choice(MailTls::WORDS)),
        Field::optional("user", FieldKind::Text { bytes_max: 320, example: "" }),
        Field::optional("password", FieldKind::Text { bytes_max: 1000, example: "" }).secret(),
        Field::optional("from", FieldKind::Text { bytes_max: 400, example: "hindcast <audit@example.com>" }),
        Field::optional("ca", FieldKind::Lines { bytes_max: 64 * 1024 }),
    ],
    formats: &[Format::Native],
    retry: Retry::Stream,
    is_best_effort: false,
    open,
    complete: |_, _| None,
};

fn open(settings: &Settings, _: Format, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    let to = mailboxes("to", settings.required("to")?)?;
    let (post, from) = match settings.text("host") {
        Some(host) => {
            let from =
                settings.text("from").ok_or_else(|| Invalid::new("from", "is required beside `host`"))?;
            (Post::Theirs(server(settings, host, sender)?), mailbox("from", from)?)
        }
        None => {
            let missing = "is required: this server has no mail server of its own ([mail] in hindcast.toml)";
            let ours = sender.people.mail.clone().ok_or_else(|| Invalid::new("host", missing))?;
            let names = ["port", "user", "password", "from", "ca"];
            // Nobody writes through our server in another name.
            if let Some(name) = names.into_iter().find(|name| settings.has(name)) {
                return Err(Invalid::new(name, "is for a mail server of your own; name its `host` too"));
            }
            let from = ours.from.clone();
            (Post::Ours(ours), from)
        }
    };
    let reader = Reader::of(settings, sender)?;
    Ok(Box::new(Email { post, from, to, reader, sender: sender.clone(), held: None }))
}

fn server(settings: &Settings, host: &str, sender: &Sender) -> Result<Server, Invalid> {
    Server::new(&ServerOf {
        host,
        port: u16::try_from(settings.number("port", 0)).unwrap_or(0),
        tls: MailTls::of(settings.text("tls").unwrap_or_default()),
        user: settings.text("user"),
        password: settings.text("password"),
        ca: settings.text("ca"),
        hello: &sender.host,
    })
}

/// Reads one address, with or without a name.
pub(crate) fn mailbox(field: &str, text: &str) -> Result<Mailbox, Invalid> {
    let text = text.trim();
    let mailbox = text.parse::<Mailbox>().ok().filter(|mailbox| {
        let address = mailbox.email.to_string();
        // What stands behind the address would be passed over.
        address.is_ascii() && (text == address || text.ends_with(&format!("<{address}>")))
    });
    mailbox.ok_or_else(|| Invalid::new(field, "must be an address such as Audit log <audit@example.com>"))
}

/// Reads several addresses, separated by commas.
pub(crate) fn mailboxes(field: &str, text: &str) -> Result<Vec<Mailbox>, Invalid> {
    let wrong =
        || Invalid::new(field, format!("must be 1 to {RECIPIENTS_MAX} addresses, separated by commas"));
    let mut mailboxes: Vec<Mailbox> = Vec::new();
    for part in text.split(',') {
        let mailbox = mailbox(field, part).map_err(|_| wrong())?;
        if !mailboxes.iter().any(|known| known.email == mailbox.email) {
            mailboxes.push(mailbox);
        }
    }
    if mailboxes.len() <= RECIPIENTS_MAX { Ok(mailboxes) } else { Err(wrong()) }
}

/// Whose mail server it is.
enum Post {
    Theirs(Server),
    Ours(Arc<Ours>),
}

struct Email {
    post: Post,
    from: Mailbox,
    to: Vec<Mailbox>,
    reader: Reader,
    sender: Sender,
    held: Option<Held>,
}

/// Mail that some have and others were put off for.
struct Held {
    /// The entries it tells, by index.
    entries: (u64, u64),
    /// Who waits for it.
    waiting: Vec<Address>,
    since: Instant,
    /// Who was refused already, and what was said.
    refused: Vec<String>,
}

impl Sink for Email {
    fn batch(&self) -> BatchLimits {
        BATCH
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        let Some(first) = entries.first().map(|entry| entry.index) else {
            return Tried::Delivered(Said::default());
        };
        // What some have already must come again as the same mail.
        let held = self.held.take().filter(|held| held.entries.0 == first);
        let same = held.as_ref().map(|held| entries.partition_point(|entry| entry.index <= held.entries.1));
        let (now, later) = entries.split_at(same.unwrap_or(entries.len()));
        match self.send_mail(now, held) {
            // The rest is a mail of its own.
            Tried::Delivered(_) if !later.is_empty() => shifted(self.send(later), now.len(), Vec::new()),
            Tried::But(dead, _) if !later.is_empty() => shifted(self.send(later), now.len(), dead),
            tried => tried,
        }
    }
}

impl Email {
    fn send_mail(&mut self, entries: &[Outgoing], held: Option<Held>) -> Tried {
        let everybody = || self.to.iter().map(|to| to.email.clone()).collect();
        let to: Vec<Address> = held.as_ref().map_or_else(everybody, |held| held.waiting.clone());
        let mail = match Message::of(entries, &self.reader).mail(&self.letter(entries), None) {
            Ok(mail) => mail,
            Err(error) => {
                return dead(entries, Said::nothing(&format!("no mail could be made of it: {error}")));
            }
        };
        let (since, before) = held.map_or((Instant::now(), Vec::new()), |held| (held.since, held.refused));
        let some_have_it = to.len() < self.to.len();
        let handed = match (self.hand_over(&to, &mail), some_have_it) {
            (Ok(handed), _) | (Err(NotHanded::Nobody(handed)), true) => handed,
            (Err(NotHanded::Nobody(handed)), false) if handed.put_off.is_empty() => handed,
            (Err(not), _) => {
                if some_have_it {
                    let entries = indexes(entries);
                    self.held = Some(Held { entries, waiting: to, since, refused: before });
                }
                return not_handed(not, &self.held, entries);
            }
        };
        self.settled(entries, handed, since, before)
    }

    /// Who has it, who never will, and who waits.
    fn settled(
        &mut self,
        entries: &[Outgoing],
        handed: Handed,
        since: Instant,
        before: Vec<String>,
    ) -> Tried {
        let mut refused = before;
        refused.extend(handed.refused.iter().map(|(who, said)| format!("{who}: {}", said.told())));
        if !handed.put_off.is_empty() {
            let told: Vec<_> =
                handed.put_off.iter().map(|(who, said)| format!("{who}: {}", said.told())).collect();
            if since.elapsed() < PATIENCE {
                let waiting = handed.put_off.iter().map(|(who, _)| who.clone()).collect();
                self.held = Some(Held { entries: indexes(entries), waiting, since, refused });
                let status = handed.put_off.first().and_then(|(_, said)| said.status);
                return Tried::again_after(Some(AGAIN_AFTER), Said::new(status, &told.join("; ")));
            }
            refused.extend(told);
        }
        match refused.is_empty() {
            true => Tried::Delivered(handed.said),
            false => dead(entries, Said::nothing(&refused.join("; "))),
        }
    }

    fn hand_over(&self, to: &[Address], mail: &[u8]) -> Result<Handed, NotHanded> {
        let from = &self.from.email;
        match &self.post {
            Post::Theirs(server) => server.hand_over(Some(&self.sender.guard), from, to, mail),
            Post::Ours(ours) => ours.hand_over(to, mail),
        }
    }

    fn letter(&self, entries: &[Outgoing]) -> Letter<'_> {
        let Sender { workspace, host, destination, clock, .. } = &self.sender;
        let domain = domain(host);
        let named = |what: &str| format!("{what}.{}@{domain}", plain(destination));
        let id = match entries {
            [entry] if entry.is_test => format!("test-{}", plain(&entry.id)),
            [entry] => format!("{workspace}.{}", entry.index),
            entries => format!("{workspace}.{}-{}", indexes(entries).0, indexes(entries).1),
        };
        let alert = match entries {
            [entry] => entry.at("targets").and_then(|targets| targets.get(0)?.get("id")?.as_str()),
            _ => None,
        };
        let is_alert = entries.first().and_then(|entry| entry.text("action")) == Some("alert.raised");
        let thread = alert.filter(|_| is_alert).map(|alert| named(&format!("alert-{}", plain(alert))));
        Letter { from: &self.from, to: &self.to, at: clock(), id: named(&id), thread }
    }
}

/// Letters, digits and dashes, as ids of messages are written.
fn plain(text: &str) -> String {
    text.chars().take(100).map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

fn indexes(entries: &[Outgoing]) -> (u64, u64) {
    let of = |entry: Option<&Outgoing>| entry.map_or(0, |entry| entry.index);
    (of(entries.first()), of(entries.last()))
}

fn dead(entries: &[Outgoing], said: Said) -> Tried {
    Tried::But((0..entries.len()).map(|place| (place, said.told())).collect(), said)
}

fn not_handed(not: NotHanded, held: &Option<Held>, entries: &[Outgoing]) -> Tried {
    match not {
        NotHanded::Again(said) => Tried::again(said),
        NotHanded::Refused(said) => Tried::Pause(said),
        NotHanded::Unfit(said) if held.is_none() => dead(entries, said),
        NotHanded::Unfit(said) => Tried::again(said),
        NotHanded::Nobody(handed) => {
            let told: Vec<_> =
                handed.put_off.iter().map(|(who, said)| format!("{who}: {}", said.told())).collect();
            let status = handed.put_off.first().and_then(|(_, said)| said.status);
            Tried::again(Said::new(status, &told.join("; ")))
        }
    }
}

/// What became of the second part of a batch, told of all of it; the first part was taken, but for its dead letters.
fn shifted(tried: Tried, by: usize, mut dead: Vec<(usize, String)>) -> Tried {
    let moved = |more: Vec<(usize, String)>| more.into_iter().map(move |(place, why)| (place + by, why));
    match tried {
        Tried::Delivered(said) if dead.is_empty() => Tried::Delivered(said),
        Tried::Delivered(said) => Tried::But(dead, said),
        Tried::But(more, said) => {
            dead.extend(moved(more));
            Tried::But(dead, said)
        }
        Tried::Again { taken, dead: more, after, said } => {
            dead.extend(moved(more));
            Tried::Again { taken: taken + by, dead, after, said }
        }
        // The first part was sent: it must not come again.
        Tried::Split(said) | Tried::Pause(said) | Tried::Gone(said) => {
            Tried::Again { taken: by, dead, after: None, said }
        }
    }
}

#[cfg(test)]
#[path = "../../tests/it/postbox.rs"]
mod postbox;
#[cfg(test)]
mod tests;
