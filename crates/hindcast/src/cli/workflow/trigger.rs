//! `hindcast workflow trigger`: something happens, and the workflows of a server are asked.

use super::code;
use crate::api::escaped;
use crate::cli::client::{Client, Server, read_json};
use crate::cli::terminal::{escape, escape_json, say};
use anyhow::{Context as _, bail};
use hindcast_rules::workflow::Trigger as What;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// `workflow trigger`.
#[derive(Debug, clap::Args)]
pub(super) struct Trigger {
    #[command(flatten)]
    server: Server,
    /// What happened, such as ticket.created; or the name of a workflow, which stands for what sets it off. All that hear it are asked.
    #[arg(value_name = "EVENT|NAME")]
    what: String,
    /// The id of the conversation that it happened to.
    #[arg(long, value_name = "ID", default_value = "")]
    conversation: String,
    /// The product that has the conversation: intercom or zendesk.
    #[arg(long, value_name = "PRODUCT", default_value = "")]
    product: String,
    /// What is known, by the names of fields; VALUE is JSON, or else a text.
    #[arg(long = "fact", value_name = "FIELD=VALUE", value_parser = fact)]
    facts: Vec<(String, Value)>,
    /// What a field held before.
    #[arg(long = "before", value_name = "FIELD=VALUE", value_parser = fact)]
    before: Vec<(String, Value)>,
    /// Names what happened: sent again under the same name, it sets nothing off again.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Only ask: nothing is kept, and nothing is done.
    #[arg(long)]
    dry_run: bool,
    /// What was said, as JSON, with the trace of every condition.
    #[arg(long)]
    json: bool,
}

fn fact(text: &str) -> Result<(String, Value), String> {
    let (name, value) =
        text.split_once('=').ok_or("FIELD=VALUE is expected, such as ticket.tags=[\"vip\"]")?;
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

pub(super) fn run(asked: &Trigger) -> anyhow::Result<ExitCode> {
    let client = asked.server.client()?;
    let held = |of: &[(String, Value)]| of.iter().cloned().collect::<Map<_, _>>();
    let wanted = json!({
        "trigger": trigger(&client, &asked.what)?,
        "conversation": asked.conversation,
        "product": asked.product,
        "facts": held(&asked.facts),
        "before": held(&asked.before),
        "dry_run": asked.dry_run,
    });
    let key = asked.key.iter().map(|key| ("idempotency-key", key.as_str()));
    let headers: Vec<_> = [("content-type", "application/json")].into_iter().chain(key).collect();
    let path = "/v1/workflows/trigger";
    let fired: Value = read_json(client.post(path, &[], &headers, wanted.to_string().as_bytes())?)?;
    for misfit in fired["misfits"].as_array().into_iter().flatten() {
        eprintln!("not recorded: {}", escape(misfit.as_str().unwrap_or_default()));
    }
    if asked.json {
        say(&escape_json(&fired.to_string()))?;
        return Ok(code(true));
    }
    for workflow in fired["workflows"].as_array().context("the server's answer cannot be read")? {
        say(&line(workflow))?;
    }
    Ok(code(true))
}

/// What sets a workflow off, if it is not told itself: by hand where that does.
fn trigger(client: &Client, what: &str) -> anyhow::Result<&'static str> {
    if let Some(trigger) = What::named(what) {
        return Ok(trigger.as_str());
    }
    let shown =
        client.get(&format!("/v1/workflows/{}", escaped(what)), &[], &[]).map_err(anyhow::Error::from);
    let shown: Value = shown
        .and_then(read_json)
        .with_context(|| format!("{} is neither what sets workflows off nor a workflow", escape(what)))?;
    let heard = shown["triggers"].as_array().into_iter().flatten();
    let heard: Vec<_> = heard.filter_map(|name| What::named(name.as_str()?)).collect();
    match heard.as_slice() {
        [only] => Ok(only.as_str()),
        several if several.contains(&What::Manual) => Ok(What::Manual.as_str()),
        _ => bail!(
            "{} is set off by several: name one of {}",
            escape(what),
            heard.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ")
        ),
    }
}

fn line(workflow: &Value) -> String {
    let text = |name: &str| escape(workflow[name].as_str().unwrap_or_default()).into_owned();
    let intents = workflow["said"]["intents"].as_array().into_iter().flatten();
    let intents =
        intents.filter_map(|intent| intent["action"].as_str()).map(|action| escape(action).into_owned());
    let intents: Vec<_> = intents.collect();
    let cells = ["workflow", "mode", "matched", "held", "run"].map(text);
    format!("{}\t{}", cells.join("\t"), intents.join(", "))
}
