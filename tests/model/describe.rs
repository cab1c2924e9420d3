//! Describes a timeline as compact text.

use std::fmt::Write as _;

use jiff::Timestamp;
use kubectl_seq::testing::lifecycle::{ContainerLife, ContainerRole, ContainerRun, Instant};
use kubectl_seq::testing::observation::Observation;
use kubectl_seq::testing::timeline::{Timeline, TimelinePod, Workload};

/// Returns the timeline of these observations.
pub(crate) fn timeline_of<'a>(observations: impl IntoIterator<Item = &'a Observation>) -> Timeline {
    let mut timeline = Timeline::default();
    for observation in observations {
        timeline.apply(observation);
    }
    timeline.recompute();
    timeline
}

/// Formats a time as seconds since `zero`, to the millisecond.
fn seconds(at: Timestamp, zero: Timestamp) -> String {
    let millis = at.as_millisecond() - zero.as_millisecond();
    let sign = if millis < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", millis.abs() / 1000, millis.abs() % 1000)
}

fn describe_instant(instant: Option<Instant>, zero: Timestamp) -> String {
    let describe = |instant: Instant| {
        let millis = |from: Timestamp, to: Timestamp| to.as_millisecond() - from.as_millisecond();
        let mut text = format!("{} {:?}", seconds(instant.at, zero), instant.evidence);
        if instant.earliest_by != instant.evidence || instant.latest_by != instant.evidence {
            let (before, after) =
                (millis(instant.earliest(), instant.at), millis(instant.at, instant.latest()));
            write!(text, " -{before}+{after}").unwrap();
        }
        text
    };
    instant.map_or("?".to_owned(), describe)
}

/// Describes a timeline as text, with times in seconds since `zero`.
pub(crate) fn describe_timeline(timeline: &Timeline, zero: Timestamp) -> String {
    let mut text = String::new();
    for workload in timeline.workloads() {
        describe_workload(&mut text, timeline, workload, zero);
    }
    text
}

fn describe_workload(text: &mut String, timeline: &Timeline, workload: &Workload, zero: Timestamp) {
    let Workload { kind, name, state, reason, .. } = workload;
    if &**kind != "Pod" {
        write!(text, "{kind} {name}: {}", state.name()).unwrap();
        if let Some(reason) = reason {
            write!(text, " {reason}").unwrap();
        }
        writeln!(text, ", {} succeeded, {} failed", workload.succeeded, workload.failed).unwrap();
        let now = workload.finished.or(timeline.last_received()).unwrap_or(zero);
        let summary = timeline.summary(workload, now);
        write!(text, "  slots {:.3}:", float(summary.slots.total)).unwrap();
        for (kind, &millis) in &summary.slots.phases {
            if millis > 0 {
                write!(text, " {} {:.3}", kind.name(), float(millis)).unwrap();
            }
        }
        writeln!(text, " idle {:.3}", float(summary.slots.idle)).unwrap();
        let lost = summary.lost_work;
        if lost.pods.values().any(|pods| *pods > 0) {
            text.push_str("  lost work:");
            for (cause, pods) in lost.pods.iter().filter(|(_, pods)| **pods > 0) {
                write!(text, " {} {:.3} ({pods})", cause.name(), float(lost.millis[cause])).unwrap();
            }
            text.push('\n');
        }
    }
    for (_, pod) in timeline.pods(workload) {
        describe_pod(text, &pod, zero);
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a test")]
fn float(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

/// Appends a description of one Pod: its outcome, instants, phases and containers.
pub(crate) fn describe_pod(text: &mut String, pod: &TimelinePod, zero: Timestamp) {
    let life = &pod.life;
    write!(text, "{}", pod.name).unwrap();
    if let Some(index) = pod.index {
        write!(text, " index {index} attempt {}", pod.attempt).unwrap();
    }
    write!(text, ": {}", life.outcome.name()).unwrap();
    if let Some(code) = life.exit_code {
        write!(text, " exit {code}").unwrap();
    }
    if let Some(reason) = &life.reason {
        write!(text, " ({reason})").unwrap();
    }
    write!(text, " [{}]", life.status).unwrap();
    if life.clamped {
        text.push_str(" clamped");
    }
    if life.end_unknown {
        text.push_str(" end unknown");
    }
    if life.gone {
        text.push_str(" gone");
    }
    text.push('\n');
    for (name, at) in life.instants.named() {
        if at.is_some() {
            writeln!(text, "  {name} {}", describe_instant(at, zero)).unwrap();
        }
    }
    for phase in &life.phases {
        let end = phase.end.map_or("…".to_owned(), |end| seconds(end, zero));
        write!(text, "  | {}..{end} {}", seconds(phase.start, zero), phase.kind.name()).unwrap();
        if let Some(container) = &phase.container {
            write!(text, " {container}").unwrap();
        }
        if let Some(reason) = &phase.reason {
            write!(text, " ({reason})").unwrap();
        }
        writeln!(text, " {}", phase.source.name()).unwrap();
    }
    for container in &life.containers {
        describe_container(text, container, zero);
    }
}

fn describe_container(text: &mut String, container: &ContainerLife, zero: Timestamp) {
    write!(text, "  {}", container.name).unwrap();
    if container.role != ContainerRole::Main {
        write!(text, " {}", container.role.name()).unwrap();
    }
    if container.restarts > 0 {
        write!(text, " restarts {}", container.restarts).unwrap();
    }
    if let Some(pull) = &container.pull {
        let at = |at: Option<Timestamp>| at.map_or("?".to_owned(), |at| seconds(at, zero));
        if pull.cached {
            text.push_str(" cached");
        } else {
            write!(text, " pull {}..{}", at(pull.start), at(pull.end)).unwrap();
        }
        if let Some(wait) = pull.wait.filter(|wait| !wait.is_zero()) {
            write!(text, " waited {:.3}", wait.as_secs_f64()).unwrap();
        }
    }
    if let Some(waiting) = &container.waiting {
        write!(text, " waiting {waiting}").unwrap();
    }
    for run in &container.runs {
        describe_run(text, run, zero);
    }
    if container.runs_not_seen > 0 {
        write!(text, "; {} not seen", container.runs_not_seen).unwrap();
    }
    text.push('\n');
}

fn describe_run(text: &mut String, run: &ContainerRun, zero: Timestamp) {
    let end = if run.ended { describe_instant(run.end, zero) } else { "…".to_owned() };
    write!(text, "; {}..{end}", describe_instant(run.start, zero)).unwrap();
    if let Some(code) = run.exit_code {
        write!(text, " exit {code}").unwrap();
    }
    if let Some(reason) = &run.reason {
        write!(text, " {reason}").unwrap();
    }
}
