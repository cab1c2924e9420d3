//! Shared strings, because thousands of Pods use the same few node names, images and reasons.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

/// Stores each distinct text once and gives it a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    numbers: HashMap<Arc<str>, u32, RandomState>,
    texts: Vec<Arc<str>>,
    /// Addresses of recently used texts and their numbers, because comparing an address is faster than hashing the
    /// text. An address stays valid, because `texts` keeps the allocation alive.
    recent: [(usize, u32); RECENT_TEXTS],
    /// Numbers of recently shared texts, because comparing a text with one other text is faster than hashing the text.
    recently_shared: [u32; RECENT_TEXTS],
}

/// Length of [`Interner::recent`] and [`Interner::recently_shared`]: about the number of texts that the Pods of a Job have in common.
const RECENT_TEXTS: usize = 32;

impl Interner {
    /// Returns the shared copy of `text`.
    pub(crate) fn share(&mut self, text: &str) -> Arc<str> {
        let last_byte = text.as_bytes().last().copied().unwrap_or(0);
        let slot = (text.len() ^ usize::from(last_byte)) % RECENT_TEXTS;
        if let Some(recent) = self.texts.get(self.recently_shared[slot] as usize)
            && **recent == *text
        {
            return Arc::clone(recent);
        }
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => self.add(text.into()),
        };
        self.recently_shared[slot] = number;
        Arc::clone(&self.texts[number as usize])
    }

    /// Returns the shared copy of `text`, or `None` if it is empty.
    pub(crate) fn share_non_empty(&mut self, text: &str) -> Option<Arc<str>> {
        (!text.is_empty()).then(|| self.share(text))
    }

    /// Returns the number of `text`. A text that is not known yet gets a new number.
    pub(crate) fn number_for(&mut self, text: &Arc<str>) -> u32 {
        let address = text.as_ptr().addr();
        // Allocations usually start at multiples of sixteen, so the lowest four bits do not distinguish texts.
        let slot = (address >> 4) % RECENT_TEXTS;
        if let (known, number) = self.recent[slot]
            && known == address
        {
            return number;
        }
        let number = match self.numbers.get(&**text) {
            Some(number) => *number,
            None => self.add(Arc::clone(text)),
        };
        if Arc::ptr_eq(&self.texts[number as usize], text) {
            self.recent[slot] = (address, number);
        }
        number
    }

    /// Returns the text with this number, or `None` if no text has the number.
    pub(crate) fn text(&self, number: u32) -> Option<Arc<str>> {
        self.texts.get(number as usize).map(Arc::clone)
    }

    fn add(&mut self, text: Arc<str>) -> u32 {
        let number = u32::try_from(self.texts.len()).expect("there are fewer than 2^32 distinct texts");
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }
}
