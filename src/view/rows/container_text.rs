//! Texts about single containers of a Pod: which of them failed, waits, or keeps the Pod from ending.

use std::borrow::Cow;

use crate::lifecycle::{ContainerLife, ContainerRole, Lifecycle, PhaseKind, Readiness, is_pull_failure};
use crate::view::primitives::text;

/// `1 restart`, `3 restarts`.
pub(crate) fn format_restarts(restarts: u32) -> String {
    format!("{restarts} restart{}", if restarts == 1 { "" } else { "s" })
}

/// Adds the number of runs to the time that all runs of the work took: ` in 4 runs`. Empty for a single run, and for
/// several main containers.
pub(crate) fn describe_runs(life: &Lifecycle) -> String {
    let mut mains = life.main_containers();
    let (Some(main), None) = (mains.next(), mains.next()) else { return String::new() };
    let runs = main.runs.len().saturating_add(usize::try_from(main.runs_not_seen).unwrap_or(usize::MAX));
    if runs > 1 { format!(" in {runs} runs") } else { String::new() }
}

/// The reason of a Pod with the cause behind it: `CreateContainerConfigError: configmap "nope" not found`. A failing
/// pull reads `cannot pull trainer:1: not found`, because its reason alternates between two words.
pub(crate) fn describe_reason(life: &Lifecycle) -> Option<String> {
    let reason = life.reason.as_deref()?;
    let cause = describe_cause(life);
    if !life.outcome.has_failed()
        && is_pull_failure(reason)
        && let Some(container) = life.unpullable_container()
    {
        let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
        return Some(format!("cannot pull {}{cause}", text::clean(&container.image)));
    }
    let reason = text::clean(reason);
    Some(cause.map_or_else(|| reason.to_string(), |cause| format!("{reason}: {cause}")))
}

/// Why the kubelet ended the latest run of a main container that has ended: `liveness probe failed: HTTP 503`. `None`
/// if no failed probe ended it.
pub(crate) fn describe_last_kill(life: &Lifecycle) -> Option<String> {
    let mut causes = life
        .main_containers()
        .filter_map(|main| main.runs.iter().rev().find(|run| run.ended)?.cause.as_deref());
    causes.next().map(|cause| text::clean(cause).into_owned())
}

/// The reason of the phase that goes on. Only the phase of a Pod in the queue names the action of the autoscaler too:
/// `Insufficient cpu (TriggeredScaleUp)`. In any other phase, the reason of the Pod comes first, because it has a
/// cause.
pub(crate) fn describe_open_wait(life: &Lifecycle) -> Option<String> {
    let open = life.open_phase()?;
    let of_phase = || open.wait_reason().map(|reason| text::clean(reason).into_owned());
    if open.kind == PhaseKind::Queued {
        of_phase().or_else(|| describe_reason(life))
    } else {
        describe_reason(life).or_else(of_phase)
    }
}

/// The cause behind the reason of a Pod, escaped for a terminal.
pub(crate) fn describe_cause(life: &Lifecycle) -> Option<Cow<'_, str>> {
    life.message.as_deref().map(text::clean)
}

/// Names the init container that keeps the Pod from working:
/// `init container fetch failed with exit code 5, 3 restarts (Init:CrashLoopBackOff)`.
pub(crate) fn describe_failed_init(life: &Lifecycle) -> Option<String> {
    let init = life.failed_init()?;
    let code = last_exit_code(init).map(|code| format!(" with exit code {code}")).unwrap_or_default();
    let restarts = restarts_after_comma(init);
    let reason = life.reason.as_deref().map(|reason| format!(" ({})", text::clean(reason)));
    let name = text::clean(&init.name);
    Some(format!("init container {name} failed{code}{restarts}{}", reason.unwrap_or_default()))
}

/// Names the init container that keeps the Pod from working: `fetch: Init:CrashLoopBackOff`.
pub(crate) fn label_failed_init(life: &Lifecycle) -> Option<String> {
    let init = life.failed_init()?;
    Some(format!("{}: {}", text::clean(&init.name), text::clean(life.reason.as_deref()?)))
}

/// Describes how the containers with these names failed: `main, exit code 1, 3 restarts; fetch, exit code 2`.
pub(crate) fn describe_failed_containers(life: &Lifecycle, names: &[&str]) -> String {
    let failed = life.containers.iter().filter(|container| names.contains(&&*container.name));
    failed.map(describe_failed_container).collect::<Vec<_>>().join("; ")
}

fn describe_failed_container(container: &ContainerLife) -> String {
    let mut failed = container.runs.iter().rev().filter_map(|run| run.exit_code).filter(|code| *code != 0);
    let code = failed.next().map(|code| format!(", exit code {code}")).unwrap_or_default();
    format!("{}{code}{}", text::clean(&container.name), restarts_after_comma(container))
}

/// Names the main container that cannot run while the Pod works, with the reason: `container main: ImagePullBackOff`.
/// The name is left out if the Pod has only one main container.
pub(crate) fn describe_waiting_main(life: &Lifecycle) -> Option<String> {
    let main = life.waiting_main()?;
    let reason = describe_reason(life)?;
    let name = if life.main_containers().count() > 1 {
        format!("container {}: ", text::clean(&main.name))
    } else {
        String::new()
    };
    let ended = main.runs.iter().rev().find(|run| run.ended);
    let code = ended.and_then(|run| run.exit_code).map(|code| format!(" after exit code {code}"));
    Some(format!("{name}{reason}{}", code.unwrap_or_default()))
}

/// Names the container that keeps a Pod from starting, with the reason: `container side: ErrImagePull`. `None` if the
/// reason concerns no container, and if the Pod has only one container.
pub(crate) fn describe_start_wait(life: &Lifecycle) -> Option<String> {
    let mut own = life.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral);
    let reason = life.reason.as_ref()?;
    let waiting = own.clone().find(|container| container.waiting.as_ref() == Some(reason))?;
    let kind = match waiting.role {
        ContainerRole::Init => "init container",
        ContainerRole::Sidecar => "sidecar",
        ContainerRole::Main | ContainerRole::Ephemeral => "container",
    };
    let wait = describe_reason(life)?;
    own.nth(1).map(|_| format!("{kind} {}: {wait}", text::clean(&waiting.name)))
}

/// Names the sidecar that the kubelet stops after the work: `waits for sidecar logshipper`.
pub(crate) fn describe_stopping(life: &Lifecycle) -> Option<String> {
    let sidecar = life.stopping_sidecar.as_ref()?;
    Some(format!("waits for sidecar {}", text::clean(sidecar)))
}

/// The note after the run time of a Pod that was never Ready: `, never ready`. Empty for any other Pod.
pub(crate) fn describe_never_ready(life: &Lifecycle) -> &'static str {
    if life.readiness == Readiness::NotYet { ", never ready" } else { "" }
}

/// The exit code of the latest run, if that run has ended.
pub(crate) fn last_exit_code(container: &ContainerLife) -> Option<i32> {
    container.runs.last().filter(|run| run.ended).and_then(|run| run.exit_code)
}

fn restarts_after_comma(container: &ContainerLife) -> String {
    match container.restarts {
        0 => String::new(),
        restarts => format!(", {}", format_restarts(restarts)),
    }
}
