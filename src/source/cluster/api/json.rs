//! JSON lists and watches, for servers and proxies that know no protobuf. Lists too are read item by item.

use bytes::{Buf, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::observation::{Object, ObjectMeta};
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::message::{ListMeta, Status, Unreadable, WatchEvent};

/// What of a list is being collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Collecting {
    Nothing,
    /// A key or a value's string at the top level.
    Key,
    Metadata,
    Item,
}

/// Where the scanner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    /// Outside of strings.
    Outside,
    Inside,
    /// Inside, behind a backslash.
    Escaped,
}

/// A list that is taken apart while it comes: a scanner that knows strings and depth, nothing else of JSON.
pub(crate) struct JsonList {
    kind: Kind,
    /// Open brackets.
    depth: usize,
    text: Text,
    /// Whether the open bracket at depth 2 is that of `items`.
    in_items: bool,
    ended: bool,
    /// The latest string at the top level: the key, when a colon or a value follows.
    key: Vec<u8>,
    collecting: Collecting,
    piece: Vec<u8>,
    meta: Option<ListMeta>,
}

impl JsonList {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            depth: 0,
            text: Text::Outside,
            in_items: false,
            ended: false,
            key: Vec::new(),
            collecting: Collecting::Nothing,
            piece: Vec::new(),
            meta: None,
        }
    }

    pub(crate) fn push(&mut self, part: &[u8], mut item: impl FnMut(Object)) -> Result<(), Unreadable> {
        // Where in `part` the piece that is being collected begins.
        let mut begin = 0;
        for (at, &byte) in part.iter().enumerate() {
            match (self.text, byte) {
                (Text::Outside, _) => {}
                (Text::Inside, b'\\') => self.text = Text::Escaped,
                (Text::Inside, b'"') => {
                    self.text = Text::Outside;
                    if self.collecting == Collecting::Key {
                        self.piece.extend_from_slice(&part[begin..at]);
                        self.key = std::mem::take(&mut self.piece);
                        self.collecting = Collecting::Nothing;
                    }
                    continue;
                }
                (Text::Inside | Text::Escaped, _) => self.text = Text::Inside,
            }
            if self.text != Text::Outside {
                continue;
            }
            match byte {
                b'"' => {
                    self.text = Text::Inside;
                    if self.depth == 1 {
                        self.collecting = Collecting::Key;
                        begin = at + 1;
                    }
                }
                b'{' | b'[' => {
                    if self.ended {
                        return Err(Unreadable::Frame("something follows the list"));
                    }
                    self.depth += 1;
                    match (self.depth, byte) {
                        (2, b'{') if self.key == b"metadata" => {
                            self.collecting = Collecting::Metadata;
                            begin = at;
                        }
                        (2, _) => self.in_items = byte == b'[' && self.key == b"items",
                        (3, b'{') if self.in_items => {
                            self.collecting = Collecting::Item;
                            begin = at;
                        }
                        _ => {}
                    }
                }
                b'}' | b']' => {
                    let Some(depth) = self.depth.checked_sub(1) else {
                        return Err(Unreadable::Frame("a bracket too many"));
                    };
                    self.depth = depth;
                    match (depth, self.collecting) {
                        (1, Collecting::Metadata) => {
                            self.piece.extend_from_slice(&part[begin..=at]);
                            self.meta = Some(serde_json::from_slice(&self.piece)?);
                            self.collecting = Collecting::Nothing;
                            self.piece.clear();
                        }
                        (2, Collecting::Item) => {
                            // Only an item that came in several parts is copied.
                            if self.piece.is_empty() {
                                item(self.kind.json(&part[begin..=at])?);
                            } else {
                                self.piece.extend_from_slice(&part[begin..=at]);
                                item(self.kind.json(&self.piece)?);
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

    pub(crate) fn finish(self) -> Result<ListMeta, Unreadable> {
        if !self.ended {
            return Err(Unreadable::Frame("the list ends in the middle"));
        }
        self.meta.ok_or(Unreadable::Frame("a list without metadata"))
    }
}

/// A line: what happened, and to which object.
#[derive(Deserialize)]
struct Line<'a> {
    r#type: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Any object, of which only the metadata is of interest.
#[derive(Deserialize)]
struct AnyObject {
    metadata: ObjectMeta,
}

/// A watch: a JSON object a line.
pub(crate) struct JsonWatch {
    kind: Kind,
    rest: BytesMut,
    /// Bytes of `rest` that hold no end of line.
    searched: usize,
}

impl JsonWatch {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, rest: BytesMut::new(), searched: 0 }
    }

    pub(crate) fn push(&mut self, part: &[u8]) {
        self.rest.extend_from_slice(part);
    }

    pub(crate) fn next(&mut self) -> Result<Option<WatchEvent>, Unreadable> {
        loop {
            let Some(end) = self.rest[self.searched..].iter().position(|byte| *byte == b'\n') else {
                self.searched = self.rest.len();
                return Ok(None);
            };
            let line = self.rest.split_to(self.searched + end);
            self.rest.advance(1);
            self.searched = 0;
            if !line.trim_ascii().is_empty() {
                return self.read(&line).map(Some);
            }
        }
    }

    fn read(&self, line: &[u8]) -> Result<WatchEvent, Unreadable> {
        let line: Line<'_> = serde_json::from_slice(line)?;
        let object = line.object.get().as_bytes();
        WatchEvent::of_type(
            &line.r#type,
            || self.kind.json(object),
            || Ok(serde_json::from_slice::<AnyObject>(object)?.metadata.resource_version),
            || Ok(serde_json::from_slice::<Status>(object)?),
        )
    }
}
