//! Intercom's webhook for activity logs: it hastens what the next fetch would bring anyway.
//!
//! A post is signed with HMAC-SHA-1 over the body as it came, under the client secret of the app (`X-Hub-Signature`). Intercom
//! tries twice and then forgets, so posts make entries come sooner and never make them complete.

use super::told_activity;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha1::Sha1;

const TOPIC: &str = "admin.activity_log_event.created";
const SIGNATURE_PREFIX: &str = "sha1=";

/// What a post is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    /// A new activity log, as a draft.
    Activity(String),
    /// Anything else, such as a ping.
    Other,
}

#[derive(Deserialize)]
struct Post {
    topic: Option<String>,
    app_id: Option<String>,
    data: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    item: Option<Box<RawValue>>,
}

/// Whether a signature is that of a body.
pub(crate) fn is_signed(secret: &[u8], signature: &str, body: &[u8]) -> bool {
    let shown =
        signature.trim().strip_prefix(SIGNATURE_PREFIX).and_then(|hex| crate::hex::unhex::<20>(hex).ok());
    let (Some(shown), Ok(mut mac)) = (shown, Hmac::<Sha1>::new_from_slice(secret)) else { return false };
    mac.update(body);
    // Compares without telling how much of it was right.
    mac.verify_slice(&shown).is_ok()
}

/// Reads a post that is signed.
pub(crate) fn read(body: &[u8], place: Option<&str>) -> Result<Posted, serde_json::Error> {
    let post: Post = serde_json::from_slice(body)?;
    match (post.topic.as_deref(), post.data.and_then(|data| data.item)) {
        (Some(TOPIC), Some(item)) => {
            Ok(Posted::Activity(told_activity(&item, place.or(post.app_id.as_deref()))))
        }
        _ => Ok(Posted::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"type":"notification_event","app_id":"abc123def","topic":"admin.activity_log_event.created",
        "data":{"type":"notification_event_data","item":{"type":"admin_activity_log_event",
        "id":"f98f9a55-e125-4d4d-ad60-7cfc5f553cfc","performed_by":{"type":"admin","id":"1234567","email":"a@example.com","ip":"192.0.2.1"},
        "metadata":{"enabled":false},"created_at":1768016203,"activity_type":"ai_inbox_translation_setting_change"}}}"#;

    #[test]
    fn only_who_knows_the_secret_signs() {
        // RFC 2202, test case 2.
        let (secret, body) = (b"Jefe", b"what do ya want for nothing?");
        let signature = "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
        assert!(is_signed(secret, signature, body));
        for bad in [
            "",
            "sha1=",
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            "sha1=effcdf",
            &signature.replace('e', "f"),
        ] {
            assert!(!is_signed(secret, bad, body), "{bad}");
        }
        assert!(!is_signed(b"other", signature, body) && !is_signed(secret, signature, b"other"));
    }

    #[test]
    fn a_post_is_the_entry_that_a_fetch_would_bring() {
        let Ok(Posted::Activity(draft)) = read(BODY.as_bytes(), None) else { panic!("an activity") };
        let fetched =
            BODY.split("\"item\":").nth(1).and_then(|rest| rest.strip_suffix("}}")).expect("the item");
        let fetched = RawValue::from_string(fetched.replace(r#""type":"admin_activity_log_event","#, ""))
            .expect("JSON");
        assert_eq!(draft, told_activity(&fetched, Some("abc123def")));
        assert_eq!(
            read(br#"{"topic":"ping","data":{"item":{"type":"ping"}}}"#, None).expect("JSON"),
            Posted::Other
        );
        assert!(read(b"{", None).is_err());
    }
}
