//! What a form sends, and what is wrong with it: each field keeps what was typed and is told what was expected.

use super::refusal::Refusal;
use crate::api::Problem;
use crate::app::App;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use std::borrow::Cow;
use std::sync::Arc;

/// Fields a form may have.
const FIELDS_MAX: usize = 500;

/// The fields of a form, and what is wrong with them.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    pairs: Vec<(String, String)>,
    errors: Vec<(Cow<'static, str>, String)>,
}

impl FromRequest<Arc<App>> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Refusal> {
        let too_large = |_| Problem::parameter("form", "the form is too large or cannot be read");
        let body = Bytes::from_request(request, app).await.map_err(too_large)?;
        Ok(Self::read(&body))
    }
}

impl Fields {
    /// Reads what a form sends.
    pub fn read(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body).take(FIELDS_MAX);
        Self {
            pairs: pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
            errors: Vec::new(),
        }
    }

    /// A form filled in beforehand.
    pub fn filled<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        Self {
            pairs: pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            errors: Vec::new(),
        }
    }

    /// These fields, and of the others those of another form.
    pub fn over(mut self, other: Self) -> Self {
        let known: Vec<String> = self.pairs.iter().map(|(name, _)| name.clone()).collect();
        self.pairs.extend(other.pairs.into_iter().filter(|(name, _)| !known.contains(name)));
        self
    }

    /// The value of a field, as typed; empty when it is not there.
    pub fn value(&self, name: &str) -> &str {
        self.pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The value of a field without spaces around it.
    pub fn trimmed(&self, name: &str) -> &str {
        self.value(name).trim()
    }

    /// All values of a field.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked.
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(known, _)| known == name)
    }

    /// Whether a field has this value among its own.
    pub fn holds(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|own| own == value)
    }

    /// The lines of a field that say something.
    pub fn lines(&self, name: &str) -> Vec<String> {
        let lines = self.value(name).split(['\n', ',']).map(str::trim);
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Says what is wrong with a field.
    pub fn fail(&mut self, name: impl Into<Cow<'static, str>>, told: impl Into<Cow<'static, str>>) {
        self.errors.push((name.into(), told.into().into_owned()));
    }

    /// What is wrong with a field.
    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|(known, _)| *known == name).map(|(_, told)| told.as_str())
    }

    /// Everything that is wrong.
    pub fn errors(&self) -> &[(Cow<'static, str>, String)] {
        &self.errors
    }

    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.errors.is_empty()
    }
}
