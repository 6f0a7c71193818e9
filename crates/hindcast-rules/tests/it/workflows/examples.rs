//! The examples of the repository are good, pass their own tests, and are what the schema describes.

use super::catalog;
use boon::{Compiler, SchemaIndex, Schemas};
use hindcast_rules::workflow::{Catalog, Tool, check, json_schema, print, run_tests};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/workflows")
}

fn with_tools() -> Catalog {
    let listed = std::fs::read_to_string(folder().join("tools.json")).expect("the tools");
    let mut catalog = Catalog::builtin();
    for tool in Tool::list(&serde_json::from_str(&listed).expect("JSON")).expect("tools") {
        catalog.add_tool(tool).expect("room for it");
    }
    catalog
}

fn each_example(mut tell: impl FnMut(&str, &str)) {
    let mut names: Vec<_> =
        std::fs::read_dir(folder()).expect("the examples").map(|file| file.expect("a file").path()).collect();
    names.sort();
    let yaml: Vec<_> =
        names.iter().filter(|name| name.extension().is_some_and(|end| end == "yaml")).collect();
    assert!(yaml.len() >= 3, "{names:?}");
    for name in yaml {
        tell(&name.display().to_string(), &std::fs::read_to_string(name).expect("an example"));
    }
}

#[test]
fn every_example_is_good_and_passes_its_own_tests() {
    let catalog = with_tools();
    each_example(|name, text| {
        let checked = check(text, &catalog);
        assert!(checked.errors.is_empty() && checked.warnings.is_empty(), "{name}: {checked:#?}");
        let tested = run_tests(&checked.workflow.expect("a workflow"));
        assert!(tested.len() >= 3, "{name}");
        for one in tested {
            assert!(one.passed(), "{name}:{}: {}\n{}", one.line, one.name, one.told());
        }
    });
}

#[test]
fn every_example_is_printed_and_read_again_as_it_was() {
    let catalog = with_tools();
    each_example(|name, text| {
        let workflow = check(text, &catalog).workflow.expect("a workflow");
        let printed = print(&workflow.document());
        let again = check(&printed, &catalog);
        assert!(again.errors.is_empty(), "{name}: {:?}\n{printed}", again.errors);
        assert_eq!(again.workflow.expect("a workflow").document(), workflow.document(), "{name}");
    });
}

#[test]
fn the_page_for_users_shows_a_workflow_that_is_good() {
    let page = include_str!("../../../../../docs/workflows.md");
    let (_, rest) = page.split_once("```yaml\nschema: ").expect("an example");
    let (text, _) = rest.split_once("```").expect("its end");
    let checked = check(&format!("schema: {text}"), &with_tools());
    assert!(checked.errors.is_empty(), "{:?}", checked.errors);
    assert!(run_tests(&checked.workflow.expect("a workflow")).iter().all(|one| one.passed()));
}

#[test]
fn the_page_for_users_names_every_word() {
    let page = include_str!("../../../../../docs/workflows.md");
    let schema = json_schema(&Catalog::builtin());
    let mut words: Vec<&str> = Vec::new();
    words.extend(
        schema["$defs"]["condition"]["properties"]["op"]["enum"]
            .as_array()
            .expect("operators")
            .iter()
            .filter_map(Json::as_str),
    );
    words.extend(
        schema["$defs"]["action"]["properties"].as_object().expect("actions").keys().map(String::as_str),
    );
    words.extend(
        schema["properties"]["trigger"]["oneOf"][0]["enum"]
            .as_array()
            .expect("triggers")
            .iter()
            .filter_map(Json::as_str),
    );
    assert!(words.len() > 80, "{words:?}");
    for word in words {
        assert!(page.contains(&format!("`{word}`")), "{word}");
    }
}

/// Our schema, as editors use it.
struct Editor {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Editor {
    fn new(catalog: &Catalog) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let place = "https://example.org/workflow.json";
        compiler.add_resource(place, json_schema(catalog)).expect("JSON");
        let index = compiler.compile(place, &mut schemas).expect("a JSON Schema");
        Self { schemas, index }
    }

    /// What it underlines; none if it takes the file.
    fn underlines(&self, file: &Json) -> Option<String> {
        self.schemas.validate(file, self.index).err().map(|wrong| wrong.to_string())
    }
}

/// What editors see of a file.
fn as_json(text: &str) -> Json {
    yaml_serde::from_str(text).expect("YAML")
}

#[test]
fn the_schema_takes_the_examples_and_what_we_print() {
    let catalog = with_tools();
    let editor = Editor::new(&catalog);
    each_example(|name, text| {
        assert_eq!(editor.underlines(&as_json(text)), None, "{name}");
        let document = check(text, &catalog).workflow.expect("a workflow").document();
        assert_eq!(editor.underlines(&document), None, "{name}");
    });
}

#[test]
fn the_schema_refuses_what_we_refuse() {
    let catalog = catalog();
    let editor = Editor::new(&catalog);
    let good = super::head("if: {field: ticket.tags, op: contains, value: a}\nthen:\n  - tag.add: x\n");
    assert_eq!(editor.underlines(&as_json(&good)), None);
    for (what, with) in [
        ("name: w", "name: W W"),
        ("ticket.updated", "ticket.upset"),
        ("mode: enforce", "mode: on"),
        ("ticket.tags", "ticket.tag"),
        ("op: contains", "op: has"),
        ("op: contains,", "op: gt,"),
        ("op: contains, value: a", "op: contains"),
        ("op: contains, value: a", "op: is_set, value: a"),
        ("{field: ticket.tags, op: contains, value: a}", "{all: []}"),
        ("{field: ticket.tags, op: contains, value: a}", "{field: ticket.status, op: is, value: opened}"),
        ("- tag.add: x", "- tag.ad: x"),
        ("- tag.add: x", "- tag.add: {tagz: x}"),
        ("- tag.add: x", "- assign: {}"),
        ("- tag.add: x", "- ticket.priority: highest"),
        ("- tag.add: x", "- when: {field: ticket.tags, op: is_set}"),
        ("- tag.add: x", "- order.refund: {amount_cents: many}"),
        ("then:\n", "thn:\n"),
    ] {
        let bad = good.replace(what, with);
        assert_ne!(bad, good, "{what}");
        assert!(editor.underlines(&as_json(&bad)).is_some(), "{with}");
        assert!(!check(&bad, &catalog).errors.is_empty(), "{with}");
    }
}
