//! Shared strings: ten thousand Pods have a handful of nodes, images and reasons.

use std::collections::HashSet;
use std::sync::Arc;

/// Gives equal texts the same allocation.
#[derive(Clone, Debug, Default)]
pub struct Names(HashSet<Arc<str>>);

impl Names {
    /// The shared form of a text.
    pub fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = text.into();
        self.0.insert(Arc::clone(&shared));
        shared
    }

    /// The shared form of a text, `None` if it is empty.
    pub fn share_some(&mut self, text: &str) -> Option<Arc<str>> {
        (!text.is_empty()).then(|| self.share(text))
    }
}
