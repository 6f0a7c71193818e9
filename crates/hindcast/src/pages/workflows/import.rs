//! Rules of other products, pasted or uploaded: what they would come to, and what could not be carried over; then the same is saved,
//! switched off.

use super::checked::{Told, told};
use super::{no_book, problem};
use crate::api::Problem;
use crate::api::lanes::blocking;
use crate::app::App;
use crate::catalog::WORKFLOWS_MAX;
use crate::pages::answer::{page, page_with};
use crate::pages::fields::Fields;
use crate::pages::histogram::count;
use crate::pages::refusal::Refusal;
use crate::pages::rows::Badge;
use crate::pages::safe::{short, visible, visible_lines};
use crate::pages::shell::{Section, Shell};
use crate::pages::text::Text;
use crate::pages::visitor::Visitor;
use crate::people::Permission;
use crate::workflows::edit::NAMES_TAKEN;
use crate::workflows::importing::{Becomes, Carried, NotCarried, carry_over, looked_at};
use askama::Template;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::Response;
use hindcast_rules::workflow::import::{ImportError, Product};
use std::sync::Arc;
use std::time::Duration;

/// An export that comes by a page; larger ones are read by the command line.
const EXPORT_BYTES_MAX: usize = 2_000_000;
/// What was shown of it comes back with longer breaks of lines.
const SHOWN_BYTES_MAX: usize = 2 * EXPORT_BYTES_MAX;
/// It may come twice, as a file and as what was shown of it before.
pub const FORM_BYTES_MAX: usize = EXPORT_BYTES_MAX + SHOWN_BYTES_MAX + 64 * 1024;
/// Texts that are shown; of more rules only what became of each.
const TEXTS_SHOWN: usize = 100;
/// How long the next piece of an upload may take.
const STALL_MAX: Duration = Duration::from_secs(30);

#[derive(Template)]
#[template(path = "workflow_import.html")]
struct ImportPage {
    shell: Shell,
    t: Text,
    form: Fields,
    products: Vec<(&'static str, String)>,
    /// What it came to, in a sentence; nothing before an export was read.
    told: Option<String>,
    /// Whether that is saved.
    is_saved: bool,
    /// Whether there is anything to save.
    has_new: bool,
    rules: Vec<Rule>,
    most: String,
}

/// A rule of the export.
struct Rule {
    title: String,
    name: String,
    /// Where the workflow is, once it is there.
    href: Option<String>,
    badge: Badge,
    notes: Vec<String>,
    flaws: Vec<Told>,
    /// The text of the workflow.
    yaml: Option<String>,
}

/// `GET /workflows/import`
pub async fn blank(State(app): State<Arc<App>>, visitor: Visitor) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let form = Fields::filled([("from", Product::ALL[0].as_str().to_owned())]);
    page(&blocking(move || Ok(import_page(&app, &visitor, form))).await?)
}

/// `POST /workflows/import`: looks an export over, or saves what it comes to.
pub async fn take_in(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    form: Multipart,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ManagePolicies)?;
    let form = read(form).await?;
    let (status, shown) = blocking(move || taken_in(&app, &visitor, form)).await?;
    page_with(status, &shown)
}

/// The fields of the form; the text is that of the file, if one was chosen.
async fn read(mut sent: Multipart) -> Result<Fields, Refusal> {
    let unreadable = || Problem::parameter("file", "the file could not be read, or is too large");
    let mut pairs: Vec<(&str, String)> = Vec::new();
    while let Some(mut field) = sent.next_field().await.map_err(|_| unreadable())? {
        let name = field.name().unwrap_or_default().to_owned();
        let most = if name == "text" { SHOWN_BYTES_MAX } else { EXPORT_BYTES_MAX };
        let mut bytes = Vec::new();
        loop {
            let piece = tokio::time::timeout(STALL_MAX, field.chunk()).await.map_err(|_| unreadable())?;
            let Some(piece) = piece.map_err(|_| unreadable())? else { break };
            if bytes.len() + piece.len() > most {
                return Err(unreadable().into());
            }
            bytes.extend_from_slice(&piece);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let known = ["from", "text", "act", "file"].into_iter().find(|known| *known == name);
        // What was chosen comes before what was shown.
        match known {
            Some("file") if text.trim().is_empty() => {}
            Some("file") => pairs.insert(0, ("text", text)),
            Some(known) => pairs.push((known, text)),
            None => {}
        }
    }
    Ok(Fields::filled(pairs))
}

fn taken_in(app: &App, visitor: &Visitor, mut form: Fields) -> Result<(StatusCode, ImportPage), Problem> {
    let (t, workspace) = (visitor.guest.text, &visitor.membership.workspace);
    let wanted = form.value("from");
    let product = Product::ALL.into_iter().find(|product| product.as_str() == wanted);
    let product = product.unwrap_or(Product::Zendesk);
    if form.trimmed("text").is_empty() {
        form.fail("text", t.wf_import_expected());
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, import_page(app, visitor, form)));
    }
    let is_saved = form.value("act") == "save";
    let done = match is_saved {
        true => carry_over(app, workspace, product, form.value("text"), &visitor.by()),
        false => looked_at(app, workspace, product, form.value("text")),
    };
    let carried = match done {
        Ok(carried) => carried,
        Err(NotCarried::Import(why)) => {
            form.fail("text", wrong(t, product, &why));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, import_page(app, visitor, form)));
        }
        Err(NotCarried::Book(why)) => return Err(no_book(why)),
        Err(NotCarried::Edit(why)) => return Err(problem(why)),
    };
    let new = carried.iter().filter(|one| one.becomes == Becomes::New).count();
    let (new_shown, all) = (count(new as u64), count(carried.len() as u64));
    let told = if is_saved { t.wf_import_saved(new_shown, all) } else { t.wf_import_told(new_shown, all) };
    let page = ImportPage {
        told: Some(told.into_owned()),
        is_saved,
        has_new: new > 0 && !is_saved,
        rules: carried.into_iter().enumerate().map(|(nr, one)| rule(t, one, is_saved, nr)).collect(),
        ..import_page(app, visitor, form)
    };
    Ok((StatusCode::OK, page))
}

/// Why an export cannot be read.
fn wrong(t: Text, product: Product, why: &ImportError) -> String {
    let told = match why {
        ImportError::Json(error) => {
            t.wf_import_not_json(error.line().to_string(), error.column().to_string())
        }
        ImportError::Shape { expected, .. } => t.wf_import_shape(product.to_string(), *expected),
        ImportError::TooMuch { max, found, .. } => {
            t.wf_import_too_much(count(*max as u64), count(*found as u64))
        }
    };
    told.into_owned()
}

fn rule(t: Text, carried: Carried, is_saved: bool, nr: usize) -> Rule {
    let Carried { rule, becomes } = carried;
    let badge =
        |kind, icon, label: std::borrow::Cow<'static, str>| Badge { kind, icon, label: label.into_owned() };
    let text = rule.yaml.as_deref().unwrap_or_default();
    let mut flaws = Vec::new();
    let badge = match &becomes {
        Becomes::New if is_saved => badge("success", "success", t.wf_import_is_new()),
        Becomes::New => badge("success", "success", t.wf_import_new()),
        Becomes::Nothing => badge("failure", "failed", t.wf_import_nothing()),
        Becomes::Known => badge("unknown", "pending", t.wf_import_known()),
        Becomes::Taken => badge("failure", "failed", t.wf_import_taken(NAMES_TAKEN.join(", "))),
        Becomes::NoRoom => badge("failure", "failed", t.wf_too_many(count(WORKFLOWS_MAX as u64))),
        Becomes::Flawed(wrong) => {
            flaws = told(t, text, wrong);
            badge("failure", "failed", t.policy_wrong(wrong.len()))
        }
    };
    let is_there = becomes == Becomes::Known || is_saved && becomes == Becomes::New;
    Rule {
        title: short(&rule.title),
        href: is_there.then(|| format!("/workflows/{}", rule.name)),
        name: rule.name,
        badge,
        notes: rule.notes.iter().map(|note| visible(note).into_owned()).collect(),
        flaws,
        yaml: rule.yaml.as_deref().filter(|_| nr < TEXTS_SHOWN).map(visible_lines),
    }
}

fn import_page(app: &App, visitor: &Visitor, form: Fields) -> ImportPage {
    let t = visitor.guest.text;
    ImportPage {
        shell: Shell::of(visitor, app, Section::Workflows, t.wf_import()),
        t,
        form,
        products: Product::ALL.map(|product| (product.as_str(), product.to_string())).into(),
        told: None,
        is_saved: false,
        has_new: false,
        rules: Vec::new(),
        most: crate::pages::format::bytes(EXPORT_BYTES_MAX as u64, t.language),
    }
}
