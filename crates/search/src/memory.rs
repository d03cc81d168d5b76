//! The words an analyzer has met, with what became of them: finding a stem costs many times what remembering it does.
//!
//! A search meets the same few thousand words as the one before it. So its memory is not thrown away: it lies on the
//! shelf of its analyzer until the next search takes it. What is erased is not kept there either.

use std::collections::HashMap;
use std::mem::take;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Words that are remembered while a text is indexed; the memory is emptied when full.
const WORDS_MAX: usize = 65_536;
/// Words that are remembered from search to search, about 2 MB; the memory is emptied when full.
const WORDS_OF_SEARCHES_MAX: usize = 16_384;
/// Memories on a shelf: more are only left over when more searches ran at once.
const SHELF_MAX: usize = 4;

/// Words, each with what became of it.
pub(crate) struct Memory<T> {
    words: HashMap<Box<str>, T>,
    words_max: usize,
    home: Option<Home<T>>,
}

/// Where a memory goes when its search is over.
struct Home<T> {
    shelf: Arc<Shelf<T>>,
    /// How often the shelf had been cleared when it was taken.
    cleared: u64,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self {
            words: HashMap::new(),
            words_max: WORDS_MAX,
            home: None,
        }
    }
}

impl<T> Memory<T> {
    /// What became of a word, where it was met before.
    pub(crate) fn of(&self, word: &str) -> Option<&T> {
        self.words.get(word)
    }

    /// Remembers what became of a word.
    pub(crate) fn learn(&mut self, word: &str, became: T) {
        if self.words.len() >= self.words_max {
            self.words.clear();
        }
        self.words.insert(word.into(), became);
    }
}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        if let Some(Home { shelf, cleared }) = self.home.take() {
            shelf.put(take(&mut self.words), cleared);
        }
    }
}

/// Memories that no search holds at the moment.
pub(crate) struct Shelf<T> {
    memories: Mutex<Vec<HashMap<Box<str>, T>>>,
    cleared: AtomicU64,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            memories: Mutex::default(),
            cleared: AtomicU64::new(0),
        }
    }
}

impl<T> Shelf<T> {
    /// A memory for one search; it comes back by itself.
    pub(crate) fn take(self: &Arc<Self>) -> Memory<T> {
        let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        Memory {
            words: memories.pop().unwrap_or_default(),
            words_max: WORDS_OF_SEARCHES_MAX,
            home: Some(Home {
                shelf: Arc::clone(self),
                cleared: self.cleared.load(Ordering::Relaxed),
            }),
        }
    }

    /// Forgets every word; what searches hold at the moment does not come back.
    pub(crate) fn clear(&self) {
        let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        self.cleared.fetch_add(1, Ordering::Relaxed);
        memories.clear();
    }

    fn put(&self, words: HashMap<Box<str>, T>, cleared: u64) {
        let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        if memories.len() < SHELF_MAX && self.cleared.load(Ordering::Relaxed) == cleared {
            memories.push(words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_known(memory: &Memory<u8>, word: &str) -> bool {
        memory.of(word) == Some(&1)
    }

    #[test]
    fn the_next_search_knows_the_words_of_the_one_before_until_they_are_forgotten() {
        let shelf = Arc::new(Shelf::default());
        let mut first = shelf.take();
        first.learn("stone", 1);
        assert!(!is_known(&shelf.take(), "pine"), "held by nobody else");
        drop(first);
        let second = shelf.take();
        assert!(is_known(&second, "stone"));
        shelf.clear();
        drop(second);
        assert!(!is_known(&shelf.take(), "stone"));
    }

    #[test]
    fn a_full_memory_begins_anew() {
        let shelf = Arc::new(Shelf::default());
        let mut memory = shelf.take();
        for word in 0..=WORDS_OF_SEARCHES_MAX {
            memory.learn(&word.to_string(), 1);
        }
        assert!(!is_known(&memory, "0"));
        assert!(is_known(&memory, &WORDS_OF_SEARCHES_MAX.to_string()));
    }

    #[test]
    fn a_shelf_holds_only_so_many() {
        let shelf: Arc<Shelf<u8>> = Arc::default();
        let many: Vec<_> = (0..2 * SHELF_MAX).map(|_| shelf.take()).collect();
        drop(many);
        assert_eq!(shelf.memories.lock().unwrap().len(), SHELF_MAX);
    }
}
