//! The second factor: codes of an authenticator (TOTP, RFC 6238: SHA-1, 30 seconds, 6 digits), and recovery codes for
//! when it is lost.

use anyhow::{Context as _, anyhow};
use qrcode::{EcLevel, QrCode};
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Secret, Totp};

/// Bytes of a shared secret, as RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;
/// Recovery codes that are given out together.
pub const RECOVERY_CODES: usize = 10;
/// Letters of a recovery code that are hard to mistake for each other.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
const RECOVERY_LETTERS: usize = 12;

/// A shared secret.
pub struct SecondFactor(Totp);

impl SecondFactor {
    /// A new one.
    pub fn generate() -> anyhow::Result<Self> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret)?;
        Self::from_bytes(&secret)
    }

    /// The one with this secret.
    pub fn from_bytes(secret: &[u8]) -> anyhow::Result<Self> {
        let totp = Builder::new().with_secret(secret.to_vec()).build();
        Ok(Self(totp.map_err(|error| anyhow!("the second factor is damaged: {error}"))?))
    }

    /// The one with this secret in base32, as people type it into an authenticator.
    pub fn from_base32(secret: &str) -> anyhow::Result<Self> {
        let secret = Secret::try_from_base32(secret).map_err(|error| anyhow!("no base32: {error}"))?;
        Self::from_bytes(secret.as_ref())
    }

    /// The secret.
    pub fn secret(&self) -> &[u8] {
        self.0.secret().as_ref()
    }

    /// The secret as people type it.
    pub fn base32(&self) -> String {
        self.0.secret().to_base32()
    }

    /// The step of time that a code belongs to, if it is right at `seconds` since 1970, give or take half a minute.
    /// A step must be taken once only: compare it with the last one.
    pub fn step(&self, code: &str, seconds: u64) -> Option<u64> {
        let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
        (code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())).then(|| self.0.check(&code, seconds))?
    }

    /// The code at a time.
    pub fn code(&self, seconds: u64) -> String {
        self.0.generate(seconds).to_string()
    }

    /// The address that authenticators read, of the form `otpauth://totp/Issuer:account?…`.
    pub fn address(&self, issuer: &str, account: &str) -> String {
        let escaped = crate::api::escaped;
        let (issuer, account) = (escaped(issuer), escaped(account));
        format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", self.base32())
    }
}

/// A text as a QR code: the path data of an SVG whose units are modules, and how many there are on a side.
pub fn qr(text: &str) -> anyhow::Result<(String, usize)> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).context("the address is too long")?;
    let width = code.width();
    let mut path = String::new();
    for (at, _) in code.to_colors().iter().enumerate().filter(|(_, color)| **color == qrcode::Color::Dark) {
        path.push_str(&format!("M{} {}h1v1h-1z", at % width, at / width));
    }
    Ok((path, width))
}

/// New recovery codes, to be shown once.
pub fn recovery_codes() -> anyhow::Result<Vec<String>> {
    (0..RECOVERY_CODES)
        .map(|_| {
            let mut random = [0; RECOVERY_LETTERS];
            getrandom::fill(&mut random)?;
            let letters = random.map(|byte| char::from(LETTERS[usize::from(byte & 31)]));
            Ok(letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-"))
        })
        .collect()
}

/// What is kept of a recovery code, however it was typed. Its 60 random bits need no slow hash.
pub fn recovery_hash(code: &str) -> [u8; 32] {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    Sha256::digest(letters.to_ascii_lowercase()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, SHA-1: the last six of its eight digits.
        let factor = SecondFactor::from_bytes(b"12345678901234567890").expect("a secret");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(factor.code(seconds), code);
            assert_eq!(factor.step(code, seconds), Some(seconds / 30));
            assert_eq!(
                factor.step(&format!(" {} {}", &code[..3], &code[3..]), seconds + 30),
                Some(seconds / 30)
            );
            assert_eq!(factor.step(code, seconds + 90), None, "too late");
        }
        for bad in ["", "28708", "2870822", "abcdef", "２８７０８２"] {
            assert_eq!(factor.step(bad, 59), None, "{bad}");
        }
    }

    #[test]
    fn an_authenticator_gets_an_address_and_a_code_to_scan() {
        let factor = SecondFactor::generate().expect("random");
        let address = factor.address("Hindcast", "ana@example.com");
        assert!(address.starts_with("otpauth://totp/Hindcast:ana%40example.com?secret="), "{address}");
        assert_eq!(SecondFactor::from_base32(&factor.base32()).expect("read").secret(), factor.secret());
        let (path, width) = qr(&address).expect("fits");
        assert!(width > 20 && path.starts_with("M0 0h1v1h-1z"));
    }

    #[test]
    fn recovery_codes_are_known_however_they_are_typed() {
        let codes = recovery_codes().expect("random");
        assert_eq!(codes.len(), RECOVERY_CODES);
        let code = &codes[0];
        assert_eq!(code.len(), 14, "{code}");
        assert_eq!(recovery_hash(code), recovery_hash(&code.to_uppercase().replace('-', " ")));
        assert_ne!(recovery_hash(code), recovery_hash(&codes[1]));
    }
}
