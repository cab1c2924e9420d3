//! The status that a kubelet makes of what it knows.

use jiff::Timestamp;

use super::{ContainerRuntime, Role, Runtime, Sandbox, State};
use crate::observation::{ContainerState, ContainerStatus, PodCondition, PodStatus, Running};
use crate::source::simulation::world::{PodState, second};

/// The status of a Pod now; conditions have the time now, as if they had just changed.
pub(crate) fn generate(pod: &PodState, now: Timestamp) -> Option<PodStatus> {
    let runtime = pod.runtime.as_deref()?;
    let on_failure = pod.object.spec.restart_policy == "OnFailure";
    let reached = phase(runtime, on_failure);
    // A final phase is withheld until nothing can run any more.
    let shown = match reached {
        "Succeeded" | "Failed" if !runtime.ended() => withheld(runtime),
        // Deleted before anything ran.
        "Pending" if runtime.ended() => "Failed",
        phase => phase,
    };
    let mut conditions = vec![sandbox(runtime.sandbox), initialized(runtime, reached)];
    conditions.extend(["Ready", "ContainersReady"].map(|kind| ready(runtime, kind, reached)));
    for condition in &mut conditions {
        condition.last_transition_time = Some(second(now));
    }
    conditions.extend(pod.object.status.condition("PodScheduled").cloned());
    let mut container_statuses: Vec<ContainerStatus> = runtime.main_containers().iter().map(status).collect();
    container_statuses.sort_by(|a, b| a.name.cmp(&b.name));
    Some(PodStatus {
        phase: shown.to_owned(),
        conditions,
        start_time: Some(second(runtime.started)),
        container_statuses,
        init_container_statuses: runtime.init_containers().iter().map(status).collect(),
        ..PodStatus::default()
    })
}

/// The phase that the containers would give.
fn phase(runtime: &Runtime, on_failure: bool) -> &'static str {
    let failed_init = runtime
        .init_containers()
        .iter()
        .any(|container| container.role == Role::Init && container.ended() == Some(false));
    if failed_init && !on_failure && !runtime.containers.iter().any(ContainerRuntime::is_running) {
        return "Failed";
    }
    let (main, sidecars) = (runtime.main_containers(), runtime.init_containers());
    let waits = |container: &ContainerRuntime| {
        matches!(container.state, State::Waiting(_)) && container.last.is_none()
    };
    if !runtime.initialized() || main.iter().any(waits) {
        return "Pending";
    }
    let running = main.iter().chain(sidecars).any(ContainerRuntime::is_running);
    let well = |container: &ContainerRuntime| container.ended() == Some(true);
    if running {
        "Running"
    } else if main.iter().all(well) {
        "Succeeded"
    } else if !on_failure || runtime.stopping() {
        "Failed"
    } else {
        "Running"
    }
}

/// What is shown until a final phase may be: what it was before.
fn withheld(runtime: &Runtime) -> &'static str {
    if runtime.main_containers().iter().all(|container| container.run == 0) { "Pending" } else { "Running" }
}

fn condition(kind: &str, holds: bool, reason: &str, message: String) -> PodCondition {
    PodCondition {
        r#type: kind.to_owned(),
        status: if holds { "True" } else { "False" }.to_owned(),
        reason: reason.to_owned(),
        message,
        ..PodCondition::default()
    }
}

fn sandbox(sandbox: Sandbox) -> PodCondition {
    let message = match sandbox {
        Sandbox::Ready => return condition("PodReadyToStartContainers", true, "", String::new()),
        Sandbox::None => "no pod sandbox exists",
        Sandbox::Gone => "pod sandbox is not ready",
    };
    condition("PodReadyToStartContainers", false, "PodSandboxNotReady", message.to_owned())
}

fn initialized(runtime: &Runtime, reached: &str) -> PodCondition {
    if runtime.initialized() {
        let reason = if reached == "Succeeded" { "PodCompleted" } else { "" };
        return condition("Initialized", true, reason, String::new());
    }
    let missing = names(runtime.init_containers().iter().filter(|container| match container.role {
        Role::Sidecar => container.run == 0,
        _ => container.ended() != Some(true),
    }));
    let message = format!("containers with incomplete status: [{missing}]");
    condition("Initialized", false, "ContainersNotInitialized", message)
}

fn ready(runtime: &Runtime, kind: &str, reached: &str) -> PodCondition {
    match reached {
        "Succeeded" => return condition(kind, false, "PodCompleted", String::new()),
        "Failed" => return condition(kind, false, "PodFailed", String::new()),
        _ => {}
    }
    let sidecars = runtime.init_containers().iter().filter(|container| container.role == Role::Sidecar);
    let mut unready =
        sidecars.chain(runtime.main_containers()).filter(|container| !container.is_running()).peekable();
    if unready.peek().is_none() {
        return condition(kind, true, "", String::new());
    }
    let message = format!("containers with unready status: [{}]", names(unready));
    condition(kind, false, "ContainersNotReady", message)
}

fn names<'a>(containers: impl Iterator<Item = &'a ContainerRuntime>) -> String {
    containers.map(|container| container.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn status(container: &ContainerRuntime) -> ContainerStatus {
    let mut state = ContainerState::default();
    match &container.state {
        State::Waiting(waiting) => state.waiting = Some(waiting.clone()),
        State::Running(since) => state.running = Some(Running { started_at: Some(second(*since)) }),
        State::Exited(terminated) => state.terminated = Some(terminated.clone()),
    }
    let ready = match container.role {
        Role::Init => container.ended() == Some(true),
        _ => container.is_running(),
    };
    ContainerStatus {
        name: container.name.clone(),
        state,
        last_state: ContainerState { terminated: container.last.clone(), ..ContainerState::default() },
        ready,
        restart_count: container.restarts,
        // An id belongs to a run; one that is only created has none to show yet.
        container_id: if container.run > 0 { container.id.clone() } else { String::new() },
        started: Some(container.is_running()),
    }
}
