//! Derives the status of a Pod from the state that the kubelet keeps of the Pod.

use jiff::Timestamp;

use crate::observation::{ContainerState, ContainerStatus, PodCondition, PodStatus, Running};
use crate::source::simulation::pod::SimulatedPod;
use crate::source::simulation::pod_runtime::{
    ContainerPurpose, ContainerRuntime, PodRuntime, ProcessState, SandboxState,
};
use crate::source::simulation::virtual_time::truncate_to_second;

/// The status of a Pod at `now`. The conditions that the kubelet writes have the time `now`. Returns `None` before the
/// kubelet has seen the Pod.
pub(crate) fn generate_status(pod: &SimulatedPod, now: Timestamp) -> Option<PodStatus> {
    let runtime = pod.runtime.as_deref()?;
    let restart_on_failure = pod.object.spec.restart_policy == "OnFailure";
    let reached = derive_phase(runtime, restart_on_failure);
    // The kubelet reports a final phase only after it has declared the Pod ended.
    let shown = match reached {
        "Succeeded" | "Failed" if !runtime.has_ended() => phase_before_end(runtime),
        // The Pod was deleted before a container ran.
        "Pending" if runtime.has_ended() => "Failed",
        phase => phase,
    };
    let mut conditions = vec![sandbox_condition(runtime.sandbox), initialized_condition(runtime, reached)];
    conditions.extend(["Ready", "ContainersReady"].map(|kind| ready_condition(runtime, kind, reached)));
    for condition in &mut conditions {
        condition.last_transition_time = Some(truncate_to_second(now));
    }
    conditions.extend(pod.object.status.condition("PodScheduled").cloned());
    let mut container_statuses: Vec<ContainerStatus> =
        runtime.main_containers().iter().map(container_status).collect();
    container_statuses.sort_by(|a, b| a.name.cmp(&b.name));
    Some(PodStatus {
        phase: shown.to_owned(),
        conditions,
        start_time: Some(truncate_to_second(runtime.first_seen)),
        container_statuses,
        init_container_statuses: runtime.init_containers().iter().map(container_status).collect(),
        ..PodStatus::default()
    })
}

/// The phase that follows from the states of the containers.
fn derive_phase(runtime: &PodRuntime, restart_on_failure: bool) -> &'static str {
    let failed_init = runtime.init_containers().iter().any(|container| {
        container.purpose == ContainerPurpose::Init && container.exit_success() == Some(false)
    });
    if failed_init && !restart_on_failure && !runtime.containers.iter().any(ContainerRuntime::is_running) {
        return "Failed";
    }
    let (main, sidecars) = (runtime.main_containers(), runtime.init_containers());
    let waits_for_first_run = |container: &ContainerRuntime| {
        matches!(container.state, ProcessState::Waiting(_)) && container.previous_exit.is_none()
    };
    if !runtime.is_initialized() || main.iter().any(waits_for_first_run) {
        return "Pending";
    }
    let is_running = main.iter().chain(sidecars).any(ContainerRuntime::is_running);
    let has_succeeded = |container: &ContainerRuntime| container.exit_success() == Some(true);
    if is_running {
        "Running"
    } else if main.iter().all(has_succeeded) {
        "Succeeded"
    } else if !restart_on_failure || runtime.is_stopping() {
        "Failed"
    } else {
        "Running"
    }
}

/// The phase that the Pod had before its containers ended. The kubelet reports this phase until it declares the Pod
/// ended.
fn phase_before_end(runtime: &PodRuntime) -> &'static str {
    if runtime.main_containers().iter().all(|container| container.run == 0) { "Pending" } else { "Running" }
}

fn new_condition(kind: &str, holds: bool, reason: &str, message: String) -> PodCondition {
    PodCondition {
        r#type: kind.to_owned(),
        status: if holds { "True" } else { "False" }.to_owned(),
        reason: reason.to_owned(),
        message,
        ..PodCondition::default()
    }
}

fn sandbox_condition(sandbox: SandboxState) -> PodCondition {
    let message = match sandbox {
        SandboxState::Ready => return new_condition("PodReadyToStartContainers", true, "", String::new()),
        SandboxState::Creating => "no pod sandbox exists",
        SandboxState::Gone => "pod sandbox is not ready",
    };
    new_condition("PodReadyToStartContainers", false, "PodSandboxNotReady", message.to_owned())
}

fn initialized_condition(runtime: &PodRuntime, reached: &str) -> PodCondition {
    if runtime.is_initialized() {
        let reason = if reached == "Succeeded" { "PodCompleted" } else { "" };
        return new_condition("Initialized", true, reason, String::new());
    }
    let missing = join_names(runtime.init_containers().iter().filter(|container| match container.purpose {
        ContainerPurpose::Sidecar => container.run == 0,
        ContainerPurpose::Init | ContainerPurpose::Main => container.exit_success() != Some(true),
    }));
    let message = format!("containers with incomplete status: [{missing}]");
    new_condition("Initialized", false, "ContainersNotInitialized", message)
}

fn ready_condition(runtime: &PodRuntime, kind: &str, reached: &str) -> PodCondition {
    match reached {
        "Succeeded" => return new_condition(kind, false, "PodCompleted", String::new()),
        "Failed" => return new_condition(kind, false, "PodFailed", String::new()),
        _ => {}
    }
    let sidecars =
        runtime.init_containers().iter().filter(|container| container.purpose == ContainerPurpose::Sidecar);
    let mut unready =
        sidecars.chain(runtime.main_containers()).filter(|container| !container.is_running()).peekable();
    if unready.peek().is_none() {
        return new_condition(kind, true, "", String::new());
    }
    let message = format!("containers with unready status: [{}]", join_names(unready));
    new_condition(kind, false, "ContainersNotReady", message)
}

fn join_names<'a>(containers: impl Iterator<Item = &'a ContainerRuntime>) -> String {
    containers.map(|container| container.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn container_status(container: &ContainerRuntime) -> ContainerStatus {
    let mut state = ContainerState::default();
    match &container.state {
        ProcessState::Waiting(waiting) => state.waiting = Some(waiting.clone()),
        ProcessState::Running(since) => {
            state.running = Some(Running { started_at: Some(truncate_to_second(*since)) });
        }
        ProcessState::Exited(terminated) => state.terminated = Some(terminated.clone()),
    }
    let ready = match container.purpose {
        ContainerPurpose::Init => container.exit_success() == Some(true),
        ContainerPurpose::Sidecar | ContainerPurpose::Main => container.is_running(),
    };
    ContainerStatus {
        name: container.name.clone(),
        state,
        last_state: ContainerState {
            terminated: container.previous_exit.clone(),
            ..ContainerState::default()
        },
        ready,
        restart_count: container.restarts,
        // The kubelet reports the id of a container only after the first run has started.
        image_id: String::new(),
        container_id: if container.run > 0 { container.id.clone() } else { String::new() },
        started: Some(container.is_running()),
    }
}
