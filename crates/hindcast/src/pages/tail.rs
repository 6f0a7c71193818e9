//! `GET /log/tail`: the log as it grows, each entry a row of the table.

use super::asked::{Asked, Question};
use super::mistake::question;
use super::refusal::Refusal;
use super::rows::{Column, Row, row};
use super::text::Text;
use super::visitor::Visitor;
use crate::api::Problem;
use crate::api::follow::{Following, Listener, after_last, follow};
use crate::api::lanes::Lanes;
use crate::app::App;
use crate::people::Permission;
use askama::Template;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use hindcast_event::Entry;
use std::sync::Arc;

/// A browser that is further behind hears how many it missed.
const BEHIND_MAX: u64 = 1000;

#[derive(Template)]
#[template(path = "tail_row.html")]
struct TailRow<'r> {
    assets: &'static str,
    t: Text,
    cols: &'r [Column],
    row: Row,
}

/// Somebody's browser.
struct Browser {
    visitor: Visitor,
    asked: Asked,
    question: Question,
    cols: Vec<Column>,
}

/// `GET /log/tail`
pub async fn tail(
    State(app): State<Arc<App>>,
    Extension(lanes): Extension<Arc<Lanes>>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    visitor.needs(Permission::ReadLog)?;
    let asked = Asked { entry: String::new(), ..Asked::read(raw.as_deref()) };
    let question = question(&visitor, &asked)?;
    let members = form_urlencoded::parse(raw.as_deref().unwrap_or_default().as_bytes());
    let after =
        members.into_iter().find(|(name, _)| name == "after").and_then(|(_, at)| at.parse::<u64>().ok());
    let room = visitor.room(&app)?;
    let size = *room.size.borrow();
    let next = after_last(&headers)?.or(after.map(|after| after.saturating_add(1))).unwrap_or(size).min(size);
    let place = lanes.tail_of(&visitor.person.id.0)?;
    let following = Following {
        room,
        query: question.query.clone(),
        sight: visitor.sight.clone(),
        next,
        behind_max: BEHIND_MAX,
    };
    let cols = Column::shown(&asked, &visitor);
    let browser = Browser { visitor, asked, question, cols };
    Ok(follow(app, lanes, following, Arc::new(browser), place)?)
}

impl Listener for Browser {
    fn write(&self, entry: &Entry<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
        let view = entry.event.view().map_err(Problem::internal)?;
        let row = row(&self.visitor, &self.asked, &self.question.typed, entry, &view);
        let shown =
            TailRow { assets: &super::assets::FOLDER, t: self.visitor.guest.text, cols: &self.cols, row };
        let text = shown.render().map_err(Problem::internal)?;
        for line in text.split(['\n', '\r']).filter(|line| !line.is_empty()) {
            out.extend_from_slice(b"data: ");
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
        Ok(())
    }

    fn may_go_on(&self, app: &App) -> bool {
        self.visitor.is_unchanged(app).unwrap_or(false)
    }
}
