//! What ties a document to the log: the newest signed checkpoint.

use crate::app::App;
use crate::pages::{Text, count, number};
use crate::paper::{Block, Span};
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
        }))
    }

    /// The same for a reader of a document.
    pub fn block(proof: Option<&Self>, t: Text) -> Block {
        let Some(proof) = proof else { return Block::Paragraph(vec![Span::plain(t.paper_proof_none())]) };
        let fact = |name: std::borrow::Cow<'static, str>, value: Span| (name.into_owned(), vec![value]);
        Block::Facts(vec![
            fact(t.paper_proof_log(), Span::mono(&proof.origin)),
            fact(t.paper_proof_size(), Span::plain(number(count(proof.size), t.language))),
            fact(t.paper_proof_root(), Span::mono(&proof.root)),
            fact(t.paper_proof_key(), Span::mono(&proof.key)),
        ])
    }
}
