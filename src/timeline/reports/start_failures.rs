//! The reasons why a Pod cannot start, or why its containers fail again and again.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{
    ContainerLife, ContainerRole, ContainerRun, Lifecycle, PhaseKind, PodOutcome, is_pull_failure,
};
use crate::observation::saturating_add;
use crate::timeline::reports::fatal_kind::FatalKind;

/// An image counts as missing after this number of failed pulls, because a registry may fail once.
const MAX_FAILED_PULLS: u32 = 2;

/// A container counts as failing again and again from this restart on.
const MAX_RESTARTS: u32 = 3;

/// The kubelet forgets the back-off of a container that has run for this time.
const MIN_RECOVERED_RUN: SignedDuration = SignedDuration::from_mins(10);

/// Part of the message about a name that is not the name of an image.
const INVALID_IMAGE_NAME: &str = "invalid reference format";

/// Part of the message about an image that the node does not have and may not pull.
const PULL_FORBIDDEN: &str = "pull policy of Never";

/// Parts of messages about a registry, a webhook or an API server that does not answer as usual. The next attempt may
/// succeed.
const TRANSIENT_ERRORS: [&str; 19] = [
    "timeout",
    "timed out",
    "deadline exceeded",
    "connection refused",
    "connection reset",
    "EOF",
    "no such host",
    "no route to host",
    "network is unreachable",
    "server misbehaving",
    "temporary failure",
    "TLS handshake",
    "toomanyrequests",
    "Too Many Requests",
    "Internal Server Error",
    "Bad Gateway",
    "Service Unavailable",
    "unavailable",
    "failed to sync ",
];

/// Whether the message is about an error after which the same attempt may succeed a moment later.
pub(crate) fn is_transient(message: &str) -> bool {
    TRANSIENT_ERRORS.iter().any(|part| message.contains(part))
}

/// A reason why a Pod cannot start or go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StartFailure {
    pub(crate) kind: FatalKind,
    /// Since when the reason holds.
    pub(crate) since: Timestamp,
    /// The time at which the reason becomes fatal. This time may be in the future.
    pub(crate) due: Timestamp,
}

/// The reason why a Pod with this life cannot start, or why its containers fail again and again. `patience` is how long
/// the Pod may wait for something that may still come without help. `None` if the Pod has ended or is being deleted.
pub(crate) fn find_start_failure(
    life: &Lifecycle,
    patience: SignedDuration,
    now: Timestamp,
) -> Option<StartFailure> {
    if life.instants.delete_requested.is_some() {
        return None;
    }
    match life.outcome {
        PodOutcome::Pending => unschedulable(life, patience),
        PodOutcome::Starting | PodOutcome::Running => not_taken_up(life, patience)
            .or_else(|| unpullable(life, patience, now))
            .or_else(|| misconfigured(life, now))
            .or_else(|| crash_looping(life, now)),
        PodOutcome::Succeeded
        | PodOutcome::Failed
        | PodOutcome::NeverStarted
        | PodOutcome::Deleted
        | PodOutcome::Unknown
        | PodOutcome::Gone => None,
    }
}

/// A new node needs time to start, so the wait begins again at the first report of an autoscaler.
fn unschedulable(life: &Lifecycle, patience: SignedDuration) -> Option<StartFailure> {
    let since = life.unschedulable_since?;
    let waits_since = life.scale_up_requested.map_or(since, |requested| requested.max(since));
    let kind = FatalKind::Unschedulable { reason: life.reason.clone() };
    Some(StartFailure { kind, since, due: saturating_add(waits_since, patience) })
}

fn not_taken_up(life: &Lifecycle, patience: SignedDuration) -> Option<StartFailure> {
    let since = life.not_taken_up_since?;
    Some(StartFailure { kind: FatalKind::NotTakenUp, since, due: saturating_add(since, patience) })
}

fn unpullable(life: &Lifecycle, patience: SignedDuration, now: Timestamp) -> Option<StartFailure> {
    let reports_failure =
        |container: &ContainerLife| container.waiting.as_deref().is_some_and(is_pull_failure);
    // Events report a failure earlier than the status does.
    let from_events = life.unpullable_container();
    let mut waiting = own_containers(life).filter(|container| !container.is_running());
    let container = waiting.find(|container| {
        reports_failure(container) || from_events.is_some_and(|other| other.name == container.name)
    })?;
    let is_own_reason = life.reason.as_deref().is_some_and(is_pull_failure)
        && from_events.is_none_or(|other| other.name == container.name);
    let cause = life.message.as_ref().filter(|_| is_own_reason);
    let since = life
        .phases
        .iter()
        .find(|phase| phase.kind == PhaseKind::PullFailing)
        .map_or(now, |phase| phase.start);
    let image = Arc::clone(&container.image);
    let attempts = container.failed_pulls;
    let has_reason = |reason: &str, text: &str| {
        container.waiting.as_deref() == Some(reason) || cause.is_some_and(|cause| cause.contains(text))
    };
    let (kind, due) = if has_reason("InvalidImageName", INVALID_IMAGE_NAME) {
        (FatalKind::InvalidImageName { image }, since)
    } else if has_reason("ErrImageNeverPull", PULL_FORBIDDEN) {
        (FatalKind::ImageNotPresent { image }, since)
    } else if attempts < MAX_FAILED_PULLS && !is_checked_without_pull(container) {
        return None;
    } else {
        let is_final = attempts >= MAX_FAILED_PULLS && !cause.is_some_and(|cause| is_transient(cause));
        let due = if is_final { since } else { saturating_add(since, patience) };
        (FatalKind::ImageNotPullable { image, cause: cause.cloned(), attempts }, due)
    };
    Some(StartFailure { kind, since, due })
}

/// Whether the kubelet refuses the image, or cannot reach the registry, without a pull that could be counted.
fn is_checked_without_pull(container: &ContainerLife) -> bool {
    let reason = container.waiting.as_deref();
    matches!(reason, Some("ImageInspectError" | "RegistryUnavailable" | "SignatureValidationFailed"))
}

/// A `ConfigMap`, a Secret, or a key in one of them is missing, or the configuration of a container is invalid.
fn misconfigured(life: &Lifecycle, now: Timestamp) -> Option<StartFailure> {
    let cause = life.message.as_ref()?;
    let is_fatal = match life.reason.as_deref()? {
        "CreateContainerConfigError" => !is_transient(cause),
        // There are many causes why a volume cannot be mounted. Most of these causes can pass by themselves.
        "FailedMount" => is_missing_configuration(cause),
        _ => false,
    };
    let since = life.open_phase().map_or(now, |phase| phase.start);
    let kind = FatalKind::Misconfigured { cause: Arc::clone(cause) };
    is_fatal.then_some(StartFailure { kind, since, due: since })
}

/// Whether the kubelet cannot mount a volume because a `ConfigMap`, a Secret, or a key in one of them is missing.
fn is_missing_configuration(cause: &str) -> bool {
    let is_object_missing = ["configmap \"", "secret \""].iter().any(|object| cause.contains(object));
    (is_object_missing && cause.ends_with("not found"))
        || cause.contains("references non-existent config key")
        || cause.contains("references non-existent secret key")
}

fn crash_looping(life: &Lifecycle, now: Timestamp) -> Option<StartFailure> {
    let is_looping = |container: &&ContainerLife| {
        container.restarts >= MAX_RESTARTS && !has_recovered(container, now) && !is_done(life, container)
    };
    let container = own_containers(life).find(is_looping)?;
    let last = container.runs.iter().rev().find(|run| run.ended);
    let time_of = |run: &ContainerRun| run.end.or(run.start).map(|instant| instant.at);
    let since = last.and_then(time_of).unwrap_or(now);
    let kind = FatalKind::CrashLoop {
        container: Arc::clone(&container.name),
        exit_code: last.and_then(|run| run.exit_code),
        restarts: container.restarts,
    };
    Some(StartFailure { kind, since, due: since })
}

/// Whether the present run of a container has lasted so long that it is not one of the runs that failed quickly. A run
/// with an unknown start counts as long.
fn has_recovered(container: &ContainerLife, now: Timestamp) -> bool {
    let present = container.runs.last().filter(|run| !run.ended);
    present.is_some_and(|run| run.start.is_none_or(|start| now.duration_since(start.at) >= MIN_RECOVERED_RUN))
}

/// Whether the last run of a container succeeded and the kubelet does not start the container again.
fn is_done(life: &Lifecycle, container: &ContainerLife) -> bool {
    let has_succeeded = container.runs.last().is_some_and(|run| run.ended && run.exit_code == Some(0));
    let waits_for_restart = life.open_phase().is_some_and(|open| {
        open.kind == PhaseKind::BackOff && open.container.as_ref() == Some(&container.name)
    });
    has_succeeded && !waits_for_restart
}

/// All containers except debug containers.
fn own_containers(life: &Lifecycle) -> impl Iterator<Item = &ContainerLife> {
    life.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral)
}
