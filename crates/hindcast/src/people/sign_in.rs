//! Signing in: a password, then a code if there is a second factor, each with a limit on guessing.
//!
//! Whoever tries hears the same whether the account exists or not, after the same work. What happened is an entry.

use super::second_factor::{SecondFactor, recovery_hash};
use super::{Role, password};
use crate::app::App;
use crate::catalog::{
    By, Catalog, Guessed, Membership, NewSession, Person, PersonId, Session, SessionSecret, Stage,
};
use anyhow::Context as _;
use hindcast_ledger::WorkspaceId;
use serde_json::{Value, json};
use std::net::IpAddr;

/// Who is at the door, as far as we can see.
#[derive(Clone, Debug)]
pub struct AtTheDoor<'a> {
    /// From where.
    pub address: Option<IpAddr>,
    /// With what.
    pub user_agent: &'a str,
    /// The session they show already, which ends when another begins.
    pub replaced: Option<&'a [u8; 32]>,
}

/// How an attempt ended.
pub enum Tried {
    /// A session has begun.
    Begun(SessionSecret, Stage),
    /// It was wrong.
    Wrong,
    /// So many seconds must pass before the next attempt.
    Wait(u64),
}

impl AtTheDoor<'_> {
    /// By what guesses from here are counted: an address, or the network that a line of IPv6 usually has.
    fn network(&self) -> String {
        match self.address {
            Some(IpAddr::V6(v6)) => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            Some(v4) => v4.to_string(),
            None => String::new(),
        }
    }

    fn by(&self, actor: Value) -> By {
        let mut context = json!({ "source": "ui" });
        if let Some(address) = self.address {
            context["ip"] = address.to_string().into();
        }
        if !self.user_agent.is_empty() {
            context["user_agent"] = self.user_agent.chars().take(500).collect::<String>().into();
        }
        By { actor, context }
    }

    fn as_person(&self, person: &Person) -> By {
        self.by_id(&person.id, &person.name, &person.email)
    }

    /// Somebody at the door, as entries name them.
    pub fn by_id(&self, id: &PersonId, name: &str, email: &str) -> By {
        self.by(json!({ "type": "user", "id": id.0, "name": name, "email": email }))
    }

    /// Somebody at the door whom we do not know.
    pub fn by_nobody(&self) -> By {
        self.by(json!({ "type": "anonymous", "id": "unknown", "name": "unknown account" }))
    }
}

/// Tries an email address and a password.
pub fn with_password(app: &App, email: &str, typed: &str, door: &AtTheDoor<'_>) -> anyhow::Result<Tried> {
    let network = door.network();
    let guessed = guesses(email, &network);
    if let Some(seconds) = must_wait(app, guessed)? {
        return Ok(Tried::Wait(seconds));
    }
    let person = app.catalog.person_by_email(email)?;
    let hash = person.as_ref().and_then(|person| person.password.as_deref());
    let right = password::is_right(typed.get(..password::BYTES_MAX).unwrap_or(typed), hash)?;
    let member = person.map(|person| Ok::<_, anyhow::Error>(home(app, &person)?.map(|home| (person, home))));
    let member = member.transpose()?.flatten();
    match member {
        Some((person, home)) if right && person.deactivated_at.is_none() => {
            forget_failures(app, guessed)?;
            begin(app, &person, &home, door, "password", true)
        }
        member => {
            let known = member.as_ref().map(|(person, home)| (person, &home.workspace));
            note_failure(app, guessed, known, door, "password")?;
            Ok(Tried::Wrong)
        }
    }
}

/// Whether somebody who is signed in knows their password.
pub enum Knows {
    /// They do.
    Yes,
    /// They do not.
    No,
    /// So many seconds must pass before the next attempt.
    Wait(u64),
}

/// Tries the password of somebody who is signed in, before they change how they sign in.
pub fn knows_password(
    app: &App,
    person: &Person,
    workspace: &WorkspaceId,
    typed: &str,
    door: &AtTheDoor<'_>,
) -> anyhow::Result<Knows> {
    let (network, account) = (door.network(), format!("password of {}", person.id.0));
    let guessed = guesses(&account, &network);
    if let Some(seconds) = must_wait(app, guessed)? {
        return Ok(Knows::Wait(seconds));
    }
    let typed = typed.get(..password::BYTES_MAX).unwrap_or(typed);
    if password::is_right(typed, person.password.as_deref())? {
        forget_failures(app, guessed)?;
        return Ok(Knows::Yes);
    }
    note_failure(app, guessed, Some((person, workspace)), door, "password")?;
    Ok(Knows::No)
}

/// Tries a code of the authenticator, or a recovery code, for somebody whose password was right.
pub fn with_code(
    app: &App,
    person: &Person,
    session: &Session,
    typed: &str,
    door: &AtTheDoor<'_>,
) -> anyhow::Result<Tried> {
    let network = door.network();
    let account = format!("code of {}", person.id.0);
    let guessed = guesses(&account, &network);
    if let Some(seconds) = must_wait(app, guessed)? {
        return Ok(Tried::Wait(seconds));
    }
    let method = if takes_code(app, person, typed)? {
        "totp"
    } else if let Some(left) = app.catalog.take_recovery_code(&person.id, &recovery_hash(typed))? {
        let event =
            door.as_person(person).event("recovery_code.used", json!([]), json!({ "codes_left": left }));
        app.catalog.keep(&session.workspace, &event)?;
        "recovery_code"
    } else {
        note_failure(app, guessed, Some((person, &session.workspace)), door, "totp")?;
        return Ok(Tried::Wrong);
    };
    forget_failures(app, guessed)?;
    let here = app.catalog.membership(&session.workspace, &person.id)?;
    let here = here.map_or_else(|| home(app, person), |here| Ok(Some(here)))?;
    begin(app, person, &here.context("they are in no workspace any more")?, door, method, false)
}

/// Lets somebody in whom a provider vouches for.
pub fn with_provider(
    app: &App,
    person: &Person,
    provider: &str,
    door: &AtTheDoor<'_>,
) -> anyhow::Result<Option<SessionSecret>> {
    let home = home(app, person)?.filter(|_| person.deactivated_at.is_none());
    let Some(home) = home else { return Ok(None) };
    let secret = begin_session(app, person, &home.workspace, Stage::In, "sso", door)?;
    let event = door.as_person(person).event("sso.signed_in", json!([]), json!({ "provider": provider }));
    app.catalog.keep(&home.workspace, &event)?;
    app.post();
    Ok(Some(secret))
}

/// Whether a code is right now and was not used before.
pub fn takes_code(app: &App, person: &Person, typed: &str) -> anyhow::Result<bool> {
    let Some(sealed) = &person.totp else { return Ok(false) };
    let secret = app.seal.unseal(&totp_purpose(person), sealed)?;
    let seconds = u64::try_from((app.clock)().micros() / 1_000_000).unwrap_or(0);
    match SecondFactor::from_bytes(&secret)?.step(typed, seconds) {
        Some(step) => Ok(app.catalog.take_step(&person.id, step)?),
        None => Ok(false),
    }
}

/// What the seal of somebody's second factor is for.
pub fn totp_purpose(person: &Person) -> String {
    format!("totp of {}", person.id.0)
}

/// Begins a session for somebody who has just joined, or who has just got a second factor.
pub fn let_in(
    app: &App,
    person: &Person,
    workspace: &WorkspaceId,
    method: &str,
    door: &AtTheDoor<'_>,
) -> anyhow::Result<(SessionSecret, Stage)> {
    let settings = app.catalog.settings(workspace)?;
    let must_enrol = settings.second_factor_required && person.totp.is_none();
    let stage = if must_enrol { Stage::Enrol } else { Stage::In };
    Ok((begin_session(app, person, workspace, stage, method, door)?, stage))
}

fn begin(
    app: &App,
    person: &Person,
    home: &Membership,
    door: &AtTheDoor<'_>,
    method: &str,
    ask_for_code: bool,
) -> anyhow::Result<Tried> {
    if ask_for_code && person.totp.is_some() {
        let secret = begin_session(app, person, &home.workspace, Stage::Code, method, door)?;
        return Ok(Tried::Begun(secret, Stage::Code));
    }
    let (secret, stage) = let_in(app, person, &home.workspace, method, door)?;
    let about = json!({ "sign_in_method": method });
    let mut by = door.as_person(person);
    by.actor["role"] = home.role.as_str().into();
    app.catalog.keep(&home.workspace, &by.event("user.signed_in", json!([]), about))?;
    app.post();
    Ok(Tried::Begun(secret, stage))
}

fn begin_session(
    app: &App,
    person: &Person,
    workspace: &WorkspaceId,
    stage: Stage,
    method: &str,
    door: &AtTheDoor<'_>,
) -> anyhow::Result<SessionSecret> {
    let address = door.address.map(|address| address.to_string()).unwrap_or_default();
    let (person, user_agent) = (&person.id, door.user_agent);
    let new = NewSession { person, workspace, stage, method, address: &address, user_agent };
    Ok(app.catalog.begin_session(&new, door.replaced, (app.clock)())?)
}

/// What a guess is counted by.
type Guesses<'g> = [Guessed<'g>; 3];

fn guesses<'g>(account: &'g str, network: &'g str) -> Guesses<'g> {
    [Guessed::At(account, network), Guessed::Account(account), Guessed::Address(network)]
}

/// Whoever knew it has not guessed; others at the same address may have.
fn forget_failures(app: &App, [at, account, _]: Guesses<'_>) -> anyhow::Result<()> {
    app.catalog.forget_failures(at)?;
    Ok(app.catalog.forget_failures(account)?)
}

fn must_wait(app: &App, guessed: Guesses<'_>) -> anyhow::Result<Option<u64>> {
    let now = (app.clock)();
    let waits = guessed.map(|guessed| app.catalog.must_wait(guessed, now));
    Ok(waits.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().max())
}

fn note_failure(
    app: &App,
    guessed: Guesses<'_>,
    known: Option<(&Person, &WorkspaceId)>,
    door: &AtTheDoor<'_>,
    method: &str,
) -> anyhow::Result<()> {
    let now = (app.clock)();
    let failures = guessed.map(|guessed| app.catalog.note_failure(guessed, now));
    let failures = failures.into_iter().collect::<Result<Vec<_>, _>>()?;
    let locked = guessed.iter().zip(&failures).any(|(guessed, count)| Catalog::begins_wait(*guessed, *count));
    let instance = WorkspaceId::instance();
    // What was typed for an account that does not exist may be a password, and is not kept.
    let (by, log, targets) = match known {
        Some((person, workspace)) => (door.as_person(person), workspace, json!([person.target()])),
        None => (door.by_nobody(), &instance, json!([])),
    };
    let action = if method == "totp" { "mfa.challenge_failed" } else { "user.sign_in_failed" };
    let about =
        if method == "totp" { json!({ "method": method }) } else { json!({ "sign_in_method": method }) };
    let mut event = by.event(action, json!([]), about);
    event["outcome"] = json!({ "result": "failure", "code": "wrong_credentials" });
    app.catalog.keep(log, &event)?;
    if locked {
        let attempts = failures.iter().max();
        app.catalog.keep(log, &by.event("user.locked_out", targets, json!({ "attempts": attempts })))?;
    }
    app.post();
    Ok(())
}

/// The workspace somebody comes to first.
fn home(app: &App, person: &Person) -> anyhow::Result<Option<Membership>> {
    Ok(app.catalog.memberships(&person.id)?.into_iter().next())
}

/// The membership of an owner.
pub fn owner_of(workspace: WorkspaceId, app: &App) -> Membership {
    let (teams, actors) = Default::default();
    Membership { workspace, role: Role::Owner, teams, actors, joined_at: (app.clock)() }
}
