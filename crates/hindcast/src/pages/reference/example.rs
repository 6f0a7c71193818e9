//! How an address is asked, filled in for this server: with curl, and where there is one with a command of ours.
//!
//! Most of it is derived from the document; what that cannot know stands in one table, [`super::known`].

use super::known::{KNOWN, Known, NOTHING};
use super::{list, text};
use serde_json::Value;

/// Where and for whom the examples are.
pub struct Here<'h> {
    /// The address under which we are reached.
    pub base: &'h str,
    /// The id of the workspace that is looked at.
    pub workspace: &'h str,
}

/// How an address is asked.
pub struct Example {
    /// With curl.
    pub curl: String,
    /// With the command line, if a command does that.
    pub cli: Option<String>,
}

/// How an operation is asked.
pub fn example(method: &str, path: &str, operation: &Value, here: &Here<'_>) -> Example {
    let id = text(&operation["operationId"]);
    let known = KNOWN.iter().find(|known| known.operation == id).unwrap_or(&NOTHING);
    let command = (!known.command.is_empty()).then(|| filled(known.command, here, quoted));
    Example { curl: curl(method, path, operation, known, here), cli: command }
}

fn curl(method: &str, path: &str, operation: &Value, known: &Known, here: &Here<'_>) -> String {
    let mut address = path.to_owned();
    let mut asked = Vec::new();
    for parameter in list(&operation["parameters"]) {
        let (name, value) = (text(&parameter["name"]), value(parameter, known, here));
        match text(&parameter["in"]) {
            "path" => {
                address =
                    address.replace(&format!("{{{name}}}"), &value.unwrap_or_else(|| name.to_uppercase()))
            }
            "query" => asked.extend(value.map(|value| format!("{name}={value}"))),
            _ => {}
        }
    }
    let mut lines = vec!["curl".to_owned()];
    // What curl takes by itself need not be said.
    let by_itself = if known.body.is_empty() { "get" } else { "post" };
    if method != by_itself {
        lines[0].push_str(&format!(" -X {}", method.to_ascii_uppercase()));
    }
    if !asked.is_empty() {
        lines[0].push_str(" -G");
    }
    lines[0].push(' ');
    lines[0].push_str(&quoted(&format!("{}{address}", here.base)));
    if !list(&operation["security"]).is_empty() {
        lines.push("-H \"Authorization: Bearer $HINDCAST_TOKEN\"".to_owned());
    }
    lines.extend(asked.iter().map(|pair| format!("--data-urlencode {}", quoted(pair))));
    if !known.body.is_empty() {
        lines.push("-H \"Content-Type: application/json\"".to_owned());
        lines.push(format!("-d {}", quoted(&filled(known.body, here, str::to_owned))));
    }
    if !known.options.is_empty() {
        lines.push(known.options.to_owned());
    }
    lines.join(" \\\n  ")
}

/// The value of a parameter in an example; none when it can do without.
fn value(parameter: &Value, known: &Known, here: &Here<'_>) -> Option<String> {
    let name = text(&parameter["name"]);
    if let Some((_, value)) = known.asked.iter().find(|(asked, _)| *asked == name) {
        return Some((*value).to_owned());
    }
    if parameter["required"] != true {
        return None;
    }
    if name == "workspace" {
        return Some(here.workspace.to_owned());
    }
    let schema = &parameter["schema"];
    let told = [&parameter["example"], &schema["example"], &schema["enum"][0], &schema["default"]];
    let told = told.into_iter().find(|value| !value.is_null());
    Some(told.map_or_else(
        || name.to_uppercase(),
        |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    ))
}

/// A line with the address and the workspace in it.
fn filled(line: &str, here: &Here<'_>, put: impl Fn(&str) -> String) -> String {
    line.replace("{base}", &put(here.base)).replace("{workspace}", &put(here.workspace))
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._:/@=+,%".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::super::members;
    use super::*;
    use crate::api::described;
    use clap::Parser as _;

    const HERE: Here<'static> = Here { base: "https://audit.example.com", workspace: "northwind" };

    fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
        members(&described()["paths"]).flat_map(|(path, methods)| {
            members(methods).map(move |(method, one)| (method.as_str(), path.as_str(), one))
        })
    }

    fn of(id: &str) -> Example {
        let found = operations().find(|(_, _, operation)| operation["operationId"] == id);
        let (method, path, operation) = found.unwrap_or_else(|| panic!("there is no {id}"));
        example(method, path, operation, &HERE)
    }

    /// The words of a line, as a shell takes them apart.
    fn words(line: &str) -> Vec<String> {
        let pieces = line.split('\'').enumerate();
        let words = pieces.flat_map(|(at, piece)| match at % 2 {
            0 => piece.split_whitespace().map(str::to_owned).collect(),
            _ => vec![piece.to_owned()],
        });
        words.collect()
    }

    #[test]
    fn an_address_is_asked_with_curl() {
        assert_eq!(of("health").curl, "curl https://audit.example.com/healthz");
        assert_eq!(
            of("searchEvents").curl,
            "curl -G https://audit.example.com/v1/events \\\n  \
             -H \"Authorization: Bearer $HINDCAST_TOKEN\" \\\n  \
             --data-urlencode 'q=category:authentication -outcome:success'"
        );
        assert_eq!(
            of("revokeToken").curl,
            "curl -X DELETE https://audit.example.com/v1/tokens/TOKEN_ID \\\n  \
             -H \"Authorization: Bearer $HINDCAST_TOKEN\""
        );
        assert!(of("changeRetention").curl.starts_with("curl -X PUT https://audit.example.com/v1/retention"));
        assert!(
            of("runRetention").curl.starts_with("curl -X POST https://audit.example.com/v1/retention/run")
        );
        assert_eq!(of("logTile").curl, "curl https://audit.example.com/w/northwind/tile/0/000 \\\n  -o tile");
        assert!(of("facets").curl.ends_with("--data-urlencode facet=action,actor"));
        assert!(
            of("createToken")
                .curl
                .ends_with(r#"-d '{"name":"shop backend","scopes":["ingest"],"workspace":"northwind"}'"#)
        );
    }

    #[test]
    fn what_is_known_is_known_of_something() {
        for known in KNOWN {
            let found = operations().find(|(_, _, operation)| operation["operationId"] == known.operation);
            let (_, _, operation) = found.unwrap_or_else(|| panic!("there is no {}", known.operation));
            for (name, _) in known.asked {
                let is_taken =
                    list(&operation["parameters"]).iter().any(|parameter| parameter["name"] == *name);
                assert!(is_taken, "{} takes no {name}", known.operation);
            }
            assert!(
                known.body.is_empty() || serde_json::from_str::<Value>(known.body).is_ok(),
                "{}",
                known.body
            );
        }
        for (_, path, operation) in
            operations().filter(|(_, _, operation)| operation["requestBody"].is_object())
        {
            let known = KNOWN.iter().find(|known| operation["operationId"] == known.operation);
            assert!(known.is_some_and(|known| !known.body.is_empty()), "{path} wants a body");
        }
    }

    #[test]
    fn every_command_is_one() {
        for (method, path, operation) in operations() {
            if let Some(command) = example(method, path, operation, &HERE).cli {
                let parsed = crate::cli::Cli::try_parse_from(words(&command));
                assert!(
                    parsed.is_ok(),
                    "{command}: {}",
                    parsed.err().map(|e| e.to_string()).unwrap_or_default()
                );
            }
        }
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_read_more_into_them() {
        assert_eq!(quoted("https://a.example:8480/v1"), "https://a.example:8480/v1");
        assert_eq!(quoted("http://[::1]:80"), "'http://[::1]:80'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
