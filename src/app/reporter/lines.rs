//! One line for each change of state: for CI, pipes and screen readers. No cursor codes, nothing said twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{ContainerRole, Lifecycle, PhaseKind, PodOutcome};
use crate::timeline::{Changes, OpenRetry, PodKey, Timeline, TimelinePod, Workload, WorkloadState};
use crate::view::primitives::{duration, text};
use crate::view::{Line, Style, next_try};

/// After so long without a line, one says what goes on.
pub(crate) const HEARTBEAT: SignedDuration = SignedDuration::from_secs(15);

/// What a line was last written about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    outcome: PodOutcome,
    waits: Option<Arc<str>>,
    runs: usize,
}

/// Knows what was told, and so what is new.
#[derive(Debug, Default)]
pub struct LinesReporter {
    pods: HashMap<PodKey, Told>,
    /// How each stood, and why it could make no Pods.
    workloads: HashMap<Arc<str>, (WorkloadState, Option<Arc<str>>)>,
    last: Option<Timestamp>,
}

impl LinesReporter {
    /// A line for each workload that is there when following begins, and for each reason that holds its Pods up; its Pods
    /// are known from here on.
    pub fn begin(&mut self, timeline: &Timeline, now: Timestamp) -> Vec<Line> {
        self.last = Some(now);
        let mut lines = Vec::new();
        for workload in timeline.workloads() {
            for (key, pod) in timeline.pods(workload) {
                self.pods.insert(key, told(&pod.life));
            }
            self.workloads.insert(Arc::clone(&workload.uid), stands(workload));
            let (said, role) = outcome_said(workload);
            let said = match workload.state {
                WorkloadState::Running => format!("{said}: {}", counts(timeline, workload)),
                _ => said,
            };
            lines.push(line(workload, now, &name(workload), &said, role, false, None));
            lines.extend(self.waits(timeline, workload, now));
        }
        lines
    }

    /// Why Pods of a workload wait: nothing more is said of that as long as it stays so.
    fn waits(&self, timeline: &Timeline, workload: &Workload, now: Timestamp) -> Vec<Line> {
        let mut reasons: BTreeMap<&Arc<str>, Vec<PodKey>> = BTreeMap::new();
        for key in &workload.pods {
            if let Some(reason) = self.pods.get(key).and_then(|told| told.waits.as_ref()) {
                reasons.entry(reason).or_default().push(*key);
            }
        }
        let several = timeline.workloads().len() > 1;
        let lines = reasons.into_iter().filter_map(|(reason, keys)| match keys.as_slice() {
            &[key] => {
                let pod = timeline.pod(key);
                let (said, role) = said(&pod)?;
                Some(line(workload, now, &pod.name, &said, role, several, Some(key)))
            }
            keys => {
                let said = format!("{} Pods: {}", keys.len(), text::clean(reason));
                Some(line(workload, now, &name(workload), &said, Style::Warning, false, None))
            }
        });
        lines.collect()
    }

    /// The lines about what changed since the last call.
    pub fn report(&mut self, timeline: &Timeline, changes: &Changes, now: Timestamp) -> Vec<Line> {
        let mut lines = Vec::new();
        // What follows a failed Pod is asked for once for each workload that has one.
        let mut retries: HashMap<Arc<str>, HashMap<PodKey, OpenRetry>> = HashMap::new();
        for &key in &changes.pods {
            let pod = timeline.pod(key);
            let told = told(&pod.life);
            let before = self.pods.insert(key, told.clone());
            if before.as_ref() == Some(&told) {
                continue;
            }
            let Some(workload) = timeline.workload_of(key) else { continue };
            if let Some((mut said, role)) = said(&pod) {
                if pod.life.outcome.has_failed() && pod.index.is_some() {
                    let open = retries.entry(Arc::clone(&workload.uid)).or_insert_with(|| {
                        let open = timeline.open_retries(workload, now);
                        open.into_iter().map(|open| (open.pod, open)).collect()
                    });
                    if let Some(open) = open.get(&key) {
                        said += "; ";
                        said += &next_try(open, now);
                    }
                }
                lines.push(line(
                    workload,
                    now,
                    &pod.name,
                    &said,
                    role,
                    timeline.workloads().len() > 1,
                    Some(key),
                ));
            }
        }
        for workload in timeline.workloads().iter().filter(|workload| &*workload.kind != "Pod") {
            let stands = stands(workload);
            let waits = stands.1.is_some();
            let before = self.workloads.insert(Arc::clone(&workload.uid), stands.clone());
            // That a wait is over is told by what follows it.
            let same = before
                .as_ref()
                .is_some_and(|before| before.0 == stands.0 && (before.1 == stands.1 || !waits));
            if !same && (before.is_some() || waits || workload.state != WorkloadState::Pending) {
                let (mut said, role) = outcome_said(workload);
                if before.is_some_and(|before| before.0 == WorkloadState::Suspended) && !workload.has_ended()
                {
                    said = resumed(workload, now);
                }
                lines.push(line(workload, now, &name(workload), &said, role, false, None));
            }
        }
        if !lines.is_empty() {
            self.last = Some(now);
        }
        lines
    }

    /// A line that says what goes on, if none was written for [`HEARTBEAT`].
    pub fn heartbeat(&mut self, timeline: &Timeline, now: Timestamp) -> Vec<Line> {
        let last = *self.last.get_or_insert(now);
        if now.duration_since(last) < HEARTBEAT {
            return Vec::new();
        }
        self.last = Some(now);
        let going = timeline.workloads().iter().filter(|workload| !workload.has_ended());
        let lines: Vec<Line> = going
            .map(|workload| {
                line(workload, now, &name(workload), &counts(timeline, workload), Style::Dim, false, None)
            })
            .collect();
        if timeline.workloads().is_empty() {
            vec![Line::new("nothing to see yet", Style::Dim)]
        } else {
            lines
        }
    }
}

fn stands(workload: &Workload) -> (WorkloadState, Option<Arc<str>>) {
    (workload.state, workload.creation_block.as_ref().map(|waiting| Arc::clone(&waiting.message)))
}

fn name(workload: &Workload) -> String {
    format!("{}/{}", workload.kind.to_lowercase(), workload.name)
}

/// How often its main containers ended.
fn ended_runs(life: &Lifecycle) -> usize {
    let mains = life.containers.iter().filter(|container| container.role == ContainerRole::Main);
    mains.flat_map(|container| &container.runs).filter(|run| run.ended).count()
}

fn told(life: &Lifecycle) -> Told {
    let runs = ended_runs(life);
    let waits = if life.outcome.has_ended() { None } else { life.reason.clone() };
    Told { outcome: life.outcome, waits, runs }
}

/// What there is to say of a Pod in its present state; nothing of what passes by itself.
fn said(pod: &TimelinePod) -> Option<(String, Style)> {
    let life = &pod.life;
    let node = pod.node.as_deref().map(|node| format!(" on {node}")).unwrap_or_default();
    let reason = life.reason.as_deref().map(|reason| text::clean(reason).into_owned());
    Some(match life.outcome {
        PodOutcome::Pending | PodOutcome::Starting => (format!("waits: {}", reason?), Style::Warning),
        PodOutcome::Running => match reason {
            Some(reason) => {
                let last =
                    life.containers.iter().flat_map(|container| &container.runs).rfind(|run| run.ended);
                let code = last.and_then(|run| run.exit_code).map(|code| format!(" after exit code {code}"));
                (format!("{reason}{}{node}", code.unwrap_or_default()), Style::Warning)
            }
            None if ended_runs(life) > 0 => (format!("runs again{node}"), Style::Text),
            None => (format!("runs{node}{}", cold(life)), Style::Text),
        },
        PodOutcome::Succeeded => {
            (format!("succeeded after {}{}{node}", ran(life), cold(life)), Style::Success)
        }
        PodOutcome::Failed => {
            let code = life.exit_code.map(|code| format!("exit code {code}"));
            let reason = reason.filter(|reason| reason != "Error");
            let why = match (reason, code) {
                (Some(reason), Some(code)) => format!("{reason}, {code}"),
                (reason, code) => reason.or(code).unwrap_or_else(|| "for an unknown reason".into()),
            };
            (format!("failed: {why}, after {}{}{node}", ran(life), cold(life)), Style::Failure)
        }
        PodOutcome::NeverStarted => (
            format!("never started: {}{node}", reason.unwrap_or_else(|| "reason unknown".into())),
            Style::Failure,
        ),
        PodOutcome::Deleted => {
            let why = reason.filter(|reason| reason != "Deleted").map(|reason| format!(": {reason}"));
            (format!("deleted{}{node}", why.unwrap_or_default()), Style::Warning)
        }
        PodOutcome::Unknown => (format!("unknown: {}{node}", reason.unwrap_or_default()), Style::Warning),
    })
}

fn ran(life: &Lifecycle) -> String {
    let fine = duration::is_exact_to_tenths(life.instants.work_started)
        && duration::is_exact_to_tenths(life.instants.work_ended);
    life.run.map_or_else(|| "an unknown time".into(), |run| duration::format_duration(run, fine))
}

fn cold(life: &Lifecycle) -> String {
    let fine = duration::is_exact_to_tenths(life.instants.scheduled)
        && duration::is_exact_to_tenths(life.instants.work_started);
    let Some(cold) = life.cold_start else { return String::new() };
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
    format!(" (cold start {}{pull})", duration::format_duration(cold, fine))
}

fn outcome_said(workload: &Workload) -> (String, Style) {
    let reason = workload.reason.as_deref().map(|reason| text::clean(reason).into_owned());
    let message = workload.message.as_deref().map(|message| text::clean(message).into_owned());
    let why = match (reason, message) {
        (Some(reason), Some(message)) => format!(": {reason}, {message}"),
        (Some(reason), None) => format!(": {reason}"),
        _ => String::new(),
    };
    if let (Some(waiting), false) = (&workload.creation_block, workload.has_ended()) {
        return (format!("cannot make Pods: {}", text::clean(&waiting.message)), Style::Warning);
    }
    match workload.state {
        WorkloadState::Pending => ("waits for its first Pod".into(), Style::Text),
        WorkloadState::Suspended => (suspended(workload), Style::Warning),
        WorkloadState::Running => ("runs".into(), Style::Text),
        WorkloadState::Succeeded => ("succeeded".into(), Style::Success),
        WorkloadState::Failed => (format!("failed{why}"), Style::Failure),
        WorkloadState::Unknown => ("was deleted before it ended".into(), Style::Warning),
    }
}

/// `is suspended`, or what it waits for before it is resumed.
fn suspended(workload: &Workload) -> String {
    let open = workload.holds.iter().find(|hold| !hold.ended && hold.message.is_none());
    match open.filter(|hold| *hold.reason != *"suspended") {
        Some(hold) => format!("is suspended, waits for {}", text::clean(&hold.reason)),
        None => "is suspended".into(),
    }
}

/// `is resumed after 12s`.
fn resumed(workload: &Workload, now: Timestamp) -> String {
    let last = workload.holds.iter().rfind(|hold| hold.ended && hold.message.is_none());
    match last.and_then(|hold| hold.duration(now)) {
        Some(took) => format!("is resumed after {}", duration::format_duration(took, false)),
        None => "is resumed".into(),
    }
}

/// `4 running, 1 starting, 2 queued`.
fn counts(timeline: &Timeline, workload: &Workload) -> String {
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
        true if workload.state == WorkloadState::Suspended => suspended(workload),
        true => "no Pod yet".into(),
        false => parts.join(", "),
    }
}

fn line(
    workload: &Workload,
    now: Timestamp,
    name: &str,
    said: &str,
    role: Style,
    tell_workload: bool,
    pod: Option<PodKey>,
) -> Line {
    let elapsed = workload.created.map_or(SignedDuration::ZERO, |created| now.duration_since(created));
    let done = match workload.completions {
        Some(completions) => format!("{}/{completions}", workload.succeeded),
        None => workload.succeeded.to_string(),
    };
    let mut line = Line::default();
    let elapsed = duration::format_elapsed(elapsed);
    let scope = if tell_workload { format!("{}: ", text::clean(&workload.name)) } else { String::new() };
    line.push(format!("{elapsed:>6}  {done:>5}  "), Style::Dim);
    if &*workload.kind != "Pod" {
        line.push(scope, Style::Dim);
    }
    line.push(format!("{} ", text::clean(name)), Style::Strong);
    line.push(said, role);
    line.pod = pod;
    line
}
