//! Pages that were decoded lately, of all open segments.
//!
//! People page back, refresh, and narrow what they see: the same pages come up again and again, and unpacking them
//! is most of the work of a scattered read. Two generations keep it bounded without a list: when the young one is
//! full it becomes the old one, and what was not asked for since the last time is let go. Whoever reads whole
//! columns keeps out of here.

use crate::pages::Page;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Decoded pages of all open segments together take at most about this much memory.
pub(crate) const CACHED_BYTES_MAX: usize = 48 * 1024 * 1024;

/// Which page: the number of the open segment, the column, which of its pages.
pub(crate) type PageKey = (u64, usize, usize);

/// See the module.
#[derive(Default)]
pub(crate) struct PageCache {
    segments: AtomicU64,
    pages: Mutex<Generations>,
    hits: AtomicU64,
    misses: AtomicU64,
}

#[derive(Default)]
struct Generations {
    young: HashMap<PageKey, Arc<Page>>,
    young_bytes: usize,
    old: HashMap<PageKey, Arc<Page>>,
}

impl PageCache {
    /// A number that no segment opened before has.
    pub(crate) fn number(&self) -> u64 {
        self.segments.fetch_add(1, Ordering::Relaxed)
    }

    /// A page that was kept.
    pub(crate) fn get(&self, key: PageKey) -> Option<Arc<Page>> {
        let found = self.find(key);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// How often a page was found, and how often not.
    pub(crate) fn asked(&self) -> [u64; 2] {
        [&self.hits, &self.misses].map(|counter| counter.load(Ordering::Relaxed))
    }

    fn find(&self, key: PageKey) -> Option<Arc<Page>> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = pages.young.get(&key) {
            return Some(Arc::clone(page));
        }
        let page = pages.old.remove(&key)?;
        pages.keep(key, &page);
        Some(page)
    }

    /// Keeps a page for a while.
    pub(crate) fn put(&self, key: PageKey, page: &Arc<Page>) {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).keep(key, page);
    }
}

impl Generations {
    fn keep(&mut self, key: PageKey, page: &Arc<Page>) {
        let bytes = page.bytes();
        if self.young_bytes + bytes > CACHED_BYTES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if self.young.insert(key, Arc::clone(page)).is_none() {
            self.young_bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{Values, numbers_page};

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let cache = PageCache::default();
        let page = || Arc::new(numbers_page(vec![7; 128 * 1024]));
        let fitting = CACHED_BYTES_MAX / page().bytes();
        cache.put((0, 0, 0), &page());
        for nth in 1..fitting * 4 {
            cache.put((1, 0, nth), &page());
            assert!(cache.get((0, 0, 0)).is_some_and(|page| matches!(page.values, Values::Numbers(_))));
        }
        assert!(cache.get((1, 0, 1)).is_none());
        assert_eq!(cache.asked()[1], 1);
        let pages = cache.pages.lock().unwrap();
        assert!(pages.young.len() + pages.old.len() <= fitting);
    }
}
