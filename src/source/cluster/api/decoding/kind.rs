//! The kinds of objects that this program requests, and the decoding of these objects.

use std::sync::Arc;

use crate::observation::{BuiltInKind, Custom, Object, ObjectMeta, QueuedWorkload};
use crate::source::cluster::api::decoding::message::DecodeError;
use crate::source::cluster::api::resource::Resource;

/// A kind of object that this program requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A kind with its own Rust type.
    BuiltIn(BuiltInKind),
    /// Any other kind. The objects of such a kind are decoded into [`Custom`].
    Custom(Arc<Resource>),
    /// Workloads of Kueue, in the version that the server prefers.
    QueuedWorkload(Arc<Resource>),
}

impl Kind {
    /// `batch/v1` Jobs.
    pub(crate) const JOB: Self = Self::BuiltIn(BuiltInKind::Job);
    /// `v1` Pods.
    pub(crate) const POD: Self = Self::BuiltIn(BuiltInKind::Pod);
    /// `v1` Events.
    pub(crate) const EVENT: Self = Self::BuiltIn(BuiltInKind::Event);

    /// Returns the kind for a type that the user named.
    pub(crate) fn from_resource(resource: &Resource) -> Self {
        let is_same = |kind: &&BuiltInKind| {
            let info = kind.info();
            (info.group(), info.version(), info.name)
                == (resource.group.as_str(), resource.version.as_str(), resource.kind.as_str())
        };
        match BuiltInKind::ALL.iter().filter(|kind| can_be_named(**kind)).find(is_same) {
            Some(kind) => Self::BuiltIn(*kind),
            None => Self::Custom(Arc::new(resource.clone())),
        }
    }

    /// The plural name, as in the paths of the API: `jobs`.
    pub(crate) fn plural(&self) -> &str {
        match self {
            Self::BuiltIn(kind) => kind.info().plural,
            Self::Custom(resource) | Self::QueuedWorkload(resource) => &resource.plural,
        }
    }

    /// The kind's name, for example `Job`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::BuiltIn(kind) => kind.info().name,
            Self::Custom(resource) | Self::QueuedWorkload(resource) => &resource.kind,
        }
    }

    /// The API group; empty for the core group.
    pub(crate) fn group(&self) -> &str {
        match self {
            Self::BuiltIn(kind) => kind.info().group(),
            Self::Custom(resource) | Self::QueuedWorkload(resource) => &resource.group,
        }
    }

    /// The API version without the group: `v1`.
    pub(crate) fn version(&self) -> &str {
        match self {
            Self::BuiltIn(kind) => kind.info().version(),
            Self::Custom(resource) | Self::QueuedWorkload(resource) => &resource.version,
        }
    }

    /// Whether this program requests objects of the kind only as JSON.
    pub(crate) fn is_json_only(&self) -> bool {
        matches!(self, Self::Custom(_) | Self::QueuedWorkload(_))
    }

    /// Decodes an object from protobuf. Drops the metadata that this program does not use.
    pub(crate) fn decode_protobuf(&self, bytes: &[u8]) -> Result<Object, DecodeError> {
        match self {
            Self::BuiltIn(kind) => Ok(without_unused_metadata(kind.decode_protobuf(bytes)?)),
            Self::Custom(_) | Self::QueuedWorkload(_) => {
                Err(DecodeError::Malformed("the kind has no protobuf encoding"))
            }
        }
    }

    /// Decodes an object from JSON. Drops the metadata that this program does not use.
    pub(crate) fn decode_json(&self, bytes: &[u8]) -> Result<Object, DecodeError> {
        let mut input = serde_json::Deserializer::from_slice(bytes);
        let object = match self {
            Self::BuiltIn(kind) => kind.deserialize(&mut input)?,
            Self::Custom(resource) => {
                let custom = <Custom as serde::Deserialize>::deserialize(&mut input)?;
                // The items of a list do not contain their own kind.
                let (api_version, kind) = (resource.api_version(), resource.kind.clone());
                Object::Custom(Box::new(Custom { api_version, kind, ..custom }))
            }
            Self::QueuedWorkload(resource) => {
                let workload = <QueuedWorkload as serde::Deserialize>::deserialize(&mut input)?;
                let api_version = resource.api_version();
                Object::QueuedWorkload(Box::new(QueuedWorkload { api_version, position: None, ..workload }))
            }
        };
        input.end()?;
        Ok(without_unused_metadata(object))
    }

    /// Creates an object of this kind that has only metadata.
    pub(crate) fn with_metadata(&self, metadata: ObjectMeta) -> Object {
        match self {
            Self::BuiltIn(kind) => kind.with_metadata(metadata),
            Self::Custom(resource) => {
                let (api_version, kind) = (resource.api_version(), resource.kind.clone());
                Object::Custom(Box::new(Custom { api_version, kind, metadata, ..Custom::default() }))
            }
            Self::QueuedWorkload(resource) => {
                let api_version = resource.api_version();
                Object::QueuedWorkload(Box::new(QueuedWorkload {
                    api_version,
                    metadata,
                    ..QueuedWorkload::default()
                }))
            }
        }
    }
}

/// Whether the user can name objects of the built-in kind. This program reads Events as a built-in kind only to learn
/// about other objects. If the user names `events`, the Events are read as custom resources.
pub(crate) fn can_be_named(kind: BuiltInKind) -> bool {
    match kind {
        BuiltInKind::Job
        | BuiltInKind::CronJob
        | BuiltInKind::Deployment
        | BuiltInKind::ReplicaSet
        | BuiltInKind::StatefulSet
        | BuiltInKind::DaemonSet
        | BuiltInKind::Pod => true,
        BuiltInKind::Event => false,
    }
}

/// Drops the metadata that this program does not use, because it may contain secrets, and the texts around the digests of
/// images.
fn without_unused_metadata(mut object: Object) -> Object {
    object.metadata_mut().drop_unused();
    if let Object::Pod(pod) = &mut object {
        pod.keep_image_digests();
    }
    object
}
