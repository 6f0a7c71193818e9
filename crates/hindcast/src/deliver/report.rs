//! Reports by mail, through the mail server of this installation.

use super::email::mailboxes;
use super::message::Reader;
use super::message::mail::Letter;
use super::smtp::{Handed, NotHanded, domain};
use crate::app::App;
use crate::catalog::Report;
use crate::jobs::reports::bytes;
use crate::pages::{Clock, short};
use crate::reports::{Template, period};
use anyhow::Context as _;
use lettre::Address;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox};

/// A larger report is only named, with its address: many mail servers take no more.
const ATTACHED_BYTES_MAX: u64 = 10_000_000;

/// What became of a report that was to be mailed.
pub(crate) enum Posted {
    /// It was taken, but for those who were refused, and what was said of them.
    Sent { refused: Vec<String> },
    /// These have to wait, and why.
    Later { to: String, why: String },
}

/// Mails a report to some addresses, separated by commas.
pub(crate) fn post(app: &App, report: &Report, to: &str) -> anyhow::Result<Posted> {
    let later = |why: String| Posted::Later { to: to.to_owned(), why };
    let Some(ours) = app.deliver.mail() else {
        return Ok(later("this server has no mail server ([mail] in hindcast.toml)".to_owned()));
    };
    let mailboxes = mailboxes("to", to)?;
    let addresses: Vec<Address> = mailboxes.iter().map(|to| to.email.clone()).collect();
    let mail = letter(app, report, &ours.from, &mailboxes)?;
    Ok(match ours.hand_over(&addresses, &mail) {
        Ok(handed) => settled(handed),
        Err(NotHanded::Nobody(handed)) => settled(handed),
        Err(NotHanded::Again(said) | NotHanded::Refused(said) | NotHanded::Unfit(said)) => later(said.told()),
    })
}

fn letter(app: &App, report: &Report, from: &Mailbox, to: &[Mailbox]) -> anyhow::Result<Vec<u8>> {
    let people = app.deliver.people(app, &report.workspace);
    let reader = Reader::new(&people, &report.workspace, report.language);
    let t = reader.t;
    let name =
        Template::parse(&report.template).map_or_else(|| short(&report.template), |known| known.told(t).0);
    let time = period(&Clock::new("UTC", report.language), t, report.time);
    let mut message = reader.message(&format!("{name}, {time}"));
    message.text.push(t.report_mail_told(short(&people.workspace), short(&report.made_by)).into_owned());
    message.facts.push((t.report_time().into_owned(), time));
    message.facts.push(("SHA-256".to_owned(), report.sha256.clone()));
    let path = format!("/reports/{}", report.id);
    message.link = reader.href(&path).map(|href| (t.report_mail_open().into_owned(), href));
    message.footer = t.report_mail_footer(short(&report.made_by)).into_owned();
    let attached = if report.bytes <= ATTACHED_BYTES_MAX {
        let pdf = bytes(app, &report.id, "pdf").context("the file of the report")?;
        let name = format!("{}-{}.pdf", report.template, report.id);
        Some(Attachment::new(name).body(pdf, ContentType::parse("application/pdf")?))
    } else {
        message.text.push(t.report_mail_large().into_owned());
        None
    };
    let id = format!("report-{}@{}", report.id, domain(&app.config.ledger.name));
    Ok(message.mail(&Letter { from, to, at: (app.clock)(), id, thread: None }, attached)?)
}

fn settled(handed: Handed) -> Posted {
    let told = |(who, said): &(Address, super::Said)| format!("{who}: {}", said.told());
    match handed.put_off.is_empty() {
        true => Posted::Sent { refused: handed.refused.iter().map(told).collect() },
        false => Posted::Later {
            to: handed.put_off.iter().map(|(who, _)| who.to_string()).collect::<Vec<_>>().join(", "),
            why: handed.put_off.iter().chain(&handed.refused).map(told).collect::<Vec<_>>().join("; "),
        },
    }
}
