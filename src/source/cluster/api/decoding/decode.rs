//! Decoders of lists and watches for both encodings. A decoder receives the body in parts.
//!
//! A decoder never keeps a whole body in memory. It keeps only the bytes of the item or event that is not yet complete.

use prost::Message;

use crate::observation::Object;
use crate::source::cluster::api::decoding::json::{JsonList, JsonWatch};
use crate::source::cluster::api::decoding::kind::Kind;
use crate::source::cluster::api::decoding::message::{DecodeError, ListMeta, Status, WatchEvent};
use crate::source::cluster::api::decoding::protobuf::{ProtobufList, ProtobufWatch};

/// The encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Kubernetes' protobuf.
    Protobuf,
    /// JSON.
    Json,
}

impl Encoding {
    /// Returns the encoding that the content type of an answer names.
    ///
    /// # Errors
    ///
    /// Returns an error if the content type is missing or is neither protobuf nor JSON.
    pub(crate) fn from_headers(headers: &http::HeaderMap) -> Result<Self, DecodeError> {
        let kind =
            headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        match kind.split(';').next().unwrap_or("").trim() {
            "application/vnd.kubernetes.protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            "" => Err(DecodeError::ContentType("no content type".to_owned())),
            other => Err(DecodeError::ContentType(other.to_owned())),
        }
    }

    /// Decodes the body of an error answer.
    pub(crate) fn decode_status(self, body: bytes::Bytes) -> Result<Status, DecodeError> {
        match self {
            Self::Protobuf => {
                Ok(Status::decode(crate::source::cluster::api::decoding::protobuf::open_envelope(body)?)?)
            }
            Self::Json => Ok(serde_json::from_slice(&body)?),
        }
    }
}

/// Decodes a list part by part.
pub(crate) enum ListDecoder {
    Protobuf(ProtobufList),
    Json(JsonList),
}

impl ListDecoder {
    pub(crate) fn new(encoding: Encoding, kind: Kind) -> Self {
        match encoding {
            Encoding::Protobuf => Self::Protobuf(ProtobufList::new(kind)),
            Encoding::Json => Self::Json(JsonList::new(kind)),
        }
    }

    /// Decodes the next part of the body and calls `on_item` for every item that the part completes.
    pub(crate) fn push(&mut self, part: &[u8], on_item: impl FnMut(Object)) -> Result<(), DecodeError> {
        match self {
            Self::Protobuf(list) => list.push(part, on_item),
            Self::Json(list) => list.push(part, on_item),
        }
    }

    /// Returns the metadata of the list after the whole body has been pushed.
    ///
    /// # Errors
    ///
    /// Returns an error if the body ended in the middle of the list, or if the list has no metadata.
    pub(crate) fn finish(self) -> Result<ListMeta, DecodeError> {
        match self {
            Self::Protobuf(list) => list.finish(),
            Self::Json(list) => list.finish(),
        }
    }
}

/// Decodes a watch part by part.
pub(crate) enum WatchDecoder {
    Protobuf(ProtobufWatch),
    Json(JsonWatch),
}

impl WatchDecoder {
    pub(crate) fn new(encoding: Encoding, kind: Kind) -> Self {
        match encoding {
            Encoding::Protobuf => Self::Protobuf(ProtobufWatch::new(kind)),
            Encoding::Json => Self::Json(JsonWatch::new(kind)),
        }
    }

    /// Stores the next part of the body.
    pub(crate) fn push(&mut self, part: &[u8]) {
        match self {
            Self::Protobuf(watch) => watch.push(part),
            Self::Json(watch) => watch.push(part),
        }
    }

    /// Decodes the next complete event. Returns `None` if no event is complete.
    pub(crate) fn next(&mut self) -> Result<Option<WatchEvent>, DecodeError> {
        match self {
            Self::Protobuf(watch) => watch.next(),
            Self::Json(watch) => watch.next(),
        }
    }
}

#[cfg(test)]
mod tests;
