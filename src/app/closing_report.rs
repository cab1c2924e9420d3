//! The closing report of a run: the failed Pods with their reasons and logs.

use std::sync::Arc;

use crate::lifecycle::PodOutcome;
use crate::timeline::{PodKey, Timeline};
use crate::view;
use crate::view::{ContainerLog, Glyphs, Line, Link, Names, Style};

/// The limits of the list of failed Pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FailureListLimits {
    /// Maximum number of entries. The Pods of further entries are only counted. If the maximum is 0, the list is empty
    /// and counts no Pods.
    pub(crate) entries: usize,
    /// Maximum number of lines of each log. If the maximum is 0, the logs are not shown.
    pub(crate) log_lines: usize,
}

impl FailureListLimits {
    /// The limits if there is enough room.
    pub(crate) const USUAL: Self = Self { entries: 10, log_lines: usize::MAX };

    /// Returns the next smaller limits: first shorter logs, then fewer entries. `longest_log` is the number of lines of
    /// the longest log. Returns `None` if the list is already empty.
    pub(crate) fn shrink(self, longest_log: usize) -> Option<Self> {
        if self.log_lines > 0 {
            return Some(Self { log_lines: self.log_lines.min(longest_log).saturating_sub(1), ..self });
        }
        (self.entries > 0).then(|| Self { entries: self.entries - 1, ..self })
    }
}

/// Maximum number of other Pods of an entry that are named. If an entry has more other Pods, they are only counted.
const MAX_NAMED_PODS: usize = 3;

/// The failed Pods of a run.
#[derive(Debug, Default)]
pub(crate) struct FailureList {
    /// The listed failures.
    pub(crate) entries: Vec<FailureEntry>,
    /// The number of failed Pods that are not listed.
    rest: usize,
}

/// Failed Pods that ended in the same way.
#[derive(Debug)]
pub(crate) struct FailureEntry {
    /// `✗ pi-a failed: exit code 3, after 2.1s on node-1`.
    pub(crate) heading: Line,
    /// The last lines of the logs of the first Pod, each log below a line that names its container.
    pub(crate) log: Vec<Line>,
    /// The line about the other Pods. `None` if there are none.
    pub(crate) others: Option<Line>,
}

impl FailureList {
    /// Returns the line that counts the failed Pods that are not listed. Returns `None` if all failed Pods are listed.
    pub(crate) fn rest_line(&self) -> Option<Line> {
        (self.rest > 0).then(|| Line::new(format!("  and {} more failed", self.rest), Style::Dim))
    }

    /// Returns the lines of the closing report.
    pub(crate) fn into_lines(self) -> Vec<Line> {
        let rest = self.rest_line();
        let lines = self.entries.into_iter().flat_map(|entry| {
            std::iter::once(entry.heading).chain(entry.log).chain(entry.others).collect::<Vec<_>>()
        });
        lines.chain(rest).collect()
    }
}

/// Lists the failed Pods and the last lines of their logs. The Pods with a log come before the Pods without a log. Both
/// groups are sorted by the end of the Pod. Pods that ended in the same way share one entry, which has the log of the
/// first Pod.
pub(crate) fn list_failures(
    timeline: &Timeline,
    logs: &[(PodKey, ContainerLog)],
    glyphs: &Glyphs,
    limits: FailureListLimits,
) -> FailureList {
    if limits.entries == 0 {
        return FailureList::default();
    }
    let names = Names::from_timeline(timeline);
    let groups = group_failures(timeline, logs);
    let listed = groups.iter().take(limits.entries).filter_map(|(_, pods)| {
        let (&key, others) = pods.split_first()?;
        let logged = || logs.iter().filter(|(pod, _)| *pod == key).map(|(_, log)| log);
        let shown = logged().filter(|_| limits.log_lines > 0);
        Some(FailureEntry {
            heading: failure_heading(timeline, names, key, logged(), glyphs),
            log: shown.flat_map(|log| log_lines(log, limits.log_lines)).collect(),
            others: others_line(timeline, names, others),
        })
    });
    let rest = groups.iter().skip(limits.entries).map(|(_, pods)| pods.len()).sum();
    FailureList { entries: listed.collect(), rest }
}

/// Returns the last lines of a log, at most `max_lines`, below a line that names the container.
fn log_lines(log: &ContainerLog, max_lines: usize) -> Vec<Line> {
    let shown = &log.lines[log.lines.len().saturating_sub(max_lines)..];
    let extent = match shown.len() {
        0 => "wrote nothing".to_owned(),
        1 => "last line".to_owned(),
        count => format!("last {count} lines"),
    };
    let heading = Line::new(format!("    {}, {extent}", view::clean(&log.container)), Style::Dim);
    let lines = shown.iter().map(|line| Line::new(format!("    {}", view::clean(line)), Style::Text));
    std::iter::once(heading).chain(lines).collect()
}

/// Returns the failed Pods in groups. The Pods of one group ended in the same way.
fn group_failures(timeline: &Timeline, logs: &[(PodKey, ContainerLog)]) -> Vec<(EndKind, Vec<PodKey>)> {
    let all_pods = || timeline.workloads().iter().flat_map(|workload| timeline.overviews(workload));
    let has_log = |key: &PodKey| logs.iter().any(|(pod, _)| pod == key);
    let mut listed: Vec<PodKey> =
        all_pods().filter(|(_, pod)| pod.has_failed()).map(|(key, _)| key).collect();
    // A Pod that has not failed is also listed if one of its containers failed and was restarted. In this case, `logs`
    // contains the log of the container. If a container stopped because its Pod was deleted, the exit code of the
    // container is not a failure.
    let not_failed = all_pods().filter(|(_, pod)| !pod.has_failed()).map(|(key, _)| key);
    listed.extend(not_failed.filter(|key| has_log(key) && timeline.pod(*key).life.failed_before_deletion()));
    listed.sort_by_key(|&key| (timeline.overview(key).end().is_none(), timeline.overview(key).end()));
    listed.sort_by_key(|key| !has_log(key));
    let mut entries: Vec<(EndKind, Vec<PodKey>)> = Vec::new();
    for &key in &listed {
        let kind = EndKind::of_pod(timeline, key, logs);
        match entries.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, pods)) => pods.push(key),
            None => entries.push((kind, vec![key])),
        }
    }
    entries
}

/// The heading of the failure of one Pod, without its log.
pub(crate) fn heading_of_failure(timeline: &Timeline, key: PodKey, glyphs: &Glyphs) -> Line {
    failure_heading(timeline, Names::from_timeline(timeline), key, std::iter::empty(), glyphs)
}

/// `✗ pi-a failed: exit code 3, after 2.1s on node-1`.
fn failure_heading<'a>(
    timeline: &Timeline,
    names: Names,
    key: PodKey,
    logs: impl Iterator<Item = &'a ContainerLog>,
    glyphs: &Glyphs,
) -> Line {
    let mut line = Line::new(format!("{} ", glyphs.failed), Style::Failure);
    line.push(names.pod(&timeline.pod(key)), Style::Strong);
    line.push(format!(" {}", describe_listed_pod(timeline, key, logs)), Style::Text);
    line
}

/// Lists the failures without logs, for a picture that stays open after the end. Pods that ended in the same way share
/// one line. The line has a link that opens the first of these Pods. If all failed Pods ended in the same way, the list
/// is empty, because a line above the bars already names their failure.
pub(crate) fn list_failures_in_picture(timeline: &Timeline, glyphs: &Glyphs) -> Vec<Line> {
    let names = Names::from_timeline(timeline);
    let entries = group_failures(timeline, &[]);
    let several = entries.len() > 1;
    let lines = entries.iter().filter_map(|(_, pods)| {
        let (&key, others) = pods.split_first()?;
        let mut line = failure_heading(timeline, names, key, std::iter::empty(), glyphs);
        if !others.is_empty() {
            line.push(glyphs.separator, Style::Dim);
            let noun = if others.len() == 1 { "Pod" } else { "Pods" };
            line.push(format!("the same for {} more {noun}", others.len()), Style::Dim);
        }
        Some(line.with_link(Link::ListedFailure(key)))
    });
    lines.filter(|_| several).collect()
}

/// The facts that are equal for all Pods that ended in the same way.
#[derive(Debug, PartialEq, Eq)]
struct EndKind {
    namespace: Arc<str>,
    outcome: PodOutcome,
    /// Why the Pod failed, without its times and its node.
    cause: String,
    /// The containers that failed in a Pod that has not failed.
    containers: Vec<String>,
}

impl EndKind {
    fn of_pod(timeline: &Timeline, key: PodKey, logs: &[(PodKey, ContainerLog)]) -> Self {
        let pod = timeline.pod(key);
        let logged = logs.iter().filter(|(logged, _)| *logged == key && !pod.life.outcome.has_failed());
        Self {
            namespace: Arc::clone(&pod.namespace),
            outcome: pod.life.outcome,
            cause: view::describe_failure_cause(&pod.life),
            containers: logged.map(|(_, log)| log.container.clone()).collect(),
        }
    }
}

/// Returns the line about the other Pods of an entry: `the same for 2 more Pods: pi-a, pi-b`. Returns `None` if the
/// entry has no other Pods.
fn others_line(timeline: &Timeline, names: Names, others: &[PodKey]) -> Option<Line> {
    let noun = if others.len() == 1 { "Pod" } else { "Pods" };
    let mut text = format!("  the same for {} more {noun}", others.len());
    if others.len() <= MAX_NAMED_PODS {
        let names: Vec<String> = others.iter().map(|&key| names.pod(&timeline.pod(key))).collect();
        text = format!("{text}: {}", names.join(", "));
    }
    (!others.is_empty()).then(|| Line::new(text, Style::Dim))
}

/// Describes why a Pod is listed. The Pod failed, never started, or had the failed containers whose logs are in `logs`.
fn describe_listed_pod<'a>(
    timeline: &Timeline,
    key: PodKey,
    logs: impl Iterator<Item = &'a ContainerLog>,
) -> String {
    let life = &timeline.pod(key).life;
    let verb = match life.outcome {
        PodOutcome::Failed => "failed",
        PodOutcome::NeverStarted => "never started",
        PodOutcome::Pending
        | PodOutcome::Starting
        | PodOutcome::Running
        | PodOutcome::Succeeded
        | PodOutcome::Deleted
        | PodOutcome::Unknown
        | PodOutcome::Gone => {
            let names: Vec<&str> = logs.map(|log| log.container.as_str()).collect();
            return format!(
                "had a container that failed: {}",
                view::describe_failed_containers(life, &names)
            );
        }
    };
    format!("{verb}: {}", view::describe_failure(timeline, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::ContainerRole::{Init, Main};
    use crate::lifecycle::PhaseKind::{BackOff, Initializing, Running};
    use crate::timeline::WorkloadState;
    use crate::view::fixture::{job, pod, timeline};

    fn log_of(container: &str) -> ContainerLog {
        ContainerLog { container: container.into(), lines: vec!["last words".into()] }
    }

    #[test]
    fn a_failed_container_of_a_pod_that_succeeded_is_named_with_its_own_exit_code() {
        let restarted = pod("p", 0)
            .on("node-1")
            .phase(Running, 2000)
            .waits(BackOff, 10_000, Some("exit code 1"))
            .phase(Running, 2000)
            .container("work", "app:1", Main)
            .run(0, Some(2000), 1, "Error")
            .run(12_000, Some(14_000), 0, "Completed")
            .succeeded();
        let timeline = timeline(20_000, vec![(job("j", WorkloadState::Succeeded), vec![restarted])]);
        let logs = [(PodKey(0), log_of("work"))];
        let lines = list_failures(&timeline, &logs, &Glyphs::ASCII, FailureListLimits::USUAL).into_lines();
        let texts: Vec<String> = lines.iter().map(Line::plain).collect();
        assert_eq!(
            texts,
            [
                "X p had a container that failed: work, exit code 1, 1 restart",
                "    work, last line",
                "    last words"
            ]
        );
    }

    #[test]
    fn pods_that_ended_in_the_same_way_share_one_log() {
        let failed =
            |name, code| pod(name, 0).on("node-1").cold(1, 1, 0, 1, 9).failed(Some(code), Some("Error"));
        let pods = vec![failed("a", 3), failed("b", 3), failed("c", 4), failed("d", 3)];
        let timeline = timeline(20_000, vec![(job("j", WorkloadState::Failed), pods)]);
        // The log of the last Pod was not read.
        let logs: Vec<_> = (0..3).map(|key| (PodKey(key), log_of("main"))).collect();
        let lines = list_failures(&timeline, &logs, &Glyphs::ASCII, FailureListLimits::USUAL).into_lines();
        let texts: Vec<String> = lines.iter().map(Line::plain).collect();
        let entry = |name: &str, code: i32| {
            let failure = format!("X {name} failed: exit code {code}, after <0.1s on node-1");
            vec![failure, "    main, last line".to_owned(), "    last words".to_owned()]
        };
        let shared = vec!["  the same for 2 more Pods: b, d".to_owned()];
        assert_eq!(texts, [entry("a", 3), shared, entry("c", 4)].concat());
    }

    #[test]
    fn a_pod_whose_init_container_failed_never_started() {
        let never_started = pod("p", 0)
            .on("node-1")
            .phase(Initializing, 1000)
            .container("fetch", "app:1", Init)
            .run(0, Some(1000), 5, "Error")
            .failed(Some(5), Some("Init:Error"));
        let timeline = timeline(20_000, vec![(job("j", WorkloadState::Failed), vec![never_started])]);
        let lines = list_failures(&timeline, &[], &Glyphs::ASCII, FailureListLimits::USUAL).into_lines();
        let texts: Vec<String> = lines.iter().map(Line::plain).collect();
        let text = "X p never started: init container fetch failed with exit code 5 (Init:Error) on node-1";
        assert_eq!(texts, [text]);
    }

    #[test]
    fn workloads_and_pods_of_the_same_name_are_distinguished_by_their_namespaces() {
        let mut other = job("pi", WorkloadState::Running);
        other.namespace = "other".into();
        let failed =
            |namespace| pod("pi-0", 0).in_namespace(namespace).cold(1, 1, 1, 1, 1).failed(Some(3), None);
        let same_names = timeline(
            10_000,
            vec![
                (job("pi", WorkloadState::Running), vec![failed("default")]),
                (other, vec![failed("other")]),
            ],
        );
        let failures =
            list_failures(&same_names, &[], &Glyphs::UNICODE, FailureListLimits::USUAL).into_lines();
        let failures: Vec<String> = failures.iter().map(Line::plain).collect();
        assert_eq!(failures.len(), 2);
        for (line, namespace) in failures.iter().zip(["default", "other"]) {
            assert!(line.starts_with(&format!("✗ pi-0 in {namespace} failed: ")), "{line}");
        }
    }
}
