//! kubectl's STATUS column (`pkg/printers/internalversion/printers.go`, `printPod`). For display only.

use crate::observation::{ContainerStatus, Pod};

/// The text of the column for a Pod in this state.
pub(super) fn column(pod: &Pod) -> String {
    let status = &pod.status;
    let mut text = if status.reason.is_empty() { status.phase.clone() } else { status.reason.clone() };
    if status.condition("PodScheduled").is_some_and(|condition| condition.reason == "SchedulingGated") {
        "SchedulingGated".clone_into(&mut text);
    }
    let initializing = init_column(pod);
    if let Some(init) = &initializing {
        text.clone_from(init);
    }
    let initialized = status.condition("Initialized").is_some_and(|condition| condition.status == "True");
    if initializing.is_none() || initialized {
        text = main_column(pod, text);
    }
    if pod.metadata.deletion_timestamp.is_some() {
        if status.reason == "NodeLost" {
            return "Unknown".to_owned();
        }
        if !matches!(status.phase.as_str(), "Succeeded" | "Failed") {
            return "Terminating".to_owned();
        }
    }
    text
}

fn is_sidecar(pod: &Pod, name: &str) -> bool {
    pod.spec
        .init_containers
        .iter()
        .any(|container| container.name == name && container.restart_policy == "Always")
}

/// `Init:…`, if an init container holds the Pod up.
fn init_column(pod: &Pod) -> Option<String> {
    for (index, container) in pod.status.init_container_statuses.iter().enumerate() {
        let done = container.state.terminated.as_ref().is_some_and(|terminated| terminated.exit_code == 0);
        let started = container.started == Some(true) && is_sidecar(pod, &container.name);
        if done || started {
            continue;
        }
        return Some(match (&container.state.terminated, &container.state.waiting) {
            (Some(terminated), _) if terminated.reason.is_empty() => match terminated.signal {
                0 => format!("Init:ExitCode:{}", terminated.exit_code),
                signal => format!("Init:Signal:{signal}"),
            },
            (Some(terminated), _) => format!("Init:{}", terminated.reason),
            (None, Some(waiting)) if !waiting.reason.is_empty() && waiting.reason != "PodInitializing" => {
                format!("Init:{}", waiting.reason)
            }
            _ => format!("Init:{index}/{}", pod.spec.init_containers.len()),
        });
    }
    None
}

fn main_column(pod: &Pod, mut text: String) -> String {
    let mut has_running = false;
    for container in pod.status.container_statuses.iter().rev() {
        if let Some(reason) = reason_of(container) {
            text = reason;
        } else if container.ready && container.state.running.is_some() {
            has_running = true;
        }
    }
    if text == "Completed" && has_running {
        let ready = pod.status.condition("Ready").is_some_and(|condition| condition.status == "True");
        return if ready { "Running" } else { "NotReady" }.to_owned();
    }
    text
}

fn reason_of(container: &ContainerStatus) -> Option<String> {
    let state = &container.state;
    if let Some(waiting) = state.waiting.as_ref().filter(|waiting| !waiting.reason.is_empty()) {
        return Some(waiting.reason.clone());
    }
    let terminated = state.terminated.as_ref()?;
    Some(if !terminated.reason.is_empty() {
        terminated.reason.clone()
    } else if terminated.signal != 0 {
        format!("Signal:{}", terminated.signal)
    } else {
        format!("ExitCode:{}", terminated.exit_code)
    })
}
