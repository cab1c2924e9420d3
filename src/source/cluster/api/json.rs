//! Decoders of JSON lists and watches, for custom resources and for servers that do not offer protobuf.
//!
//! The items of a list are decoded one by one while the body arrives. `serde_json` cannot continue at the end of a part, so a
//! scanner finds the items and `serde_json` decodes each of them.

use bytes::{Buf, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::observation::{Object, ObjectMeta};
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::message::{DecodeError, ListMeta, Status, WatchEvent};

/// The part of a list whose bytes are being collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Collecting {
    /// No part.
    Nothing,
    /// A string at the top level: a key, or a value that is a string.
    Key,
    /// The object `metadata`.
    Metadata,
    /// An object of the array `items`.
    Item,
}

/// Whether the scanner is in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StringState {
    /// Outside of strings.
    Outside,
    /// In a string.
    Inside,
    /// In a string, after a backslash.
    Escaped,
}

/// Decodes a list while its body arrives. The scanner knows only strings and the depth of brackets.
pub(crate) struct JsonList {
    kind: Kind,
    /// Number of open brackets.
    depth: usize,
    string: StringState,
    /// Whether the open bracket at depth 2 belongs to `items`.
    in_items: bool,
    /// Whether the bracket of the list is closed.
    ended: bool,
    /// The latest string at the top level. It is the key of the value that follows.
    key: Vec<u8>,
    collecting: Collecting,
    /// The collected bytes from earlier parts.
    piece: Vec<u8>,
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
            piece: Vec::new(),
            meta: None,
        }
    }

    pub(crate) fn push(&mut self, part: &[u8], mut on_item: impl FnMut(Object)) -> Result<(), DecodeError> {
        // The index in `part` at which the collected bytes begin.
        let mut begin = 0;
        for (index, &byte) in part.iter().enumerate() {
            match (self.string, byte) {
                (StringState::Outside, _) => {}
                (StringState::Inside, b'\\') => self.string = StringState::Escaped,
                (StringState::Inside, b'"') => {
                    self.string = StringState::Outside;
                    if self.collecting == Collecting::Key {
                        self.piece.extend_from_slice(&part[begin..index]);
                        self.key = std::mem::take(&mut self.piece);
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
                        return Err(DecodeError::Malformed("something follows the list"));
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
                        return Err(DecodeError::Malformed("a bracket too many"));
                    };
                    self.depth = depth;
                    match (depth, self.collecting) {
                        (1, Collecting::Metadata) => {
                            self.piece.extend_from_slice(&part[begin..=index]);
                            self.meta = Some(serde_json::from_slice(&self.piece)?);
                            self.collecting = Collecting::Nothing;
                            self.piece.clear();
                        }
                        (2, Collecting::Item) => {
                            // An item is copied only if it arrived in several parts.
                            if self.piece.is_empty() {
                                on_item(self.kind.json(&part[begin..=index])?);
                            } else {
                                self.piece.extend_from_slice(&part[begin..=index]);
                                on_item(self.kind.json(&self.piece)?);
                                self.piece.clear();
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
            self.piece.extend_from_slice(&part[begin..]);
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<ListMeta, DecodeError> {
        if !self.ended {
            return Err(DecodeError::Malformed("the list ends in the middle"));
        }
        self.meta.ok_or(DecodeError::Malformed("a list without metadata"))
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

/// Decodes a watch, which has one JSON object per line.
pub(crate) struct JsonWatch {
    kind: Kind,
    rest: BytesMut,
    /// Number of bytes at the start of `rest` that contain no end of a line.
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
            || self.kind.json(object),
            || Ok(serde_json::from_slice::<JsonMetadata>(object)?.metadata.resource_version),
            || Ok(serde_json::from_slice::<Status>(object)?),
        )
    }
}
