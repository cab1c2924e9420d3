//! Observations: the only input of the model, for every source.
//!
//! The objects have the types of Kubernetes' API, reduced to the fields that this program uses. Each Rust type is
//! decoded from the API server's protobuf and JSON, and is written to recordings, so no translation is needed. Fields
//! that the program must never hold (environment, arguments, commands) are not declared, so they are never read. Most
//! annotations are removed as soon as an object has been decoded, see [`ObjectMeta::drop_unused`].

#![warn(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub(crate) mod apps;
pub(crate) mod cleaning;
pub(crate) mod cron_job;
pub(crate) mod custom;
pub(crate) mod event;
pub(crate) mod gone;
pub(crate) mod job;
pub(crate) mod kind_data;
pub(crate) mod kinds;
pub(crate) mod meta;
pub(crate) mod name;
pub(crate) mod observed;
pub(crate) mod outage;
pub(crate) mod pod;
pub(crate) mod preemption;
pub(crate) mod queued_workload;
pub(crate) mod relist;
pub(crate) mod time;
pub(crate) mod unwatched;

pub(crate) use apps::{Condition, DaemonSet, Deployment, ReplicaSet, StatefulSet};
pub(crate) use cleaning::{Cleaner, clean, clean_whole, is_unsafe};
pub(crate) use cron_job::CronJob;
pub(crate) use custom::gang_spec::{ReplicatedJob, WorkerGroup};
pub(crate) use custom::{Custom, CustomStatus, Owner, ReplicaStatus, reports_its_end};
pub(crate) use event::{
    COMBINED_PREFIX, Event, EventSeries, EventSource, ObjectReference, trim_scheduling_reasons,
};
pub(crate) use gone::{MIN_AGE_OF_GONE_OBJECT, NAME_SUFFIX_CHARACTERS, NAME_SUFFIX_LENGTH, is_name_suffix};
pub(crate) use job::{ExitCodeRequirement, PodFailurePolicyRule, SuccessPolicyRule};
pub use job::{Job, JobCondition, JobSpec, JobStatus};
pub(crate) use kind_data::LabelSelector;
pub(crate) use kinds::BuiltInKind;
pub use kinds::{Object, ObjectKind};
pub(crate) use meta::grouping_labels::{
    GROUPING_LABELS, JOBSET_RESTART, JOBSET_ROLE, KUBEFLOW_ROLE, LWS_GROUP, LWS_WORKER, POD_GROUP,
    RAY_CLUSTER, RAY_ROLE, VOLCANO_GROUP, VOLCANO_ROLE,
};
pub use meta::{COMPLETION_INDEX, ObjectMeta, OwnerReference};
pub(crate) use meta::{ManagedFieldsEntry, is_kept_annotation};
pub(crate) use name::is_valid_name;
pub use observed::{Observation, Seen};
pub use outage::Outage;
pub use pod::{
    Container, ContainerState, ContainerStatus, Pod, PodCondition, PodSpec, PodStatus, Running, Terminated,
};
pub(crate) use pod::{Quantity, Resources, RestartExitCodes, RestartRule, Waiting};
pub(crate) use queued_workload::{JOB_UID_LABEL, KUEUE_GROUP, QUEUE_NAME_LABEL, parse_preemptor_uids};
pub(crate) use queued_workload::{QueueAdmission, QueuedWorkload, QueuedWorkloadStatus};
pub use relist::Relist;
pub use time::Time;
pub(crate) use time::{known_time, saturating_add, saturating_sub, truncate_to_millis};
pub use unwatched::Unwatched;
