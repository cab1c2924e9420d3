//! Messages of the API server that are not objects: the metadata of lists, statuses, events of a watch; and the errors
//! of a body that cannot be decoded.

use serde::{Deserialize, Serialize};

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
    /// Number of objects behind the part that was sent. The server leaves it out if the list has a selector.
    #[prost(int64, optional, tag = "4")]
    pub(crate) remaining_item_count: Option<i64>,
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
