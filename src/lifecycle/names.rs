//! Shared strings: ten thousand Pods have a handful of nodes, images and reasons.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

/// Gives equal texts the same allocation, and a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<Arc<str>, u32, RandomState>,
    texts: Vec<Arc<str>>,
    /// Numbers of some texts by where these are in memory, where they stay: quicker than to hash what they say.
    places: [(usize, u32); PLACES],
}

/// About as many texts as the Pods of a Job have in common.
const PLACES: usize = 32;

impl Names {
    /// The shared form of a text.
    pub(crate) fn share(&mut self, text: &str) -> Arc<str> {
        if let Some((known, _)) = self.numbers.get_key_value(text) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = text.into();
        self.add(Arc::clone(&shared));
        shared
    }

    /// The shared form of a text, `None` if it is empty.
    pub(crate) fn share_some(&mut self, text: &str) -> Option<Arc<str>> {
        (!text.is_empty()).then(|| self.share(text))
    }

    /// The number of a text.
    pub(crate) fn number(&mut self, text: &Arc<str>) -> u32 {
        let place = text.as_ptr().addr();
        // Allocations begin at multiples of sixteen.
        let slot = (place >> 4) % PLACES;
        if let (known, number) = self.places[slot]
            && known == place
        {
            return number;
        }
        let number = match self.numbers.get(&**text) {
            Some(number) => *number,
            None => self.add(Arc::clone(text)),
        };
        if Arc::ptr_eq(&self.texts[number as usize], text) {
            self.places[slot] = (place, number);
        }
        number
    }

    /// The text of a number that [`Names::number`] gave.
    pub(crate) fn text(&self, number: u32) -> Arc<str> {
        self.texts.get(number as usize).map_or_else(|| "".into(), Arc::clone)
    }

    fn add(&mut self, text: Arc<str>) -> u32 {
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }
}
