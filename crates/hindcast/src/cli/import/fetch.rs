//! Fetches a product's log and sends it on, and remembers how far that is.

use super::send::Sender;
use super::{Asked, Intercom, Outcome, Zendesk};
use crate::deliver::Guard;
use crate::sources::{Connection, Cursor, Hosts, Kind, Limits, Pace, Piece, Store, Trouble, Web, run};
use anyhow::{Context as _, bail};
use hindcast_event::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const VERSION: u32 = 1;
/// What fails for a while is tried so often, over some minutes.
const LIMITS: Limits = Limits { tries: 8, pieces: usize::MAX };

pub(super) fn intercom(args: &Intercom) -> anyhow::Result<Outcome> {
    let kind = if args.conversations { Kind::IntercomConversations } else { Kind::Intercom };
    let connection = Connection {
        region: args.region,
        workspace: args.intercom_workspace.clone(),
        from: args.asked.from,
        ..Connection::default()
    };
    let hosts = Hosts { intercom: args.asked.source_url.clone(), zendesk: None };
    let until = args.until.map(Timestamp::from_micros);
    fetch(&args.asked, kind, &connection, &hosts, &args.source_token.0, until)
}

pub(super) fn zendesk(args: &Zendesk) -> anyhow::Result<Outcome> {
    let kind = if args.tickets { Kind::ZendeskTickets } else { Kind::Zendesk };
    let connection = Connection {
        subdomain: args.subdomain.clone(),
        user: args.user.clone(),
        from: args.asked.from,
        ..Connection::default()
    };
    let hosts = Hosts { intercom: None, zendesk: args.asked.source_url.clone() };
    fetch(&args.asked, kind, &connection, &hosts, &args.source_token.0, None)
}

fn fetch(
    asked: &Asked,
    kind: Kind,
    connection: &Connection,
    hosts: &Hosts,
    token: &str,
    until: Option<Timestamp>,
) -> anyhow::Result<Outcome> {
    let guard = if asked.source_url.is_some() { Guard::none() } else { Guard::default() };
    let web = Box::new(Web::new(&Arc::new(guard), None)?);
    let mut source = connection.open(kind, token, hosts, web, until)?;
    let file = asked
        .progress
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("hindcast-import-{}.json", kind.as_str())));
    let what = What {
        url: asked.how.server.url.clone(),
        kind,
        connection: connection.clone(),
        until: until.map(Timestamp::micros),
    };
    let cursor = if asked.restart || asked.how.dry_run { Cursor::default() } else { read(&file, &what)? };
    if cursor != Cursor::default() {
        eprintln!("going on where an earlier run came to; {} remembers it", file.display());
    }
    let mut desk = Desk { sender: Sender::new(&asked.how)?, file, what, keeps: !asked.how.dry_run };
    let bar = desk.sender.bar.clone();
    let done = run(source.as_mut(), cursor, &mut desk, &mut Waits, LIMITS, |progress| {
        if let Some(reached) = progress.reached {
            bar.set_message(format!("until {reached}"));
        }
    });
    let outcome = desk.sender.finish();
    done.map(|_| outcome).map_err(|trouble| anyhow::anyhow!("{trouble}; run it again to go on"))
}

/// What an import is of, and where it goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct What {
    url: String,
    kind: Kind,
    connection: Connection,
    until: Option<i64>,
}

/// What is remembered.
#[derive(Serialize, Deserialize)]
struct Note {
    version: u32,
    what: What,
    cursor: String,
}

struct Desk<'a> {
    sender: Sender<'a>,
    file: PathBuf,
    what: What,
    keeps: bool,
}

impl Store for Desk<'_> {
    fn store(&mut self, piece: &Piece) -> Result<u64, Trouble> {
        // Patience with our own server is the client's.
        self.sender.send(&piece.drafts).map_err(|error| Trouble::Refused(format!("{error:#}")))
    }

    fn keep(&mut self, piece: &Piece) -> Result<(), Trouble> {
        if !self.keeps {
            return Ok(());
        }
        let note = Note { version: VERSION, what: self.what.clone(), cursor: piece.cursor.0.clone() };
        write(&self.file, &note).map_err(|error| Trouble::Refused(format!("{error:#}")))
    }
}

fn read(file: &Path, what: &What) -> anyhow::Result<Cursor> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Cursor::default()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    match serde_json::from_slice::<Note>(&text) {
        Ok(note) if note.version == VERSION && note.what == *what => Ok(Cursor(note.cursor)),
        Ok(_) => bail!(
            "{} remembers another import; name another file with --progress, or begin anew with --restart",
            file.display()
        ),
        Err(_) => bail!("{} is not ours or damaged; begin anew with --restart", file.display()),
    }
}

fn write(file: &Path, note: &Note) -> anyhow::Result<()> {
    let new = file.with_extension("new");
    let kept = fs::write(&new, serde_json::to_vec_pretty(note)?).and_then(|()| fs::rename(&new, file));
    kept.with_context(|| format!("cannot keep the progress in {}", file.display()))
}

/// The clock of this machine.
struct Waits;

impl Pace for Waits {
    fn now(&self) -> Timestamp {
        crate::app::now()
    }

    fn wait(&mut self, time: Duration) -> Result<(), Trouble> {
        std::thread::sleep(time);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_of_one_import() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("progress.json");
        let what = What {
            url: "http://here".to_owned(),
            kind: Kind::Zendesk,
            connection: Connection::default(),
            until: None,
        };
        assert_eq!(read(&file, &what).expect("nothing yet"), Cursor::default());
        write(&file, &Note { version: VERSION, what: what.clone(), cursor: "7".to_owned() }).expect("kept");
        assert_eq!(read(&file, &what).expect("remembered"), Cursor("7".to_owned()));
        assert!(read(&file, &What { url: "http://there".to_owned(), ..what.clone() }).is_err());
        fs::write(&file, "{").expect("written");
        assert!(read(&file, &what).is_err());
        let text = String::from_utf8(serde_json::to_vec(&what).expect("JSON")).expect("UTF-8");
        assert!(!text.contains("token"), "no credential is remembered");
    }
}
