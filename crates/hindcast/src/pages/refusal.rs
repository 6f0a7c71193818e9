//! Why a page is not shown, as a page: what happened, whether anything is lost, and what to do.

use crate::api::Problem;
use crate::people::Permission;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Why a page is not shown.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// Nobody is signed in, or no longer.
    SignIn,
    /// They have to get a second factor first.
    Enrol,
    /// The page was of another workspace than the one they look at now.
    OtherWorkspace,
    /// They are in no workspace any more.
    NoWorkspace,
    /// They may not do this.
    Forbidden(Permission),
    /// There is nothing here, or not for them.
    NotFound,
    /// The request came from another site.
    OtherSite,
    /// Something else went wrong.
    Problem(Problem),
}

impl Refusal {
    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignIn | Self::Enrol => StatusCode::UNAUTHORIZED,
            Self::OtherWorkspace => StatusCode::CONFLICT,
            Self::NoWorkspace | Self::Forbidden(_) | Self::OtherSite => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Problem(problem) => problem.status(),
        }
    }
}

/// A refusal on its way to [`super::answer`], which knows the language and who asks.
#[derive(Clone, Debug)]
pub struct Unshown(pub Refusal);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Unshown(self));
        response
    }
}

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        let problem = error.into();
        if problem.status() == StatusCode::NOT_FOUND { Self::NotFound } else { Self::Problem(problem) }
    }
}
