//! A time-stamping authority (RFC 3161): a third party's word that a checkpoint was there at a certain time.
//!
//! The request is written by hand and the answer read just far enough to see that it is about this checkpoint and this
//! request. Whether the token is signed by the authority is for whoever relies on it: `openssl ts -verify`.

mod der;

use super::Head;
use super::web::Web;
use crate::config::AnchorOf;
use crate::storage::Files;
use anyhow::{Context as _, bail, ensure};
use der::{Reader, Tag};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Write as _};

/// The digest algorithm of the imprint: SHA-256 (2.16.840.1.101.3.4.2.1), with absent parameters as NULL.
const SHA256: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00];
/// id-signedData (1.2.840.113549.1.7.2).
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// id-ct-TSTInfo (1.2.840.113549.1.9.16.1.4).
const TST_INFO: [u8; 11] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

/// A time-stamping authority.
pub(super) struct Tsa {
    name: String,
    url: String,
    web: Web,
}

/// What a token of an authority is called among the files, without its ending: `tsr`, and `checkpoint` for what it stamps.
pub(super) fn name(authority: &str, size: u64) -> String {
    format!("anchors/{authority}/{size}")
}

impl Tsa {
    pub fn new(of: &AnchorOf) -> anyhow::Result<Self> {
        let url = of.url.clone().context("url is missing")?;
        Ok(Self { name: of.name.clone(), url, web: Web::new(of.timeout_seconds, of.ca.as_deref())? })
    }

    /// Has the note stamped, keeps it beside the token, and returns the time in the token.
    pub fn stamp(&self, files: &Files, head: &Head) -> anyhow::Result<String> {
        let note = head.note.to_string();
        let imprint: [u8; 32] = Sha256::digest(&note).into();
        let nonce = nonce()?;
        let headers = [("content-type", "application/timestamp-query")];
        let answer = self.web.post(&self.url, &headers, request(&imprint, &nonce))?;
        ensure!(answer.status == 200, answer.unexpected());
        let time =
            read(&answer.body, &imprint, &nonce).context("its answer is no time stamp of this checkpoint")?;
        let name = name(&self.name, head.checkpoint.size());
        keep(files, &format!("{name}.checkpoint"), note.as_bytes())?;
        keep(files, &format!("{name}.tsr"), &answer.body)?;
        Ok(time)
    }
}

fn keep(files: &Files, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let file = files.path(name);
    let keep = || {
        let folder = file.parent().unwrap_or(&file);
        std::fs::create_dir_all(folder)?;
        let new = folder.join("new");
        let mut opened = File::create(&new)?;
        opened.write_all(bytes)?;
        opened.sync_all()?;
        std::fs::rename(&new, &file)?;
        File::open(folder)?.sync_all()?;
        match files.keep(name) {
            // Another server had the same checkpoint stamped.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            kept => kept,
        }
    };
    keep().with_context(|| format!("cannot keep {}", file.display()))
}

/// Eight random bytes that are a positive number of that length in DER.
fn nonce() -> anyhow::Result<[u8; 8]> {
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce)?;
    nonce[0] = nonce[0] & 0x3f | 0x40;
    Ok(nonce)
}

/// A TimeStampReq: version 1, the imprint, a nonce, and the wish for the certificate.
fn request(imprint: &[u8; 32], nonce: &[u8; 8]) -> Vec<u8> {
    let mut request = vec![0x30, 0x43, 0x02, 0x01, 0x01, 0x30, 0x31];
    request.extend(SHA256);
    request.extend([0x04, 0x20]);
    request.extend(imprint);
    request.extend([0x02, 0x08]);
    request.extend(nonce);
    request.extend([0x01, 0x01, 0xff]);
    request
}

/// Reads a TimeStampResp as far as its TSTInfo: granted, of this imprint and nonce. The time it tells.
fn read(response: &[u8], imprint: &[u8; 32], nonce: &[u8; 8]) -> anyhow::Result<String> {
    let mut response = Reader::new(response).only(Tag::SEQUENCE)?;
    let mut status = response.take(Tag::SEQUENCE)?;
    match status.bytes(Tag::INTEGER)? {
        [0 | 1] => {}
        [status] => bail!("it refused with status {status}"),
        _ => bail!("it has no status"),
    }
    let mut token = response.take(Tag::SEQUENCE)?;
    ensure!(token.bytes(Tag::OBJECT)? == SIGNED_DATA, "it is not signed");
    let mut signed = token.take(Tag::CONTEXT_0)?.take(Tag::SEQUENCE)?;
    signed.bytes(Tag::INTEGER)?;
    signed.bytes(Tag::SET)?;
    let mut content = signed.take(Tag::SEQUENCE)?;
    ensure!(content.bytes(Tag::OBJECT)? == TST_INFO, "what is signed is no time stamp");
    let info = content.take(Tag::CONTEXT_0)?.bytes(Tag::OCTETS)?;
    let mut info = Reader::new(info).only(Tag::SEQUENCE)?;
    info.bytes(Tag::INTEGER)?;
    info.bytes(Tag::OBJECT)?;
    let mut stamped = info.take(Tag::SEQUENCE)?;
    let mut algorithm = stamped.take(Tag::SEQUENCE)?;
    ensure!(algorithm.bytes(Tag::OBJECT)? == &SHA256[4..13], "the imprint is of another algorithm");
    ensure!(stamped.bytes(Tag::OCTETS)? == imprint, "the imprint is of something else");
    info.bytes(Tag::INTEGER)?;
    let time = std::str::from_utf8(info.bytes(Tag::TIME)?)?.to_owned();
    ensure!(time.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'Z'), "the time is none");
    info.skip_if(Tag::SEQUENCE)?;
    info.skip_if(Tag::BOOLEAN)?;
    ensure!(info.bytes(Tag::INTEGER)? == nonce, "the nonce is of another request");
    Ok(time)
}

#[cfg(test)]
mod tests;
