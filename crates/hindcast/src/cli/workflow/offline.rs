//! Files of workflows, looked over and tested by the very code that judges on a server.

use super::tools::Own;
use super::{code, read};
use crate::cli::terminal::{escape, escape_json, say};
use anyhow::Context as _;
use hindcast_rules::junit::{self, Case, Suite};
use hindcast_rules::workflow::{
    self, Catalog, Checked, Tested, Workflow, WorkflowSet, difference, json_schema, run_tests,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Files of workflows, one in each.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    own: Own,
    /// One file a line, as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Test {
    /// Files of workflows, one in each.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    own: Own,
    /// One test a line, as JSON, with what every condition came to.
    #[arg(long)]
    json: bool,
    /// Write the outcomes into a file as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Schema {
    #[command(flatten)]
    own: Own,
}

#[derive(Debug, clap::Args)]
pub(super) struct Diff {
    /// The workflow as it was.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The workflow as it is to be.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    own: Own,
    /// One change a line, as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn check_files(asked: &Check) -> anyhow::Result<ExitCode> {
    let catalog = asked.own.catalog()?;
    let (mut good, mut workflows) = (true, Vec::new());
    for file in &asked.files {
        let checked = told(file, &catalog)?;
        good &= checked.workflow.is_some();
        if asked.json {
            let about = checked.workflow.as_ref().map(about);
            let line = json!({
                "file": file, "workflow": about, "errors": checked.errors, "warnings": checked.warnings,
            });
            say(&escape_json(&line.to_string()))?;
        } else if let Some(workflow) = &checked.workflow {
            say(&format!("{}: {}", file.display(), line(workflow)))?;
        }
        workflows.extend(checked.workflow);
    }
    if let Err(wrong) = WorkflowSet::new(workflows) {
        eprintln!("error: {wrong}");
        good = false;
    }
    Ok(code(good))
}

pub(super) fn test_files(asked: &Test) -> anyhow::Result<ExitCode> {
    let catalog = asked.own.catalog()?;
    let (mut suites, mut passed, mut failed) = (Vec::new(), 0, 0);
    for file in &asked.files {
        let checked = told(file, &catalog)?;
        let Some(workflow) = checked.workflow else {
            failed += 1;
            suites.push(unread(file, &checked));
            continue;
        };
        let tested = run_tests(&workflow);
        for one in &tested {
            if one.passed() {
                passed += 1
            } else {
                failed += 1
            }
            shown(file, &workflow, one, asked.json)?;
        }
        suites.push(suite(file, &workflow, &tested));
    }
    if let Some(path) = &asked.junit {
        std::fs::write(path, junit::write(&suites))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    eprintln!("{passed} passed, {failed} failed");
    Ok(code(failed == 0))
}

pub(super) fn schema(asked: &Schema) -> anyhow::Result<ExitCode> {
    say(&serde_json::to_string_pretty(&json_schema(&asked.own.catalog()?))?)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn diff(asked: &Diff) -> anyhow::Result<ExitCode> {
    let catalog = asked.own.catalog()?;
    let (old, new) = (told(&asked.old, &catalog)?, told(&asked.new, &catalog)?);
    let (Some(old), Some(new)) = (old.workflow, new.workflow) else { return Ok(ExitCode::FAILURE) };
    for change in difference(&old, &new) {
        let line = if asked.json { json!(change).to_string() } else { change.to_string() };
        say(&if asked.json { escape_json(&line) } else { escape(&line) })?;
    }
    if !asked.json && old.version() == new.version() {
        eprintln!("both judge alike: version {}", short(&new));
    }
    Ok(ExitCode::SUCCESS)
}

/// What a file comes to; its flaws are told as compilers tell them.
fn told(file: &Path, catalog: &Catalog) -> anyhow::Result<Checked> {
    let checked = workflow::check(&read(file)?, catalog);
    for (what, flaws) in [("error", &checked.errors), ("warning", &checked.warnings)] {
        for flaw in flaws {
            let suggestion =
                flaw.suggestion.as_ref().map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
            let message = format!("{}{suggestion}", flaw.message);
            eprintln!("{}:{}: {what}: {}", file.display(), flaw.place, escape(&message));
        }
    }
    Ok(checked)
}

fn about(workflow: &Workflow) -> serde_json::Value {
    json!({
        "name": workflow.name(),
        "version": workflow.version(),
        "mode": workflow.mode(),
        "priority": workflow.priority(),
        "triggers": workflow.triggers(),
        "fields": workflow.asks_for(),
        "actions": workflow.may_do(),
        "tests": workflow.tests(),
    })
}

fn line(workflow: &Workflow) -> String {
    let (name, mode, tests) = (workflow.name(), workflow.mode(), workflow.tests());
    let tests = if tests == 1 { "1 test".to_owned() } else { format!("{tests} tests") };
    format!("{name} ({mode}, {tests}, version {})", short(workflow))
}

/// As much of a version as people compare.
fn short(workflow: &Workflow) -> String {
    workflow.version().chars().take(12).collect()
}

fn shown(file: &Path, workflow: &Workflow, tested: &Tested, json: bool) -> anyhow::Result<()> {
    if json {
        let mut line = json!(tested);
        line["file"] = json!(file);
        line["workflow"] = workflow.name().into();
        line["passed"] = tested.passed().into();
        return Ok(say(&escape_json(&line.to_string()))?);
    }
    let outcome = if tested.passed() { "ok" } else { "failed" };
    say(&escape(&format!("{}:{}: {outcome}: {}", file.display(), tested.line, tested.name)))?;
    let why = if tested.passed() { String::new() } else { tested.told() };
    Ok(why.lines().try_for_each(|line| say(&escape(&format!("    {line}"))))?)
}

fn suite(file: &Path, workflow: &Workflow, tested: &[Tested]) -> Suite {
    let case = |one: &Tested| Case {
        name: one.name.clone(),
        file: file.display().to_string(),
        line: one.line,
        failure: (!one.passed()).then(|| one.told()),
        skipped: None,
    };
    Suite { name: workflow.name().to_owned(), cases: tested.iter().map(case).collect() }
}

/// A file with flaws is one test that failed.
fn unread(file: &Path, checked: &Checked) -> Suite {
    let name = file.display().to_string();
    let flaws: Vec<_> = checked.errors.iter().map(ToString::to_string).collect();
    let line = checked.errors.first().map_or(1, |flaw| flaw.place.line);
    let case = Case {
        name: "it can be read".into(),
        file: name.clone(),
        line,
        failure: Some(flaws.join("\n")),
        skipped: None,
    };
    Suite { name, cases: vec![case] }
}
