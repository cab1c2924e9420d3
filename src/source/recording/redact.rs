//! Removes from an observation all fields and texts that a recording must not contain.

use crate::observation::{
    COMBINED_PREFIX, COMPLETION_INDEX, Condition, Container, ContainerStatus, CronJob, Custom, DaemonSet,
    Deployment, Event, Job, JobCondition, Object, ObjectMeta, Observation, Owner, Pod, QueuedWorkload,
    QueuedWorkloadStatus, ReplicaSet, StatefulSet,
};
use crate::observation::{CustomStatus, GROUPING_LABELS, is_kept_annotation};
use crate::source::recording::entry::kubelet_status_entry;
use crate::source::recording::queue_wording::keep_queue_message;
use crate::source::recording::wording::{
    CONDITION_WORDINGS, EVENT_WORDINGS, LEFT_OUT, WAITING_WORDINGS, is_image_name, keep_known_wording,
    keep_scheduling_reasons, keep_single_word,
};

/// The labels that a recording keeps beside [`GROUPING_LABELS`]: further labels that group Pods, and the label that
/// names the Kueue queue of the Pods.
const KEPT_LABELS: &[&str] =
    &["batch.kubernetes.io/controller-uid", COMPLETION_INDEX, "kueue.x-k8s.io/queue-name"];

/// Removes from an object the parts that a recording must not contain. Each kind implements this trait for the fields
/// that only this kind has. [`redact`] handles the metadata and the Pod selectors of all kinds.
trait Redact {
    fn redact(&mut self);
}

/// Removes from an observation all fields and texts that a recording must not contain.
pub(crate) fn redact(observation: &mut Observation) {
    redact_metadata(observation.object.metadata_mut());
    if let Some(selector) = observation.object.pod_selector_mut() {
        selector.match_labels.clear();
    }
    as_redact(&mut observation.object).redact();
}

fn as_redact(object: &mut Object) -> &mut dyn Redact {
    match object {
        Object::Job(object) => &mut **object,
        Object::CronJob(object) => &mut **object,
        Object::Deployment(object) => &mut **object,
        Object::ReplicaSet(object) => &mut **object,
        Object::StatefulSet(object) => &mut **object,
        Object::DaemonSet(object) => &mut **object,
        Object::Custom(object) => &mut **object,
        Object::Owner(object) => &mut **object,
        Object::QueuedWorkload(object) => &mut **object,
        Object::Pod(object) => &mut **object,
        Object::Event(object) => &mut **object,
    }
}

fn redact_metadata(metadata: &mut ObjectMeta) {
    let is_kept = |key: &str| KEPT_LABELS.contains(&key) || GROUPING_LABELS.contains(&key);
    metadata.labels.retain(|key, _| is_kept(key));
    metadata.annotations.retain(|key, _| is_kept_annotation(key));
    metadata.labels.values_mut().chain(metadata.annotations.values_mut()).for_each(keep_single_word);
    if metadata.controller().is_some() {
        metadata.generate_name.clear();
    }
    metadata.resource_version.clear();
    metadata.finalizers.clear();
    let kubelet_wrote = metadata.last_kubelet_write().map(Into::into);
    metadata.managed_fields = kubelet_wrote.map(kubelet_status_entry).into_iter().collect();
}

impl Redact for Job {
    fn redact(&mut self) {
        let Self { spec, status, .. } = self;
        // This field is used only to find the Pods of a Job, and a replay already contains them.
        spec.manual_selector = None;
        redact_job_conditions(&mut status.conditions);
        for rule in spec.pod_failure_policy.iter_mut().flat_map(|policy| &mut policy.rules) {
            keep_single_word(&mut rule.action);
            if let Some(codes) = &mut rule.on_exit_codes {
                keep_single_word(&mut codes.operator);
                codes.container_name.iter_mut().for_each(keep_single_word);
            }
            for pattern in &mut rule.on_pod_conditions {
                keep_single_word(&mut pattern.r#type);
                keep_single_word(&mut pattern.status);
            }
        }
        for rule in spec.success_policy.iter_mut().flat_map(|policy| &mut policy.rules) {
            rule.succeeded_indexes.iter_mut().for_each(keep_index_list);
        }
    }
}

impl Redact for CronJob {
    fn redact(&mut self) {}
}

impl Redact for Deployment {
    fn redact(&mut self) {
        redact_conditions(&mut self.status.conditions);
    }
}

impl Redact for ReplicaSet {
    fn redact(&mut self) {
        redact_conditions(&mut self.status.conditions);
    }
}

impl Redact for StatefulSet {
    fn redact(&mut self) {}
}

impl Redact for DaemonSet {
    fn redact(&mut self) {}
}

impl Redact for Custom {
    fn redact(&mut self) {
        let Self { spec, .. } = self;
        keep_single_word(&mut spec.startup_policy.0);
        for role in &mut spec.replicated_jobs {
            keep_single_word(&mut role.name);
            for dependency in &mut role.depends_on {
                keep_single_word(&mut dependency.name);
                keep_single_word(&mut dependency.status);
            }
        }
        spec.tasks.iter_mut().for_each(|task| keep_single_word(&mut task.name));
        for roles in spec.kubeflow_roles_mut() {
            let named = std::mem::take(roles).into_iter().map(|(mut name, mut role)| {
                keep_single_word(&mut name);
                role.name.clear();
                (name, role)
            });
            *roles = named.collect();
        }
        let CustomStatus { state, application_state, .. } = &mut self.status;
        for state in [state, application_state] {
            keep_single_word(&mut state.phase);
            keep_single_word(&mut state.reason);
            state.message = keep_known_wording(&state.message, CONDITION_WORDINGS);
        }
        let status = &mut self.status;
        redact_job_conditions(&mut status.conditions);
        keep_single_word(&mut status.phase);
        keep_single_word(&mut status.job_status);
        keep_single_word(&mut status.job_deployment_status);
        keep_single_word(&mut status.reason);
        status.message = keep_known_wording(&status.message, CONDITION_WORDINGS);
        let roles = std::mem::take(&mut status.replica_statuses).into_iter().map(|(mut name, counts)| {
            keep_single_word(&mut name);
            (name, counts)
        });
        status.replica_statuses = roles.collect();
    }
}

impl Redact for Owner {
    fn redact(&mut self) {}
}

impl Redact for QueuedWorkload {
    fn redact(&mut self) {
        keep_single_word(&mut self.spec.queue_name);
        self.spec.pod_sets.iter_mut().for_each(|set| keep_single_word(&mut set.name));
        let QueuedWorkloadStatus { conditions, admission, admission_checks, cluster_name } = &mut self.status;
        for condition in conditions {
            keep_single_word(&mut condition.reason);
            condition.message = keep_queue_message(&condition.message);
        }
        if let Some(admission) = admission {
            keep_single_word(&mut admission.cluster_queue);
            admission.pod_set_assignments.iter_mut().for_each(|set| keep_single_word(&mut set.name));
        }
        for check in admission_checks {
            keep_single_word(&mut check.name);
            keep_single_word(&mut check.state);
            check.message.clear();
        }
        cluster_name.iter_mut().for_each(keep_single_word);
    }
}

impl Redact for Pod {
    fn redact(&mut self) {
        self.keep_image_digests();
        let Self { spec, status, .. } = self;
        let debug = spec.ephemeral_containers.iter_mut().filter_map(|container| container.common.as_mut());
        let containers = spec.containers.iter_mut().chain(&mut spec.init_containers).chain(debug);
        for Container { image, .. } in containers {
            if !is_image_name(image) {
                LEFT_OUT.clone_into(image);
            }
        }
        status.message.clear();
        keep_single_word(&mut status.reason);
        for condition in &mut status.conditions {
            keep_single_word(&mut condition.reason);
            condition.message = if condition.r#type == "PodScheduled" {
                keep_scheduling_reasons(&condition.message)
            } else {
                String::new()
            };
        }
        let statuses = status.container_statuses.iter_mut();
        let statuses = statuses.chain(&mut status.init_container_statuses);
        statuses.chain(&mut status.ephemeral_container_statuses).for_each(redact_container_status);
    }
}

impl Redact for Event {
    fn redact(&mut self) {
        keep_single_word(&mut self.reason);
        let (prefix, text) = match self.message.strip_prefix(COMBINED_PREFIX) {
            Some(text) => (COMBINED_PREFIX, text),
            None => ("", self.message.as_str()),
        };
        let kept = match self.reason.as_str() {
            "FailedScheduling" | "NotTriggerScaleUp" => keep_scheduling_reasons(text),
            _ if self.involved_object.kind == "Workload" => keep_queue_message(text),
            _ => keep_known_wording(text, EVENT_WORDINGS),
        };
        self.message = format!("{prefix}{kept}");
    }
}

/// Replaces `indexes` with [`LEFT_OUT`] unless it has the form `0,2-4`.
fn keep_index_list(indexes: &mut String) {
    if !indexes.chars().all(|char| char.is_ascii_digit() || ",-".contains(char)) {
        LEFT_OUT.clone_into(indexes);
    }
}

fn redact_job_conditions(conditions: &mut [JobCondition]) {
    for condition in conditions {
        keep_single_word(&mut condition.reason);
        condition.message = keep_known_wording(&condition.message, CONDITION_WORDINGS);
    }
}

fn redact_conditions(conditions: &mut [Condition]) {
    for condition in conditions {
        keep_single_word(&mut condition.reason);
        condition.message = keep_known_wording(&condition.message, CONDITION_WORDINGS);
    }
}

fn redact_container_status(status: &mut ContainerStatus) {
    for state in [&mut status.state, &mut status.last_state] {
        if let Some(waiting) = &mut state.waiting {
            keep_single_word(&mut waiting.reason);
            waiting.message = keep_known_wording(&waiting.message, WAITING_WORDINGS);
        }
        if let Some(terminated) = &mut state.terminated {
            keep_single_word(&mut terminated.reason);
            terminated.message.clear();
        }
    }
}
