//! The ids of traces and spans. They follow from uids.

use std::fmt;

use serde::{Serialize, Serializer};

/// The id of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceId(u128);

impl TraceId {
    /// The id of the run with this uid. A uid of Kubernetes is a UUID, so its 16 bytes are the id. Any other text is hashed.
    pub(crate) fn from_uid(uid: &str) -> Self {
        let has_form = uid.len() == 36 && uid.bytes().filter(|byte| *byte == b'-').count() == 4;
        let number = u128::from_str_radix(&uid.replace('-', ""), 16).ok();
        // OTLP does not allow an id of zeros.
        Self(number.filter(|number| has_form && *number != 0).unwrap_or_else(|| hash_128(uid.as_bytes())))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The id of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpanId(u64);

impl SpanId {
    /// The id of the span that these words identify, for example a uid and the name of a phase.
    pub(crate) fn from_words(words: &[&str]) -> Self {
        let hash = hash_128(words.join("\0").as_bytes());
        Self((fold(hash)).max(1))
    }
}

impl Serialize for SpanId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

/// Mixes the halves of a hash.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
fn fold(hash: u128) -> u64 {
    (hash >> 64) as u64 ^ hash as u64
}

/// FNV-1a with 128 bits. The ids must be the same in every version of the program, and the standard library does not
/// promise that of its hash function.
fn hash_128(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(id: impl Serialize) -> String {
        serde_json::to_value(id).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn the_id_of_a_trace_is_the_uid() {
        let uid = "0b7a4c2e-5a1f-4f0b-9d3c-8e6f1a2b3c4d";
        assert_eq!(text(TraceId::from_uid(uid)), "0b7a4c2e5a1f4f0b9d3c8e6f1a2b3c4d");
        // The published value of FNV-1a with 128 bits for `foobar`.
        assert_eq!(text(TraceId::from_uid("foobar")), "343e1662793c64bf6f0d3597ba446f18");
        for other in ["", "00000000-0000-0000-0000-000000000000", "+b7a4c2e-5a1f-4f0b-9d3c-8e6f1a2b3c4"] {
            let id = text(TraceId::from_uid(other));
            assert!(id.len() == 32 && id.bytes().any(|byte| byte != b'0'), "{other}: {id}");
        }
    }

    #[test]
    fn words_are_kept_apart() {
        let [one, other] = [["a", "bc"], ["ab", "c"]].map(|words| text(SpanId::from_words(&words)));
        assert!(one != other && one.len() == 16, "{one} {other}");
        assert_eq!(one, text(SpanId::from_words(&["a", "bc"])));
    }
}
