//! The lines that report changes of state, and counts after a long silence. The lines contain no cursor movements.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{ContainerRole, Lifecycle, PhaseKind, PodOutcome};
use crate::timeline::{Changes, OpenRetry, PodKey, Timeline, TimelinePod, Workload, WorkloadState};
use crate::view::primitives::{duration, text};
use crate::view::{Line, Names, Style, describe_next_try};

/// After this time without a line, a line reports how many Pods are in which state.
const MAX_SILENCE: SignedDuration = SignedDuration::from_secs(15);

/// The facts that the last line about a Pod reported. A new line is written when one of these facts changes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ReportedPod {
    outcome: PodOutcome,
    /// The reason why the Pod waits, or `None` if the Pod has ended.
    wait_reason: Option<Arc<str>>,
    /// Number of ended runs of the main containers.
    ended_runs: usize,
}

/// The facts that the last line about a workload reported.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ReportedWorkload {
    state: WorkloadState,
    /// The reason why the controller cannot create Pods.
    block_reason: Option<Arc<str>>,
}

/// Writes lines about a timeline and remembers the facts that the lines have reported.
#[derive(Debug, Default)]
pub struct StatusLines {
    pods: HashMap<PodKey, ReportedPod>,
    /// The facts about each workload, by uid.
    workloads: HashMap<Arc<str>, ReportedWorkload>,
    last_line: Option<Timestamp>,
}

impl StatusLines {
    /// Returns a line for each workload that exists when following begins, and a line for each reason why Pods of the
    /// workload wait.
    pub fn begin(&mut self, timeline: &Timeline, now: Timestamp) -> Vec<Line> {
        self.last_line = Some(now);
        let mut lines = Vec::new();
        for workload in timeline.workloads() {
            for (key, pod) in timeline.pods(workload) {
                self.pods.insert(key, ReportedPod::new(&pod.life));
            }
            self.workloads.insert(Arc::clone(&workload.uid), ReportedWorkload::new(workload));
            let (mut text, style) = describe_workload(workload);
            if workload.state == WorkloadState::Running {
                text = format!("{text}: {}", count_pods(timeline, workload));
            }
            lines.push(workload_line(timeline, workload, now, &text, style));
            lines.extend(self.wait_lines(timeline, workload, now));
        }
        lines
    }

    /// Returns a line for each reason why Pods of a workload wait.
    fn wait_lines(&self, timeline: &Timeline, workload: &Workload, now: Timestamp) -> Vec<Line> {
        let mut pods_by_reason: BTreeMap<&Arc<str>, Vec<PodKey>> = BTreeMap::new();
        for key in &workload.pods {
            if let Some(reason) = self.pods.get(key).and_then(|pod| pod.wait_reason.as_ref()) {
                pods_by_reason.entry(reason).or_default().push(*key);
            }
        }
        let lines = pods_by_reason.into_iter().filter_map(|(reason, pods)| match pods.as_slice() {
            &[key] => {
                let (text, style) = describe_pod(&timeline.pod(key))?;
                Some(pod_line(timeline, workload, now, key, &text, style))
            }
            pods => {
                let text = format!("{} Pods: {}", pods.len(), text::clean(reason));
                Some(workload_line(timeline, workload, now, &text, Style::Warning))
            }
        });
        lines.collect()
    }

    /// Returns the lines about the changes since the last call.
    pub fn report_changes(&mut self, timeline: &Timeline, changes: &Changes, now: Timestamp) -> Vec<Line> {
        let mut lines = Vec::new();
        // The open retries of a workload are computed only once, and only if one of its Pods has failed.
        let mut retries: HashMap<Arc<str>, HashMap<PodKey, OpenRetry>> = HashMap::new();
        for &key in &changes.pods {
            let pod = timeline.pod(key);
            let reported = ReportedPod::new(&pod.life);
            if self.pods.insert(key, reported.clone()).as_ref() == Some(&reported) {
                continue;
            }
            let Some(workload) = timeline.workload_of(key) else { continue };
            let Some((mut text, style)) = describe_pod(&pod) else { continue };
            if pod.life.outcome.has_failed() && pod.index.is_some() {
                let open = retries.entry(Arc::clone(&workload.uid)).or_insert_with(|| {
                    let open = timeline.open_retries(workload, now);
                    open.into_iter().map(|open| (open.pod, open)).collect()
                });
                if let Some(open) = open.get(&key) {
                    text += "; ";
                    text += &describe_next_try(open, now);
                }
            }
            lines.push(pod_line(timeline, workload, now, key, &text, style));
        }
        for workload in timeline.workloads().iter().filter(|workload| &*workload.kind != "Pod") {
            let reported = ReportedWorkload::new(workload);
            let before = self.workloads.insert(Arc::clone(&workload.uid), reported.clone());
            if !reported.needs_line_after(before.as_ref()) {
                continue;
            }
            let was_suspended = before.is_some_and(|before| before.state == WorkloadState::Suspended);
            let (mut text, style) = describe_workload(workload);
            if was_suspended && !workload.has_ended() {
                text = describe_resumption(workload, now);
            }
            lines.push(workload_line(timeline, workload, now, &text, style));
        }
        if !lines.is_empty() {
            self.last_line = Some(now);
        }
        lines
    }

    /// Returns a line about each workload that has not ended, if no line was written for [`MAX_SILENCE`]. If there is
    /// no workload, a single line says so.
    pub fn report_silence(&mut self, timeline: &Timeline, now: Timestamp) -> Vec<Line> {
        let last_line = *self.last_line.get_or_insert(now);
        if now.duration_since(last_line) < MAX_SILENCE {
            return Vec::new();
        }
        self.last_line = Some(now);
        if timeline.workloads().is_empty() {
            return vec![Line::new("no workload yet", Style::Dim)];
        }
        let open = timeline.workloads().iter().filter(|workload| !workload.has_ended());
        let lines = open.map(|workload| {
            workload_line(timeline, workload, now, &count_pods(timeline, workload), Style::Dim)
        });
        lines.collect()
    }
}

impl ReportedPod {
    fn new(life: &Lifecycle) -> Self {
        let wait_reason = if life.outcome.has_ended() { None } else { life.reason.clone() };
        Self { outcome: life.outcome, wait_reason, ended_runs: count_ended_runs(life) }
    }
}

impl ReportedWorkload {
    fn new(workload: &Workload) -> Self {
        let block_reason = workload.creation_block.as_ref().map(|block| Arc::clone(&block.message));
        Self { state: workload.state, block_reason }
    }

    /// Whether the workload needs a line. `before` is the last report, or `None` for a new workload.
    fn needs_line_after(&self, before: Option<&Self>) -> bool {
        let is_blocked = self.block_reason.is_some();
        match before {
            // The end of a block needs no line, because the Pods that are then created have lines of their own.
            Some(before) => {
                before.state != self.state || (is_blocked && before.block_reason != self.block_reason)
            }
            None => is_blocked || self.state != WorkloadState::Pending,
        }
    }
}

/// Returns the number of ended runs of the main containers.
fn count_ended_runs(life: &Lifecycle) -> usize {
    let main_containers = life.containers.iter().filter(|container| container.role == ContainerRole::Main);
    main_containers.flat_map(|container| &container.runs).filter(|run| run.ended).count()
}

/// Describes the state of a Pod. Returns `None` for a Pod that waits without a reason.
fn describe_pod(pod: &TimelinePod) -> Option<(String, Style)> {
    let life = &pod.life;
    let node = pod.node.as_deref().map(|node| format!(" on {node}")).unwrap_or_default();
    let reason = life.reason.as_deref().map(|reason| text::clean(reason).into_owned());
    Some(match life.outcome {
        PodOutcome::Pending | PodOutcome::Starting => (format!("waits: {}", reason?), Style::Warning),
        PodOutcome::Running => match reason {
            Some(reason) => {
                let mut runs = life.containers.iter().flat_map(|container| &container.runs);
                let code = runs.rfind(|run| run.ended).and_then(|run| run.exit_code);
                let code = code.map(|code| format!(" after exit code {code}")).unwrap_or_default();
                (format!("{reason}{code}{node}"), Style::Warning)
            }
            None if count_ended_runs(life) > 0 => (format!("runs again{node}"), Style::Text),
            None => (format!("runs{node}{}", describe_cold_start(life)), Style::Text),
        },
        PodOutcome::Succeeded => {
            let (run_time, cold_start) = (describe_run_time(life), describe_cold_start(life));
            (format!("succeeded after {run_time}{cold_start}{node}"), Style::Success)
        }
        PodOutcome::Failed => {
            let code = life.exit_code.map(|code| format!("exit code {code}"));
            let reason = reason.filter(|reason| reason != "Error");
            let reason = match (reason, code) {
                (Some(reason), Some(code)) => format!("{reason}, {code}"),
                (reason, code) => reason.or(code).unwrap_or_else(|| "for an unknown reason".into()),
            };
            let (run_time, cold_start) = (describe_run_time(life), describe_cold_start(life));
            (format!("failed: {reason}, after {run_time}{cold_start}{node}"), Style::Failure)
        }
        PodOutcome::NeverStarted => (
            format!("never started: {}{node}", reason.unwrap_or_else(|| "reason unknown".into())),
            Style::Failure,
        ),
        PodOutcome::Deleted => {
            let reason = reason.filter(|reason| reason != "Deleted").map(|reason| format!(": {reason}"));
            (format!("deleted{}{node}", reason.unwrap_or_default()), Style::Warning)
        }
        PodOutcome::Unknown => (format!("unknown: {}{node}", reason.unwrap_or_default()), Style::Warning),
    })
}

fn describe_run_time(life: &Lifecycle) -> String {
    let is_exact = duration::is_exact_to_tenths(life.instants.work_started)
        && duration::is_exact_to_tenths(life.instants.work_ended);
    life.run.map_or_else(|| "an unknown time".into(), |run| duration::format_duration(run, is_exact))
}

/// Describes the cold start and the sum of the pulls: ` (cold start 3.2s, pull 1.5s)`. Returns an empty text if the
/// cold start is unknown.
fn describe_cold_start(life: &Lifecycle) -> String {
    let is_exact = duration::is_exact_to_tenths(life.instants.scheduled)
        && duration::is_exact_to_tenths(life.instants.work_started);
    let Some(cold_start) = life.cold_start else { return String::new() };
    let pull: SignedDuration = life
        .phases
        .iter()
        .filter(|phase| phase.kind == PhaseKind::Pulling)
        .filter_map(|phase| Some(phase.end?.duration_since(phase.start)))
        .sum();
    let pull = if pull.is_zero() {
        String::new()
    } else {
        format!(", pull {}", duration::format_duration(pull, true))
    };
    format!(" (cold start {}{pull})", duration::format_duration(cold_start, is_exact))
}

fn describe_workload(workload: &Workload) -> (String, Style) {
    let reason = workload.reason.as_deref().map(|reason| text::clean(reason).into_owned());
    let message = workload.message.as_deref().map(|message| text::clean(message).into_owned());
    let explanation = match (reason, message) {
        (Some(reason), Some(message)) => format!(": {reason}, {message}"),
        (Some(reason), None) => format!(": {reason}"),
        (None, _) => String::new(),
    };
    if let (Some(block), false) = (&workload.creation_block, workload.has_ended()) {
        return (format!("cannot create Pods: {}", text::clean(&block.message)), Style::Warning);
    }
    match workload.state {
        WorkloadState::Pending => ("waits for its first Pod".into(), Style::Text),
        WorkloadState::Suspended => (describe_suspension(workload), Style::Warning),
        WorkloadState::Running => ("runs".into(), Style::Text),
        WorkloadState::Succeeded => ("succeeded".into(), Style::Success),
        WorkloadState::Failed => (format!("failed{explanation}"), Style::Failure),
        WorkloadState::Unknown => ("was deleted before it ended".into(), Style::Warning),
    }
}

/// Describes a suspension. Names the condition that the workload waits for, unless the user has to resume the workload.
fn describe_suspension(workload: &Workload) -> String {
    let open_hold = workload.holds.iter().find(|hold| !hold.ended && hold.message.is_none());
    match open_hold.filter(|hold| *hold.reason != *"suspended") {
        Some(hold) => format!("is suspended, waits for {}", text::clean(&hold.reason)),
        None => "is suspended".into(),
    }
}

/// Describes the end of a suspension: `is resumed after 12s`.
fn describe_resumption(workload: &Workload, now: Timestamp) -> String {
    let last = workload.holds.iter().rfind(|hold| hold.ended && hold.message.is_none());
    match last.and_then(|hold| hold.duration(now)) {
        Some(duration) => format!("is resumed after {}", duration::format_duration(duration, false)),
        None => "is resumed".into(),
    }
}

/// Counts the active and failed Pods below a workload by state: `4 running, 1 starting, 2 queued`.
fn count_pods(timeline: &Timeline, workload: &Workload) -> String {
    let pods = timeline.pods_below(workload);
    let count = |outcome| pods.iter().filter(|key| timeline.overview(**key).outcome == outcome).count();
    let parts = [
        (count(PodOutcome::Running), "running"),
        (count(PodOutcome::Starting), "starting"),
        (count(PodOutcome::Pending), "queued"),
        (count(PodOutcome::Failed) + count(PodOutcome::NeverStarted), "failed"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    match parts.is_empty() {
        true if workload.state == WorkloadState::Suspended => describe_suspension(workload),
        true => "no Pod yet".into(),
        false => parts.join(", "),
    }
}

/// Returns a line about a workload.
fn workload_line(timeline: &Timeline, workload: &Workload, now: Timestamp, text: &str, style: Style) -> Line {
    let mut line = line_start(workload, now);
    line.push(format!("{} ", Names::from_timeline(timeline).workload(workload)), Style::Strong);
    line.push(text, style);
    line
}

/// Returns a line about a Pod. The line names the workload if there are several workloads.
fn pod_line(
    timeline: &Timeline,
    workload: &Workload,
    now: Timestamp,
    key: PodKey,
    text: &str,
    style: Style,
) -> Line {
    let mut line = line_start(workload, now);
    let (names, pod) = (Names::from_timeline(timeline), timeline.identity(key));
    if &*workload.kind == "Pod" {
        line.push(format!("{} ", names.pod(pod)), Style::Strong);
    } else {
        if timeline.workloads().len() > 1 {
            let workload = names.with_namespace(&workload.name, &workload.namespace);
            line.push(format!("{workload}: "), Style::Dim);
        }
        line.push(format!("{} ", text::clean(&pod.name)), Style::Strong);
    }
    line.push(text, style);
    line.pod = Some(key);
    line
}

/// Returns the start of a line: the age of the workload, and the number of succeeded Pods.
fn line_start(workload: &Workload, now: Timestamp) -> Line {
    let age = workload.created.map_or(SignedDuration::ZERO, |created| now.duration_since(created));
    let completions = match workload.completions {
        Some(completions) => format!("{}/{completions}", workload.succeeded),
        None => workload.succeeded.to_string(),
    };
    let mut line = Line::default();
    line.push(format!("{:>6}  {completions:>5}  ", duration::format_elapsed(age)), Style::Dim);
    line
}
