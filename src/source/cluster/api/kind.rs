//! The kinds of objects that are read, and the form of ours that each is read into.

use std::sync::Arc;

use prost::Message;
use serde::de::DeserializeOwned;

use crate::observation::{
    CronJob, Custom, DaemonSet, Deployment, Event, Job, Object, ObjectMeta, Pod, ReplicaSet, StatefulSet,
};
use crate::source::cluster::api::message::DecodeError;
use crate::source::cluster::api::resource::Resource;

/// A kind of objects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// `batch/v1` Jobs.
    Job,
    /// `batch/v1` CronJobs.
    CronJob,
    /// `apps/v1` Deployments.
    Deployment,
    /// `apps/v1` ReplicaSets.
    ReplicaSet,
    /// `apps/v1` StatefulSets.
    StatefulSet,
    /// `apps/v1` DaemonSets.
    DaemonSet,
    /// `v1` Pods.
    Pod,
    /// `v1` Events.
    Event,
    /// Any other.
    Custom(Arc<Resource>),
}

impl Kind {
    /// The kind of that type's objects.
    pub(crate) fn of(resource: &Resource) -> Self {
        match (resource.group.as_str(), resource.version.as_str(), resource.kind.as_str()) {
            ("batch", "v1", "Job") => Self::Job,
            ("batch", "v1", "CronJob") => Self::CronJob,
            ("apps", "v1", "Deployment") => Self::Deployment,
            ("apps", "v1", "ReplicaSet") => Self::ReplicaSet,
            ("apps", "v1", "StatefulSet") => Self::StatefulSet,
            ("apps", "v1", "DaemonSet") => Self::DaemonSet,
            ("", "v1", "Pod") => Self::Pod,
            _ => Self::Custom(Arc::new(resource.clone())),
        }
    }

    /// The plural, as in paths.
    pub(crate) fn plural(&self) -> &str {
        match self {
            Self::Job => "jobs",
            Self::CronJob => "cronjobs",
            Self::Deployment => "deployments",
            Self::ReplicaSet => "replicasets",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
            Self::Pod => "pods",
            Self::Event => "events",
            Self::Custom(resource) => &resource.plural,
        }
    }

    /// The kind's own name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Pod => "Pod",
            Self::Event => "Event",
            Self::Custom(resource) => &resource.kind,
        }
    }

    /// The API group; empty for the core group.
    pub(crate) fn group(&self) -> &str {
        match self {
            Self::Job | Self::CronJob => "batch",
            Self::Deployment | Self::ReplicaSet | Self::StatefulSet | Self::DaemonSet => "apps",
            Self::Pod | Self::Event => "",
            Self::Custom(resource) => &resource.group,
        }
    }

    /// The version.
    pub(crate) fn version(&self) -> &str {
        if let Self::Custom(resource) = self { &resource.version } else { "v1" }
    }

    /// Whether it is never had as protobuf.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self, Self::Custom(_))
    }

    /// Reads an object.
    pub(crate) fn protobuf(&self, bytes: &[u8]) -> Result<Object, DecodeError> {
        fn of<T: Message + Default>(bytes: &[u8]) -> Result<Box<T>, DecodeError> {
            Ok(Box::new(T::decode(bytes)?))
        }
        Ok(slim(match self {
            Self::Job => Object::Job(of::<Job>(bytes)?),
            Self::CronJob => Object::CronJob(of::<CronJob>(bytes)?),
            Self::Deployment => Object::Deployment(of::<Deployment>(bytes)?),
            Self::ReplicaSet => Object::ReplicaSet(of::<ReplicaSet>(bytes)?),
            Self::StatefulSet => Object::StatefulSet(of::<StatefulSet>(bytes)?),
            Self::DaemonSet => Object::DaemonSet(of::<DaemonSet>(bytes)?),
            Self::Pod => Object::Pod(of::<Pod>(bytes)?),
            Self::Event => Object::Event(of::<Event>(bytes)?),
            Self::Custom(_) => return Err(DecodeError::Malformed("protobuf of a kind that has none")),
        }))
    }

    /// Reads an object.
    pub(crate) fn json(&self, bytes: &[u8]) -> Result<Object, DecodeError> {
        fn of<T: DeserializeOwned>(bytes: &[u8]) -> Result<Box<T>, DecodeError> {
            Ok(serde_json::from_slice(bytes)?)
        }
        Ok(slim(match self {
            Self::Job => Object::Job(of::<Job>(bytes)?),
            Self::CronJob => Object::CronJob(of::<CronJob>(bytes)?),
            Self::Deployment => Object::Deployment(of::<Deployment>(bytes)?),
            Self::ReplicaSet => Object::ReplicaSet(of::<ReplicaSet>(bytes)?),
            Self::StatefulSet => Object::StatefulSet(of::<StatefulSet>(bytes)?),
            Self::DaemonSet => Object::DaemonSet(of::<DaemonSet>(bytes)?),
            Self::Pod => Object::Pod(of::<Pod>(bytes)?),
            Self::Event => Object::Event(of::<Event>(bytes)?),
            Self::Custom(resource) => {
                // Items of a list of Kubernetes' own types do not say what they are.
                let (api_version, kind) = (resource.api_version(), resource.kind.clone());
                Object::Custom(Box::new(Custom { api_version, kind, ..*of::<Custom>(bytes)? }))
            }
        }))
    }

    /// An object of which only this is known.
    pub(crate) fn with_metadata(&self, metadata: ObjectMeta) -> Object {
        match self {
            Self::Job => Object::Job(Box::new(Job { metadata, ..Job::default() })),
            Self::CronJob => Object::CronJob(Box::new(CronJob { metadata, ..CronJob::default() })),
            Self::Deployment => {
                Object::Deployment(Box::new(Deployment { metadata, ..Deployment::default() }))
            }
            Self::ReplicaSet => {
                Object::ReplicaSet(Box::new(ReplicaSet { metadata, ..ReplicaSet::default() }))
            }
            Self::StatefulSet => {
                Object::StatefulSet(Box::new(StatefulSet { metadata, ..StatefulSet::default() }))
            }
            Self::DaemonSet => Object::DaemonSet(Box::new(DaemonSet { metadata, ..DaemonSet::default() })),
            Self::Pod => Object::Pod(Box::new(Pod { metadata, ..Pod::default() })),
            Self::Event => Object::Event(Box::new(Event { metadata, ..Event::default() })),
            Self::Custom(resource) => {
                let (api_version, kind) = (resource.api_version(), resource.kind.clone());
                Object::Custom(Box::new(Custom { api_version, kind, metadata, ..Custom::default() }))
            }
        }
    }
}

/// Drops at once what must not be held.
fn slim(mut object: Object) -> Object {
    match &mut object {
        Object::Job(object) => object.metadata.drop_unused(),
        Object::CronJob(object) => object.metadata.drop_unused(),
        Object::Deployment(object) => object.metadata.drop_unused(),
        Object::ReplicaSet(object) => object.metadata.drop_unused(),
        Object::StatefulSet(object) => object.metadata.drop_unused(),
        Object::DaemonSet(object) => object.metadata.drop_unused(),
        Object::Custom(object) => object.metadata.drop_unused(),
        Object::Owner(object) => object.metadata.drop_unused(),
        Object::Pod(object) => object.metadata.drop_unused(),
        Object::Event(object) => object.metadata.drop_unused(),
    }
    object
}
