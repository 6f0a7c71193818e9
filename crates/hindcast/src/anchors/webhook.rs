//! A webhook: the note and its fingerprint in a signed POST (Standard Webhooks), for whoever files or mails them.

use super::web::Web;
use super::{Head, fingerprint};
use crate::config::AnchorOf;
use crate::witness::origin_hash;
use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hindcast_event::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const SECRET_PREFIX: &str = "whsec_";
const SECRET_BYTES_MIN: usize = 24;

/// A webhook.
pub(super) struct Webhook {
    url: String,
    secret: Vec<u8>,
    web: Web,
}

impl Webhook {
    pub fn new(of: &AnchorOf) -> anyhow::Result<Self> {
        let (url, secret) = (of.url.clone().context("url is missing")?, of.secret.as_ref());
        let secret = self::secret(&secret.context("secret is missing")?.0)?;
        Ok(Self { url, secret, web: Web::new(of.timeout_seconds, of.ca.as_deref())? })
    }

    pub fn post(&self, head: &Head, now: Timestamp) -> anyhow::Result<String> {
        let checkpoint = &head.checkpoint;
        let body = serde_json::json!({
            "type": "checkpoint",
            "timestamp": now.to_string(),
            "data": {
                "origin": checkpoint.origin(),
                "size": checkpoint.size(),
                "root": checkpoint.root().to_string(),
                "fingerprint": fingerprint(checkpoint),
                "note": head.note.to_string(),
            },
        });
        // A repeat has the same id, so that receivers can drop it.
        let id = format!("checkpoint_{}_{}", &origin_hash(checkpoint.origin())[..16], checkpoint.size());
        let (seconds, body) = (now.seconds().to_string(), body.to_string());
        let signature = signature(&self.secret, &id, &seconds, &body)?;
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", id.as_str()),
            ("webhook-timestamp", seconds.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        let answer = self.web.post(&self.url, &headers, body.into())?;
        ensure!((200..300).contains(&answer.status), answer.unexpected());
        Ok(String::new())
    }
}

/// `v1,` and the HMAC-SHA-256 of id, time and body, in base64.
fn signature(secret: &[u8], id: &str, seconds: &str, body: &str) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret)?;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

fn secret(text: &str) -> anyhow::Result<Vec<u8>> {
    let text = match text.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?,
        None => text.to_owned(),
    };
    let base64 = text.trim().strip_prefix(SECRET_PREFIX);
    let secret =
        base64.and_then(|base64| STANDARD.decode(base64).ok()).filter(|key| key.len() >= SECRET_BYTES_MIN);
    secret.context("secret must be whsec_ and at least 24 bytes in base64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the Standard Webhooks libraries.
        let secret = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let body = r#"{"test": 2432232314}"#;
        let signature =
            signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body).expect("signed");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_short_or_unmarked_secret_is_refused() {
        for bad in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "@/nowhere/at/all"] {
            assert!(secret(bad).is_err(), "{bad}");
        }
    }
}
