//! The lines that report changes of state, and counts after a long silence. The lines contain no cursor movements.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{
    ContainerLife, ContainerRole, ContainerRun, Lifecycle, PhaseKind, PodOutcome, RangedDuration, Readiness,
};
use crate::timeline::{Changes, OpenRetry, PodKey, Timeline, Workload, WorkloadState};
use crate::view::primitives::{duration, text};
use crate::view::rows::container_text::{
    describe_failed_init, describe_never_ready, describe_runs, describe_stopping, describe_waiting_main,
    last_exit_code, main_containers,
};
use crate::view::{Line, Names, Style, describe_next_try, describe_special_end};

/// After this time without a line, a line reports how many Pods are in which state.
const MAX_SILENCE: SignedDuration = SignedDuration::from_secs(15);

/// The facts that the last line about a Pod reported. A new line is written when one of these facts changes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ReportedPod {
    outcome: PodOutcome,
    /// The reason why the Pod waits, or `None` if the Pod has ended.
    wait_reason: Option<Arc<str>>,
    /// Number of ended runs of the main containers, plus the failed runs of the init containers.
    ended_runs: usize,
    /// Number of main containers that have ended, or that wait for their restart.
    ended_mains: usize,
    /// Whether the Pod was Ready. Only for a Pod with a startup or readiness probe on a main container.
    is_ready: bool,
    /// Whether the Pod was lost with its node and is being deleted.
    is_lost: bool,
}

/// The facts that the last line about a workload reported.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ReportedWorkload {
    state: WorkloadState,
    /// The reason why the controller cannot create Pods.
    block_reason: Option<Arc<str>>,
    /// Whether the Pods may be in another cluster, because another controller manages the workload.
    runs_elsewhere: bool,
    /// Whether the controller has decided that the workload ends, but some Pods have not stopped yet.
    is_stopping: bool,
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
                self.pods.insert(key, ReportedPod::new(&pod.life, None));
            }
            let reported = ReportedWorkload::new(timeline, workload);
            let is_stopping = reported.is_stopping;
            self.workloads.insert(Arc::clone(&workload.uid), reported);
            let (mut text, style) = describe_workload(timeline, workload);
            if workload.state == WorkloadState::Running && !is_stopping {
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
                let (text, style) = describe_pod(timeline, key, self.pods.get(&key))?;
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
            let before = self.pods.remove(&key);
            let reported = ReportedPod::new(&pod.life, before.as_ref());
            self.pods.insert(key, reported.clone());
            if before.as_ref() == Some(&reported) {
                continue;
            }
            let Some(workload) = timeline.workload_of(key) else { continue };
            let Some((mut text, style)) = describe_pod(timeline, key, before.as_ref()) else { continue };
            if pod.overview().has_failed() && pod.index.is_some() {
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
            let reported = ReportedWorkload::new(timeline, workload);
            let before = self.workloads.insert(Arc::clone(&workload.uid), reported.clone());
            if !reported.needs_line_after(before.as_ref()) {
                continue;
            }
            let was_suspended = before.is_some_and(|before| before.state == WorkloadState::Suspended);
            let (mut text, style) = describe_workload(timeline, workload);
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
    /// Returns the facts about a Pod. `before` is the last report about the Pod.
    fn new(life: &Lifecycle, before: Option<&Self>) -> Self {
        let wait_reason = if life.outcome.has_ended() { None } else { life.reason.clone() };
        // The deletion ends the containers one after another. Only the end of the Pod needs a line.
        let is_deleted = life.instants.delete_requested.is_some() && !life.outcome.has_ended();
        let (ended_runs, ended_mains, is_ready) = match before.filter(|_| is_deleted) {
            Some(before) => (before.ended_runs, before.ended_mains, before.is_ready),
            None => (count_ended_runs(life), ended_mains(life).count(), life.readiness == Readiness::Ready),
        };
        let is_lost = life.lost_since.is_some() && life.instants.delete_requested.is_some();
        Self { outcome: life.outcome, wait_reason, ended_runs, ended_mains, is_ready, is_lost }
    }
}

impl ReportedWorkload {
    fn new(timeline: &Timeline, workload: &Workload) -> Self {
        let block_reason = workload.creation_block.as_ref().map(|block| Arc::clone(&block.message));
        let runs_elsewhere = workload.runs_elsewhere_by().is_some();
        let is_stopping = timeline.is_stopping(workload) && count_open_pods(timeline, workload) > 0;
        Self { state: workload.state, block_reason, runs_elsewhere, is_stopping }
    }

    /// Whether the workload needs a line. `before` is the last report, or `None` for a new workload.
    fn needs_line_after(&self, before: Option<&Self>) -> bool {
        let is_blocked = self.block_reason.is_some();
        match before {
            // The end of a block needs no line, because the Pods that are then created have lines of their own.
            Some(before) => {
                before.state != self.state
                    || (is_blocked && before.block_reason != self.block_reason)
                    || (self.is_stopping && !before.is_stopping)
            }
            None => is_blocked || self.runs_elsewhere || self.state != WorkloadState::Pending,
        }
    }
}

/// Returns the number of ended runs of the main containers, plus the failed runs of the init containers.
fn count_ended_runs(life: &Lifecycle) -> usize {
    let counts = |(role, run): &(ContainerRole, &ContainerRun)| match role {
        ContainerRole::Main => run.ended,
        ContainerRole::Init => run.ended && run.exit_code != Some(0),
        ContainerRole::Sidecar | ContainerRole::Ephemeral => false,
    };
    let runs =
        life.containers.iter().flat_map(|container| container.runs.iter().map(|run| (container.role, run)));
    runs.filter(counts).count()
}

/// Returns the main containers whose latest run has ended.
fn ended_mains(life: &Lifecycle) -> impl Iterator<Item = &ContainerLife> {
    main_containers(life).filter(|main| main.runs.last().is_some_and(|run| run.ended))
}

/// Joins the names of containers with commas.
fn join_names<'a>(containers: impl Iterator<Item = &'a ContainerLife>) -> String {
    containers.map(|container| text::clean(&container.name)).collect::<Vec<_>>().join(", ")
}

/// Describes a Pod whose work goes on. `before` is the last report about the Pod.
fn describe_running(life: &Lifecycle, before: Option<&ReportedPod>, node: &str) -> (String, Style) {
    let running = || main_containers(life).filter(|main| main.is_running());
    let others = match join_names(running()) {
        names if names.is_empty() || main_containers(life).count() == 1 => String::new(),
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
    let text = match (restarted().count(), main_containers(life).count()) {
        (0, _) if running().any(|main| main.runs.iter().all(|run| run.start.is_none())) => {
            format!("runs{node} since an unknown time")
        }
        (0, _) => format!("runs{node}{}", describe_cold_start(life)),
        (_, 1) => format!("runs again{node}"),
        (_, _) => format!("container {} runs again{node}", join_names(restarted())),
    };
    (text, Style::Text)
}

/// Describes the state of a Pod. `before` is the last report about the Pod. Returns `None` for a Pod that waits without
/// a reason.
fn describe_pod(timeline: &Timeline, key: PodKey, before: Option<&ReportedPod>) -> Option<(String, Style)> {
    if let Some(words) = describe_special_end(timeline, key, None) {
        return Some((words, Style::Warning));
    }
    let pod = timeline.pod(key);
    let life = &pod.life;
    let node = pod.node.as_deref().map(|node| format!(" on {node}")).unwrap_or_default();
    let reason = life.reason.as_deref().map(|reason| text::clean(reason).into_owned());
    Some(match life.outcome {
        PodOutcome::Pending | PodOutcome::Starting => {
            (format!("waits: {}", describe_failed_init(life).or(reason)?), Style::Warning)
        }
        PodOutcome::Running => describe_running(life, before, &node),
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
    let time = started.zip(ready).map(|(started, ready)| RangedDuration::between(started, ready));
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

fn describe_workload(timeline: &Timeline, workload: &Workload) -> (String, Style) {
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
    match workload.state {
        WorkloadState::Pending if elsewhere.is_some() => {
            (format!("is {}", elsewhere.unwrap_or_default()), Style::Text)
        }
        WorkloadState::Pending => ("waits for its first Pod".into(), Style::Text),
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
        Some(duration) => format!("is resumed after {}", duration::format_elapsed(duration)),
        None => "is resumed".into(),
    }
}

/// Returns the number of Pods of a workload that have not ended.
fn count_open_pods(timeline: &Timeline, workload: &Workload) -> usize {
    workload.pods.iter().filter(|key| !timeline.overview(**key).outcome.has_ended()).count()
}

/// Counts the active and failed Pods below a workload by state: `4 running, 1 starting, 2 queued`. A Pod whose deletion
/// was requested, or whose sidecars have not ended, is stopping.
fn count_pods(timeline: &Timeline, workload: &Workload) -> String {
    let pods = timeline.pods_below(workload);
    let is_stopping = |key: &&PodKey| {
        let overview = timeline.overview(**key);
        overview.is_stopping || (overview.deletion_requested && !overview.outcome.has_ended())
    };
    let count = |outcome| {
        let others = pods.iter().filter(|key| !is_stopping(key));
        others.filter(|key| timeline.overview(**key).outcome == outcome).count()
    };
    let is_unready = |key: &&PodKey| timeline.overview(**key).open_phase == Some(PhaseKind::Unready);
    let unready = pods.iter().filter(|key| !is_stopping(key) && is_unready(key)).count();
    let stopping: Vec<PodKey> = pods.iter().filter(is_stopping).copied().collect();
    let parts = [
        (count(PodOutcome::Running).saturating_sub(unready), "running"),
        (unready, "not ready"),
        (count(PodOutcome::Starting), "starting"),
        (count(PodOutcome::Pending), "queued"),
        (pods.iter().filter(|key| timeline.overview(**key).has_failed()).count(), "failed"),
        (count(PodOutcome::Unknown), "unknown"),
    ];
    let mut parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    parts.extend(describe_stopping_pods(timeline, &stopping));
    match (parts.is_empty(), workload.runs_elsewhere_by()) {
        (true, _) if workload.state == WorkloadState::Suspended => describe_suspension(workload),
        (true, Some(controller)) => format!("no Pod here, managed by {}", text::clean(controller)),
        (true, None) if pods.is_empty() => "no Pod yet".into(),
        (true, None) => "no active Pod".into(),
        (false, _) => parts.join(", "),
    }
}

/// Counts stopping Pods, and names the sidecar for whose end they wait: `1 stopping: waits for sidecar logshipper`.
/// Returns `None` if there is no such Pod.
fn describe_stopping_pods(timeline: &Timeline, pods: &[PodKey]) -> Option<String> {
    let (first, others) = pods.split_first()?;
    let wait_of = |key: &PodKey| describe_stopping(&timeline.pod(*key).life);
    let wait = wait_of(first).filter(|wait| others.iter().all(|key| wait_of(key).as_ref() == Some(wait)));
    let wait = wait.map(|wait| format!(": {wait}")).unwrap_or_default();
    Some(format!("{} stopping{wait}", pods.len()))
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
