//! What the anchor and the destinations that speak syslog have in common: frames and TLS.

use crate::anchors::certificates_of;
use anyhow::Context as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// A message behind its length (RFC 6587 3.4.1, RFC 5425 4.3).
pub(crate) fn counted(message: &[u8]) -> Vec<u8> {
    [message.len().to_string().as_bytes(), b" ", message].concat()
}

/// TLS that trusts these certificates in PEM, else the public ones, and shows the client's own when there is one: a chain
/// and its key, both in PEM.
pub(crate) fn tls(ca: Option<&[u8]>, client: Option<(&[u8], &[u8])>) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in certificates_of(pem)? {
                roots.add(CertificateDer::from(certificate.der().to_vec()))?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = config.with_root_certificates(roots);
    let Some((chain, key)) = client else { return Ok(config.with_no_client_auth()) };
    let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
    let chain = chain.context("the client's certificate is no PEM")?;
    let key = PrivateKeyDer::from_pem_slice(key).context("the client's key is no PEM")?;
    config.with_client_auth_cert(chain, key).context("the client's certificate does not go with its key")
}
