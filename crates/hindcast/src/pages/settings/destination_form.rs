//! The form of a destination, made from the fields of its kind.

use super::destinations::HERE;
use super::{Place, places};
use crate::api::Problem;
use crate::app::App;
use crate::catalog::Destination;
use crate::deliver::format::Format;
use crate::deliver::kind::{self, KindOf};
use crate::deliver::wanted::{Unwanted, Wanted};
use crate::deliver::{Field, FieldKind, Invalid};
use crate::pages::fields::Fields;
use crate::pages::safe::visible;
use crate::pages::shell::{Section, Shell, field_name};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use askama::Template;
use hindcast_event::Field as Hideable;
use serde_json::{Map, Value};
use std::borrow::Cow;

#[derive(Template)]
#[template(path = "settings_destination_form.html")]
pub(super) struct FormPage {
    shell: Shell,
    t: Text,
    places: Vec<Place>,
    title: String,
    form: Fields,
    action: String,
    is_new: bool,
    is_best_effort: bool,
    kind: &'static str,
    fields: Vec<Input>,
    formats: Vec<(&'static str, String)>,
    hideable: Vec<(&'static str, String)>,
}

/// A field of the kind, as the form has it.
struct Input {
    name: &'static str,
    label: String,
    input: &'static str,
    autocomplete: &'static str,
    hint: String,
    words: &'static [&'static str],
}

/// The kind with this word.
pub(super) fn kind_asked(word: &str) -> Option<&'static KindOf> {
    kind::find(word)
}

/// The form of a new destination, or of one that is changed.
pub(super) fn form_page(
    app: &App,
    visitor: &Visitor,
    kind: &'static KindOf,
    before: Option<&Destination>,
    form: Fields,
) -> FormPage {
    let t = visitor.guest.text;
    let (title, action) = match before {
        None => (t.destination_new_of(kind.name).into_owned(), HERE.to_owned()),
        Some(one) => (visible(&one.chosen.name).into_owned(), format!("{HERE}/{}/change", one.id)),
    };
    FormPage {
        shell: Shell::of(visitor, app, Section::Settings, title.clone()),
        t,
        places: places(visitor, HERE),
        title,
        form,
        action,
        is_new: before.is_none(),
        is_best_effort: kind.is_best_effort,
        kind: kind.word,
        fields: kind.fields.iter().map(|field| input(t, field, before.is_some())).collect(),
        formats: kind.formats.iter().map(|format| (format.as_str(), format_name(t, *format))).collect(),
        hideable: Hideable::ALL.map(|field| (field.as_str(), field_name(t, field))).into(),
    }
}

fn input(t: Text, field: &Field, is_kept: bool) -> Input {
    let (input, example, words): (_, _, &[&str]) = match field.kind {
        _ if field.is_secret => ("password", "", &[]),
        FieldKind::Text { example, .. } => ("text", example, &[]),
        FieldKind::Url { example } => ("url", example, &[]),
        FieldKind::Lines { .. } => ("lines", "", &[]),
        FieldKind::Number { .. } => ("number", "", &[]),
        FieldKind::Choice(words) => ("choice", "", words),
        FieldKind::Flag => ("check", "", &[]),
    };
    let hint = match field.kind {
        _ if field.is_secret && is_kept => t.destination_secret_set().into_owned(),
        _ if field.name == "secret" => t.destination_field_secret_told().into_owned(),
        FieldKind::Number { default, .. } => default.to_string(),
        _ => example.to_owned(),
    };
    let autocomplete = if field.is_secret { "new-password" } else { "off" };
    Input { name: field.name, label: label(t, field.name).into_owned(), input, autocomplete, hint, words }
}

/// What a field is called; one that has no text yet, by its own name.
fn label(t: Text, name: &'static str) -> Cow<'static, str> {
    match name {
        "url" => t.destination_field_url(),
        "signing" => t.destination_field_signing(),
        "secret" => t.destination_field_secret(),
        "previous_secret" => t.destination_field_previous_secret(),
        "timeout_seconds" => t.destination_field_timeout_seconds(),
        "ca" => t.destination_field_ca(),
        "token" => t.destination_field_token(),
        "index" => t.destination_field_index(),
        "source" => t.destination_field_source(),
        "sourcetype" => t.destination_field_sourcetype(),
        "acknowledge" => t.destination_field_acknowledge(),
        "acknowledge_seconds" => t.destination_field_acknowledge_seconds(),
        "site" => t.destination_field_site(),
        "api_key" => t.destination_field_api_key(),
        "service" => t.destination_field_service(),
        "tags" => t.destination_field_tags(),
        "user" => t.destination_field_user(),
        "password" => t.destination_field_password(),
        "address" => t.destination_field_address(),
        "transport" => t.destination_field_transport(),
        "framing" => t.destination_field_framing(),
        "certificate" => t.destination_field_certificate(),
        "key" => t.destination_field_key(),
        "enterprise" => t.destination_field_enterprise(),
        "message_bytes" => t.destination_field_message_bytes(),
        "chunk_bytes" => t.destination_field_chunk_bytes(),
        "encoding" => t.destination_field_encoding(),
        "compression" => t.destination_field_compression(),
        "header" => t.destination_field_header(),
        "header_value" => t.destination_field_header_value(),
        "body" => t.destination_field_body(),
        "batch_entries" => t.destination_field_batch_entries(),
        "bucket" => t.destination_field_bucket(),
        "region" => t.destination_field_region(),
        "endpoint" => t.destination_field_endpoint(),
        "access_key" => t.destination_field_access_key(),
        "secret_key" => t.destination_field_secret_key(),
        "session_token" => t.destination_field_session_token(),
        "file" => t.destination_field_file(),
        "every_minutes" => t.destination_field_every_minutes(),
        "to" => t.destination_field_to(),
        "language" => t.destination_field_language(),
        "host" => t.destination_field_host(),
        "port" => t.destination_field_port(),
        "tls" => t.destination_field_tls(),
        "from" => t.destination_field_from(),
        "webhook" => t.destination_field_webhook(),
        name => Cow::Borrowed(name),
    }
}

/// What a format is called.
pub(super) fn format_name(t: Text, format: Format) -> String {
    match format {
        Format::Native => t.destination_format_native(),
        Format::Intercom => t.destination_format_intercom(),
        // Names of standards are the same everywhere.
        Format::Ocsf => "OCSF 1.9.0".into(),
        Format::Ocsf18 => "OCSF 1.8.0".into(),
        Format::Ecs => "Elastic Common Schema".into(),
        Format::CloudEvents => "CloudEvents 1.0".into(),
        Format::Gelf => "GELF 1.1".into(),
        Format::Cef => "CEF".into(),
        Format::Leef => "LEEF 2.0".into(),
    }
    .into_owned()
}

/// The form of a destination as it is; secrets are never told.
pub(super) fn filled(one: &Destination) -> Fields {
    let chosen = &one.chosen;
    let mut pairs = vec![
        ("name", chosen.name.clone()),
        ("format", chosen.format.clone()),
        ("query", chosen.query.clone()),
    ];
    pairs.extend(chosen.hidden.fields().map(|field| ("hidden", field.as_str().to_owned())));
    pairs.extend(chosen.settings.iter().map(|(name, value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name.as_str(), text)
    }));
    Fields::filled(pairs)
}

/// What a form asks for.
pub(super) fn read(kind: &KindOf, form: &Fields) -> Wanted {
    let given = kind.fields.iter().filter(|field| form.has(field.name));
    let settings: Map<String, Value> =
        given.map(|field| (field.name.to_owned(), form.value(field.name).into())).collect();
    Wanted {
        name: form.trimmed("name").to_owned(),
        settings,
        format: Some(form.trimmed("format").to_owned()),
        query: form.trimmed("query").to_owned(),
        hidden: form.all("hidden").filter_map(Hideable::parse).collect(),
    }
}

/// Says what is wrong where it is wrong.
pub(super) fn tell(t: Text, kind: &KindOf, form: &mut Fields, unwanted: Unwanted) -> Result<(), Problem> {
    match unwanted {
        Unwanted::Invalid(Invalid { field, problem }) => {
            let known = kind.fields.iter().map(|known| known.name).chain(["format", "query"]);
            let name = known.into_iter().find(|known| *known == field).unwrap_or("name");
            form.fail(name, t.destination_expected(visible(&problem).into_owned()));
        }
        Unwanted::Query(_) => form.fail("query", t.expected_hold_query()),
        Unwanted::Full => form.fail("name", t.destinations_full()),
        Unwanted::Other(error) => return Err(error.into()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::kind::KINDS;

    #[test]
    fn no_field_of_a_kind_has_the_name_of_a_common_one_and_each_has_a_text() {
        let t = Text::default();
        for field in KINDS.iter().flat_map(|kind| kind.fields) {
            assert!(
                !["name", "format", "query", "hidden", "since", "kind"].contains(&field.name),
                "{}",
                field.name
            );
            assert_ne!(label(t, field.name), field.name, "destination-field-{} is missing", field.name);
        }
    }
}
