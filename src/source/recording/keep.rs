//! What of an observation may be told.

use super::line::kubelet_wrote;
use super::wording::{CONDITIONS, EVENTS, LEFT_OUT, image, kept, scheduling, word};
use crate::observation::{
    COMPLETION_INDEX, Condition, Container, ContainerStatus, Event, JobCondition, Object, ObjectMeta,
    Observation, Pod,
};

/// The labels that group Pods, and the queue in which Kueue has them wait.
const LABELS: [&str; 3] =
    ["batch.kubernetes.io/controller-uid", COMPLETION_INDEX, "kueue.x-k8s.io/queue-name"];
/// What the text of combined events begins with.
const COMBINED: &str = "(combined from similar events): ";

/// Takes out of an observation what may not be told.
pub(crate) fn keep(observation: &mut Observation) {
    keep_metadata(observation.object.metadata_mut());
    match &mut observation.object {
        Object::Job(job) => keep_job_conditions(&mut job.status.conditions),
        Object::CronJob(_) | Object::Owner(_) => {}
        Object::Deployment(deployment) => {
            deployment.spec.selector.match_labels.clear();
            keep_conditions(&mut deployment.status.conditions);
        }
        Object::ReplicaSet(set) => {
            set.spec.selector.match_labels.clear();
            keep_conditions(&mut set.status.conditions);
        }
        Object::StatefulSet(set) => set.spec.selector.match_labels.clear(),
        Object::DaemonSet(set) => set.spec.selector.match_labels.clear(),
        Object::Custom(custom) => {
            keep_job_conditions(&mut custom.status.conditions);
            word(&mut custom.status.phase);
            word(&mut custom.status.job_status);
        }
        Object::Pod(pod) => keep_pod(pod),
        Object::Event(event) => keep_event(event),
    }
}

fn keep_metadata(metadata: &mut ObjectMeta) {
    metadata.labels.retain(|key, _| LABELS.contains(&key.as_str()));
    metadata.annotations.retain(|key, _| key == COMPLETION_INDEX);
    metadata.labels.values_mut().chain(metadata.annotations.values_mut()).for_each(word);
    metadata.resource_version.clear();
    metadata.finalizers.clear();
    let wrote = metadata.kubelet_wrote().map(Into::into);
    metadata.managed_fields = wrote.map(kubelet_wrote).into_iter().collect();
}

fn keep_job_conditions(conditions: &mut [JobCondition]) {
    for condition in conditions {
        word(&mut condition.reason);
        condition.message = kept(&condition.message, CONDITIONS);
    }
}

fn keep_conditions(conditions: &mut [Condition]) {
    for condition in conditions {
        word(&mut condition.reason);
        condition.message = kept(&condition.message, CONDITIONS);
    }
}

fn keep_pod(pod: &mut Pod) {
    let Pod { spec, status, .. } = pod;
    let debug = spec.ephemeral_containers.iter_mut().filter_map(|container| container.common.as_mut());
    for Container { image: name, .. } in
        spec.containers.iter_mut().chain(&mut spec.init_containers).chain(debug)
    {
        if !image(name) {
            LEFT_OUT.clone_into(name);
        }
    }
    status.message.clear();
    word(&mut status.reason);
    for condition in &mut status.conditions {
        word(&mut condition.reason);
        condition.message =
            if condition.r#type == "PodScheduled" { scheduling(&condition.message) } else { String::new() };
    }
    let statuses = status.container_statuses.iter_mut();
    let statuses = statuses.chain(&mut status.init_container_statuses);
    for ContainerStatus { state, last_state, .. } in statuses.chain(&mut status.ephemeral_container_statuses)
    {
        for state in [state, last_state] {
            if let Some(waiting) = &mut state.waiting {
                word(&mut waiting.reason);
                waiting.message.clear();
            }
            if let Some(terminated) = &mut state.terminated {
                word(&mut terminated.reason);
                terminated.message.clear();
            }
        }
    }
}

fn keep_event(event: &mut Event) {
    word(&mut event.reason);
    let (mark, text) = match event.message.strip_prefix(COMBINED) {
        Some(text) => (COMBINED, text),
        None => ("", event.message.as_str()),
    };
    let said = match event.reason.as_str() {
        "FailedScheduling" | "NotTriggerScaleUp" => scheduling(text),
        _ => kept(text, EVENTS),
    };
    event.message = format!("{mark}{said}");
}
