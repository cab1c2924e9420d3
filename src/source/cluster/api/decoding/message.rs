//! The messages of the API server that are not objects: metadata of lists, statuses, and events of a watch. This file
//! also contains the reasons why an answer cannot be decoded.

use serde::{Deserialize, Serialize};

use crate::observation::Object;

/// Maximum number of bytes of an object, of an event of a watch, or of any other part of a list that must be in
/// memory as a whole. The API server stores no object of this size.
pub(crate) const MAX_OBJECT_BYTES: usize = 8 << 20;

/// The reason why the body of an answer cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    /// The content type is neither protobuf nor JSON.
    #[error("it answered with {0}")]
    ContentType(String),
    /// The body is not Kubernetes' protobuf.
    #[error("its protobuf cannot be decoded: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// The body is not JSON, or its JSON does not describe the requested objects.
    #[error("its JSON cannot be decoded: {0}")]
    Json(#[from] serde_json::Error),
    /// The structure around the objects is malformed.
    #[error("its answer is malformed: {0}")]
    Malformed(&'static str),
    /// A part of the answer is longer than [`MAX_OBJECT_BYTES`].
    #[error("{0} of its answer is longer than {size} MiB", size = MAX_OBJECT_BYTES >> 20)]
    TooLong(&'static str),
    /// The answer ends before the end of the list, because the connection was closed.
    #[error("its answer ends in the middle of a list")]
    Incomplete,
}

/// `metav1.ListMeta`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListMeta {
    /// The version of the list. A watch from this version delivers every change after the list.
    #[prost(string, tag = "2")]
    pub(crate) resource_version: String,
    /// The token with which to request the next page. Empty on the last page.
    #[prost(string, tag = "3")]
    pub(crate) r#continue: String,
    /// Number of objects on the following pages. The server leaves the number out if the list has a selector.
    #[prost(int64, optional, tag = "4")]
    pub(crate) remaining_item_count: Option<i64>,
}

/// `metav1.Status`, reduced to the fields that this program uses.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Status {
    /// The explanation for people.
    #[prost(string, tag = "3")]
    pub(crate) message: String,
    /// The reason in one word, for programs: `Expired`, `Forbidden`.
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
    /// Further data about the reason.
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
    /// Number of seconds to wait before the next request.
    #[prost(int32, tag = "5")]
    pub(crate) retry_after_seconds: i32,
}

/// An event of a watch.
#[derive(Debug, PartialEq)]
pub(crate) enum WatchEvent {
    /// The object was created, or it began to match the selector.
    Added(Object),
    /// The object was changed.
    Modified(Object),
    /// The object was deleted, or it no longer matches the selector.
    Deleted(Object),
    /// A resource version at which the next watch may begin.
    Bookmark(String),
    /// The server ends the watch with this error.
    Error(Status),
}

impl WatchEvent {
    /// Decodes an event of the type `event_type`. The closures decode the rest of the event: `object` decodes the
    /// object, `version` decodes only the object's resource version, and `status` decodes the error. Only the closure
    /// that the type needs is called.
    ///
    /// # Errors
    ///
    /// The type is unknown, or the called closure fails.
    pub(crate) fn decode(
        event_type: &str,
        object: impl FnOnce() -> Result<Object, DecodeError>,
        version: impl FnOnce() -> Result<String, DecodeError>,
        status: impl FnOnce() -> Result<Status, DecodeError>,
    ) -> Result<Self, DecodeError> {
        Ok(match event_type {
            "ADDED" => Self::Added(object()?),
            "MODIFIED" => Self::Modified(object()?),
            "DELETED" => Self::Deleted(object()?),
            "BOOKMARK" => Self::Bookmark(version()?),
            "ERROR" => Self::Error(status()?),
            _ => return Err(DecodeError::Malformed("a watch event has an unknown type")),
        })
    }
}
