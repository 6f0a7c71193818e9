//! `hindcast history import articles`: articles of a help centre. All files are checked before anything is sent.

use crate::catalog::ShelvedArticle;
use crate::cli::client::{Server, read_json, with_patience};
use crate::cli::import::rows::Rows;
use crate::cli::ingest::Format;
use crate::cli::terminal::escape;
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Articles that are sent at once.
const BATCH_MAX: usize = 500;
/// A batch is sent before its texts take more than this.
const BATCH_BYTES_MAX: usize = 8 << 20;
/// Refusals that are told for each file.
const TOLD_MAX: usize = 20;
/// What some articles being refused ends with.
const SOME_REFUSED: u8 = 3;

#[derive(Deserialize)]
struct Imported {
    new: usize,
    changed: usize,
    known: usize,
}

pub(super) fn run(
    server: &Server,
    files: &[PathBuf],
    format: Option<Format>,
    is_dry: bool,
) -> anyhow::Result<ExitCode> {
    let mut articles = Vec::new();
    let mut refused = 0;
    for file in files {
        refused += read(file, format, &mut articles).with_context(|| file.display().to_string())?;
    }
    if refused > 0 || is_dry {
        eprintln!("{} valid, {refused} refused; nothing was sent", articles.len());
        return Ok(if refused > 0 { ExitCode::from(SOME_REFUSED) } else { ExitCode::SUCCESS });
    }
    let client = server.client()?;
    let (mut new, mut changed, mut known) = (0, 0, 0);
    for batch in batches(&articles) {
        let answer = with_patience(|| client.post_json("/v1/articles", &json!(batch)), |_, _| ())?;
        let taken: Imported = read_json(answer)?;
        (new, changed, known) = (new + taken.new, changed + taken.changed, known + taken.known);
    }
    eprintln!("{new} new, {changed} changed, {known} known before");
    Ok(ExitCode::SUCCESS)
}

fn batches(articles: &[ShelvedArticle]) -> Vec<&[ShelvedArticle]> {
    let mut batches = Vec::new();
    let (mut begin, mut bytes) = (0, 0);
    for (at, article) in articles.iter().enumerate() {
        if at > begin && (at - begin >= BATCH_MAX || bytes + article.text.len() > BATCH_BYTES_MAX) {
            batches.push(&articles[begin..at]);
            (begin, bytes) = (at, 0);
        }
        bytes += article.text.len();
    }
    if begin < articles.len() {
        batches.push(&articles[begin..]);
    }
    batches
}

/// Adds the articles of a file; how many were refused, which is told.
fn read(file: &Path, format: Option<Format>, articles: &mut Vec<ShelvedArticle>) -> anyhow::Result<usize> {
    ensure!(file.as_os_str() != "-", "expected a file");
    let mut refused = 0;
    for row in Rows::open(file, format)? {
        let (line, row) = row?;
        let read = row.and_then(|row| article(Value::Object(row)));
        match read {
            Ok(article) => articles.push(article),
            Err(why) => {
                refused += 1;
                if refused <= TOLD_MAX {
                    eprintln!("{}:{line}: {}", file.display(), escape(&why));
                }
            }
        }
    }
    Ok(refused)
}

fn article(row: Value) -> Result<ShelvedArticle, String> {
    // Ids are often numbers.
    let text = |name: &str| match &row[name] {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Ok(String::new()),
        _ => Err(format!("{name}: expected a text")),
    };
    let article =
        ShelvedArticle { id: text("id")?, title: text("title")?, text: text("text")?, url: text("url")? };
    match article.flaw() {
        Some((field, expected)) => Err(format!("{field}: {expected}")),
        None => Ok(article),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_is_read_whatever_its_id_is_or_refused_with_its_field() {
        let read = |json: Value| article(json);
        assert_eq!(read(json!({ "id": 7, "title": "T", "more": 1 })).map(|one| one.id), Ok("7".to_owned()));
        assert!(read(json!({ "title": "T" })).is_err_and(|why| why.starts_with("id: ")));
        assert!(read(json!({ "id": "a", "title": ["T"] })).is_err_and(|why| why.starts_with("title: ")));
    }

    #[test]
    fn batches_are_bounded_by_number_and_by_size() {
        let of = |count: usize, bytes: usize| {
            vec![ShelvedArticle { text: "x".repeat(bytes), ..ShelvedArticle::default() }; count]
        };
        let sizes =
            |articles: &[ShelvedArticle]| batches(articles).iter().map(|one| one.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&of(1_100, 1)), [500, 500, 100]);
        assert_eq!(sizes(&of(3, 5 << 20)), [1, 1, 1]);
        assert!(sizes(&[]).is_empty());
    }
}
