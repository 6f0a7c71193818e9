//! What a workspace adds to the fields and actions of workflows, from files and the command line.

use super::read;
use anyhow::Context as _;
use hindcast_rules::workflow::{Catalog, Tool, Type};
use std::path::PathBuf;

/// Tools and fields of the workspace.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Own {
    /// A JSON file with the tools workflows may call: a list of {name, input_schema}, or what an MCP server lists.
    #[arg(long = "tools", value_name = "FILE")]
    tools: Vec<PathBuf>,
    /// A field of the workspace: custom.seats=number; string, number, bool, time, set, or words by commas.
    #[arg(long = "field", value_name = "NAME=TYPE", value_parser = field)]
    fields: Vec<(String, Type)>,
}

impl Own {
    pub fn catalog(&self) -> anyhow::Result<Catalog> {
        let mut catalog = Catalog::builtin();
        for (name, kind) in &self.fields {
            catalog.add_field(name, kind.clone())?;
        }
        for file in &self.tools {
            let about = || format!("cannot use the tools of {}", file.display());
            let listed = serde_json::from_str(&read(file)?).with_context(about)?;
            for tool in Tool::list(&listed).with_context(about)? {
                catalog.add_tool(tool).with_context(about)?;
            }
        }
        Ok(catalog)
    }
}

fn field(text: &str) -> Result<(String, Type), String> {
    let wrong = || "NAME=TYPE is expected, such as custom.seats=number or custom.region=eu,us".to_owned();
    let (name, kind) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(wrong)?;
    let kind = match kind {
        "" => return Err(wrong()),
        "string" => Type::Text,
        "number" => Type::Number,
        "bool" => Type::Bool,
        "time" => Type::Time,
        "set" => Type::Set,
        words if words.contains(',') => {
            Type::one_of(words.split(',').map(str::trim).filter(|word| !word.is_empty()))
        }
        _ => return Err(wrong()),
    };
    Ok((name.to_owned(), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_a_name_and_a_type() {
        assert_eq!(field("custom.seats=number"), Ok(("custom.seats".to_owned(), Type::Number)));
        assert_eq!(
            field("custom.region=eu, us"),
            Ok(("custom.region".to_owned(), Type::one_of(["eu", "us"])))
        );
        for wrong in ["custom.seats", "=number", "custom.seats=", "custom.seats=nmber"] {
            assert!(field(wrong).is_err(), "{wrong}");
        }
    }
}
