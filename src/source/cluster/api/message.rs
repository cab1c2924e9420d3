//! Messages of the API server that are not objects (metadata of lists, statuses, events of a watch), and the errors of
//! decoding them.

use serde::{Deserialize, Serialize};

use crate::observation::Object;

/// The reason why the body of an answer cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    /// The content type is neither protobuf nor JSON.
    #[error("it answered with {0}")]
    ContentType(String),
    /// The body is not Kubernetes' protobuf.
    #[error("its protobuf cannot be read: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// The body is not JSON, or not that of the requested objects.
    #[error("its JSON cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// The structure around the objects is malformed.
    #[error("its answer is malformed: {0}")]
    Malformed(&'static str),
}

/// `metav1.ListMeta`.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ListMeta {
    /// The version of the list. A watch from this version continues it without a gap.
    #[prost(string, tag = "2")]
    pub(crate) resource_version: String,
    /// The token of the next page; empty on the last page.
    #[prost(string, tag = "3")]
    pub(crate) r#continue: String,
    /// Number of objects on the following pages. The server leaves it out if the list has a selector.
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
    /// The reason in one word, for programs.
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
    /// Further data that belongs to the reason.
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
    /// A resource version from which the next watch may continue.
    Bookmark(String),
    /// The server ends the watch with this error.
    Error(Status),
}

impl WatchEvent {
    /// Decodes an event with the type `event_type`. Calls only the closure that the type needs: `object` decodes the object,
    /// `version` its resource version, `status` the error.
    ///
    /// # Errors
    ///
    /// The type is unknown, or the closure fails.
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
            _ => return Err(DecodeError::Malformed("unknown type of watch event")),
        })
    }
}
