//! The lines that report changes of state, and counts after a long silence. The lines contain no cursor movements.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::app::reporter::reported_facts::{ReportedPod, ReportedWorkload};
use crate::app::reporter::status_text::{count_pods, describe_pod, describe_resumption, describe_workload};
use crate::timeline::{Changes, OpenRetry, PodKey, Timeline, Workload, WorkloadState};
use crate::view::primitives::{duration, text};
use crate::view::{Line, Names, Style, describe_next_try};

/// After this time without a line, a line reports how many Pods are in which state.
const MAX_SILENCE: SignedDuration = SignedDuration::from_secs(15);

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
