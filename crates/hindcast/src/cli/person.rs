//! `hindcast person`: lists people and lets somebody in again, in the catalog of a data folder, whether a server runs or
//! not. Whoever can write the data folder could do as much by hand.

use super::terminal::{escape, say};
use super::token::open;
use super::{Settings, token};
use crate::catalog::By;
use crate::people::{password, second_factor};
use anyhow::Context as _;
use clap::Subcommand;
use hindcast_ledger::WorkspaceId;
use std::process::ExitCode;

/// What `person` can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List who can sign in, and as what.
    List {
        #[command(flatten)]
        settings: Settings,
    },
    /// Give somebody a new password, shown this once, without a second factor; all their sessions end.
    Reset {
        #[command(flatten)]
        settings: Settings,
        /// Their email address.
        #[arg(value_name = "EMAIL")]
        email: String,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::List { settings } => list(settings)?,
        Command::Reset { settings, email } => reset(settings, email)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(settings: &Settings) -> anyhow::Result<()> {
    let catalog = open(settings)?;
    for workspace in catalog.workspaces()? {
        for member in catalog.members(&workspace.id)? {
            let (person, role) = (&member.person, member.membership.role.as_str());
            let suspended = if person.deactivated_at.is_some() { "  suspended" } else { "" };
            let (id, email, name) = (&workspace.id, escape(&person.email), escape(&person.name));
            say(&format!("{id}  {role:<20} {email}  {name}{suspended}"))?;
        }
    }
    Ok(())
}

fn reset(settings: &Settings, email: &str) -> anyhow::Result<()> {
    let catalog = open(settings)?;
    let person = catalog.person_by_email(email)?;
    let person =
        person.with_context(|| format!("nobody signs in as {email:?}; see `hindcast person list`"))?;
    let home = catalog.memberships(&person.id)?.into_iter().next();
    let log = home.map_or_else(WorkspaceId::instance, |home| home.workspace);
    let new = second_factor::recovery_codes()?.into_iter().next().context("no password was made")?;
    let by = By::command_line();
    catalog.set_password(&person, &password::hash(&new)?, &log, &by)?;
    if person.totp.is_some() {
        catalog.set_second_factor(&person, None, &log, &by)?;
    }
    if person.deactivated_at.is_some() {
        // Letting somebody back in never takes an owner away.
        let _always = catalog.set_active(&person, true, &log, token::now(), &by)?;
    }
    catalog.end_sessions(&person, None, &log, &by)?;
    Ok(say(&format!("{} signs in with the password {new} now", escape(&person.email)))?)
}
