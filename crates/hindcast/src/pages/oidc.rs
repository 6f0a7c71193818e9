//! Signing in with a provider: OpenID Connect, authorization code with PKCE (RFC 6749, 7636).

use crate::api::Problem;
use crate::app::App;

/// What the provider is called, if there is one.
pub fn name(_app: &App) -> Result<Option<String>, Problem> {
    Ok(None)
}
