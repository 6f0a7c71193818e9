//! `hindcast token`: makes, lists and revokes tokens in the catalog of a data folder, whether a server runs or not.

use super::Settings;
use super::terminal::escape;
use crate::api::plain_name;
use crate::catalog::{By, Catalog, Narrowing, NewToken, PersonId, Scope, Token, TokenId};
use crate::config::Network;
use crate::storage;
use anyhow::{Context as _, anyhow, bail};
use clap::Subcommand;
use hindcast_event::{Field, Timestamp};
use hindcast_ledger::WorkspaceId;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// What `token` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token, and show it this once.
    Create(Create),
    /// List the tokens; the secret part of none is known.
    List {
        #[command(flatten)]
        settings: Settings,
        /// Only those of this workspace.
        #[arg(long, value_name = "ID")]
        workspace: Option<WorkspaceId>,
    },
    /// Take a token back, at once and for good.
    Revoke {
        #[command(flatten)]
        settings: Settings,
        /// The token's id, as `list` tells it.
        #[arg(value_name = "TOKEN-ID")]
        id: String,
    },
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    settings: Settings,
    /// What people call it.
    #[arg(value_name = "NAME")]
    name: String,
    /// The workspace it is good for; needed when there is more than one, and never for an administrator.
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
    /// Who answers for what is done with it, by their email address; needed to ask for erasures and to agree to them.
    #[arg(long, value_name = "EMAIL")]
    person: Option<String>,
    /// What it may do: ingest, read, retention, erase, alerts or admin; more than one by commas.
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', value_parser = scope, required = true)]
    scopes: Vec<Scope>,
    /// When it stops working: 90d, 12h, or a time such as 2027-01-31T00:00:00Z.
    #[arg(long, value_name = "WHEN", value_parser = expiry)]
    expires: Option<Expiry>,
    /// From where it may be used, such as 10.0.0.0/8; more than one by commas.
    #[arg(long = "network", value_name = "NETWORK", value_delimiter = ',')]
    networks: Vec<Network>,
    /// Whoever reads with it sees only entries that answer this, such as "actor_type:agent target:team/12".
    #[arg(long, value_name = "QUERY")]
    only: Option<String>,
    /// Fields that whoever reads with it does not see: address, user_agent, session, email, values, metadata, text.
    #[arg(long = "hide", value_name = "FIELD", value_delimiter = ',', value_parser = field)]
    hidden: Vec<Field>,
}

fn field(word: &str) -> Result<Field, String> {
    let all = || Field::ALL.map(Field::as_str).join(", ");
    Field::parse(word).ok_or_else(|| format!("one of {} is expected", all()))
}

/// When a token stops working, as it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expiry {
    In(i64),
    At(Timestamp),
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Create(new) => create(new)?,
        Command::List { settings, workspace } => list(&open(settings)?, workspace.as_ref())?,
        Command::Revoke { settings, id } => {
            let known = open(settings)?.revoke_token(&TokenId(id.clone()), now(), &By::command_line())?;
            if !known {
                bail!("there is no token {id:?} to revoke");
            }
            println!("revoked {id}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The catalog of a data folder that is there; a mistyped folder must not become a new one.
pub(super) fn open(settings: &Settings) -> anyhow::Result<Catalog> {
    let config = settings.load()?;
    let file = config.data.folder.join(storage::CATALOG);
    if !config.storage.is_shared() && !file.is_file() {
        bail!("there is no {}; start `hindcast serve` once, or say --data", file.display());
    }
    storage::catalog(&config)
}

fn create(new: &Create) -> anyhow::Result<()> {
    if plain_name("name", &new.name).is_err() {
        bail!("a name has 1 to 200 characters, none of them a control character");
    }
    let catalog = open(&new.settings)?;
    let now = now();
    let new = NewToken {
        workspace: workspace_of(&catalog, new)?,
        name: new.name.clone(),
        person: person(&catalog, new)?,
        scopes: new.scopes.clone(),
        networks: new.networks.clone(),
        expires_at: new.expires.map(|expiry| expiry.after(now)).transpose()?,
        narrowing: narrowing(new)?,
    };
    let (token, secret) = catalog.create_token(new, now, &By::command_line())?;
    eprintln!("{}  (shown only now)", line(&token, now));
    println!("{}", secret.reveal());
    Ok(())
}

fn person(catalog: &Catalog, new: &Create) -> anyhow::Result<Option<PersonId>> {
    let Some(email) = &new.person else { return Ok(None) };
    let known = catalog.person_by_email(email)?;
    let known = known.with_context(|| format!("nobody signs in as {email:?}; see `hindcast person list`"))?;
    Ok(Some(known.id))
}

fn narrowing(new: &Create) -> anyhow::Result<Narrowing> {
    let narrowing = Narrowing::new(new.only.as_deref(), new.hidden.iter().copied().collect());
    let narrowing = narrowing.map_err(|error| anyhow!("--only: {error}"))?;
    let everything = new.scopes.iter().find(|scope| scope.sees_everything());
    if let Some(scope) = everything.filter(|_| narrowing != Narrowing::default()) {
        bail!("a token with the scope {} sees everything, leave --only and --hide out", scope.as_str());
    }
    Ok(narrowing)
}

fn workspace_of(catalog: &Catalog, new: &Create) -> anyhow::Result<Option<WorkspaceId>> {
    let admin = new.scopes.contains(&Scope::Admin);
    let mut known = catalog.workspaces()?;
    known.retain(|workspace| workspace.id.as_str() != WorkspaceId::INSTANCE);
    match (&new.workspace, known.as_slice()) {
        (Some(_), _) if admin => {
            bail!("an administrator's token is good for all workspaces, leave --workspace out")
        }
        (None, _) if admin => Ok(None),
        (Some(asked), _) => {
            let there =
                catalog.workspace(asked)?.with_context(|| format!("there is no workspace {asked}"))?;
            Ok(Some(there.id))
        }
        (None, [only]) => Ok(Some(only.id.clone())),
        (None, []) => bail!("there is no workspace yet; start `hindcast serve` once"),
        (None, several) => {
            let list =
                several.iter().map(|workspace| format!("\n  {}  {}", workspace.id, escape(&workspace.name)));
            bail!("say which workspace with --workspace:{}", list.collect::<String>())
        }
    }
}

fn list(catalog: &Catalog, workspace: Option<&WorkspaceId>) -> anyhow::Result<()> {
    let now = now();
    for token in catalog.tokens(workspace)? {
        super::terminal::say(&line(&token, now))?;
    }
    Ok(())
}

fn line(token: &Token, now: Timestamp) -> String {
    let workspace = token.workspace.as_ref().map_or("all workspaces", WorkspaceId::as_str);
    let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let state = match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {}", day(at)),
        (None, Some(at)) if at <= now => format!("expired {}", day(at)),
        (None, Some(at)) => format!("until {}", day(at)),
        (None, None) => "without end".to_owned(),
    };
    let used = token.last_used_at.map_or("never used".to_owned(), |at| format!("used {}", day(at)));
    let networks: Vec<_> = token.networks.iter().map(Network::to_string).collect();
    let from = if networks.is_empty() { String::new() } else { format!("  from {}", networks.join(" ")) };
    format!(
        "{}  {workspace}  {}  {state}  {used}{from}  {}",
        token.id.0,
        scopes.join("+"),
        escape(&token.name)
    )
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn scope(word: &str) -> Result<Scope, String> {
    Scope::parse(word).ok_or_else(|| "a scope is ingest, read, retention, erase or admin".to_owned())
}

pub(super) fn expiry(text: &str) -> Result<Expiry, String> {
    let wrong = || {
        format!("{text:?} is neither a duration such as 90d or 12h nor a time such as 2027-01-31T00:00:00Z")
    };
    if let Some(at) = Timestamp::parse(text) {
        return Ok(Expiry::At(at));
    }
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let hours = match unit {
        "h" => 1,
        "d" => 24,
        "w" => 24 * 7,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    if number == 0 || number > 100_000 {
        return Err(wrong());
    }
    Ok(Expiry::In(i64::from(number) * hours * 3_600_000_000))
}

impl Expiry {
    pub(super) fn after(self, now: Timestamp) -> anyhow::Result<Timestamp> {
        let at = match self {
            Self::In(micros) => Timestamp::from_micros(now.micros().saturating_add(micros)),
            Self::At(at) => at,
        };
        if at <= now {
            bail!("{at} has passed");
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_duration_or_a_time_to_come() {
        assert_eq!(expiry("90d"), Ok(Expiry::In(90 * 24 * 3_600_000_000)));
        assert_eq!(expiry("12h"), Ok(Expiry::In(12 * 3_600_000_000)));
        assert!(matches!(expiry("2027-01-31T00:00:00Z"), Ok(Expiry::At(_))));
        for wrong in ["", "d", "0d", "-1d", "90", "90é", "tomorrow", "999999999d"] {
            assert!(expiry(wrong).is_err(), "{wrong}");
        }
        let now = Timestamp::from_micros(1_000);
        assert!(Expiry::At(now).after(now).is_err());
        assert_eq!(Expiry::In(5).after(now).expect("to come").micros(), 1_005);
    }

    #[test]
    fn tokens_are_made_listed_and_revoked_on_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings::of_folder(folder.path().to_owned());
        assert!(open(&settings).is_err(), "no folder is made by mistake");
        let catalog = Catalog::open(&folder.path().join("catalog.db")).expect("made");
        let create = |name: &str, workspace: Option<&str>, scopes: &[Scope]| Create {
            settings: settings.clone(),
            name: name.to_owned(),
            workspace: workspace.map(|id| id.parse().expect("an id")),
            person: None,
            scopes: scopes.to_vec(),
            expires: Some(Expiry::In(1_000_000_000)),
            networks: Vec::new(),
            only: None,
            hidden: Vec::new(),
        };
        assert!(super::create(&create("a", None, &[Scope::Read])).is_err(), "no workspace yet");
        let add = |id: &str| {
            let id: WorkspaceId = id.parse().expect("an id");
            catalog
                .add_workspace(
                    &crate::catalog::Workspace { id, name: "W".into(), created_at: now() },
                    &By::server(),
                )
                .expect("added");
        };
        add(WorkspaceId::INSTANCE);
        add("one");
        super::create(&create("a", None, &[Scope::Read])).expect("the only workspace is meant");
        super::create(&create("b", None, &[Scope::Admin])).expect("an administrator");
        add("two");
        assert!(super::create(&create("c", None, &[Scope::Read])).is_err(), "which one?");
        assert!(super::create(&create("c", Some("three"), &[Scope::Read])).is_err(), "unknown");
        assert!(super::create(&create("c", Some("two"), &[Scope::Admin])).is_err(), "of one only");
        super::create(&create("c", Some("two"), &[Scope::Ingest, Scope::Read])).expect("made");
        let tokens = catalog.tokens(None).expect("listed");
        assert_eq!(tokens.iter().map(|token| token.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert!(
            line(&tokens[2], now()).contains("  two  ingest+read  until "),
            "{}",
            line(&tokens[2], now())
        );
        assert!(line(&tokens[1], now()).contains("  all workspaces  admin  "));
    }
}
