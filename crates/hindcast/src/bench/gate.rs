//! What a decision of the gate costs in process: from the text of the call to the entry about it, but for the disk.

use super::Figure;
use crate::app::App;
use crate::catalog::{By, Standing};
use crate::config::Config;
use crate::gate::{Request, edit, weigh};
use anyhow::{Context as _, ensure};
use serde_json::json;
use std::fmt::Write as _;
use std::time::Instant;

const CALLS: usize = 5_000;
const POLICIES: u32 = 12;

pub(super) fn measure() -> anyhow::Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::load(None)?;
    (config.data.folder, config.data.keys) = (folder.path().join("data"), folder.path().join("keys"));
    let app = App::open(config)?;
    let (workspace, by) = (app.create_workspace("bench", &By::server())?.id, By::server());
    let schema =
        json!({ "type": "object", "required": ["cents"], "properties": { "cents": { "type": "integer" } } });
    let tool = json!({ "name": "order.refund", "input_schema": schema, "writes": true });
    edit::declare(&app, &workspace, 0, &tool, &by)?;
    let saved = edit::save(&app, &workspace, "caps", 0, &policies()?, &by)?;
    let enforced = Standing { enforced: Some(saved.newest), ..Standing::default() };
    edit::set(&app, &workspace, "caps", saved.version, enforced, None, &by)?;
    let mut millis = Vec::with_capacity(CALLS);
    for nth in 0..CALLS {
        let call = json!({
            "action": "order.refund",
            "actor": { "type": "agent", "id": format!("agent-{}", nth % 7) },
            "targets": [{ "type": "conversation", "id": format!("c-{nth}") }],
            "context": { "ip": format!("198.51.100.{}", nth % 250) },
            "metadata": { "arguments": { "cents": nth } },
        });
        let (text, token) = (call.to_string(), "bench".to_owned());
        let request = Request { text: &text, approval: None, key: None, token, person: None, by: by.clone() };
        let begun = Instant::now();
        let (_, settling, at) = weigh(&app, &workspace, &request)?.take();
        millis.push(begun.elapsed().as_secs_f64() * 1e3);
        ensure!(at(0).weighed.allowed, "a call is not allowed");
        drop(settling);
    }
    app.close();
    millis.sort_by(f64::total_cmp);
    let p99 = *millis.get(CALLS * 99 / 100).context("a call")?;
    let note = format!(
        "{POLICIES} policies of the workspace and the base, {CALLS} calls, all different, with facts"
    );
    Ok(vec![Figure::ours("decide p99", p99, "ms", note)])
}

/// Policies that all have to be looked at, and none of which forbids.
fn policies() -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for nth in 1..=POLICIES {
        writeln!(
            text,
            "@id(\"cap-{nth}\") forbid(principal is Agent, action == Action::\"order.refund\", resource)
             when {{ context.arguments.cents > {} && resource.type == \"conversation\" }};",
            1_000_000 * nth
        )?;
    }
    Ok(text)
}
