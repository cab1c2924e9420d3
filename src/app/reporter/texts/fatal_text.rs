//! The sentences about fatal causes.

use jiff::Timestamp;

use crate::app::reporter::texts::status_text::{describe_pod, describe_workload};
use crate::lifecycle::PodOutcome;
use crate::timeline::{FatalCause, FatalKind, PodKey, Timeline, Workload};
use crate::view::primitives::{duration, text};
use crate::view::rows::container_text::{describe_last_kill, format_restarts};
use crate::view::{Names, Style};

/// Ends the line about a Pod of a Job that failed for good.
pub(crate) const NO_FURTHER_TRY: &str = "; no further try";

/// Describes a fatal cause as a sentence: `pi-x8k2p cannot start: configmap "nope" not found`.
pub(crate) fn describe_fatal_cause(timeline: &Timeline, cause: &FatalCause, now: Timestamp) -> String {
    let names = Names::from_timeline(timeline);
    let workload = workload_of(timeline, cause);
    let subject = match (cause.pod, workload) {
        (Some(pod), _) => names.pod(timeline.identity(pod)),
        (None, Some(workload)) => names.workload(workload),
        (None, None) => "the workload".to_owned(),
    };
    format!("{subject} {}", describe_predicate(timeline, cause, now).0)
}

/// Describes a fatal cause without its subject, as lines do after the name.
pub(crate) fn describe_predicate(timeline: &Timeline, cause: &FatalCause, now: Timestamp) -> (String, Style) {
    let waited = || duration::format_elapsed(now.duration_since(cause.since));
    let cannot_start =
        |why: String| (format!("{}: {why}", describe_obstacle(timeline, cause.pod)), Style::Failure);
    match &cause.kind {
        FatalKind::Failed { .. } => describe_failed(timeline, cause),
        FatalKind::ImageNotPullable { image, cause, attempts } => {
            let why = cause.as_ref().map_or("cannot be pulled".into(), |cause| text::clean(cause));
            let attempts = if *attempts > 1 { format!(" ({attempts} attempts)") } else { String::new() };
            cannot_start(format!("image {}: {why}{attempts}", text::clean(image)))
        }
        FatalKind::InvalidImageName { image } => {
            cannot_start(format!("the image name {} is invalid", text::clean(image)))
        }
        FatalKind::ImageNotPresent { image } => {
            let node = describe_node(timeline, cause.pod);
            cannot_start(format!(
                "image {} is not on {node}, and its pull policy is Never",
                text::clean(image)
            ))
        }
        FatalKind::Misconfigured { cause } => cannot_start(text::clean(cause).into_owned()),
        FatalKind::Unschedulable { reason } => {
            let reason = reason.as_deref().map(|reason| format!(": {}", text::clean(reason)));
            let text = format!("has been unschedulable for {}{}", waited(), reason.unwrap_or_default());
            (text, Style::Failure)
        }
        FatalKind::NotTakenUp => {
            let node = describe_node(timeline, cause.pod);
            cannot_start(format!("{node} has not taken it up for {}", waited()))
        }
        FatalKind::CrashLoop { container, exit_code, restarts } => {
            let life = cause.pod.map(|pod| timeline.pod(pod).life);
            let is_only = life.as_ref().is_none_or(|life| life.containers.len() == 1);
            let subject =
                if is_only { String::new() } else { format!("container {}: ", text::clean(container)) };
            let kill = life.and_then(|life| describe_last_kill(&life)).map(|kill| format!(", {kill}"));
            let code = exit_code.map(|code| format!("exit code {code}, ")).unwrap_or_default();
            let restarts = format_restarts(*restarts);
            let text = format!("ends again and again: {subject}{code}{restarts}{}", kill.unwrap_or_default());
            (text, Style::Failure)
        }
        FatalKind::Refused { message } => {
            (format!("cannot create Pods: {}", text::clean(message)), Style::Warning)
        }
        FatalKind::WorkloadFailed => match workload_of(timeline, cause) {
            Some(workload) => describe_workload(timeline, workload),
            None => ("failed".to_owned(), Style::Failure),
        },
    }
}

fn workload_of<'a>(timeline: &'a Timeline, cause: &FatalCause) -> Option<&'a Workload> {
    timeline.workloads().iter().find(|workload| workload.uid == cause.workload)
}

/// Describes a failure for good as the line about the Pod does.
fn describe_failed(timeline: &Timeline, cause: &FatalCause) -> (String, Style) {
    let (Some(pod), FatalKind::Failed { exit_code, .. }) = (cause.pod, &cause.kind) else {
        return ("failed".to_owned(), Style::Failure);
    };
    let is_job = workload_of(timeline, cause).is_some_and(|workload| &*workload.kind == "Job");
    let end = if is_job { NO_FURTHER_TRY } else { "" };
    let life = &timeline.pod(pod).life;
    if life.outcome.has_failed()
        && let Some((text, style)) = describe_pod(timeline, pod, None)
    {
        return (format!("{text}{end}"), style);
    }
    // A Job that counts restarts deletes the Pod, which therefore has not failed itself.
    let code = exit_code.map(|code| format!("exit code {code}, ")).unwrap_or_default();
    let restarts = format_restarts(life.count_restarts());
    (format!("failed again and again: {code}{restarts}{end}"), Style::Failure)
}

/// Describes the obstacle of a Pod. If another container of the Pod runs, the Pod has started, so only a container
/// cannot start.
fn describe_obstacle(timeline: &Timeline, pod: Option<PodKey>) -> &'static str {
    match pod.map(|pod| timeline.overview(pod).outcome) {
        Some(PodOutcome::Running) => "cannot start a container",
        Some(_) | None => "cannot start",
    }
}

fn describe_node(timeline: &Timeline, pod: Option<PodKey>) -> String {
    let node = pod.and_then(|pod| timeline.identity(pod).node.as_deref());
    node.map_or("its node".to_owned(), |node| text::clean(node).into_owned())
}
