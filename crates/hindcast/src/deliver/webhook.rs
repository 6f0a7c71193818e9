//! Webhooks: every entry a signed POST of its own, as Standard Webhooks 1.0.0 says or as Intercom sends them.

use super::format::Format;
use super::web::Web;
use super::{
    BatchLimits, Field, FieldKind, Invalid, KindOf, Outgoing, Retry, Said, Sender, Settings, Sink, Tried,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value, json};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::time::Duration;
use ureq::http::Method;

/// Tries after which an entry that the receiver calls unfit is a dead letter, and the next one has its turn.
const UNFIT_AFTER: u32 = 4;
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
const TIMEOUT_SECONDS: u64 = 15;

pub(super) const KIND: KindOf = KindOf {
    word: "webhook",
    name: "Webhook",
    is_for_people: false,
    fields: &[
        Field::required("url", FieldKind::Url { example: "https://example.com/hooks/audit" }),
        Field::optional("signing", FieldKind::Choice(&["hmac", "ed25519"])),
        Field::optional("secret", FieldKind::Text { bytes_max: 200, example: "whsec_…" }).secret(),
        Field::optional("previous_secret", FieldKind::Text { bytes_max: 200, example: "whsec_…" }).secret(),
        Field::optional("timeout_seconds", FieldKind::Number { min: 1, max: 30, default: TIMEOUT_SECONDS }),
        Field::optional("ca", FieldKind::Lines { bytes_max: 64 * 1024 }),
    ],
    formats: &[Format::Native, Format::Intercom],
    retry: Retry::Webhook,
    is_best_effort: false,
    open,
    complete,
};

fn open(settings: &Settings, format: Format, sender: &Sender) -> Result<Box<dyn Sink>, Invalid> {
    let timeout = Duration::from_secs(settings.number("timeout_seconds", TIMEOUT_SECONDS));
    let secret = |name: &'static str| {
        let key = |text: &str| match format {
            Format::Intercom => Ok(Secret::Hub(text.as_bytes().to_vec())),
            _ => Secret::parse(name, text),
        };
        settings.text(name).map(key).transpose()
    };
    let current = secret("secret")?.ok_or_else(|| Invalid::new("secret", "is required"))?;
    let wants_pair = settings.text("signing") == Some("ed25519");
    if format != Format::Intercom && wants_pair != matches!(current, Secret::Pair(_)) {
        return Err(Invalid::new("secret", "must begin with whsk_ for ed25519 and with whsec_ for hmac"));
    }
    Ok(Box::new(Webhook {
        url: settings.required("url")?.to_owned(),
        secrets: std::iter::once(current).chain(secret("previous_secret")?).collect(),
        format,
        sender: sender.clone(),
        web: Web::new(&sender.guard, timeout, settings)?,
    }))
}

/// Makes a secret where none is given, and says what the receiver needs to verify with.
fn complete(settings: &mut Map<String, Value>, format: Format) -> Option<String> {
    let given = settings.get("secret").and_then(Value::as_str).unwrap_or_default();
    if !given.trim().is_empty() {
        return None;
    }
    let mut random = [0; 32];
    getrandom::fill(&mut random).ok()?;
    let is_pair = settings.get("signing").and_then(Value::as_str) == Some("ed25519");
    let (secret, told) = match format {
        Format::Intercom => {
            let secret = crate::hex::hex(&random);
            (secret.clone(), secret)
        }
        _ if is_pair => {
            let key = SigningKey::from_bytes(&random);
            let public = format!("whpk_{}", STANDARD.encode(key.verifying_key().as_bytes()));
            (format!("whsk_{}", STANDARD.encode(key.to_keypair_bytes())), public)
        }
        _ => {
            let secret = format!("whsec_{}", STANDARD.encode(random));
            (secret.clone(), secret)
        }
    };
    settings.insert("secret".to_owned(), secret.into());
    Some(told)
}

/// What requests are signed with.
enum Secret {
    /// HMAC-SHA-256, `v1`.
    Shared(Vec<u8>),
    /// Ed25519, `v1a`.
    Pair(Box<SigningKey>),
    /// HMAC-SHA-1 as Intercom signs.
    Hub(Vec<u8>),
}

impl Secret {
    fn parse(name: &str, text: &str) -> Result<Self, Invalid> {
        let wrong = |what: &str| Invalid::new(name, what);
        if let Some(base64) = text.strip_prefix("whsec_") {
            let key = STANDARD.decode(base64).ok().filter(|key| SECRET_BYTES.contains(&key.len()));
            return key.map(Self::Shared).ok_or_else(|| wrong("must be whsec_ and 24 to 64 bytes in base64"));
        }
        let base64 = text.strip_prefix("whsk_").ok_or_else(|| wrong("must begin with whsec_ or whsk_"))?;
        let key = STANDARD.decode(base64).unwrap_or_default();
        let key = match <&[u8; 64]>::try_from(key.as_slice()) {
            Ok(pair) => SigningKey::from_keypair_bytes(pair).ok(),
            Err(_) => <&[u8; 32]>::try_from(key.as_slice()).ok().map(SigningKey::from_bytes),
        };
        let key =
            key.ok_or_else(|| wrong("must be whsk_ and the 32 or 64 bytes of an Ed25519 key in base64"))?;
        Ok(Self::Pair(Box::new(key)))
    }

    /// The signature of what is signed, with its version.
    fn sign(&self, content: &[u8]) -> Option<String> {
        Some(match self {
            Self::Shared(key) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
                mac.update(content);
                format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
            }
            Self::Pair(key) => format!("v1a,{}", STANDARD.encode(key.sign(content).to_bytes())),
            Self::Hub(key) => {
                let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
                mac.update(content);
                format!("sha1={}", crate::hex::hex(&mac.finalize().into_bytes()))
            }
        })
    }
}

/// The signature of Standard Webhooks for a body, with a secret as people have it (`whsec_…`).
pub(crate) fn signature(secret: &str, id: &str, seconds: i64, body: &str) -> Option<String> {
    let secret = Secret::parse("secret", secret).ok()?;
    secret.sign(format!("{id}.{seconds}.{body}").as_bytes())
}

/// A new secret of this kind.
pub(crate) fn new_secret() -> Result<String, getrandom::Error> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    Ok(format!("whsec_{}", STANDARD.encode(random)))
}

struct Webhook {
    url: String,
    secrets: Vec<Secret>,
    format: Format,
    sender: Sender,
    web: Web,
}

impl Sink for Webhook {
    fn batch(&self) -> BatchLimits {
        BatchLimits { entries_max: 1, bytes_max: usize::MAX, wait: Duration::ZERO }
    }

    fn send(&mut self, entries: &[Outgoing]) -> Tried {
        let Some(entry) = entries.first() else { return Tried::Delivered(Said::default()) };
        let tried = match self.format {
            Format::Intercom => self.post_intercom(&self.notification(entry)),
            _ => self.post_standard(entry),
        };
        match tried {
            // The receiver dislikes this very entry, or is broken: after a while the former is more likely.
            Tried::Again { said, .. } if is_unfit(&said) && entry.attempt >= UNFIT_AFTER => {
                Tried::But(vec![(0, said.told())], said)
            }
            tried => tried,
        }
    }

    fn test(&mut self, entry: &Outgoing) -> Tried {
        if self.format != Format::Intercom {
            return self.post_standard(entry);
        }
        // Intercom asks with HEAD when an address is entered, and then pings it.
        match self.web.ask(Method::HEAD, &self.url, &[("accept", "application/json")], &[]) {
            Ok(answer) if answer.is_success() => {}
            Ok(answer) => return judged(&answer),
            Err(said) => return Tried::again(said),
        }
        let item = json!({ "type": "ping", "message": "something something interzen" });
        let seconds = (self.sender.clock)().seconds();
        let mut ping = self.envelope("ping", item, seconds, entry.attempt);
        ping["delivery_status"] = Value::Null;
        ping["id"] = Value::Null;
        self.post_intercom(&ping)
    }
}

impl Webhook {
    fn post_standard(&self, entry: &Outgoing) -> Tried {
        // Ids of entries are the callers' own; two may be the same, and they may have a dot in them.
        let id = match entry.is_test {
            true => format!("test_{}", plain(&entry.id)),
            false => format!("{}_{}", self.sender.workspace, entry.index),
        };
        let body = json!({
            "type": plain(entry.text("action").unwrap_or_default()),
            "timestamp": entry.occurred_at.to_string(),
            "data": self.format.object(entry, &self.sender),
        });
        let (body, seconds) = (body.to_string(), (self.sender.clock)().seconds().to_string());
        let mut signatures = String::new();
        for secret in &self.secrets {
            let signature = secret.sign(format!("{id}.{seconds}.{body}").as_bytes()).unwrap_or_default();
            let space = if signatures.is_empty() { "" } else { " " };
            let _written = write!(signatures, "{space}{signature}");
        }
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", id.as_str()),
            ("webhook-timestamp", seconds.as_str()),
            ("webhook-signature", signatures.as_str()),
        ];
        self.web
            .post(&self.url, &headers, body.as_bytes())
            .map_or_else(Tried::again, |answer| judged(&answer))
    }

    fn post_intercom(&self, notification: &Value) -> Tried {
        let body = notification.to_string();
        // Intercom knows one secret at a time; the current one is first.
        let signature =
            self.secrets.first().and_then(|secret| secret.sign(body.as_bytes())).unwrap_or_default();
        let headers = [
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("user-agent", "intercom-parrot-service-client/1.0"),
            ("x-hub-signature", signature.as_str()),
        ];
        self.web
            .post(&self.url, &headers, body.as_bytes())
            .map_or_else(Tried::again, |answer| judged(&answer))
    }

    fn notification(&self, entry: &Outgoing) -> Value {
        let mut item = Map::new();
        item.insert("type".to_owned(), "admin_activity_log_event".into());
        item.extend(entry.activity_log.clone());
        let seconds = entry.received_at.seconds();
        let mut envelope =
            self.envelope("admin.activity_log_event.created", Value::Object(item), seconds, entry.attempt);
        envelope["id"] = self.notification_id(entry.index).into();
        envelope
    }

    fn envelope(&self, topic: &str, item: Value, seconds: i64, attempt: u32) -> Value {
        json!({
            "type": "notification_event",
            "app_id": self.sender.workspace.as_str(),
            "data": { "type": "notification_event_data", "item": item },
            "links": {},
            "id": null,
            "topic": topic,
            "delivery_status": "pending",
            "delivery_attempts": attempt,
            "delivered_at": 0,
            "first_sent_at": seconds,
            "created_at": seconds,
            "self": null,
        })
    }

    /// The same for the same entry, in the form of a UUID.
    fn notification_id(&self, index: u64) -> String {
        let Sender { destination, workspace, .. } = &self.sender;
        let hash = Sha256::digest(format!("{destination} {workspace} {index}"));
        let hex = crate::hex::hex(&hash[..16]);
        format!("notif_{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }
}

/// Letters, digits, `_` and `.`, as types of webhooks are written; in ids a dot would be the end of one.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }).collect()
}

/// Only 2xx is success, and 3xx is none; everything but a refusal comes again.
fn judged(answer: &super::web::Answer) -> Tried {
    match answer.tried() {
        Tried::Split(said) if answer.status != 413 => Tried::again_after(answer.retry_after, said),
        tried => tried,
    }
}

fn is_unfit(said: &Said) -> bool {
    matches!(said.status, Some(400 | 415 | 422))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::Verifier as _;

    #[test]
    fn a_shared_secret_signs_as_the_specification_does() {
        // The example of the Standard Webhooks libraries.
        let secret = Secret::parse("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let signed = secret.sign(b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}");
        assert_eq!(signed.expect("signed"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_generated_pair_signs_what_its_public_half_verifies() {
        let mut settings = Map::new();
        settings.insert("signing".to_owned(), "ed25519".into());
        let public = complete(&mut settings, Format::Native).expect("made");
        let secret = Secret::parse("secret", settings["secret"].as_str().expect("text")).expect("a key");
        let signed = secret.sign(b"id.1.body").expect("signed");
        let bytes = STANDARD.decode(signed.strip_prefix("v1a,").expect("v1a")).expect("base64");
        let key = STANDARD.decode(public.strip_prefix("whpk_").expect("whpk_")).expect("base64");
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key.try_into().expect("32 bytes")).expect("a key");
        let signature = ed25519_dalek::Signature::from_slice(&bytes).expect("a signature");
        key.verify(b"id.1.body", &signature).expect("verifies");
    }

    #[test]
    fn a_secret_that_is_none_is_refused() {
        for bad in ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsk_AAAA", "whpk_AAAA"]
        {
            assert!(Secret::parse("secret", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn intercom_signs_with_hmac_sha1() {
        // RFC 2202, test case 2.
        let signed = Secret::Hub(b"Jefe".to_vec()).sign(b"what do ya want for nothing?");
        assert_eq!(signed.expect("signed"), "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }
}
