//! Events from rows: the header names the fields of an event by their paths.

use super::input::{RECORD_BYTES_MAX, Record};
use anyhow::{Context as _, bail};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io::BufRead;

/// The rows of a CSV file as events.
pub(super) struct Rows {
    reader: ::csv::Reader<Box<dyn BufRead + Send>>,
    row: ::csv::StringRecord,
    columns: Vec<Option<Column>>,
    over: bool,
}

/// Where the values of a column go.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    path: Vec<String>,
    json: bool,
}

/// What our own export calls its columns, and what it means; without a path the server sets it.
const OF_OUR_EXPORT: [(&str, Option<&str>); 23] = [
    ("index", None),
    ("received_at", None),
    ("category", None),
    ("country", Some("context.geo.country")),
    ("outcome", Some("outcome.result")),
    ("outcome_reason", Some("outcome.reason")),
    ("outcome_code", Some("outcome.code")),
    ("actor_type", Some("actor.type")),
    ("actor_id", Some("actor.id")),
    ("actor_name", Some("actor.name")),
    ("actor_email", Some("actor.email")),
    ("role", Some("actor.role")),
    ("target_type", Some("targets.0.type")),
    ("target_id", Some("targets.0.id")),
    ("target_name", Some("targets.0.name")),
    ("targets", Some("targets:json")),
    ("ip", Some("context.ip")),
    ("source", Some("context.source")),
    ("session_id", Some("context.session_id")),
    ("request_id", Some("context.request_id")),
    ("user_agent", Some("context.user_agent")),
    ("changes", Some("changes:json")),
    ("metadata", Some("metadata:json")),
];

/// Steps of a path; an event needs fewer.
const STEPS_MAX: usize = 8;

impl Rows {
    /// Reads the header.
    pub fn open(reader: Box<dyn BufRead + Send>) -> anyhow::Result<Self> {
        let mut reader = ::csv::ReaderBuilder::new().from_reader(reader);
        let header = reader.headers().context("the first row cannot be read")?;
        let columns = header.iter().map(column).collect::<anyhow::Result<Vec<_>>>()?;
        if !columns.iter().flatten().any(|column| column.path == ["action"]) {
            bail!(
                "no column is called action; the first row must name the fields, such as action,actor.type,actor.id"
            );
        }
        Ok(Self { reader, row: ::csv::StringRecord::new(), columns, over: false })
    }

    fn read(&mut self) -> anyhow::Result<Option<Record>> {
        if !self.reader.read_record(&mut self.row)? {
            return Ok(None);
        }
        let line = self.row.position().map_or(0, ::csv::Position::line);
        if self.row.as_slice().len() > RECORD_BYTES_MAX {
            bail!("line {line}: an event has at most {RECORD_BYTES_MAX} bytes");
        }
        let mut event = Node::default();
        // Whole lists win over their first item, which our export repeats for people.
        let cells = || self.columns.iter().zip(&self.row).filter(|(_, cell)| !cell.is_empty());
        for (column, cell) in cells().filter_map(|(column, cell)| Some((column.as_ref()?, cell))) {
            let name = || column.path.join(".");
            let value = if column.json {
                let json = RawValue::from_string(cell.to_owned());
                json.with_context(|| format!("line {line}: {} is not JSON", name()))?.get().to_owned()
            } else {
                serde_json::to_string(cell)?
            };
            event.put(&column.path, value).with_context(|| format!("line {line}: {}", name()))?;
        }
        let mut text = String::new();
        event.write(&mut text);
        Ok(Some(Record { line, text: text.replace(['\n', '\r'], " ") }))
    }
}

impl Iterator for Rows {
    type Item = anyhow::Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let read = self.read().transpose();
        self.over = !matches!(read, Some(Ok(_)));
        read
    }
}

fn column(name: &str) -> anyhow::Result<Option<Column>> {
    let name = name.trim();
    let path = match OF_OUR_EXPORT.iter().find(|(ours, _)| *ours == name) {
        Some((_, None)) => return Ok(None),
        Some((_, Some(path))) => path,
        None => name,
    };
    let (path, json) = path.strip_suffix(":json").map_or((path, false), |path| (path, true));
    // A metadata name may have dots of its own: all that follows is the name.
    let path: Vec<String> = match path.strip_prefix("metadata.") {
        Some(rest) => vec!["metadata".to_owned(), rest.to_owned()],
        None => path.split('.').map(str::to_owned).collect(),
    };
    if path.iter().any(String::is_empty) || path.len() > STEPS_MAX {
        bail!("the column {name:?} names no field");
    }
    Ok(Some(Column { path, json }))
}

/// An event while its cells are put together.
#[derive(Debug, Default)]
struct Node {
    value: Option<String>,
    /// Members by name; items by their number, so that they keep their order.
    members: BTreeMap<Step, Node>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Item(usize),
    Member(String),
}

impl Node {
    fn put(&mut self, path: &[String], value: String) -> anyhow::Result<()> {
        let mut node = self;
        for step in path {
            let step = step.parse().map(Step::Item).unwrap_or_else(|_| Step::Member(step.clone()));
            node = node.members.entry(step).or_default();
        }
        if node.value.is_some() {
            bail!("there are two columns for it");
        }
        node.value = Some(value);
        Ok(())
    }

    fn write(&self, out: &mut String) {
        if let Some(value) = &self.value {
            return out.push_str(value);
        }
        let list = self.members.keys().all(|step| matches!(step, Step::Item(_))) && !self.members.is_empty();
        out.push(if list { '[' } else { '{' });
        for (nth, (step, node)) in self.members.iter().enumerate() {
            if nth > 0 {
                out.push(',');
            }
            if !list {
                let name = match step {
                    Step::Item(at) => at.to_string(),
                    Step::Member(name) => name.clone(),
                };
                out.push_str(&serde_json::Value::String(name).to_string());
                out.push(':');
            }
            node.write(out);
        }
        out.push(if list { ']' } else { '}' });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hindcast_event::Draft;

    fn rows(text: &'static str) -> Result<Vec<(u64, String)>, String> {
        let rows = Rows::open(Box::new(text.as_bytes())).map_err(|error| format!("{error:#}"))?;
        rows.map(|row| row.map(|r| (r.line, r.text)).map_err(|e| format!("{e:#}"))).collect()
    }

    #[test]
    fn a_header_of_paths_makes_events() {
        let text = "action,actor.type,actor.id,actor.name,targets.0.type,targets.0.id,context.ip,metadata.plan.name,metadata.count:json\n\
                    login,user,u_1,\"Groß, Jürgen\n(DE)\",team,4,192.0.2.1,gold,7\nlogout,user,u_2,,,,,,\n";
        let read = rows(text).expect("reads");
        assert_eq!(read[1], (4, r#"{"action":"logout","actor":{"id":"u_2","type":"user"}}"#.to_owned()));
        let draft = Draft::parse(&read[0].1).expect("valid");
        assert_eq!((draft.targets.len(), draft.metadata.len()), (1, 2));
        assert_eq!(draft.actor.get("name").and_then(|name| name.as_str()), Some("Groß, Jürgen\n(DE)"));
        assert_eq!(draft.metadata[0].0, "count");
        assert_eq!(draft.metadata[1].0, "plan.name");
    }

    #[test]
    fn our_own_export_is_understood() {
        let text = "index,received_at,occurred_at,id,action,category,outcome,actor_type,actor_id,target_type,target_id,targets,ip,country,changes,metadata\n\
                    7,2026-11-21T19:40:12.345678Z,2026-11-21T19:40:12.345678Z,e1,macro.updated,automation_macros,denied,user,u_1,macro,31,,192.0.2.1,IE,\
                    \"[{\"\"path\"\":\"\"/body\"\",\"\"after\"\":2}]\",\"{\"\"a\"\":1}\"\n";
        let read = rows(text).expect("reads");
        let draft = Draft::parse(&read[0].1).unwrap_or_else(|error| panic!("{error}: {}", read[0].1));
        assert_eq!((draft.id.as_deref(), draft.targets.len(), draft.changes.len()), (Some("e1"), 1, 1));
        assert_eq!(draft.outcome.result, hindcast_event::OutcomeResult::Denied);
    }

    #[test]
    fn a_list_of_targets_wins_over_its_first() {
        let text = "action,actor_type,actor_id,target_type,target_id,targets\n\
                    x,user,u,team,1,\"[{\"\"type\"\":\"\"team\"\",\"\"id\"\":\"\"1\"\"},{\"\"type\"\":\"\"team\"\",\"\"id\"\":\"\"2\"\"}]\"\n";
        let read = rows(text).expect("reads");
        assert_eq!(Draft::parse(&read[0].1).expect("valid").targets.len(), 2);
    }

    #[test]
    fn what_cannot_be_mapped_is_said() {
        for (text, said) in [
            ("when,who\n1,2\n", "no column is called action"),
            ("action,actor..id\n1,2\n", "names no field"),
            ("action,metadata.n:json\nx,{\n", "line 2: metadata.n is not JSON"),
            ("action,actor.id,actor_id\nx,1,2\n", "line 2: actor.id: there are two columns for it"),
            ("action,actor.id\nx\n", "found record with 1 fields"),
        ] {
            let error = rows(text).expect_err(text);
            assert!(error.contains(said), "{error}");
        }
    }
}
