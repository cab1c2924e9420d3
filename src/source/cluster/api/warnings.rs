//! The warnings that the server sends in the headers of its answers.

use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use http::header::WARNING;

/// The warnings of a server so far, without duplicates. Clones share the warnings.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerWarnings(Arc<Mutex<Vec<String>>>);

impl ServerWarnings {
    /// Stores the warnings of an answer that are new.
    pub(crate) fn read(&self, headers: &HeaderMap) {
        let texts = headers.get_all(WARNING).iter().filter_map(|value| warning_text(value.to_str().ok()?));
        for text in texts {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if !known.contains(&text) {
                known.push(text);
            }
        }
    }

    /// Returns the warnings so far, without duplicates.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Returns the text of a warning of the form `299 - "text"`, which RFC 7234 defines. Kubernetes uses no other code.
fn warning_text(value: &str) -> Option<String> {
    let quoted = value.strip_prefix("299 ")?.split_once(' ')?.1.strip_prefix('"')?;
    let (mut text, mut letters) = (String::new(), quoted.chars());
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => text.push(letters.next()?),
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_of_the_server_are_stored_once() {
        let warnings = ServerWarnings::default();
        let mut headers = HeaderMap::new();
        for value in [r#"299 - "v1 \"old\" is deprecated""#, r#"199 - "other code""#, "299 - broken"] {
            headers.append(WARNING, value.parse().unwrap());
        }
        warnings.read(&headers);
        warnings.clone().read(&headers);
        assert_eq!(warnings.texts(), [r#"v1 "old" is deprecated"#]);
    }
}
