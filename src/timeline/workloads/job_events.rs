//! The Events of Jobs: how a Job ended, and which facts they prove about the Pods of a Job.

use std::sync::Arc;

use jiff::Timestamp;

use crate::lifecycle::Interner;
use crate::observation::{Event, truncate_to_millis};
use crate::timeline::workloads::workload::WorkloadState;

/// The facts that the Events of one Job report. The order in which Events are added does not matter.
#[derive(Clone, Debug)]
pub(crate) struct JobEvents {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
    /// When the Job created its first Pod, as far as the Events show.
    pub(crate) first_creation: Option<Timestamp>,
    /// Whether one Event stands for the creation of several Pods, so that not every Pod is named.
    pub(crate) are_creations_combined: bool,
    /// How the Job ended.
    pub(crate) end: Option<JobEnd>,
}

/// The end of a Job, as an Event reports it.
#[derive(Clone, Debug)]
pub(crate) struct JobEnd {
    pub(crate) state: WorkloadState,
    /// The reason of the failure: `DeadlineExceeded`.
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) message: Option<Arc<str>>,
    pub(crate) at: Option<Timestamp>,
}

impl JobEvents {
    /// Creates the facts about the Job that `event` concerns, without any Event.
    pub(crate) fn new(event: &Event, interner: &mut Interner) -> Self {
        let about = &event.involved_object;
        Self {
            namespace: interner.share(&about.namespace),
            name: interner.share(&about.name),
            first_creation: None,
            are_creations_combined: false,
            end: None,
        }
    }

    /// Adds an Event about the Job. Returns whether the Event reports the end of the Job.
    pub(crate) fn add(&mut self, event: &Event, interner: &mut Interner) -> bool {
        if !event.is_from_job_controller() {
            return false;
        }
        let first = event.first_occurrence().map(|(at, _)| truncate_to_millis(at));
        if event.reason == "SuccessfulCreate" {
            self.first_creation = [self.first_creation, first].into_iter().flatten().min();
            self.are_creations_combined |= event.is_combined();
            return false;
        }
        let Some(state) = end_state(&event.reason) else { return false };
        let reason = (state == WorkloadState::Failed).then(|| interner.share(&event.reason));
        let message = reason.as_ref().and_then(|_| interner.share_non_empty(event.plain_message()));
        self.end = Some(JobEnd { state, reason, message, at: first });
        true
    }
}

/// The state of a Job whose controller has reported an Event with this reason; `None` if the Event does not end the
/// Job.
fn end_state(reason: &str) -> Option<WorkloadState> {
    match reason {
        "Completed" => Some(WorkloadState::Succeeded),
        "BackoffLimitExceeded"
        | "DeadlineExceeded"
        | "PodFailurePolicy"
        | "FailedIndexes"
        | "MaxFailedIndexesExceeded" => Some(WorkloadState::Failed),
        _ => None,
    }
}
