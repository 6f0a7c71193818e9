//! Masks secrets in what callers send, so that they are never hashed, stored or logged; the mask stays visible.
//!
//! A value whose name says that it is a secret becomes `{"$masked":"secret"}`. Secrets recognised by their shape inside
//! a text are replaced by `[masked aws_key]` and the like.

use crate::json::Json;
use crate::secret::{Named, by_shape, carries, judge};
use std::borrow::Cow;

/// The member that stands in for a masked value.
pub(crate) const MASK: &str = "$masked";

/// Masks the secrets in a text by their shape.
pub fn text(text: Cow<'_, str>) -> Cow<'_, str> {
    let found = by_shape(&text);
    if found.is_empty() {
        return text;
    }
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for secret in found {
        masked.push_str(&text[from..secret.span.start]);
        masked.push_str("[masked ");
        masked.push_str(secret.kind);
        masked.push(']');
        from = secret.span.end;
    }
    masked.push_str(&text[from..]);
    Cow::Owned(masked)
}

/// Masks the secrets in the value of the member `name`, and in whatever it contains.
pub(crate) fn value(name: &str, json: &mut Json<'_>) {
    mask_within(judge(name), json);
}

/// `named` is what the name that the value is kept under says of it.
fn mask_within(named: Named, json: &mut Json<'_>) {
    match json {
        Json::Null | Json::Bool(_) => {}
        Json::Object(members) => {
            for (name, member) in members {
                let inherited = if named != Named::Open && carries(name) { named } else { Named::Open };
                mask_within(judge(name).max(inherited), member);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| mask_within(named, item)),
        Json::String(given) if given.is_empty() => {}
        Json::String(_) if named != Named::Open => *json = masked(),
        Json::Number(_) if named == Named::SecretDigits => *json = masked(),
        Json::String(given) => *given = text(std::mem::take(given)),
        Json::Number(_) => {}
    }
}

fn masked<'a>() -> Json<'a> {
    Json::Object(vec![(Cow::Borrowed(MASK), Json::String("secret".into()))])
}
