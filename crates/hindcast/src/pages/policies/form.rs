//! A simple policy as a form instead of a text. The text is what is kept: the form is read from it and written back to it, and what a
//! form cannot show is changed as a text.

use super::flaws::{Told, told};
use super::policy::{PolicyPage, looked_over, new_page, policy_page, text_of};
use super::save::{refused, refused_new};
use super::{found, no_book};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::PolicyRow;
use crate::gate::edit::{self, NotChanged};
use crate::gate::vocabulary;
use crate::pages::answer::{page_with, redirect};
use crate::pages::fields::Fields;
use crate::pages::refusal::Refusal;
use crate::pages::rows::actor_type;
use crate::pages::settings::saved;
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_event::ACTOR_TYPES;
use hindcast_rules::policy::PRINCIPALS;
use hindcast_rules::policy::form::{Does, Form, Misfilled, NotSimple, Operator, TESTS_MAX, Test, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// Empty lines for tests that are still to be written.
const ROWS_FREE: usize = 3;
const DOES: [(Does, &str); 3] = [(Does::Permit, "permit"), (Does::Forbid, "forbid"), (Does::Ask, "ask")];
const OPERATORS: [(Operator, &str); 10] = [
    (Operator::Is, "is"),
    (Operator::IsNot, "is_not"),
    (Operator::More, "more"),
    (Operator::AtLeast, "at_least"),
    (Operator::Less, "less"),
    (Operator::AtMost, "at_most"),
    (Operator::OneOf, "one_of"),
    (Operator::NoneOf, "none_of"),
    (Operator::There, "there"),
    (Operator::Absent, "absent"),
];

#[derive(Template)]
#[template(path = "policy_form.html")]
struct FormPage {
    shell: Shell,
    t: Text,
    form: Fields,
    title: String,
    back: String,
    /// Where the form goes.
    action: String,
    is_new: bool,
    kinds: Vec<(&'static str, String)>,
    does: Vec<(&'static str, String)>,
    operators: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    attributes: Vec<String>,
    /// What is wrong with the text it comes to.
    flaws: Vec<Told>,
    /// Whether it was looked over and found good.
    is_checked: bool,
}

/// A line of the form: the names of its fields and what was typed.
struct Row {
    at: usize,
    attribute: String,
    operator: String,
    value: String,
    error: Option<String>,
}

/// What comes of a form.
enum Outcome {
    Form(StatusCode, Box<FormPage>),
    Text(StatusCode, Box<PolicyPage>),
    Saved(String),
}

/// `GET` and `POST /policies/new/form`
pub async fn new_form(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    answer(blocking(move || done(&app, &visitor, None, form)).await?)
}

/// `GET` and `POST /policies/{name}/form`
pub async fn form(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    form: Fields,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let outcome = blocking(move || {
        let Some(row) = app.catalog.policy(&visitor.membership.workspace, &name)? else { return Ok(None) };
        done(&app, &visitor, Some(&row), form).map(Some)
    });
    answer(found(outcome.await?)?)
}

fn answer(outcome: Outcome) -> Result<Response, Refusal> {
    match outcome {
        Outcome::Form(status, shown) => page_with(status, &*shown),
        Outcome::Text(status, shown) => page_with(status, &*shown),
        Outcome::Saved(to) => Ok(redirect(&to)),
    }
}

fn done(app: &App, visitor: &Visitor, row: Option<&PolicyRow>, mut form: Fields) -> Result<Outcome, Problem> {
    let good = |page| Ok(Outcome::Form(StatusCode::OK, Box::new(page)));
    match form.value("act") {
        "" => return opened(app, visitor, row, form),
        "rows" => return good(form_page(app, visitor, row, form)?),
        _ => {}
    }
    let name = named(row, &form);
    let Some(text) = written(visitor.guest.text, &mut form) else {
        let page = form_page(app, visitor, row, form)?;
        return Ok(Outcome::Form(StatusCode::UNPROCESSABLE_ENTITY, Box::new(page)));
    };
    match form.value("act") {
        "text" => {
            let mut page = as_text(app, visitor, row, &form, text)?;
            page.note = Some(visitor.guest.text.form_as_text().into_owned());
            Ok(Outcome::Text(StatusCode::OK, Box::new(page)))
        }
        "save" => save(app, visitor, row, form, text),
        _ => {
            let (flaws, _) = looked_over(app, visitor, &name, &text)?;
            let page = form_page(app, visitor, row, form)?;
            good(FormPage { is_checked: flaws.is_empty(), flaws, ..page })
        }
    }
}

/// The form of a text: of what was typed into the editor, or of the newest version. What it cannot show stays a text.
fn opened(app: &App, visitor: &Visitor, row: Option<&PolicyRow>, form: Fields) -> Result<Outcome, Problem> {
    let t = visitor.guest.text;
    let text = match (form.has("text"), row) {
        (true, _) => text_of(&form),
        (false, Some(row)) => {
            let newest = app.catalog.policy_version(&visitor.membership.workspace, &row.name, row.newest)?;
            newest.map(|newest| newest.text).unwrap_or_default()
        }
        (false, None) => String::new(),
    };
    if text.trim().is_empty() {
        let page = form_page(app, visitor, row, form)?;
        return Ok(Outcome::Form(StatusCode::OK, Box::new(page)));
    }
    match Form::read(&text) {
        Ok(read) => {
            let page = form_page(app, visitor, row, filled(&read).over(form))?;
            Ok(Outcome::Form(StatusCode::OK, Box::new(page)))
        }
        Err(why) => {
            let mut page = as_text(app, visitor, row, &form, text)?;
            page.note = Some(t.form_not_simple(because(t, why)).into_owned());
            Ok(Outcome::Text(StatusCode::OK, Box::new(page)))
        }
    }
}

fn save(
    app: &App,
    visitor: &Visitor,
    row: Option<&PolicyRow>,
    form: Fields,
    text: String,
) -> Result<Outcome, Problem> {
    let (name, workspace) = (named(row, &form), &visitor.membership.workspace);
    let before = if row.is_some() { form.value("version").parse().unwrap_or(0) } else { 0 };
    let error = match edit::save(app, workspace, &name, before, &text, &visitor.by()) {
        Ok(_) => return Ok(Outcome::Saved(saved(app, workspace, &format!("/policies/{name}")))),
        Err(error) => error,
    };
    if let NotChanged::Wrong(flaws) = &error {
        let flaws = told(visitor.guest.text, &name, &text, flaws);
        let page = form_page(app, visitor, row, form)?;
        return Ok(Outcome::Form(StatusCode::UNPROCESSABLE_ENTITY, Box::new(FormPage { flaws, ..page })));
    }
    let typed = Fields::filled([("text", text), ("name", name)]).over(form);
    let (status, page) = match row {
        Some(row) => refused(app, visitor, row, typed, error)?,
        None => refused_new(app, visitor, typed, error)?,
    };
    Ok(Outcome::Text(status, Box::new(page)))
}

fn as_text(
    app: &App,
    visitor: &Visitor,
    row: Option<&PolicyRow>,
    form: &Fields,
    text: String,
) -> Result<PolicyPage, Problem> {
    let pairs = [("text", text), ("name", named(row, form))];
    let typed = Fields::filled(pairs);
    match row {
        Some(row) => {
            let version = Fields::filled([("version", form.value("version").to_owned())]);
            let typed = if form.has("version") { typed.over(version) } else { typed };
            policy_page(app, visitor, row, Some(typed), None)
        }
        None => new_page(app, visitor, typed, None),
    }
}

fn named(row: Option<&PolicyRow>, form: &Fields) -> String {
    row.map_or_else(|| form.trimmed("name").to_owned(), |row| row.name.clone())
}

/// The text that a form comes to; nothing when something in it is wrong, which the form then says.
fn written(t: Text, form: &mut Fields) -> Option<String> {
    let word = |name: &str| form.trimmed(name).to_owned();
    let mut read = Form {
        note: form.value("note").replace("\r\n", "\n").trim().to_owned(),
        id: word("id"),
        reason: word("reason"),
        does: DOES
            .iter()
            .find(|(_, known)| *known == form.value("does"))
            .map_or(Does::Forbid, |(does, _)| *does),
        who: word("who"),
        one: word("one"),
        actions: form.lines("actions"),
        tests: Vec::new(),
        approvers: word("approvers"),
        required: word("required"),
        timeout: word("timeout"),
        on_timeout: word("on_timeout"),
    };
    let mut rows = Vec::new();
    for at in 0..TESTS_MAX {
        let attribute = form.trimmed(&format!("attribute-{at}")).to_owned();
        if attribute.is_empty() {
            continue;
        }
        let operator = OPERATORS.iter().find(|(_, known)| *known == form.value(&format!("operator-{at}")));
        match Value::list(form.value(&format!("value-{at}"))) {
            Some(values) => {
                let operator = operator.map_or(Operator::Is, |(operator, _)| *operator);
                read.tests.push(Test { attribute, operator, values });
                rows.push(at);
            }
            None => form.fail(format!("attribute-{at}"), t.form_expected_test()),
        }
    }
    let text = match read.text() {
        Ok(text) => Some(text),
        Err(Misfilled { field, .. }) => {
            let at = rows.iter().enumerate().find(|(nth, _)| field == format!("tests[{nth}]"));
            match (field.as_str(), at) {
                (_, Some((_, at))) => form.fail(format!("attribute-{at}"), t.form_expected_test()),
                ("one", _) => form.fail("who", t.form_expected_who()),
                _ => form.fail("who", t.form_expected_kind()),
            }
            None
        }
    };
    text.filter(|_| form.is_good())
}

fn filled(read: &Form) -> Fields {
    let does = DOES.iter().find(|(does, _)| *does == read.does).map_or("forbid", |(_, word)| word);
    let mut pairs: Vec<(String, String)> = [
        ("note", read.note.as_str()),
        ("id", &read.id),
        ("reason", &read.reason),
        ("does", does),
        ("who", &read.who),
        ("one", &read.one),
        ("actions", &read.actions.join("\n")),
        ("approvers", &read.approvers),
        ("required", &read.required),
        ("timeout", &read.timeout),
        ("on_timeout", &read.on_timeout),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (at, test) in read.tests.iter().enumerate() {
        let operator = OPERATORS.iter().find(|(operator, _)| *operator == test.operator);
        pairs.push((format!("attribute-{at}"), test.attribute.clone()));
        pairs.push((format!("operator-{at}"), operator.map_or("is", |(_, word)| word).to_owned()));
        pairs.push((format!("value-{at}"), Value::spelled(&test.values)));
    }
    Fields::filled(pairs.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

fn form_page(
    app: &App,
    visitor: &Visitor,
    row: Option<&PolicyRow>,
    form: Fields,
) -> Result<FormPage, Problem> {
    let t = visitor.guest.text;
    let title = row.map_or_else(|| t.policy_new(), |row| Cow::Owned(row.name.clone()));
    let vocabulary = vocabulary(app, &visitor.membership.workspace).map_err(no_book)?;
    let base = row.map_or_else(|| "/policies/new".to_owned(), |row| format!("/policies/{}", row.name));
    let version = row.map(|row| row.version.to_string()).unwrap_or_default();
    let form = form.over(Fields::filled([("version", version), ("does", "forbid".to_owned())]));
    let kinds = PRINCIPALS.into_iter().zip(ACTOR_TYPES).map(|(kind, word)| (kind, actor_type(t, word)));
    Ok(FormPage {
        shell: Shell::of(visitor, app, Section::Policies, title.clone()),
        t,
        title: title.into_owned(),
        action: format!("{base}/form"),
        back: base,
        is_new: row.is_none(),
        kinds: kinds.collect(),
        does: [t.effect_permit(), t.effect_forbid(), t.effect_approval()]
            .into_iter()
            .zip(DOES)
            .map(|(label, (_, word))| (word, label.into_owned()))
            .collect(),
        operators: operators(t),
        rows: rows(&form),
        attributes: vocabulary.attributes().into_iter().collect(),
        flaws: Vec::new(),
        is_checked: false,
        form,
    })
}

/// The lines that were filled in, and a few that are free.
fn rows(form: &Fields) -> Vec<Row> {
    let is_typed = |at: &usize| {
        ["attribute", "value"].iter().any(|name| !form.trimmed(&format!("{name}-{at}")).is_empty())
    };
    let used = (0..TESTS_MAX).rfind(is_typed).map_or(0, |at| at + 1);
    let row = |at| {
        let value = |name: &str| form.value(&format!("{name}-{at}")).to_owned();
        let error = form.error(&format!("attribute-{at}")).map(str::to_owned);
        Row { at, attribute: value("attribute"), operator: value("operator"), value: value("value"), error }
    };
    (0..(used + ROWS_FREE).min(TESTS_MAX)).map(row).collect()
}

fn operators(t: Text) -> Vec<(&'static str, String)> {
    let labels = [
        t.operator_is(),
        t.operator_is_not(),
        t.operator_more(),
        t.operator_at_least(),
        t.operator_less(),
        t.operator_at_most(),
        t.operator_one_of(),
        t.operator_none_of(),
        t.operator_there(),
        t.operator_absent(),
    ];
    OPERATORS.into_iter().zip(labels).map(|((_, word), label)| (word, label.into_owned())).collect()
}

fn because(t: Text, why: NotSimple) -> Cow<'static, str> {
    match why {
        NotSimple::Unreadable => t.form_unreadable(),
        NotSimple::Several => t.form_several(),
        NotSimple::Comments => t.form_comments(),
        NotSimple::Annotations => t.form_annotations(),
        NotSimple::Scope => t.form_scope(),
        NotSimple::Conditions => t.form_conditions(),
    }
}
