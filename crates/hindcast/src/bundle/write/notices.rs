//! Which notices go into a bundle, and what they show there.

use super::super::notices::NOTICES_BYTES_MAX;
use super::{BundleError, Wanted, internal, path, recorded};
use crate::app::App;
use hindcast_event::{Entry, Kind};
use hindcast_ledger::commitment::CommitmentError;
use hindcast_ledger::notice::{COVERS, CUTOFF, LAST};
use hindcast_ledger::{Checkpoint, Notice, Opening, WorkspaceId};
use hindcast_segments::query::{ParseContext, Query};
use hindcast_segments::{Budget, Snapshot};
use std::ops::Range;

/// The notices that cover something in a range. What they say of that is open to everybody who takes a bundle; the rest of
/// them only to who may see everything in the workspace.
pub(super) fn notices(
    app: &App,
    workspace: &WorkspaceId,
    whole: &Snapshot,
    wanted: &Wanted,
    range: &Range<u64>,
    head: &Checkpoint,
    budget: &Budget,
) -> Result<Vec<u8>, BundleError> {
    let mut found = Vec::new();
    for kind in [Kind::ErasureNotice, Kind::RetentionNotice] {
        let query =
            Query::parse(&format!("kind:{}", kind.as_str()), &ParseContext::default()).map_err(internal)?;
        whole.each_piece(&query, budget, |entries| {
            for entry in entries.iter().filter(|entry| entry.index < head.size() && covers(entry, range)) {
                let index = entry.index;
                let opening =
                    opened_notice(&entry, wanted).map_err(|source| BundleError::Entry { index, source })?;
                let recorded = recorded(&entry, &opening);
                let (leaf, mut record) = recorded.map_err(|source| BundleError::Entry { index, source })?;
                record.path = Some(path(app, workspace, index, &leaf, head)?);
                found.push((index, serde_json::to_vec(&record).map_err(internal)?));
            }
            Ok::<_, BundleError>(())
        })?;
    }
    found.sort_unstable();
    let lines: Vec<u8> = found.into_iter().flat_map(|(_, line)| line.into_iter().chain([b'\n'])).collect();
    if lines.len() as u64 > NOTICES_BYTES_MAX {
        return Err(internal("the notices are too many for one bundle"));
    }
    Ok(lines)
}

fn covers(entry: &Entry<'_>, range: &Range<u64>) -> bool {
    let notice = Notice::read(entry.index, entry.kind, entry.event.sections());
    notice.is_some_and(|notice| notice.covers.count_within(range.clone()) > 0)
}

fn opened_notice(notice: &Entry<'_>, wanted: &Wanted) -> Result<Opening, CommitmentError> {
    let mut opening = Opening::of(notice)?;
    for (name, _) in notice.event.sections() {
        let is_hidden = wanted.sight.scope.is_some() || wanted.sight.hidden.closes(name);
        if is_hidden && ![COVERS, LAST, CUTOFF].contains(&name) {
            opening.erase(name, false);
        }
    }
    Ok(opening)
}
