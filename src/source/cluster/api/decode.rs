//! What comes over the wire, piece by piece: a list's items and a watch's events, in either encoding.
//!
//! A body is never held as a whole. What is held is the piece that is not complete yet.

use prost::Message;

use crate::observation::Object;
use crate::source::cluster::api::json::{JsonList, JsonWatch};
use crate::source::cluster::api::kind::Kind;
use crate::source::cluster::api::message::{ListMeta, Status, Unreadable, WatchEvent};
use crate::source::cluster::api::protobuf::{ProtobufList, ProtobufWatch};

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// The encoding that the server chose.
    pub(crate) fn of(headers: &http::HeaderMap) -> Result<Self, Unreadable> {
        let kind =
            headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        match kind.split(';').next().unwrap_or("").trim() {
            "application/vnd.kubernetes.protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            "" => Err(Unreadable::ContentType("no content type".to_owned())),
            other => Err(Unreadable::ContentType(other.to_owned())),
        }
    }

    /// Reads an error's body.
    pub(crate) fn status(self, body: bytes::Bytes) -> Result<Status, Unreadable> {
        match self {
            Self::Protobuf => Ok(Status::decode(crate::source::cluster::api::protobuf::unwrap(body)?)?),
            Self::Json => Ok(serde_json::from_slice(&body)?),
        }
    }
}

/// Reads a list while it comes.
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

    /// Takes the next part of the body and hands on the items that it completes.
    pub(crate) fn push(&mut self, part: &[u8], item: impl FnMut(Object)) -> Result<(), Unreadable> {
        match self {
            Self::Protobuf(list) => list.push(part, item),
            Self::Json(list) => list.push(part, item),
        }
    }

    /// What the list says of itself, once the whole body has come.
    pub(crate) fn finish(self) -> Result<ListMeta, Unreadable> {
        match self {
            Self::Protobuf(list) => list.finish(),
            Self::Json(list) => list.finish(),
        }
    }
}

/// Reads a watch while it comes.
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

    /// Takes the next part of the body.
    pub(crate) fn push(&mut self, part: &[u8]) {
        match self {
            Self::Protobuf(watch) => watch.push(part),
            Self::Json(watch) => watch.push(part),
        }
    }

    /// The next event that has come whole.
    pub(crate) fn next(&mut self) -> Result<Option<WatchEvent>, Unreadable> {
        match self {
            Self::Protobuf(watch) => watch.next(),
            Self::Json(watch) => watch.next(),
        }
    }
}

#[cfg(test)]
mod tests;
