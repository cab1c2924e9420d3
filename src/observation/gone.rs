//! How Pods and objects that no longer exist are recognized by their names and times.

use jiff::SignedDuration;

/// An object is gone only if it was created at least this long before the first observation. All lists are requested at
/// the same time, so the list of Events can name an object that was created after the list of its kind.
pub(crate) const MIN_AGE_OF_GONE_OBJECT: SignedDuration = SignedDuration::from_secs(2);

/// The length of the random end of a generated name.
pub(crate) const NAME_SUFFIX_LENGTH: usize = 5;

/// The characters of the random end of a generated name (`k8s.io/apimachinery/pkg/util/rand`). They include no
/// vowels, so that the end of a name forms no word.
pub(crate) const NAME_SUFFIX_CHARACTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Whether this is the random end of a generated name.
pub(crate) fn is_name_suffix(text: &str) -> bool {
    text.len() == NAME_SUFFIX_LENGTH && text.bytes().all(|byte| NAME_SUFFIX_CHARACTERS.contains(&byte))
}
