//! The word that was probably meant.

use crate::detection::distance;

/// Longest word whose neighbours are looked for.
const WORD_BYTES_MAX: usize = 64;

/// The candidate that is nearest to what was written, if one is near enough to have been meant.
pub(crate) fn nearest<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    if written.is_empty() || written.len() > WORD_BYTES_MAX {
        return None;
    }
    let written = written.to_lowercase();
    let near = candidates.into_iter().map(|name| (distance(name, &written), name)).min()?;
    (near.0 <= 1 + written.len() / 4).then(|| near.1.to_owned())
}
