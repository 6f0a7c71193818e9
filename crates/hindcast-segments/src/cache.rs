//! Pages and dictionaries that were decoded lately, of all open segments.
//!
//! People page back, refresh, and narrow what they see: the same pages come up again and again, and unpacking them
//! is most of the work of a scattered read. Two generations keep it bounded without a list: when the young one is
//! full it becomes the old one, and what was not asked for since the last time is let go. Whoever reads whole
//! columns keeps out of here, but for dictionaries.

use crate::pages::{Page, Texts};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Decoded pages of all open segments together take at most about this much memory,
pub(crate) const CACHED_BYTES_MAX: usize = 48 * 1024 * 1024;
/// and the dictionaries, of which each row group has its own, this much more.
const DICTIONARIES_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Which page: the number of the open segment, the column, which of its pages. Or which dictionary: of which row group.
pub(crate) type PageKey = (u64, usize, usize);

/// See the module.
#[derive(Default)]
pub(crate) struct PageCache {
    segments: AtomicU64,
    pages: Mutex<Generations<Page>>,
    dictionaries: Mutex<Generations<Texts>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

struct Generations<T> {
    young: HashMap<PageKey, Arc<T>>,
    young_bytes: usize,
    old: HashMap<PageKey, Arc<T>>,
}

impl<T> Default for Generations<T> {
    fn default() -> Self {
        Self { young: HashMap::new(), young_bytes: 0, old: HashMap::new() }
    }
}

impl PageCache {
    /// A number that no segment opened before has.
    pub(crate) fn number(&self) -> u64 {
        self.segments.fetch_add(1, Ordering::Relaxed)
    }

    /// A page that was kept.
    pub(crate) fn get(&self, key: PageKey) -> Option<Arc<Page>> {
        let found = locked(&self.pages).find(key, Page::bytes, CACHED_BYTES_MAX);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// How often a page was found, and how often not.
    pub(crate) fn asked(&self) -> [u64; 2] {
        [&self.hits, &self.misses].map(|counter| counter.load(Ordering::Relaxed))
    }

    /// Keeps a page for a while.
    pub(crate) fn put(&self, key: PageKey, page: &Arc<Page>) {
        locked(&self.pages).keep(key, page, page.bytes(), CACHED_BYTES_MAX);
    }

    /// A dictionary that was kept.
    pub(crate) fn dictionary(&self, key: PageKey) -> Option<Arc<Texts>> {
        locked(&self.dictionaries).find(key, Texts::bytes, DICTIONARIES_BYTES_MAX)
    }

    /// Keeps a dictionary for a while.
    pub(crate) fn put_dictionary(&self, key: PageKey, dictionary: &Arc<Texts>) {
        locked(&self.dictionaries).keep(key, dictionary, dictionary.bytes(), DICTIONARIES_BYTES_MAX);
    }
}

fn locked<T>(generations: &Mutex<Generations<T>>) -> MutexGuard<'_, Generations<T>> {
    generations.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Generations<T> {
    fn find(&mut self, key: PageKey, bytes: impl Fn(&T) -> usize, most: usize) -> Option<Arc<T>> {
        if let Some(found) = self.young.get(&key) {
            return Some(Arc::clone(found));
        }
        let found = self.old.remove(&key)?;
        self.keep(key, &found, bytes(&found), most);
        Some(found)
    }

    fn keep(&mut self, key: PageKey, what: &Arc<T>, bytes: usize, most: usize) {
        if self.young_bytes + bytes > most / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if self.young.insert(key, Arc::clone(what)).is_none() {
            self.young_bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{Values, numbers_page, one_text};

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

    #[test]
    fn dictionaries_take_a_share_of_their_own() {
        let cache = PageCache::default();
        let dictionary = || Arc::new(one_text(1024 * 1024));
        cache.put((0, 0, 0), &Arc::new(numbers_page(vec![7])));
        for nth in 0..100 {
            cache.put_dictionary((0, 0, nth), &dictionary());
        }
        let kept = (0..100).filter(|&nth| cache.dictionary((0, 0, nth)).is_some()).count();
        assert!((DICTIONARIES_BYTES_MAX >> 22..=DICTIONARIES_BYTES_MAX >> 20).contains(&kept), "{kept}");
        assert!(cache.get((0, 0, 0)).is_some(), "no page gives way to them");
        assert_eq!(cache.asked(), [1, 0], "they are not counted as pages");
    }
}
