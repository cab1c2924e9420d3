//! Shared strings, because thousands of Pods use the same few node names, images and reasons.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use foldhash::fast::RandomState;

/// The number of a text in an [`Interner`], counted from 1. An optional number takes four bytes, a quarter of an
/// `Arc<str>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextNumber(NonZeroU32);

impl TextNumber {
    pub(crate) fn get(self) -> u32 {
        self.0.get()
    }
}

/// Stores each distinct text once and gives it a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    numbers: HashMap<Arc<str>, TextNumber, RandomState>,
    texts: Vec<Arc<str>>,
    /// Addresses of recently used texts and their numbers, because comparing an address is faster than hashing the
    /// text. An address stays valid, because `texts` keeps the allocation alive.
    recent: [Option<(usize, TextNumber)>; RECENT_TEXTS],
    /// Numbers of recently shared texts, because comparing a text with one other text is faster than hashing the text.
    recently_shared: [Option<TextNumber>; RECENT_TEXTS],
}

/// Length of [`Interner::recent`] and [`Interner::recently_shared`]: about the number of texts that the Pods of a Job
/// have in common.
const RECENT_TEXTS: usize = 32;

impl Interner {
    /// Returns the shared copy of `text`.
    pub(crate) fn share(&mut self, text: &str) -> Arc<str> {
        let number = self.find_or_add(text);
        Arc::clone(self.text(number))
    }

    /// Returns the number of `text`. A text that is not known yet gets a new number.
    pub(crate) fn find_or_add(&mut self, text: &str) -> TextNumber {
        let last_byte = text.as_bytes().last().copied().unwrap_or(0);
        let slot = (text.len() ^ usize::from(last_byte)) % RECENT_TEXTS;
        if let Some(recent) = self.recently_shared[slot]
            && **self.text(recent) == *text
        {
            return recent;
        }
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => self.add(text.into()),
        };
        self.recently_shared[slot] = Some(number);
        number
    }

    /// Returns the shared copy of `text`, or `None` if it is empty.
    pub(crate) fn share_non_empty(&mut self, text: &str) -> Option<Arc<str>> {
        (!text.is_empty()).then(|| self.share(text))
    }

    /// Returns the number of `text`, as [`Self::find_or_add`] does. Faster if `text` is a shared copy.
    pub(crate) fn number_for(&mut self, text: &Arc<str>) -> TextNumber {
        let address = text.as_ptr().addr();
        // Allocations usually start at multiples of sixteen, so the lowest four bits do not distinguish texts.
        let slot = (address >> 4) % RECENT_TEXTS;
        if let Some((known, number)) = self.recent[slot]
            && known == address
        {
            return number;
        }
        let number = match self.numbers.get(&**text) {
            Some(number) => *number,
            None => self.add(Arc::clone(text)),
        };
        if Arc::ptr_eq(self.text(number), text) {
            self.recent[slot] = Some((address, number));
        }
        number
    }

    /// Returns the text with this number.
    ///
    /// # Panics
    /// Panics if the number is from another interner and this interner has fewer texts.
    pub(crate) fn text(&self, number: TextNumber) -> &Arc<str> {
        &self.texts[number.get() as usize - 1]
    }

    /// Returns the text with a number that [`TextNumber::get`] returned, or `None` if no text has the number.
    pub(crate) fn find_text(&self, number: u32) -> Option<&Arc<str>> {
        self.texts.get((number as usize).checked_sub(1)?)
    }

    fn add(&mut self, text: Arc<str>) -> TextNumber {
        self.texts.push(Arc::clone(&text));
        let count = u32::try_from(self.texts.len()).ok();
        let number = TextNumber(count.and_then(NonZeroU32::new).expect("there are fewer than 2^32 texts"));
        self.numbers.insert(text, number);
        number
    }
}
