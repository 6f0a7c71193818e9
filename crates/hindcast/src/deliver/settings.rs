//! What a destination is told: named fields, some of them secret, checked against the fields of its kind. The same table
//! makes the form of the page, the check of the API and the options of the command line.

use serde_json::{Map, Value};

/// A field of a kind of destination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// Its name in the API; `destination-field-NAME` is its text.
    pub name: &'static str,
    /// What it takes.
    pub kind: FieldKind,
    /// Without it there is no destination.
    pub is_required: bool,
    /// It is sealed, and never told again.
    pub is_secret: bool,
}

/// What a field takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FieldKind {
    /// A line, at most so many bytes.
    Text { bytes_max: usize, example: &'static str },
    /// Several lines, such as certificates in PEM.
    Lines { bytes_max: usize },
    /// An address that begins with `https://`, or `http://` where the network is the operator's.
    Url { example: &'static str },
    /// A whole number.
    Number { min: u64, max: u64, default: u64 },
    /// One of these; the first when it is absent.
    Choice(&'static [&'static str]),
    /// True or false; false when it is absent.
    Flag,
}

/// A field is wrong; the text says what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub(crate) struct Invalid {
    /// Its name.
    pub field: String,
    /// What was expected, to follow the name.
    pub problem: String,
}

impl Invalid {
    /// A field, and what was expected of it.
    pub fn new(field: &str, problem: impl Into<String>) -> Self {
        Self { field: field.to_owned(), problem: problem.into() }
    }
}

impl Field {
    /// A field that has to be given.
    pub const fn required(name: &'static str, kind: FieldKind) -> Self {
        Self { name, kind, is_required: true, is_secret: false }
    }

    /// A field that may be absent.
    pub const fn optional(name: &'static str, kind: FieldKind) -> Self {
        Self { name, kind, is_required: false, is_secret: false }
    }

    /// The same, sealed and never told again.
    pub const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    /// Checks a value, and gives it as it is kept; nothing when it is as good as absent.
    fn checked(&self, value: &Value) -> Result<Option<Value>, Invalid> {
        let wrong = |problem: String| Err(Invalid::new(self.name, problem));
        let text = value.as_str().map(str::trim);
        if value.is_null() || text == Some("") {
            return Ok(None);
        }
        match self.kind {
            FieldKind::Flag => match (value, text) {
                (Value::Bool(flag), _) => Ok(flag.then_some(Value::Bool(true))),
                (_, Some("true" | "on")) => Ok(Some(Value::Bool(true))),
                (_, Some("false" | "off")) => Ok(None),
                _ => wrong("must be true or false".to_owned()),
            },
            FieldKind::Number { min, max, .. } => {
                let number = value.as_u64().or_else(|| text.and_then(|text| text.parse().ok()));
                match number.filter(|number| (min..=max).contains(number)) {
                    Some(number) => Ok(Some(number.into())),
                    None => wrong(format!("must be a whole number from {min} to {max}")),
                }
            }
            FieldKind::Choice(words) => match text.filter(|text| words.contains(text)) {
                Some(word) => Ok(Some(word.into())),
                None => wrong(format!("must be one of {}", words.join(", "))),
            },
            FieldKind::Text { bytes_max, .. } => match text {
                Some(text) if text.len() <= bytes_max && !text.chars().any(char::is_control) => {
                    Ok(Some(text.into()))
                }
                _ => wrong(format!("must be one line of at most {bytes_max} bytes")),
            },
            FieldKind::Lines { bytes_max } => match text {
                Some(text) if text.len() <= bytes_max => Ok(Some(text.into())),
                _ => wrong(format!("must be text of at most {bytes_max} bytes")),
            },
            FieldKind::Url { .. } => match text.filter(|text| is_address(text)) {
                Some(text) => Ok(Some(text.into())),
                None => wrong(
                    "must begin with https:// (or http://) and name a host, and neither a user nor a fragment"
                        .to_owned(),
                ),
            },
        }
    }
}

const URL_BYTES_MAX: usize = 2000;

fn is_address(text: &str) -> bool {
    let Ok(uri) = text.parse::<axum::http::Uri>() else { return false };
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    text.len() <= URL_BYTES_MAX
        && matches!(uri.scheme_str(), Some("http" | "https"))
        && !authority.is_empty()
        && !authority.contains('@')
        && !text.contains('#')
}

/// What a destination was told, secrets included. Never logged: there is no `Debug`.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    values: Map<String, Value>,
}

impl Settings {
    /// Checks values against the fields of a kind. A secret that is absent is taken from `before`.
    pub fn checked(fields: &[Field], given: &Map<String, Value>, before: &Self) -> Result<Self, Invalid> {
        if let Some(unknown) = given.keys().find(|name| fields.iter().all(|field| field.name != **name)) {
            let names: Vec<_> = fields.iter().map(|field| field.name).collect();
            let problem = format!("is not a field of this kind; there are {}", names.join(", "));
            return Err(Invalid::new(unknown, problem));
        }
        let mut values = Map::new();
        for field in fields {
            let value = given.get(field.name).map(|value| field.checked(value)).transpose()?.flatten();
            let kept = || before.values.get(field.name).filter(|_| field.is_secret).cloned();
            match value.or_else(kept) {
                Some(value) => drop(values.insert(field.name.to_owned(), value)),
                None if field.is_required => return Err(Invalid::new(field.name, "is required")),
                None => {}
            }
        }
        Ok(Self { values })
    }

    /// Puts together what the catalog keeps.
    pub fn of(public: Map<String, Value>, secret: Map<String, Value>) -> Self {
        Self { values: public.into_iter().chain(secret).collect() }
    }

    /// What may be told, and what is sealed.
    pub fn split(self, fields: &[Field]) -> (Map<String, Value>, Map<String, Value>) {
        let is_secret =
            |name: &String| fields.iter().any(|field| field.is_secret && field.name == name.as_str());
        self.values.into_iter().partition(|(name, _)| !is_secret(name))
    }

    /// A text, if it was given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_str()
    }

    /// A text that is required.
    pub fn required(&self, name: &str) -> Result<&str, Invalid> {
        self.text(name).ok_or_else(|| Invalid::new(name, "is required"))
    }

    /// Whether something was given.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A number, or its default.
    pub fn number(&self, name: &str, default: u64) -> u64 {
        self.values.get(name).and_then(Value::as_u64).unwrap_or(default)
    }

    /// Whether a flag is set.
    pub fn flag(&self, name: &str) -> bool {
        self.values.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIELDS: &[Field] = &[
        Field::required("url", FieldKind::Url { example: "https://example.com" }),
        Field::required("token", FieldKind::Text { bytes_max: 10, example: "" }).secret(),
        Field::optional("wait", FieldKind::Number { min: 1, max: 5, default: 2 }),
        Field::optional("mode", FieldKind::Choice(&["a", "b"])),
        Field::optional("acks", FieldKind::Flag),
    ];

    fn checked(given: &Value, before: &Settings) -> Result<Settings, Invalid> {
        Settings::checked(FIELDS, given.as_object().expect("an object"), before)
    }

    #[test]
    fn a_wrong_field_is_named() {
        let none = Settings::default();
        for (given, field) in [
            (json!({ "token": "x" }), "url"),
            (json!({ "url": "https://x" }), "token"),
            (json!({ "url": "ftp://x", "token": "x" }), "url"),
            (json!({ "url": "https://ana:pw@x", "token": "x" }), "url"),
            (json!({ "url": "https://x", "token": "longer than ten" }), "token"),
            (json!({ "url": "https://x", "token": "a\nb" }), "token"),
            (json!({ "url": "https://x", "token": "x", "wait": 6 }), "wait"),
            (json!({ "url": "https://x", "token": "x", "mode": "c" }), "mode"),
            (json!({ "url": "https://x", "token": "x", "acks": 1 }), "acks"),
            (json!({ "url": "https://x", "token": "x", "tokn": "x" }), "tokn"),
        ] {
            assert_eq!(checked(&given, &none).err().expect("refused").field, field, "{given}");
        }
    }

    #[test]
    fn a_form_and_a_program_give_the_same() {
        let none = Settings::default();
        let form = json!({ "url": " https://x ", "token": "t", "wait": "3", "acks": "on", "mode": "" });
        let program = json!({ "url": "https://x", "token": "t", "wait": 3, "acks": true });
        let (form, program) = (checked(&form, &none).expect("good"), checked(&program, &none).expect("good"));
        assert_eq!(form.values, program.values);
    }

    #[test]
    fn a_secret_stays_when_it_is_not_given_anew_and_nothing_else_does() {
        let first = json!({ "url": "https://x", "token": "t", "wait": 3 });
        let first = checked(&first, &Settings::default()).expect("good");
        let second = checked(&json!({ "url": "https://y", "token": "" }), &first).expect("good");
        let (public, secret) = second.split(FIELDS);
        assert_eq!((json!(public), json!(secret)), (json!({ "url": "https://y" }), json!({ "token": "t" })));
    }
}
