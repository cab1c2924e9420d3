//! The text of kubectl's STATUS column, computed like `printPod` in `pkg/printers/internalversion/printers.go`. The
//! program only displays the text, and derives no fact from it.

use std::borrow::Cow;

use crate::observation::{ContainerStatus, Pod};

/// Returns the text of the STATUS column.
pub(crate) fn format_status_column(pod: &Pod) -> Cow<'_, str> {
    let status = &pod.status;
    let mut text: Cow<'_, str> =
        if status.reason.is_empty() { (&status.phase).into() } else { (&status.reason).into() };
    if status.condition("PodScheduled").is_some_and(|condition| condition.reason == "SchedulingGated") {
        text = "SchedulingGated".into();
    }
    let initializing = init_status(pod);
    if let Some(init) = &initializing {
        text = init.clone().into();
    }
    let initialized = status.condition("Initialized").is_some_and(|condition| condition.status == "True");
    if initializing.is_none() || initialized {
        text = main_status(pod, text);
    }
    if pod.metadata.deletion_timestamp.is_some() {
        if status.reason == "NodeLost" {
            return "Unknown".into();
        }
        if !matches!(status.phase.as_str(), "Succeeded" | "Failed") {
            return "Terminating".into();
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

/// Returns `Init:…` if an init container has not finished yet or has failed.
fn init_status(pod: &Pod) -> Option<String> {
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

fn main_status<'a>(pod: &'a Pod, mut text: Cow<'a, str>) -> Cow<'a, str> {
    let mut has_running = false;
    let mut failure = None;
    for container in pod.status.container_statuses.iter().rev() {
        if let Some(reason) = state_reason(container) {
            let is_waiting =
                container.state.waiting.as_ref().is_some_and(|waiting| !waiting.reason.is_empty());
            let terminated = container.state.terminated.as_ref().filter(|_| !is_waiting);
            if terminated.is_some_and(|terminated| terminated.exit_code != 0) {
                failure = Some(reason.clone());
            }
            text = reason;
        } else if container.ready && container.state.running.is_some() {
            has_running = true;
        }
    }
    if text != "Completed" {
        return text;
    }
    let is_ready = pod.status.condition("Ready").is_some_and(|condition| condition.status == "True");
    match failure {
        _ if has_running && is_ready => "Running".into(),
        Some(failure) => failure,
        None if has_running => "NotReady".into(),
        None => text,
    }
}

fn state_reason(container: &ContainerStatus) -> Option<Cow<'_, str>> {
    let state = &container.state;
    if let Some(waiting) = state.waiting.as_ref().filter(|waiting| !waiting.reason.is_empty()) {
        return Some((&waiting.reason).into());
    }
    let terminated = state.terminated.as_ref()?;
    Some(if !terminated.reason.is_empty() {
        (&terminated.reason).into()
    } else if terminated.signal != 0 {
        format!("Signal:{}", terminated.signal).into()
    } else {
        format!("ExitCode:{}", terminated.exit_code).into()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The text of a running Pod whose main containers are in these states, in the order of the status.
    fn status_of_containers(states: &[serde_json::Value]) -> String {
        let statuses: Vec<_> = states
            .iter()
            .enumerate()
            .map(|(index, state)| json!({"name": format!("c{index}"), "ready": true, "state": state}))
            .collect();
        let pod = json!({"status": {"phase": "Running", "containerStatuses": statuses}});
        let pod: Pod = serde_json::from_value(pod).unwrap();
        format_status_column(&pod).into_owned()
    }

    #[test]
    fn the_failure_of_one_container_hides_the_completion_of_another() {
        let ended = |code, reason: &str| json!({"terminated": {"exitCode": code, "reason": reason}});
        let completed = ended(0, "Completed");
        let running = json!({"running": {}});
        let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        let cases = [
            (vec![completed.clone(), ended(1, "Error")], "Error"),
            (vec![ended(1, "Error"), completed.clone()], "Error"),
            (vec![completed.clone(), ended(3, "")], "ExitCode:3"),
            (vec![completed.clone(), ended(137, "OOMKilled"), ended(1, "Error")], "OOMKilled"),
            (vec![completed.clone(), running.clone(), ended(1, "Error")], "Error"),
            (vec![completed.clone(), running], "NotReady"),
            (vec![completed.clone(), waiting], "Completed"),
            (vec![completed.clone(), completed], "Completed"),
        ];
        for (states, text) in cases {
            assert_eq!(status_of_containers(&states), text, "{states:?}");
        }
    }
}
