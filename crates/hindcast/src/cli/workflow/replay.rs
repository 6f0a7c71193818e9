//! `workflow replay`: what a version of a workflow, or a file, would have done in the past.

use super::read;
use crate::cli::client::Server;
use crate::cli::replay::told::Told;
use crate::cli::replay::{asked, moment};
use anyhow::bail;
use hindcast_event::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

/// `workflow replay`, whose `--version` is that of a workflow.
#[derive(Debug, clap::Args)]
#[command(
    disable_version_flag = true,
    after_help = "\
Everything that happened in the conversations of the history is asked about with what was known then; nothing is done. Needs a token with
the scopes policies and conversations. Exit codes: 0 done, 1 failed, a workflow that cannot be used, or more than --max-changed or
--max-unknown, 2 wrong usage."
)]
pub(super) struct Replay {
    #[command(flatten)]
    server: Server,
    /// A workflow of the server, or a file of YAML that need not be saved.
    #[arg(value_name = "NAME|FILE")]
    workflow: String,
    /// Which of its saved versions; the newest when nothing is said.
    #[arg(long, value_name = "N", visible_alias = "version")]
    number: Option<i64>,
    /// What to compare with: `enforced`, what acts now; `nothing`, the others without it; the number of a saved version; or a file.
    #[arg(long, value_name = "WHAT", default_value = "enforced")]
    baseline: String,
    /// Only what happened since then: 30d, 2026-10-01 or 2026-10-01T12:00:00Z.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    from: Option<Timestamp>,
    /// Only what happened before then.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<Timestamp>,
    /// Only conversations that are so: channel:email language:de tag:\"late delivery\" source:zendesk ai:yes escalated:no
    #[arg(long, value_name = "WORDS", default_value = "")]
    filter: String,
    /// What to call it.
    #[arg(long, default_value = "")]
    name: String,
    /// Work it out even if the same was asked before.
    #[arg(long)]
    anew: bool,
    /// Print its id and do not wait for it.
    #[arg(long, conflicts_with_all = ["json", "csv", "junit", "max_changed", "max_unknown"])]
    detach: bool,
    #[command(flatten)]
    told: Told,
}

/// Whether a file is meant and not a name: names have no such end.
fn is_file(text: &str) -> bool {
    let path = Path::new(text);
    let is_yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    is_yaml || text.contains('/')
}

pub(super) fn replay(wanted: &Replay) -> anyhow::Result<ExitCode> {
    let client = wanted.server.client()?;
    let newest = || -> anyhow::Result<Value> {
        let path = format!("/v1/workflows/{}", crate::api::escaped(&wanted.workflow));
        let shown: Value = crate::cli::client::read_json(client.get(&path, &[], &[])?)?;
        Ok(shown["newest"].clone())
    };
    let candidate = match (is_file(&wanted.workflow), wanted.number) {
        (true, Some(_)) => bail!("--number is of a workflow of the server, not of a file"),
        (true, None) => json!({ "text": read(Path::new(&wanted.workflow))? }),
        (false, Some(number)) => json!({ "workflow": wanted.workflow, "number": number }),
        (false, None) => json!({ "workflow": wanted.workflow, "number": newest()? }),
    };
    let baseline = match wanted.baseline.as_str() {
        word @ ("enforced" | "nothing") => json!(word),
        text => match text.parse::<i64>() {
            Ok(_) if is_file(&wanted.workflow) => {
                bail!("--baseline N is of a workflow of the server, not of a file")
            }
            Ok(number) => json!({ "workflow": wanted.workflow, "number": number }),
            Err(_) => json!({ "text": read(Path::new(text))? }),
        },
    };
    let [from, until] = [wanted.from, wanted.until].map(|time| time.map(|time| time.to_string()));
    let body = json!({
        "kind": "workflow", "name": wanted.name, "candidate": candidate, "baseline": baseline, "from": from,
        "until": until, "filter": wanted.filter, "anew": wanted.anew,
    });
    asked(&client, &body, wanted.detach, &wanted.told)
}

#[cfg(test)]
mod tests {
    use super::is_file;

    #[test]
    fn a_file_is_told_from_a_name() {
        assert!(is_file("refunds.yaml") && is_file("./refunds") && is_file("workflows/refunds.yml"));
        assert!(!is_file("refunds") && !is_file("refunds.v2"));
    }
}
