//! Passwords: argon2id with the parameters of OWASP's cheat sheet, and what a new one must be.

use anyhow::{Context as _, anyhow};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::OnceLock;

/// A password has at least so many characters.
pub const CHARS_MIN: usize = 12;
/// More would only make us work.
pub const BYTES_MAX: usize = 1024;
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// It has fewer than [`CHARS_MIN`] characters.
    Short,
    /// It has more than [`BYTES_MAX`] bytes.
    Long,
    /// It is little more than the name, the address, or one piece again and again.
    Guessable,
    /// It is on the operator's list of known passwords.
    Known,
}

/// Hashes a password as a PHC string.
pub fn hash(password: &str) -> anyhow::Result<String> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt)?;
    let hash = argon2()?.hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|error| anyhow!("the password could not be hashed: {error}"))?.to_string())
}

/// Whether a password is the one that was hashed. Without a hash the answer is no, after the same work: whoever asks
/// must not learn from the time it takes which accounts there are.
pub fn is_right(password: &str, hash: Option<&str>) -> anyhow::Result<bool> {
    static NOBODYS: OnceLock<String> = OnceLock::new();
    let nobodys = || match NOBODYS.get() {
        Some(hash) => Ok(hash.as_str()),
        None => self::hash("nobody has this password").map(|hash| NOBODYS.get_or_init(|| hash).as_str()),
    };
    let phc = PasswordHash::new(hash.map_or_else(nobodys, Ok)?).context("a password hash is damaged")?;
    let right = argon2()?.verify_password(password.as_bytes(), &phc).is_ok();
    Ok(right && hash.is_some())
}

/// Whether a new password is good enough for somebody with this name and address; `known` says whether a list has it.
pub fn check(password: &str, about: &[&str], known: impl Fn(&str) -> bool) -> Result<(), Weak> {
    if password.chars().count() < CHARS_MIN {
        return Err(Weak::Short);
    }
    if password.len() > BYTES_MAX {
        return Err(Weak::Long);
    }
    let lower = password.to_lowercase();
    let mut rest = lower.clone();
    for about in about.iter().flat_map(|about| about.split(['@', ' ', '.', '-', '_'])) {
        if about.chars().count() > 2 {
            rest = rest.replace(&about.to_lowercase(), "");
        }
    }
    let mut different: Vec<char> = rest.chars().collect();
    different.sort_unstable();
    different.dedup();
    if rest.chars().count() < CHARS_MIN / 2 || different.len() < 5 {
        return Err(Weak::Guessable);
    }
    // Lists have passwords as people chose them, and those who guess try them in small letters too.
    if known(password) || known(&lower) { Err(Weak::Known) } else { Ok(()) }
}

fn argon2() -> anyhow::Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| anyhow!("argon2: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_kept_as_argon2id() {
        let hash = hash("correct horse battery").expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(is_right("correct horse battery", Some(&hash)).expect("compared"));
        assert!(!is_right("correct horse batterz", Some(&hash)).expect("compared"));
        assert!(!is_right("nobody has this password", None).expect("compared"));
    }

    #[test]
    fn a_new_password_must_not_be_guessable() {
        let about = ["Jürgen Groß", "juergen.gross@harbourpine.example"];
        let check = |password: &str| check(password, &about, |known| known == "password1234");
        assert_eq!(check("a quiet green lamp"), Ok(()));
        assert_eq!(check("鍵は緑の古い箱の中にある！"), Ok(()));
        assert_eq!(check("short"), Err(Weak::Short));
        assert_eq!(check("harbourpine1"), Err(Weak::Guessable));
        assert_eq!(check("aaaaaaaaaaaaaaaaa"), Err(Weak::Guessable));
        assert_eq!(check("Password1234"), Err(Weak::Known));
        assert_eq!(check(&"long ".repeat(1000)), Err(Weak::Long));
    }
}
