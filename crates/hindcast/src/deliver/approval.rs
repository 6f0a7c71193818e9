//! Mail to whoever is asked for an approval, through the mail server of this installation: one for each of them, in their
//! language. It names who asks and for what, and leads to the page; arguments and changes stay there, as mail is read by others
//! too.

use super::email::mailbox;
use super::message::Reader;
use super::message::mail::Letter;
use super::smtp::{NotHanded, Ours, domain};
use crate::app::App;
use crate::catalog::{KeptApproval, Person};
use crate::gate::approvers::Member;
use crate::pages::{Who, short, target_name};
use anyhow::anyhow;
use hindcast_event::Registry;

/// Mails one of those who may answer.
pub(crate) fn post(app: &App, ours: &Ours, kept: &KeptApproval, member: &Member) -> anyhow::Result<()> {
    let person = member.person();
    let to = mailbox("to", &person.email)?;
    let mail = letter(app, ours, kept, person)?;
    match ours.hand_over(&[to.email], &mail) {
        Ok(handed) | Err(NotHanded::Nobody(handed)) => {
            match handed.refused.iter().chain(&handed.put_off).next() {
                None => Ok(()),
                Some((_, said)) => Err(anyhow!("{}", said.told())),
            }
        }
        Err(NotHanded::Again(said) | NotHanded::Refused(said) | NotHanded::Unfit(said)) => {
            Err(anyhow!("{}", said.told()))
        }
    }
}

fn letter(app: &App, ours: &Ours, kept: &KeptApproval, person: &Person) -> anyhow::Result<Vec<u8>> {
    let people = app.deliver.people(app, &kept.workspace);
    let language = person.preferences.language().unwrap_or(people.language);
    let reader = Reader::new(&people, &kept.workspace, language);
    let (t, asked) = (reader.t, &kept.new.asked);
    let code = asked["action"].as_str().unwrap_or_default();
    let known = Registry::builtin().get(code);
    let action = known.map_or_else(|| short(code), |activity| activity.label_in(language).to_owned());
    let mut message = reader.message(&t.approval_mail_title(action.as_str()));
    let who = Who::of(t, &asked["actor"], None).name;
    message.text.push(t.approval_mail_told(who.as_str(), short(&people.workspace)).into_owned());
    message.fact(t.fact_who(), Some(who));
    message.fact(t.fact_activity(), Some(t.with_aside(action, short(code)).into_owned()));
    let targets = asked["targets"].as_array().into_iter().flatten().map(target_name);
    message.fact(t.fact_targets(), Some(crate::pages::list(&targets.collect::<Vec<_>>(), language)));
    message.fact(t.approval_why(), Some(kept.new.determining.join(", ")));
    message.fact(t.approval_until(), Some(reader.time(kept.approval.expires_at)));
    let page = reader.href(&format!("/approvals/{}", kept.id));
    message.link = page.map(|href| (t.approval_mail_open().into_owned(), href));
    message.footer = t.approval_mail_footer().into_owned();
    let to = [mailbox("to", &person.email)?];
    let id = format!("approval-{}.{}@{}", kept.id, person.id.0, domain(&app.config.ledger.name));
    let letter = Letter { from: &ours.from, to: &to, at: (app.clock)(), id, thread: None };
    Ok(message.mail(&letter, None)?)
}
