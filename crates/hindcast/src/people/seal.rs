//! Sealing: secrets that we must be able to read again lie in the catalog encrypted, under a key beside the signing seed.
//!
//! XChaCha20-Poly1305 with a random nonce; what the secret is for is authenticated with it, so that one cannot be put in
//! the place of another. Whoever copies the data folder alone does not get them; whoever has the keys folder too does.

use anyhow::{Context as _, anyhow};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hindcast_ledger::seed;
use std::path::Path;

const NONCE_BYTES: usize = 24;

/// Seals and opens secrets.
#[derive(Clone)]
pub struct Seal(XChaCha20Poly1305);

impl Seal {
    /// Reads the key, and makes one where there is none.
    pub fn open(file: &Path) -> anyhow::Result<Self> {
        let key = seed::read_or_create(file).context("the key of the catalog's secrets")?;
        Ok(Self(XChaCha20Poly1305::new(&key.into())))
    }

    /// Seals a secret that is for one purpose.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut sealed = vec![0; NONCE_BYTES];
        getrandom::fill(&mut sealed)?;
        let nonce = XNonce::try_from(&sealed[..]).context("a nonce")?;
        let payload = Payload { msg: secret, aad: purpose.as_bytes() };
        let text = self.0.encrypt(&nonce, payload).map_err(|_| anyhow!("a secret could not be sealed"))?;
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }

    /// Opens what was sealed for the same purpose.
    pub fn unseal(&self, purpose: &str, sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        let damaged = || anyhow!("a sealed secret ({purpose}) cannot be opened with this key");
        let (nonce, text) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| damaged())?;
        self.0.decrypt(&nonce, Payload { msg: text, aad: purpose.as_bytes() }).map_err(|_| damaged())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_for_its_purpose_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let seal = |name: &str| Seal::open(&folder.path().join(name)).expect("a key");
        let (ours, theirs) = (seal("ours"), seal("theirs"));
        let sealed = ours.seal("totp of ana", b"secret").expect("sealed");
        assert_eq!(seal("ours").unseal("totp of ana", &sealed).expect("opened"), b"secret");
        assert!(ours.unseal("totp of bob", &sealed).is_err());
        assert!(theirs.unseal("totp of ana", &sealed).is_err());
        assert!(ours.unseal("totp of ana", &sealed[..20]).is_err());
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }
}
