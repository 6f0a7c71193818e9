//! One entry, told whole: its sentence, who, when, from where, and how it went.

use super::{Message, Reader};
use crate::deliver::format::told::Told;
use crate::pages::{country, short};

pub(super) fn message(told: &Told<'_>, reader: &Reader) -> Message {
    let t = reader.t;
    let title = match told.entry.is_test {
        true => t.message_test().into_owned(),
        false => sentence(told, reader),
    };
    let mut message = reader.message(&title);
    if told.entry.is_test {
        message.text.push(t.message_test_told().into_owned());
    } else {
        message.text.extend(told.text("description").map(short));
    }
    message.fact(t.message_when(), Some(reader.time(told.entry.occurred_at)));
    message.fact(t.message_who(), who(told));
    message.fact(t.message_where(), place(told, reader));
    message.fact(t.message_outcome(), outcome(told, reader));
    message.link = reader.entry_href(told.entry).map(|href| (t.message_open_entry().into_owned(), href));
    message
}

/// What happened, in the reader's language.
pub(super) fn sentence(told: &Told<'_>, reader: &Reader) -> String {
    short(&told.sentence_in(reader.t.language))
}

fn who(told: &Told<'_>) -> Option<String> {
    let name = told.actor_name()?;
    let email = told.text("actor.email").filter(|email| *email != name);
    Some(match email {
        Some(email) => format!("{} ({})", short(name), short(email)),
        None => short(name),
    })
}

fn place(told: &Told<'_>, reader: &Reader) -> Option<String> {
    let place = told.country().map(|code| country(code, reader.t.language));
    let known: Vec<_> = told.ip().map(|ip| ip.to_string()).into_iter().chain(place).collect();
    Some(known.join(", "))
}

fn outcome(told: &Told<'_>, reader: &Reader) -> Option<String> {
    let t = reader.t;
    let word = match told.text("outcome.result")? {
        "success" => t.outcome_success(),
        "failure" => t.outcome_failure(),
        "denied" => t.outcome_denied(),
        _ => t.outcome_unknown(),
    };
    Some(match told.text("outcome.reason") {
        Some(reason) => format!("{word} ({})", short(reason)),
        None => word.into_owned(),
    })
}
