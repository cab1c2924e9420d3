//! Decoders of protobuf lists and watches. Kubernetes puts each protobuf object into an envelope: the magic bytes
//! `k8s\0`, then `runtime.Unknown {typeMeta = 1, raw = 2}`, whose field `raw` contains the object.
//!
//! The items of a list are decoded one by one while the body arrives. No library does this: k8s-openapi has no
//! protobuf, and prost decodes a message only after all of its bytes have arrived.

use bytes::{Buf, Bytes, BytesMut};
use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint};

use crate::observation::{Object, ObjectMeta};
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::decoding::message::{
    DecodeError, ListMeta, MAX_OBJECT_BYTES, Status, WatchEvent,
};

/// The bytes at the start of every envelope.
const MAGIC: &[u8; 4] = b"k8s\0";

/// `runtime.Unknown`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct RuntimeUnknown {
    #[prost(bytes = "bytes", tag = "2")]
    raw: Bytes,
}

/// `metav1.WatchEvent`. The object has its own envelope.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct WatchFrame {
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

/// Any object, reduced to its metadata.
#[derive(Clone, PartialEq, prost::Message)]
struct ProtobufMetadata {
    #[prost(message, required, tag = "1")]
    metadata: ObjectMeta,
}

/// Removes the envelope around an object: the magic bytes and `runtime.Unknown`.
pub(crate) fn open_envelope(mut bytes: Bytes) -> Result<Bytes, DecodeError> {
    if !bytes.starts_with(MAGIC) {
        return Err(DecodeError::Malformed("it has no protobuf envelope"));
    }
    bytes.advance(MAGIC.len());
    Ok(RuntimeUnknown::decode(bytes)?.raw)
}

/// The start of a protobuf field: the key and, for a length-delimited field, the length.
struct FieldHeader {
    tag: u32,
    wire: WireType,
    /// Number of bytes of the header itself.
    header_length: usize,
    /// Number of bytes of the value that follows the header.
    value_length: usize,
}

/// Decodes the header at the start of `bytes`. Returns `None` if the header is not complete.
fn decode_header(bytes: &[u8]) -> Result<Option<FieldHeader>, DecodeError> {
    let mut rest = bytes;
    if !is_varint_complete(rest) {
        return Ok(None);
    }
    let (tag, wire) = decode_key(&mut rest)?;
    let value_length = match wire {
        WireType::LengthDelimited if is_varint_complete(rest) => decode_varint(&mut rest)?,
        WireType::Varint if is_varint_complete(rest) => {
            let before = rest.len();
            decode_varint(&mut rest)?;
            return Ok(Some(FieldHeader {
                tag,
                wire,
                header_length: bytes.len() - before,
                value_length: before - rest.len(),
            }));
        }
        WireType::LengthDelimited | WireType::Varint => return Ok(None),
        WireType::SixtyFourBit => 8,
        WireType::ThirtyTwoBit => 4,
        WireType::StartGroup | WireType::EndGroup => {
            return Err(DecodeError::Malformed("the list contains a protobuf group"));
        }
    };
    let value_length =
        usize::try_from(value_length).map_err(|_| DecodeError::Malformed("a field is too long"))?;
    Ok(Some(FieldHeader { tag, wire, header_length: bytes.len() - rest.len(), value_length }))
}

/// Whether `bytes` contain the last byte of the varint at their start, or 10 bytes, the maximum length of a varint. The
/// varint can then be decoded or is invalid.
fn is_varint_complete(bytes: &[u8]) -> bool {
    bytes.iter().take(10).any(|byte| byte & 0x80 == 0) || bytes.len() >= 10
}

/// The position of the next byte in the body of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// At the magic bytes.
    Magic,
    /// At a field of the envelope.
    Envelope,
    /// At a field of the list, inside the envelope's `raw`.
    List {
        /// Number of bytes of the list that are still to come.
        left: usize,
    },
    /// In a field that is skipped.
    Skip {
        /// Number of bytes of the field that are still to come.
        left: usize,
        /// Number of bytes of the list that follow the field, or `None` if the field belongs to the envelope.
        list: Option<usize>,
    },
}

/// Decodes a list while its body arrives.
pub(crate) struct ProtobufList {
    kind: Kind,
    position: Position,
    /// The bytes that have arrived but are not yet decoded.
    rest: BytesMut,
    meta: Option<ListMeta>,
}

impl ProtobufList {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, position: Position::Magic, rest: BytesMut::new(), meta: None }
    }

    pub(crate) fn push(&mut self, part: &[u8], mut on_item: impl FnMut(Object)) -> Result<(), DecodeError> {
        // Most parts end in the middle of an item. Only the bytes of that item are copied.
        if self.rest.is_empty() {
            let consumed = self.parse(part, &mut on_item)?;
            self.rest.extend_from_slice(&part[consumed..]);
        } else {
            self.rest.extend_from_slice(part);
            let bytes = std::mem::take(&mut self.rest);
            let consumed = self.parse(&bytes, &mut on_item);
            self.rest = bytes;
            self.rest.advance(consumed?);
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<ListMeta, DecodeError> {
        if self.position != Position::Envelope || !self.rest.is_empty() {
            return Err(DecodeError::Incomplete);
        }
        self.meta.ok_or(DecodeError::Malformed("the list has no metadata"))
    }

    /// Decodes the complete fields at the start of `bytes`. Returns the number of decoded bytes.
    fn parse(&mut self, bytes: &[u8], on_item: &mut impl FnMut(Object)) -> Result<usize, DecodeError> {
        let mut consumed = 0;
        loop {
            let rest = &bytes[consumed..];
            match self.position {
                Position::Magic => {
                    if rest.len() < MAGIC.len() {
                        return Ok(consumed);
                    }
                    if !rest.starts_with(MAGIC) {
                        return Err(DecodeError::Malformed("it has no protobuf envelope"));
                    }
                    consumed += MAGIC.len();
                    self.position = Position::Envelope;
                }
                Position::Skip { left, list } => {
                    let skipped = left.min(rest.len());
                    consumed += skipped;
                    if skipped < left {
                        self.position = Position::Skip { left: left - skipped, list };
                        return Ok(consumed);
                    }
                    self.position = list.map_or(Position::Envelope, |left| Position::List { left });
                }
                Position::Envelope => {
                    let Some(field) = decode_header(rest)? else { return Ok(consumed) };
                    consumed += field.header_length;
                    self.position = match (field.tag, field.wire) {
                        (2, WireType::LengthDelimited) => Position::List { left: field.value_length },
                        _ => Position::Skip { left: field.value_length, list: None },
                    };
                }
                Position::List { left: 0 } => self.position = Position::Envelope,
                Position::List { left } => {
                    let Some(field) = decode_header(rest)? else { return Ok(consumed) };
                    let whole = field.header_length.saturating_add(field.value_length);
                    let Some(left) = left.checked_sub(whole) else {
                        return Err(DecodeError::Malformed("a field is longer than its list"));
                    };
                    if let (1 | 2, WireType::LengthDelimited) = (field.tag, field.wire) {
                        if field.value_length > MAX_OBJECT_BYTES {
                            return Err(DecodeError::TooLong("an object"));
                        }
                        let Some(body) = rest.get(field.header_length..whole) else { return Ok(consumed) };
                        if field.tag == 1 {
                            self.meta = Some(ListMeta::decode(body)?);
                        } else {
                            on_item(self.kind.decode_protobuf(body)?);
                        }
                        consumed += whole;
                        self.position = Position::List { left };
                    } else {
                        consumed += field.header_length;
                        self.position = Position::Skip { left: field.value_length, list: Some(left) };
                    }
                }
            }
        }
    }
}

/// Decodes a watch while its body arrives. A watch consists of frames. A frame is a length (four bytes, big-endian),
/// followed by a `WatchEvent` of this length.
pub(crate) struct ProtobufWatch {
    kind: Kind,
    /// The bytes that have arrived but are not yet decoded.
    rest: BytesMut,
}

impl ProtobufWatch {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, rest: BytesMut::new() }
    }

    pub(crate) fn push(&mut self, part: &[u8]) {
        self.rest.extend_from_slice(part);
    }

    pub(crate) fn next(&mut self) -> Result<Option<WatchEvent>, DecodeError> {
        let Some(length) = self.rest.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if length > MAX_OBJECT_BYTES {
            return Err(DecodeError::TooLong("an event"));
        }
        let whole = 4 + length;
        if self.rest.len() < whole {
            return Ok(None);
        }
        let mut frame = self.rest.split_to(whole).freeze();
        frame.advance(4);
        // The API server sends the `WatchEvent` without an envelope. Other servers may add an envelope, which is
        // removed here.
        let frame = if frame.starts_with(MAGIC) { open_envelope(frame)? } else { frame };
        let WatchFrame { kind, object } = WatchFrame::decode(frame)?;
        let object = open_envelope(object.raw)?;
        WatchEvent::decode(
            &kind,
            || self.kind.decode_protobuf(&object),
            || Ok(ProtobufMetadata::decode(&object[..])?.metadata.resource_version),
            || Ok(Status::decode(&object[..])?),
        )
        .map(Some)
    }
}

/// Encodes answers in the same way as an API server, for tests.
#[cfg(test)]
pub(crate) mod encode {
    use prost::encoding::{encode_key, encode_varint};

    use super::*;

    /// Appends a length-delimited field to `into`.
    fn put_field(tag: u32, body: &[u8], into: &mut Vec<u8>) {
        encode_key(tag, WireType::LengthDelimited, into);
        encode_varint(body.len() as u64, into);
        into.extend_from_slice(body);
    }

    /// Puts an encoded object into an envelope.
    pub(crate) fn envelope(raw: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        put_field(1, b"\x0a\x02v1", &mut bytes);
        put_field(2, raw, &mut bytes);
        put_field(3, b"", &mut bytes);
        put_field(4, b"", &mut bytes);
        bytes
    }

    /// Encodes a list of encoded items.
    pub(crate) fn list(version: &str, items: &[Vec<u8>]) -> Vec<u8> {
        let meta = ListMeta { resource_version: version.to_owned(), ..ListMeta::default() };
        let mut raw = Vec::new();
        put_field(1, &meta.encode_to_vec(), &mut raw);
        for item in items {
            put_field(2, item, &mut raw);
        }
        envelope(&raw)
    }

    /// Encodes a frame of a watch.
    pub(crate) fn event(kind: &str, object: &[u8]) -> Vec<u8> {
        let frame =
            WatchFrame { kind: kind.to_owned(), object: RawExtension { raw: Bytes::from(envelope(object)) } }
                .encode_to_vec();
        let mut bytes = u32::try_from(frame.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(frame);
        bytes
    }
}
