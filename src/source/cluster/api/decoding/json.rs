//! Decoders of JSON lists and watches, for custom resources and for servers that do not offer protobuf.
//!
//! The items of a list are decoded one by one while the body arrives. `serde_json` cannot stop at the end of a part of
//! the body and continue with the next part, so a scanner finds the items, and `serde_json` decodes each item.

use bytes::{Buf, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::observation::{Object, ObjectMeta};
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::decoding::message::{
    DecodeError, ListMeta, MAX_OBJECT_BYTES, Status, WatchEvent,
};

/// The value whose bytes the scanner collects at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Collecting {
    /// No value.
    Nothing,
    /// A string at the top level: a key, or a value that is a string.
    Key,
    /// The object `metadata`.
    Metadata,
    /// An object of the array `items`.
    Item,
}

/// The position of the scanner relative to strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StringState {
    /// Outside of strings.
    Outside,
    /// In a string.
    Inside,
    /// In a string, after a backslash.
    Escaped,
}

/// Decodes a list while its body arrives. The scanner tracks only strings and the depth of brackets.
pub(crate) struct JsonList {
    kind: Kind,
    /// Number of open brackets.
    depth: usize,
    string: StringState,
    /// Whether the open bracket at depth 2 belongs to the array `items`.
    in_items: bool,
    /// Whether the outermost bracket has been closed.
    ended: bool,
    /// The latest string at the top level. If a bracket follows, the string is the key of the object or array.
    key: Vec<u8>,
    collecting: Collecting,
    /// The bytes that were collected from earlier parts of the body.
    collected: Vec<u8>,
    meta: Option<ListMeta>,
}

impl JsonList {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            depth: 0,
            string: StringState::Outside,
            in_items: false,
            ended: false,
            key: Vec::new(),
            collecting: Collecting::Nothing,
            collected: Vec::new(),
            meta: None,
        }
    }

    pub(crate) fn push(&mut self, part: &[u8], mut on_item: impl FnMut(Object)) -> Result<(), DecodeError> {
        // The index in `part` of the first byte to collect.
        let mut begin = 0;
        for (index, &byte) in part.iter().enumerate() {
            match (self.string, byte) {
                (StringState::Outside, _) => {}
                (StringState::Inside, b'\\') => self.string = StringState::Escaped,
                (StringState::Inside, b'"') => {
                    self.string = StringState::Outside;
                    if self.collecting == Collecting::Key {
                        self.collected.extend_from_slice(&part[begin..index]);
                        self.key = std::mem::take(&mut self.collected);
                        self.collecting = Collecting::Nothing;
                    }
                    continue;
                }
                (StringState::Inside | StringState::Escaped, _) => self.string = StringState::Inside,
            }
            if self.string != StringState::Outside {
                continue;
            }
            match byte {
                b'"' => {
                    self.string = StringState::Inside;
                    if self.depth == 1 {
                        self.collecting = Collecting::Key;
                        begin = index + 1;
                    }
                }
                b'{' | b'[' => {
                    if self.ended {
                        return Err(DecodeError::Malformed("more data follows the list"));
                    }
                    self.depth += 1;
                    match (self.depth, byte) {
                        (2, b'{') if self.key == b"metadata" => {
                            self.collecting = Collecting::Metadata;
                            begin = index;
                        }
                        (2, _) => self.in_items = byte == b'[' && self.key == b"items",
                        (3, b'{') if self.in_items => {
                            self.collecting = Collecting::Item;
                            begin = index;
                        }
                        _ => {}
                    }
                }
                b'}' | b']' => {
                    let Some(depth) = self.depth.checked_sub(1) else {
                        return Err(DecodeError::Malformed("it has an unmatched bracket"));
                    };
                    self.depth = depth;
                    match (depth, self.collecting) {
                        (1, Collecting::Metadata) => {
                            self.collected.extend_from_slice(&part[begin..=index]);
                            self.meta = Some(serde_json::from_slice(&self.collected)?);
                            self.collecting = Collecting::Nothing;
                            self.collected.clear();
                        }
                        (2, Collecting::Item) => {
                            // An item is copied only if it arrived in several parts.
                            if self.collected.is_empty() {
                                on_item(self.kind.decode_json(&part[begin..=index])?);
                            } else {
                                self.collected.extend_from_slice(&part[begin..=index]);
                                on_item(self.kind.decode_json(&self.collected)?);
                                self.collected.clear();
                            }
                            self.collecting = Collecting::Nothing;
                        }
                        (0, _) => self.ended = true,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        if self.collecting != Collecting::Nothing {
            self.collected.extend_from_slice(&part[begin..]);
            if self.collected.len() > MAX_OBJECT_BYTES {
                return Err(DecodeError::TooLong("an object"));
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<ListMeta, DecodeError> {
        if !self.ended {
            return Err(DecodeError::Incomplete);
        }
        self.meta.ok_or(DecodeError::Malformed("the list has no metadata"))
    }
}

/// A line of a watch: the type of the event, and the object.
#[derive(Deserialize)]
struct WatchLine<'a> {
    r#type: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Any object, reduced to its metadata.
#[derive(Deserialize)]
struct JsonMetadata {
    metadata: ObjectMeta,
}

/// Decodes a watch while its body arrives. A watch has one JSON object per line.
pub(crate) struct JsonWatch {
    kind: Kind,
    /// The bytes that have arrived but are not yet decoded.
    rest: BytesMut,
    /// Number of bytes at the start of `rest` that have been searched and contain no line break.
    searched: usize,
}

impl JsonWatch {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, rest: BytesMut::new(), searched: 0 }
    }

    pub(crate) fn push(&mut self, part: &[u8]) {
        self.rest.extend_from_slice(part);
    }

    pub(crate) fn next(&mut self) -> Result<Option<WatchEvent>, DecodeError> {
        loop {
            let Some(end) = self.rest[self.searched..].iter().position(|byte| *byte == b'\n') else {
                self.searched = self.rest.len();
                if self.searched > MAX_OBJECT_BYTES {
                    return Err(DecodeError::TooLong("an event"));
                }
                return Ok(None);
            };
            let line = self.rest.split_to(self.searched + end);
            self.rest.advance(1);
            self.searched = 0;
            if !line.trim_ascii().is_empty() {
                return self.decode_line(&line).map(Some);
            }
        }
    }

    fn decode_line(&self, line: &[u8]) -> Result<WatchEvent, DecodeError> {
        let line: WatchLine<'_> = serde_json::from_slice(line)?;
        let object = line.object.get().as_bytes();
        WatchEvent::decode(
            &line.r#type,
            || self.kind.decode_json(object),
            || Ok(serde_json::from_slice::<JsonMetadata>(object)?.metadata.resource_version),
            || Ok(serde_json::from_slice::<Status>(object)?),
        )
    }
}
