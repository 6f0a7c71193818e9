//! What lies in `deploy/` and is said about it fits the program.

use crate::support::TestServer;
use hindcast::config::Config;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).expect(file)
}

/// Settings as our own program reads them, where the password is in its file.
fn load(settings: &str) -> Config {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, password) = (folder.path().join("hindcast.toml"), folder.path().join("password"));
    std::fs::write(&password, "secret").expect("written");
    let mut settings = settings.to_owned();
    if let Some(named) = password_file(&settings) {
        settings = settings.replace(&named, password.to_str().expect("text"));
    }
    std::fs::write(&file, &settings).expect("written");
    Config::load(Some(&file)).unwrap_or_else(|error| panic!("{error:#}\n{settings}"))
}

fn password_file(settings: &str) -> Option<String> {
    Some(settings.split_once("password_file = \"")?.1.split_once('"')?.0.to_owned())
}

/// The names of metrics in a text, without what histograms put at their ends.
fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| word.starts_with("hindcast_") || word.starts_with("process_"));
    let base = |word: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        ends.iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word).to_owned()
    };
    ours.map(base).collect()
}

/// The names of the metrics that a server tells.
fn told() -> BTreeSet<String> {
    let server = TestServer::start();
    let told = server.get("/metrics").send();
    told.text()
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next().map(str::to_owned))
        .collect()
}

/// Those that are told only where somebody else learns of checkpoints.
const ANCHORS: [&str; 2] = ["hindcast_anchor_age_seconds", "hindcast_anchor_overdue"];

#[test]
fn the_dashboard_asks_for_numbers_that_are_told_and_each_number_is_explained() {
    let told = told();
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/hindcast.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut ids = BTreeSet::new();
    let mut queries = Vec::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64()), "each panel has an id of its own");
        let targets = panel["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(panel["type"] == "row" || !targets.is_empty(), "{} asks for something", panel["title"]);
        queries.extend(targets.iter().map(|target| target["expr"].as_str().expect("a query").to_owned()));
    }
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    queries
        .extend(variables.iter().filter_map(|variable| variable["definition"].as_str().map(str::to_owned)));
    assert!(queries.len() > 40);
    for query in &queries {
        let asked = metrics(query);
        assert!(!asked.is_empty() && asked.is_subset(&told), "{query} asks for what is not told");
        let level = |open: char, close: char| {
            query.chars().filter(|c| *c == open).count() == query.chars().filter(|c| *c == close).count()
        };
        assert!(level('(', ')') && level('{', '}') && level('[', ']'), "{query}");
    }
    // An operator finds each number explained, and nothing explained that is not there.
    let mut explained = metrics(&read("docs/metrics.md"));
    for name in ANCHORS {
        assert!(explained.remove(name), "{name} is explained");
    }
    assert_eq!(explained, told);
}

#[test]
fn the_kubernetes_manifest_is_yaml_and_its_settings_are_ours() {
    let text = read("deploy/kubernetes.yaml");
    let documents: Vec<yaml_serde::Value> = yaml_serde::Deserializer::from_str(&text)
        .map(|document| serde::Deserialize::deserialize(document).expect("YAML"))
        .collect();
    let kinds: Vec<_> = documents.iter().map(|one| one["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, ["ConfigMap", "Deployment", "Service", "PodDisruptionBudget"]);
    let settings = documents[0]["data"]["hindcast.toml"].as_str().expect("settings");
    let (config, password) = (load(settings), password_file(settings).expect("a password"));
    assert!(config.storage.is_shared());
    let pod = &documents[1]["spec"]["template"]["spec"];
    let grace = pod["terminationGracePeriodSeconds"].as_u64().expect("seconds");
    assert!(config.drain().as_secs() + 30 <= grace, "it may end in order");
    let container = &pod["containers"][0];
    let probe = &container["readinessProbe"];
    assert_eq!(probe["httpGet"]["path"].as_str(), Some("/readyz"));
    assert!(probe["periodSeconds"].as_u64().expect("seconds") * 2 < config.drain().as_secs());
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"].as_bool(), Some(true));
    let mounts = container["volumeMounts"].as_sequence().expect("mounts");
    let is_mounted = |path: &Path| {
        mounts.iter().any(|mount| path.starts_with(mount["mountPath"].as_str().expect("a path")))
    };
    for path in [config.data.folder.as_path(), &config.data.keys, Path::new(&password)] {
        assert!(is_mounted(path), "{} lies on a volume", path.display());
    }
    let update = &documents[1]["spec"]["strategy"]["rollingUpdate"];
    assert_eq!(update["maxUnavailable"].as_u64(), Some(0));
}

#[test]
fn the_settings_in_the_docs_are_ours() {
    for page in ["docs/deploy.md", "docs/database.md"] {
        let text = read(page);
        let blocks: Vec<_> =
            text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!blocks.is_empty(), "{page}");
        blocks.into_iter().for_each(|block| drop(load(block)));
    }
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let unit = folder.path().join("hindcast.service");
    let text = read("deploy/hindcast.service");
    assert!(text.contains("ExecStart=/usr/local/bin/hindcast serve"));
    std::fs::write(&unit, text.replace("/usr/local/bin/hindcast", env!("CARGO_BIN_EXE_hindcast")))
        .expect("written");
    let Ok(verified) = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit).output()
    else {
        println!("skipped: systemd-analyze is not here");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && !said.contains("hindcast.service:"), "{said}");
}

#[test]
fn the_container_runs_as_nobody_and_says_how_it_ends() {
    let text = read("deploy/Containerfile");
    assert!(text.contains("USER 10001:10001") && text.contains("STOPSIGNAL SIGTERM"));
    assert!(
        text.lines().filter(|line| line.starts_with("FROM ")).all(|line| !line.contains('/')),
        "names without hosts"
    );
}
