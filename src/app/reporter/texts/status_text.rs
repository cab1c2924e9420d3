//! The texts of the lines: the state of a Pod and the state of a workload.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::app::reporter::goal_count::GoalCount;
use crate::app::reporter::reported_facts::{ReportedPod, count_open_pods, ended_mains};
use crate::lifecycle::{ContainerLife, Lifecycle, PhaseKind, PodOutcome, RangedDuration, Readiness};
use crate::timeline::{PodKey, Timeline, Workload, WorkloadState};
use crate::view::primitives::{duration, text};
use crate::view::rows::container_text::{
    describe_cause, describe_failed_init, describe_last_kill, describe_never_ready, describe_reason,
    describe_runs, describe_start_wait, describe_waiting_main, last_exit_code,
};
use crate::view::{Style, describe_special_end};

/// A first line gives the age of a workload that is at least this old.
const MIN_DESCRIBED_AGE: SignedDuration = SignedDuration::from_secs(5);

/// Joins the names of containers with commas.
fn join_names<'a>(containers: impl Iterator<Item = &'a ContainerLife>) -> String {
    containers.map(|container| text::clean(&container.name)).collect::<Vec<_>>().join(", ")
}

/// Describes a Pod whose work goes on. `before` is the last report about the Pod.
fn describe_running(life: &Lifecycle, before: Option<&ReportedPod>, node: &str) -> (String, Style) {
    let running = || life.main_containers().filter(|main| main.is_running());
    let others = match join_names(running()) {
        names if names.is_empty() || life.main_containers().count() == 1 => String::new(),
        names => format!("; {names} {}", if running().count() == 1 { "runs" } else { "run" }),
    };
    if life.instants.delete_requested.is_some() {
        return (format!("is being deleted{node}"), Style::Warning);
    }
    if let Some(wait) = describe_waiting_main(life) {
        return (format!("{wait}{others}{node}"), Style::Warning);
    }
    let running_before = before.filter(|before| before.outcome == PodOutcome::Running);
    if ended_mains(life).count() > running_before.map_or(0, |before| before.ended_mains) {
        let ends: Vec<String> = ended_mains(life)
            .map(|main| {
                let code = last_exit_code(main).map(|code| format!(" with exit code {code}"));
                format!("container {} ended{}", text::clean(&main.name), code.unwrap_or_default())
            })
            .collect();
        return (format!("{}{others}{node}", ends.join(", ")), Style::Text);
    }
    if life.readiness == Readiness::Ready && running_before.is_some_and(|before| !before.is_ready) {
        return (format!("is ready{}{node}", describe_unready_time(life)), Style::Text);
    }
    let node =
        if life.readiness == Readiness::NotYet { format!("{node}, not ready yet") } else { node.into() };
    let restarted = || running().filter(|main| main.runs.len() > 1 || main.runs_not_seen > 0);
    let text = match (restarted().count(), life.main_containers().count()) {
        (0, _) if running().any(|main| main.runs.iter().all(|run| run.start.is_none())) => {
            format!("runs{node} since an unknown time")
        }
        (0, _) => format!("runs{node}{}", describe_cold_start(life)),
        (_, 1) => {
            let cause = describe_last_kill(life).map(|cause| format!(" after {cause}"));
            format!("runs again{node}{}", cause.unwrap_or_default())
        }
        (_, _) => format!("container {} runs again{node}", join_names(restarted())),
    };
    (text, Style::Text)
}

/// Describes the state of a Pod. `before` is the last report about the Pod. Returns `None` for a Pod that waits without
/// a reason.
pub(crate) fn describe_pod(
    timeline: &Timeline,
    key: PodKey,
    before: Option<&ReportedPod>,
) -> Option<(String, Style)> {
    if let Some(words) = describe_special_end(timeline, key, None) {
        return Some((words, Style::Warning));
    }
    let pod = timeline.pod(key);
    let life = &pod.life;
    let node = pod.node.as_deref().map(|node| format!(" on {node}")).unwrap_or_default();
    let reason = describe_reason(life);
    Some(match life.outcome {
        PodOutcome::Pending | PodOutcome::Starting => {
            let reason = describe_failed_init(life).or_else(|| describe_start_wait(life)).or(reason)?;
            (format!("waits: {reason}"), Style::Warning)
        }
        PodOutcome::Running => describe_running(life, before, &node),
        PodOutcome::Succeeded => {
            let (run_time, cold_start) = (describe_run_time(life), describe_cold_start(life));
            (format!("succeeded after {run_time}{cold_start}{node}"), Style::Success)
        }
        PodOutcome::Failed => {
            let code = life.exit_code.map(|code| format!("exit code {code}"));
            let is_generic = life.reason.as_deref() == Some("Error");
            let cause = || describe_cause(life).map(Cow::into_owned);
            let reason = reason.filter(|_| !is_generic).or_else(cause);
            let reason = match (reason, code) {
                (Some(reason), Some(code)) => format!("{reason}, {code}"),
                (reason, code) => reason.or(code).unwrap_or_else(|| "for an unknown reason".into()),
            };
            let (run_time, cold_start) = (describe_run_time(life), describe_cold_start(life));
            (format!("failed: {reason}, after {run_time}{cold_start}{node}"), Style::Failure)
        }
        PodOutcome::NeverStarted => (
            format!(
                "never started: {}{node}",
                describe_failed_init(life).or(reason).unwrap_or_else(|| "reason unknown".into())
            ),
            Style::Failure,
        ),
        PodOutcome::Deleted => {
            let reason = reason.filter(|reason| reason != "Deleted").map(|reason| format!(": {reason}"));
            (format!("deleted{}{node}", reason.unwrap_or_default()), Style::Warning)
        }
        PodOutcome::Gone => (format!("gone; its Events do not show how it ended{node}"), Style::Warning),
        PodOutcome::Unknown => {
            let since = life.unknown_since().map(|since| since.strftime(" since %H:%M:%SZ").to_string());
            let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            (format!("state unknown{}{reason}{node}", since.unwrap_or_default()), Style::Warning)
        }
    })
}

/// Describes the time from the start of the work to the first Ready: ` after 3.2s`.
fn describe_unready_time(life: &Lifecycle) -> String {
    let (started, ready) = (life.instants.work_started, life.instants.ready);
    let time = started.zip(ready).map(|(started, ready)| RangedDuration::between(&started, &ready));
    time.map(|time| format!(" after {}", duration::format_ranged(time))).unwrap_or_default()
}

fn describe_run_time(life: &Lifecycle) -> String {
    let time = life.run.map(duration::format_ranged);
    let time = time.as_deref().unwrap_or("an unknown time");
    format!("{time}{}{}", describe_runs(life), describe_never_ready(life))
}

/// Describes the cold start and the sum of the pulls: ` (cold start 3.2s, pull 1.5s)`. Returns an empty text if the
/// cold start is unknown.
fn describe_cold_start(life: &Lifecycle) -> String {
    let Some(cold_start) = life.cold_start else { return String::new() };
    let pull: SignedDuration = life
        .phases
        .iter()
        .filter(|phase| phase.kind == PhaseKind::Pulling)
        .filter_map(|phase| Some(phase.end?.duration_since(phase.start)))
        .sum();
    let pull =
        if pull.is_zero() { String::new() } else { format!(", pull {}", duration::format_exact(pull)) };
    format!(" (cold start {}{pull})", duration::format_ranged(cold_start))
}

pub(crate) fn describe_workload(timeline: &Timeline, workload: &Workload) -> (String, Style) {
    let reason = workload.reason.as_deref().map(|reason| text::clean(reason).into_owned());
    let message = workload.message.as_deref().map(|message| text::clean(message).into_owned());
    let explanation = match (reason, message.clone()) {
        (Some(reason), Some(message)) => format!(": {reason}, {message}"),
        (Some(reason), None) => format!(": {reason}"),
        (None, _) => String::new(),
    };
    if let (Some(block), false) = (&workload.creation_block, workload.has_ended()) {
        return (format!("cannot create Pods: {}", text::clean(&block.message)), Style::Warning);
    }
    let elsewhere = workload.runs_elsewhere_by().map(|controller| {
        format!("managed by {}; its Pods may run in another cluster", text::clean(controller))
    });
    let open_pods = count_open_pods(timeline, workload);
    if timeline.is_stopping(workload) && open_pods > 0 {
        let pods = if open_pods == 1 { "1 Pod".to_owned() } else { format!("{open_pods} Pods") };
        let (verb, style) = if timeline.is_failing(workload) {
            ("fails", Style::Failure)
        } else {
            ("succeeds", Style::Success)
        };
        return (format!("{verb}{explanation}; {pods} must stop first"), style);
    }
    if let Some(availability) = describe_availability(timeline, workload) {
        match workload.state {
            WorkloadState::Running => return (format!("rolls out, {availability}"), Style::Text),
            WorkloadState::Succeeded => return (format!("rolled out, {availability}"), Style::Success),
            WorkloadState::Failed => {
                return (format!("failed to roll out{explanation}; {availability}"), Style::Failure);
            }
            WorkloadState::Pending | WorkloadState::Suspended | WorkloadState::Unknown => {}
        }
    }
    match workload.state {
        WorkloadState::Pending if elsewhere.is_some() => {
            (format!("is {}", elsewhere.unwrap_or_default()), Style::Text)
        }
        WorkloadState::Pending => match workload.next_run {
            Some(at) => (format!("waits for its next run at {}", at.strftime("%H:%M:%SZ")), Style::Text),
            None => ("waits for its first Pod".into(), Style::Text),
        },
        WorkloadState::Suspended => (describe_suspension(workload), Style::Warning),
        WorkloadState::Running => {
            let elsewhere = elsewhere.map(|elsewhere| format!(", {elsewhere}")).unwrap_or_default();
            (format!("runs{elsewhere}"), Style::Text)
        }
        WorkloadState::Succeeded => ("succeeded".into(), Style::Success),
        WorkloadState::Failed => (format!("failed{explanation}"), Style::Failure),
        WorkloadState::Unknown if workload.gone => ("was deleted before it ended".into(), Style::Warning),
        WorkloadState::Unknown => (message.unwrap_or_else(|| "state unknown".into()), Style::Warning),
    }
}

/// Describes how many Pods of a rollout are available: `1/2 available`. `None` if the workload is not a rollout.
pub(crate) fn describe_availability(timeline: &Timeline, workload: &Workload) -> Option<String> {
    let count = GoalCount::from_workload(timeline, workload).filter(|_| workload.is_rollout)?;
    Some(format!("{count} available"))
}

/// Describes the age of a workload that has not ended: `created 10s ago`. `None` for a new workload.
pub(crate) fn describe_age(workload: &Workload, now: Timestamp) -> Option<String> {
    let age = now.duration_since(workload.created?);
    (age >= MIN_DESCRIBED_AGE && !workload.has_ended())
        .then(|| format!("created {} ago", duration::format_elapsed(age)))
}

/// Lists the reasons why Pods wait, sorted by reason. Each reason comes with its Pods and a text: `2 Pods: Insufficient
/// cpu`. `reported` contains the facts about the Pods.
pub(crate) fn list_waits(
    pods: &[PodKey],
    reported: &HashMap<PodKey, ReportedPod>,
) -> Vec<(Vec<PodKey>, String)> {
    let mut pods_by_reason: BTreeMap<&str, Vec<PodKey>> = BTreeMap::new();
    for key in pods {
        if let Some(reason) = reported.get(key).and_then(|pod| pod.wait_reason.as_deref()) {
            pods_by_reason.entry(reason).or_default().push(*key);
        }
    }
    let waits = pods_by_reason.into_iter().map(|(reason, pods)| {
        let noun = if pods.len() == 1 { "Pod" } else { "Pods" };
        let text = format!("{} {noun}: {}", pods.len(), text::clean(reason));
        (pods, text)
    });
    waits.collect()
}

/// Describes a suspension. Names the condition that the workload waits for, unless the user has to resume the workload.
pub(crate) fn describe_suspension(workload: &Workload) -> String {
    let open_hold = workload.holds.iter().find(|hold| !hold.ended && hold.message.is_none());
    match open_hold.filter(|hold| *hold.reason != *"suspended") {
        Some(hold) => format!("is suspended, waits for {}", text::clean(&hold.reason)),
        None => "is suspended".into(),
    }
}

/// Describes the end of a suspension: `is resumed after 12s`.
pub(crate) fn describe_resumption(workload: &Workload, now: Timestamp) -> String {
    let last = workload.holds.iter().rfind(|hold| hold.ended && hold.message.is_none());
    match last.and_then(|hold| hold.duration(now)) {
        Some(duration) => format!("is resumed after {}", duration::format_elapsed(duration)),
        None => "is resumed".into(),
    }
}
