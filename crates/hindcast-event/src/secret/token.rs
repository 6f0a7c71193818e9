//! The shapes of keys and tokens that say by their first letters who issued them.

use super::base64;
use super::run::{self, BASE64, BASE64_URL, Class};
use std::ops::Range;

/// Bytes of a JWT's header that are read to find its algorithm.
const JWT_HEADER_BYTES_MAX: usize = 192;

struct Shape {
    prefix: &'static [u8],
    kind: &'static str,
    letters: &'static Class,
    /// How many letters follow the prefix.
    least: usize,
    most: usize,
}

const fn shape(prefix: &'static [u8], kind: &'static str, letters: &'static Class, least: usize) -> Shape {
    Shape { prefix, kind, letters, least, most: usize::MAX }
}

const fn exact(prefix: &'static [u8], kind: &'static str, letters: &'static Class, length: usize) -> Shape {
    Shape { prefix, kind, letters, least: length, most: length }
}

const URL: &Class = &BASE64_URL;

const UPPER_A: [Shape; 6] = [
    exact(b"AKIA", "aws_key", URL, 16),
    exact(b"ASIA", "aws_key", URL, 16),
    exact(b"ABIA", "aws_key", URL, 16),
    exact(b"ACCA", "aws_key", URL, 16),
    exact(b"AIza", "google_key", URL, 35),
    exact(b"AGE-SECRET-KEY-1", "age_key", URL, 58),
];
const D: [Shape; 3] = [
    shape(b"dG9rO", "intercom_token", &BASE64, 30),
    shape(b"dckr_pat_", "docker_token", URL, 20),
    exact(b"dop_v1_", "digitalocean_token", URL, 64),
];
const G: [Shape; 8] = [
    shape(b"ghp_", "github_token", URL, 30),
    shape(b"gho_", "github_token", URL, 30),
    shape(b"ghu_", "github_token", URL, 30),
    shape(b"ghs_", "github_token", URL, 30),
    shape(b"ghr_", "github_token", URL, 30),
    shape(b"github_pat_", "github_token", URL, 40),
    shape(b"glpat-", "gitlab_token", URL, 20),
    shape(b"gsk_", "groq_key", URL, 40),
];
const UPPER_G: [Shape; 1] = [shape(b"GOCSPX-", "google_secret", URL, 20)];
const H: [Shape; 2] = [shape(b"hf_", "huggingface_token", URL, 30), shape(b"hvs.", "vault_token", URL, 24)];
const L: [Shape; 1] = [shape(b"lin_api_", "linear_key", URL, 32)];
const N: [Shape; 1] = [exact(b"npm_", "npm_token", URL, 36)];
const P: [Shape; 1] = [shape(b"pypi-AgE", "pypi_token", URL, 50)];
const R: [Shape; 2] = [shape(b"rk_live_", "stripe_key", URL, 16), shape(b"rk_test_", "stripe_key", URL, 16)];
const S: [Shape; 8] = [
    shape(b"sk_live_", "stripe_key", URL, 16),
    shape(b"sk_test_", "stripe_key", URL, 16),
    shape(b"sk-ant-", "anthropic_key", URL, 24),
    shape(b"sk-", "openai_key", URL, 20),
    exact(b"shpat_", "shopify_token", URL, 32),
    exact(b"shpss_", "shopify_token", URL, 32),
    exact(b"shpca_", "shopify_token", URL, 32),
    exact(b"shppa_", "shopify_token", URL, 32),
];
const UPPER_S: [Shape; 1] = [exact(b"SK", "twilio_key", URL, 32)];
const W: [Shape; 1] = [shape(b"whsec_", "webhook_secret", &BASE64, 24)];
const X: [Shape; 2] = [shape(b"xapp-", "slack_token", URL, 20), shape(b"xai-", "xai_key", URL, 40)];
const Y: [Shape; 1] = [shape(b"ya29.", "google_token", URL, 20)];

/// The bytes that any of these secrets begins with.
pub(super) const BEGINNINGS: Class = run::class(b"AdeghGlnprsSwxy", b'A', b'A');

/// The secret that begins at `start`, which nothing attached precedes.
pub(super) fn at(bytes: &[u8], start: usize) -> Option<(&'static str, Range<usize>)> {
    let text = &bytes[start..];
    let shapes: &[Shape] = match text.first()? {
        b'A' => &UPPER_A,
        b'd' => match text {
            [b'd', b'i', b's', b'c', ..] => return path_after(bytes, start, DISCORD),
            _ => &D,
        },
        b'e' => return jwt(bytes, start),
        b'g' => &G,
        b'G' => &UPPER_G,
        b'h' => match text {
            [b'h', b'o', b'o', b'k', ..] => return path_after(bytes, start, SLACK),
            _ => &H,
        },
        b'l' => &L,
        b'n' => &N,
        b'p' => &P,
        b'r' => &R,
        b's' => &S,
        b'S' => match text {
            [b'S', b'G', b'.', ..] => return sendgrid(bytes, start),
            _ => &UPPER_S,
        },
        b'w' => &W,
        b'x' => match text {
            [b'x', b'o', b'x', ..] => return slack(bytes, start),
            _ => &X,
        },
        b'y' => &Y,
        _ => return None,
    };
    shapes.iter().find_map(|shape| shape.at(bytes, start))
}

impl Shape {
    fn at(&self, bytes: &[u8], start: usize) -> Option<(&'static str, Range<usize>)> {
        let rest = bytes[start..].strip_prefix(self.prefix)?;
        let length = run::length(rest, self.letters);
        let letters = &rest[..length];
        let fits = (self.least..=self.most).contains(&length);
        let likely = match self.kind {
            "aws_key" => letters.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()),
            "twilio_key" => letters.iter().all(u8::is_ascii_hexdigit),
            "openai_key" => has_dense_part(letters),
            _ => true,
        };
        // One key in thirty has no digit; no word begins with AKIA, so there it need not.
        let random = looks_random(letters) || self.prefix == b"AKIA" && distinct(letters) >= 5;
        if !fits || !likely || !random {
            return None;
        }
        let mut end = start + self.prefix.len() + length;
        // Padding belongs to it: what is left of a token should not hint at its length.
        while bytes.get(end) == Some(&b'=') {
            end += 1;
        }
        Some((self.kind, start..end))
    }
}

/// Whether these letters could have been drawn by lot, which `YOUR_KEY_HERE` and `xxxxxxxx` were not.
pub(super) fn looks_random(letters: &[u8]) -> bool {
    let distinct = distinct(letters);
    let digit = letters.iter().any(u8::is_ascii_digit);
    let upper = letters.iter().any(u8::is_ascii_uppercase);
    let lower = letters.iter().any(u8::is_ascii_lowercase);
    let plain = letters.iter().all(u8::is_ascii_alphanumeric);
    distinct >= 5 && (digit || plain && upper && lower || distinct >= 20)
}

fn distinct(letters: &[u8]) -> usize {
    let mut seen = [false; 256];
    letters.iter().for_each(|&byte| seen[byte as usize] = true);
    seen.iter().filter(|&&seen| seen).count()
}

/// Whether one piece between hyphens is long and mixed: `sk-` also begins names that people chose.
fn has_dense_part(letters: &[u8]) -> bool {
    letters.split(|byte| b"-_".contains(byte)).any(|part| {
        part.len() >= 16
            && part.iter().filter(|byte| byte.is_ascii_digit()).count() >= 2
            && part.iter().any(u8::is_ascii_alphabetic)
    })
}

/// `xoxb-…` and its siblings.
fn slack(bytes: &[u8], start: usize) -> Option<(&'static str, Range<usize>)> {
    let kind = bytes.get(start + 3)?;
    let dash = bytes.get(start + 4)?;
    let length = run::length(&bytes[start + 5..], &BASE64_URL);
    let letters = &bytes[start + 5..start + 5 + length];
    let fits =
        b"abceoprs".contains(kind) && *dash == b'-' && length >= 20 && letters.iter().any(u8::is_ascii_digit);
    fits.then_some(("slack_token", start..start + 5 + length))
}

/// `SG.`, 22 letters, a dot and 43 letters.
fn sendgrid(bytes: &[u8], start: usize) -> Option<(&'static str, Range<usize>)> {
    let id = run::length(&bytes[start + 3..], &BASE64_URL);
    let dot = start + 3 + id;
    let key = run::length(bytes.get(dot + 1..)?, &BASE64_URL);
    (bytes[dot] == b'.' && (16..=32).contains(&id) && (32..=64).contains(&key))
        .then_some(("sendgrid_key", start..dot + 1 + key))
}

struct Hook {
    host: &'static [u8],
    kind: &'static str,
}
const SLACK: &Hook = &Hook { host: b"hooks.slack.com/", kind: "slack_webhook" };
const DISCORD: &Hook = &Hook { host: b"discord.com/api/webhooks/", kind: "discord_webhook" };
/// The path of such an address is longer than this; `hooks.slack.com/docs` is a page.
const HOOK_PATH_BYTES_MIN: usize = 24;

/// An address that anybody who knows it may post to: its path is the secret.
fn path_after(bytes: &[u8], start: usize, hook: &Hook) -> Option<(&'static str, Range<usize>)> {
    let path = bytes[start..].strip_prefix(hook.host)?;
    let length =
        path.iter().position(|byte| !BASE64_URL[*byte as usize] && *byte != b'/').unwrap_or(path.len());
    let from = start + hook.host.len();
    let secret = length >= HOOK_PATH_BYTES_MIN && path[..length].iter().any(u8::is_ascii_digit);
    secret.then_some((hook.kind, from..from + length))
}

/// Three or more base64 parts, the first of which decodes to a JSON object with an algorithm.
fn jwt(bytes: &[u8], start: usize) -> Option<(&'static str, Range<usize>)> {
    bytes[start..].strip_prefix(b"eyJ")?;
    let header = run::length(&bytes[start..], &BASE64_URL);
    let mut end = start + header;
    let mut parts = 1;
    while parts < 5 && bytes.get(end) == Some(&b'.') {
        let length = run::length(&bytes[end + 1..], &BASE64_URL);
        if length == 0 && parts > 2 {
            break;
        }
        end += 1 + length;
        parts += 1;
    }
    if parts < 3 {
        return None;
    }
    let mut decoded = [0; JWT_HEADER_BYTES_MAX];
    let length = base64::decode(&bytes[start..start + header], &mut decoded)?;
    let has_algorithm = decoded[..length].windows(5).any(|window| window == b"\"alg\"");
    has_algorithm.then_some(("jwt", start..end))
}
