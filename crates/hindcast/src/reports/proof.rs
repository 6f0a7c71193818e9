//! What ties a document to the log: the newest signed checkpoint.

use crate::app::App;
use crate::pages::{Clock, Text, count, number};
use crate::paper::{Block, Span};
use crate::verify::last_verified;
use hindcast_event::Timestamp;
use hindcast_ledger::{WorkspaceId, open_note};

/// A checkpoint that can be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The log, as checkpoints name it.
    pub origin: String,
    /// How many entries it covers.
    pub size: u64,
    /// The root of the Merkle tree, in base64.
    pub root: String,
    /// The id of the key that signed it.
    pub key: String,
    /// The key itself, with which anybody verifies it.
    pub verifier_key: String,
    /// When all entries were last read again and found to be what was signed.
    pub verified_at: Option<Timestamp>,
    /// Whether what was read last is not what was signed.
    pub is_broken: bool,
}

impl Proof {
    /// The newest of a workspace; nothing while nothing is signed.
    pub fn newest(app: &App, workspace: &WorkspaceId) -> anyhow::Result<Option<Self>> {
        let Some((size, note)) = app.ledger.published(workspace)? else { return Ok(None) };
        let key = app.ledger.verifier_key(workspace)?;
        let checkpoint = open_note(&note, &key)?;
        let root = checkpoint.root().to_string();
        Ok(Some(Self {
            origin: checkpoint.origin().to_owned(),
            size,
            root,
            key: format!("{:08x}", key.id()),
            verifier_key: key.to_string(),
            verified_at: last_verified(app, workspace)?,
            is_broken: app.ledger.quarantined(workspace)?.is_some(),
        }))
    }

    /// The same for a reader of a document.
    pub fn blocks(proof: Option<&Self>, t: Text) -> Vec<Block> {
        let Some(proof) = proof else {
            return vec![Block::Paragraph(vec![Span::plain(t.paper_proof_none())])];
        };
        let clock = Clock::new("UTC", t.language);
        let verified = proof
            .verified_at
            .map_or_else(|| t.paper_proof_never().into_owned(), |at| format!("{} UTC", clock.time(at)));
        let fact = |name: std::borrow::Cow<'static, str>, value: Span| (name.into_owned(), vec![value]);
        let facts = Block::Facts(vec![
            fact(t.paper_proof_log(), Span::mono(&proof.origin)),
            fact(t.paper_proof_size(), Span::plain(number(count(proof.size), t.language))),
            fact(t.paper_proof_root(), Span::mono(&proof.root)),
            fact(t.paper_proof_key(), Span::mono(&proof.key)),
            fact(t.integrity_key(), Span::mono(&proof.verifier_key)),
            fact(t.paper_proof_verified(), Span::plain(verified)),
        ]);
        let broken = Block::Note(vec![Span::strong(t.paper_proof_broken())]);
        let anchor = Block::Paragraph(vec![Span::plain(t.paper_anchor())]);
        proof.is_broken.then_some(broken).into_iter().chain([facts, anchor]).collect()
    }
}
