//! Kubernetes' protobuf: `k8s\0`, then `runtime.Unknown {typeMeta = 1, raw = 2}`, then the object.
//!
//! A list's items are decoded one by one from the bytes as they come; see `decode`.

use bytes::{Buf, Bytes, BytesMut};
use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint};

use crate::observation::{Object, ObjectMeta};
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::message::{ListMeta, Status, Unreadable, WatchEvent};

const MAGIC: &[u8; 4] = b"k8s\0";

/// More than any object of etcd: what is longer is not from an API server.
const LONGEST: u64 = 64 << 20;

/// `runtime.Unknown`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Unknown {
    #[prost(bytes = "bytes", tag = "2")]
    raw: Bytes,
}

/// `metav1.WatchEvent`; its object is an envelope of its own.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Frame {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(message, required, tag = "2")]
    object: RawExtension,
}

/// `runtime.RawExtension`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct RawExtension {
    #[prost(bytes = "bytes", tag = "1")]
    raw: Bytes,
}

/// Any object, of which only the metadata is of interest.
#[derive(Clone, PartialEq, prost::Message)]
struct AnyObject {
    #[prost(message, required, tag = "1")]
    metadata: ObjectMeta,
}

/// The object inside an envelope.
pub(crate) fn unwrap(mut bytes: Bytes) -> Result<Bytes, Unreadable> {
    if !bytes.starts_with(MAGIC) {
        return Err(Unreadable::Frame("no protobuf envelope"));
    }
    bytes.advance(MAGIC.len());
    Ok(Unknown::decode(bytes)?.raw)
}

/// A field's key and, if it has one, its length: how many bytes these are, and how many follow.
struct Header {
    tag: u32,
    wire: WireType,
    length: usize,
    body: usize,
}

/// The header at the start of `bytes`, or `None` if it has not come whole.
fn header(bytes: &[u8]) -> Result<Option<Header>, Unreadable> {
    let mut rest = bytes;
    if !varint_complete(rest) {
        return Ok(None);
    }
    let (tag, wire) = decode_key(&mut rest)?;
    let body = match wire {
        WireType::LengthDelimited if varint_complete(rest) => decode_varint(&mut rest)?,
        WireType::Varint if varint_complete(rest) => {
            let before = rest.len();
            decode_varint(&mut rest)?;
            return Ok(Some(Header { tag, wire, length: bytes.len() - before, body: before - rest.len() }));
        }
        WireType::LengthDelimited | WireType::Varint => return Ok(None),
        WireType::SixtyFourBit => 8,
        WireType::ThirtyTwoBit => 4,
        WireType::StartGroup | WireType::EndGroup => return Err(Unreadable::Frame("group in a list")),
    };
    let body = usize::try_from(body).map_err(|_| Unreadable::Frame("a field is too long"))?;
    Ok(Some(Header { tag, wire, length: bytes.len() - rest.len(), body }))
}

fn varint_complete(bytes: &[u8]) -> bool {
    bytes.iter().take(10).any(|byte| byte & 0x80 == 0) || bytes.len() >= 10
}

/// Where in the body of a list the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    Magic,
    Envelope,
    /// Within `raw`, with so many bytes of it to come.
    List(usize),
    /// Within something of no interest, which so many bytes more belong to; then the position that follows.
    Skip(usize, Option<usize>),
}

/// A list that is decoded while it comes.
pub(crate) struct ProtobufList {
    kind: Kind,
    position: Position,
    rest: BytesMut,
    meta: Option<ListMeta>,
}

impl ProtobufList {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, position: Position::Magic, rest: BytesMut::new(), meta: None }
    }

    pub(crate) fn push(&mut self, part: &[u8], mut item: impl FnMut(Object)) -> Result<(), Unreadable> {
        // Most parts end inside an item; only that rest is copied.
        if self.rest.is_empty() {
            let used = self.parse(part, &mut item)?;
            self.rest.extend_from_slice(&part[used..]);
        } else {
            self.rest.extend_from_slice(part);
            let bytes = std::mem::take(&mut self.rest);
            let used = self.parse(&bytes, &mut item);
            self.rest = bytes;
            self.rest.advance(used?);
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<ListMeta, Unreadable> {
        if self.position != Position::Envelope || !self.rest.is_empty() {
            return Err(Unreadable::Frame("the list ends in the middle"));
        }
        self.meta.ok_or(Unreadable::Frame("a list without metadata"))
    }

    /// Reads as much as has come whole; returns how much that is.
    fn parse(&mut self, bytes: &[u8], item: &mut impl FnMut(Object)) -> Result<usize, Unreadable> {
        let mut used = 0;
        loop {
            let rest = &bytes[used..];
            match self.position {
                Position::Magic => {
                    if rest.len() < MAGIC.len() {
                        return Ok(used);
                    }
                    if !rest.starts_with(MAGIC) {
                        return Err(Unreadable::Frame("no protobuf envelope"));
                    }
                    used += MAGIC.len();
                    self.position = Position::Envelope;
                }
                Position::Skip(left, list) => {
                    let skipped = left.min(rest.len());
                    used += skipped;
                    if skipped < left {
                        self.position = Position::Skip(left - skipped, list);
                        return Ok(used);
                    }
                    self.position = list.map_or(Position::Envelope, Position::List);
                }
                Position::Envelope => {
                    let Some(field) = header(rest)? else { return Ok(used) };
                    used += field.length;
                    self.position = match (field.tag, field.wire) {
                        (2, WireType::LengthDelimited) => Position::List(field.body),
                        _ => Position::Skip(field.body, None),
                    };
                }
                Position::List(0) => self.position = Position::Envelope,
                Position::List(left) => {
                    let Some(field) = header(rest)? else { return Ok(used) };
                    let whole = field.length.saturating_add(field.body);
                    let Some(left) = left.checked_sub(whole) else {
                        return Err(Unreadable::Frame("a field is longer than its list"));
                    };
                    if let (1 | 2, WireType::LengthDelimited) = (field.tag, field.wire) {
                        if field.body as u64 > LONGEST {
                            return Err(Unreadable::Frame("an item is too long"));
                        }
                        let Some(body) = rest.get(field.length..whole) else { return Ok(used) };
                        if field.tag == 1 {
                            self.meta = Some(ListMeta::decode(body)?);
                        } else {
                            item(self.kind.protobuf(body)?);
                        }
                        used += whole;
                        self.position = Position::List(left);
                    } else {
                        used += field.length;
                        self.position = Position::Skip(field.body, Some(left));
                    }
                }
            }
        }
    }
}

/// A watch: frames of a length in four bytes, big-endian, and a `WatchEvent`.
pub(crate) struct ProtobufWatch {
    kind: Kind,
    rest: BytesMut,
}

impl ProtobufWatch {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, rest: BytesMut::new() }
    }

    pub(crate) fn push(&mut self, part: &[u8]) {
        self.rest.extend_from_slice(part);
    }

    pub(crate) fn next(&mut self) -> Result<Option<WatchEvent>, Unreadable> {
        let Some(length) = self.rest.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length);
        if u64::from(length) > LONGEST {
            return Err(Unreadable::Frame("a watch event is too long"));
        }
        let whole = 4 + length as usize;
        if self.rest.len() < whole {
            return Ok(None);
        }
        let mut frame = self.rest.split_to(whole).freeze();
        frame.advance(4);
        // Kubernetes' own servers send a bare `WatchEvent`; one in an envelope is understood as well.
        let frame = if frame.starts_with(MAGIC) { unwrap(frame)? } else { frame };
        let Frame { kind, object } = Frame::decode(frame)?;
        let object = unwrap(object.raw)?;
        WatchEvent::of_type(
            &kind,
            || self.kind.protobuf(&object),
            || Ok(AnyObject::decode(&object[..])?.metadata.resource_version),
            || Ok(Status::decode(&object[..])?),
        )
        .map(Some)
    }
}

/// What an API server would send; for tests.
#[cfg(test)]
pub(crate) mod encode {
    use prost::encoding::{encode_key, encode_varint};

    use super::*;

    fn field(tag: u32, body: &[u8], into: &mut Vec<u8>) {
        encode_key(tag, WireType::LengthDelimited, into);
        encode_varint(body.len() as u64, into);
        into.extend_from_slice(body);
    }

    /// An object in its envelope.
    pub(crate) fn envelope(raw: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        field(1, b"\x0a\x02v1", &mut bytes);
        field(2, raw, &mut bytes);
        field(3, b"", &mut bytes);
        field(4, b"", &mut bytes);
        bytes
    }

    /// A list of encoded items.
    pub(crate) fn list(version: &str, items: &[Vec<u8>]) -> Vec<u8> {
        let meta = ListMeta { resource_version: version.to_owned(), ..ListMeta::default() };
        let mut raw = Vec::new();
        field(1, &meta.encode_to_vec(), &mut raw);
        for item in items {
            field(2, item, &mut raw);
        }
        envelope(&raw)
    }

    /// A frame of a watch.
    pub(crate) fn event(kind: &str, object: &[u8]) -> Vec<u8> {
        let frame =
            Frame { kind: kind.to_owned(), object: RawExtension { raw: Bytes::from(envelope(object)) } }
                .encode_to_vec();
        let mut bytes = u32::try_from(frame.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(frame);
        bytes
    }
}
