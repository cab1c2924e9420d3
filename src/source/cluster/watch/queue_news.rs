//! The facts about the queues of Kueue that followed objects show.

use crate::observation::{Object, Observation, QUEUE_NAME_LABEL, QueuedWorkload, parse_preemptor_uids};

/// A fact about a queue that a followed object shows.
#[derive(Debug)]
pub(crate) enum QueueNews {
    /// An object has the label of a queue.
    Labelled { uid: String, is_pod: bool },
    /// A Kueue Workload exists or has changed.
    Workload(Box<QueuedWorkload>),
    /// A workload was preempted.
    Preempted(PreemptorUids),
}

/// The uids by which Kueue names a preemptor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PreemptorUids {
    /// The uid of the Kueue Workload; may be empty.
    pub(crate) workload: String,
    /// The uid of the object that the Kueue Workload was made for; may be empty.
    pub(crate) job: String,
}

impl PreemptorUids {
    fn new((workload, job): (&str, &str)) -> Self {
        Self { workload: workload.to_owned(), job: job.to_owned() }
    }
}

impl QueueNews {
    /// Everything that an observation shows about a queue.
    pub(crate) fn find_all(observation: &Observation) -> Vec<Self> {
        match &observation.object {
            Object::QueuedWorkload(_) if observation.seen.is_gone() => Vec::new(),
            Object::QueuedWorkload(workload) => {
                let preempted = workload.preemptor_uids().map(PreemptorUids::new).map(Self::Preempted);
                [Self::Workload(workload.clone())].into_iter().chain(preempted).collect()
            }
            Object::Event(event) if event.involved_object.kind == "Workload" => {
                let uids = parse_preemptor_uids(event.plain_message());
                uids.map(PreemptorUids::new).map(Self::Preempted).into_iter().collect()
            }
            object @ (Object::Job(_)
            | Object::CronJob(_)
            | Object::Deployment(_)
            | Object::ReplicaSet(_)
            | Object::StatefulSet(_)
            | Object::DaemonSet(_)
            | Object::Custom(_)
            | Object::Owner(_)
            | Object::Pod(_)) => {
                if !object.metadata().labels.contains_key(QUEUE_NAME_LABEL) {
                    return Vec::new();
                }
                let uid = object.metadata().uid.clone();
                vec![Self::Labelled { uid, is_pod: matches!(object, Object::Pod(_)) }]
            }
            Object::Event(_) => Vec::new(),
        }
    }
}
