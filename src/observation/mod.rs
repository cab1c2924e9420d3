//! What a source may tell: the only thing that enters the model.
//!
//! The objects are Kubernetes' own, reduced to the fields that are used. Each is at once the protobuf message of the
//! API server, its JSON form and the form of a recording, so that nothing is translated between them. What must never
//! be held (environment, arguments, commands, most annotations) is not declared and so never read.

pub(crate) mod apps;
pub(crate) mod cron_job;
pub(crate) mod custom;
pub(crate) mod event;
pub(crate) mod job;
pub(crate) mod meta;
pub(crate) mod pod;
pub(crate) mod time;

use jiff::Timestamp;

pub(crate) use apps::{Condition, DaemonSet, Deployment, LabelSelector, ReplicaSet, StatefulSet};
pub(crate) use cron_job::CronJob;
pub(crate) use custom::{Custom, Owner};
pub(crate) use event::{Event, EventSeries, EventSource, ObjectReference};
pub use job::{Job, JobCondition, JobSpec, JobStatus};
pub(crate) use meta::ManagedFieldsEntry;
pub use meta::{COMPLETION_INDEX, ObjectMeta, OwnerReference};
pub use pod::{
    Container, ContainerState, ContainerStatus, Pod, PodCondition, PodSpec, PodStatus, Running, Terminated,
};
pub(crate) use pod::{Quantity, Resources, RestartExitCodes, RestartRule, Waiting};
pub use time::Time;
pub(crate) use time::{known, whole_millis};

/// One fact from a source: a workload, Pod or Event appeared, changed or went.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// When the source received it, on the API server's clock.
    pub received: Timestamp,
    /// How it was seen, and so what `received` is worth.
    pub seen: Seen,
    /// The object, in the state that was seen.
    pub object: Object,
}

/// How a fact was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// In a list: it became true at some time before.
    Listed,
    /// By a watch: it was created just before (5–40 ms on a quiet connection).
    Added,
    /// By a watch: it was changed just before.
    Changed,
    /// By a watch: it was removed just before; the object is its last state.
    Deleted,
    /// No longer in a list after a gap: it was removed at some time since it was last seen.
    Missing,
}

impl Seen {
    /// Whether `received` dates the change.
    pub fn live(self) -> bool {
        matches!(self, Self::Added | Self::Changed | Self::Deleted)
    }

    /// Whether the object is there no more.
    pub fn gone(self) -> bool {
        matches!(self, Self::Deleted | Self::Missing)
    }
}

/// An object of the cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    /// A workload of kind Job.
    Job(Box<Job>),
    /// A workload of kind CronJob.
    CronJob(Box<CronJob>),
    /// A workload of kind Deployment.
    Deployment(Box<Deployment>),
    /// A workload of kind ReplicaSet.
    ReplicaSet(Box<ReplicaSet>),
    /// A workload of kind StatefulSet.
    StatefulSet(Box<StatefulSet>),
    /// A workload of kind DaemonSet.
    DaemonSet(Box<DaemonSet>),
    /// A workload of another kind.
    Custom(Box<Custom>),
    /// A link between a Pod and its workload.
    Owner(Box<Owner>),
    /// A Pod.
    Pod(Box<Pod>),
    /// An Event.
    Event(Box<Event>),
}

impl Object {
    /// The object's metadata.
    pub fn metadata(&self) -> &ObjectMeta {
        match self {
            Self::Job(job) => &job.metadata,
            Self::CronJob(object) => &object.metadata,
            Self::Deployment(object) => &object.metadata,
            Self::ReplicaSet(object) => &object.metadata,
            Self::StatefulSet(object) => &object.metadata,
            Self::DaemonSet(object) => &object.metadata,
            Self::Custom(object) => &object.metadata,
            Self::Owner(object) => &object.metadata,
            Self::Pod(pod) => &pod.metadata,
            Self::Event(event) => &event.metadata,
        }
    }

    /// The object's metadata, to be changed.
    pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Self::Job(job) => &mut job.metadata,
            Self::CronJob(object) => &mut object.metadata,
            Self::Deployment(object) => &mut object.metadata,
            Self::ReplicaSet(object) => &mut object.metadata,
            Self::StatefulSet(object) => &mut object.metadata,
            Self::DaemonSet(object) => &mut object.metadata,
            Self::Custom(object) => &mut object.metadata,
            Self::Owner(object) => &mut object.metadata,
            Self::Pod(pod) => &mut pod.metadata,
            Self::Event(event) => &mut event.metadata,
        }
    }
}
