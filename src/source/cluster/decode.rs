//! What comes over the wire, piece by piece: a list's items and a watch's events, in either encoding.
//!
//! A body is never held as a whole. What is held is the piece that is not complete yet.

use prost::Message;
use serde::{Deserialize, Serialize};

use super::json::{JsonList, JsonWatch};
use super::kind::Kind;
use super::protobuf::{ProtobufList, ProtobufWatch};
use crate::observation::Object;

/// A body that is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Neither encoding that we know.
    #[error("it answered with {0}")]
    ContentType(String),
    /// Not Kubernetes' protobuf.
    #[error("its protobuf cannot be read: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// Not the JSON that was asked for.
    #[error("its JSON cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// The frame around the objects is broken.
    #[error("its answer is malformed: {0}")]
    Frame(&'static str),
}

/// `metav1.ListMeta`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListMeta {
    /// Where a watch goes on.
    #[prost(string, tag = "2")]
    pub(crate) resource_version: String,
    /// Not empty: the server has more than it has sent.
    #[prost(string, tag = "3")]
    pub(crate) r#continue: String,
}

/// `metav1.Status`, reduced to what is told.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    /// For people.
    #[prost(string, tag = "3")]
    pub(crate) message: String,
    /// One word.
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
    /// More of it.
    #[prost(message, optional, tag = "5")]
    pub(crate) details: Option<StatusDetails>,
    /// HTTP status code.
    #[prost(int32, tag = "6")]
    pub(crate) code: i32,
}

/// `metav1.StatusDetails`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct StatusDetails {
    /// How long to wait before the next request.
    #[prost(int32, tag = "5")]
    pub(crate) retry_after_seconds: i32,
}

/// An event of a watch.
#[derive(Debug, PartialEq)]
pub(crate) enum WatchEvent {
    Added(Object),
    Modified(Object),
    Deleted(Object),
    /// A resource version to go on from, without an object.
    Bookmark(String),
    /// The watch is over.
    Error(Status),
}

impl WatchEvent {
    /// The event of that type; `object` and `version` read the object.
    pub(crate) fn of_type(
        kind: &str,
        object: impl FnOnce() -> Result<Object, Unreadable>,
        version: impl FnOnce() -> Result<String, Unreadable>,
        status: impl FnOnce() -> Result<Status, Unreadable>,
    ) -> Result<Self, Unreadable> {
        Ok(match kind {
            "ADDED" => Self::Added(object()?),
            "MODIFIED" => Self::Modified(object()?),
            "DELETED" => Self::Deleted(object()?),
            "BOOKMARK" => Self::Bookmark(version()?),
            "ERROR" => Self::Error(status()?),
            _ => return Err(Unreadable::Frame("unknown type of watch event")),
        })
    }
}

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
            Self::Protobuf => Ok(Status::decode(super::protobuf::unwrap(body)?)?),
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
#[path = "decode_tests.rs"]
mod tests;
