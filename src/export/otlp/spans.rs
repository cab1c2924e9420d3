//! The spans of workloads, Pods and phases. They contain reasons but no messages, because a message may contain a secret
//! and a receiver may be anywhere.

use jiff::Timestamp;

use crate::export::otlp::attributes::{object_attributes, pod_result, workload_result};
use crate::export::otlp::ids::{SpanId, TraceId};
use crate::export::otlp::message::{Attribute, SpanEvent, SpanKind, SpanStatus, TraceSpan};
use crate::lifecycle::{ByPhase, ContainerLife, ContainerRun, Lifecycle, Phase, SetupPart};
use crate::timeline::{PodIdentity, PodOverview, Timeline, TimelinePod, Workload};

/// The position of a span in its trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpanPosition {
    pub(crate) trace_id: TraceId,
    /// The span above; `None` for the root.
    pub(crate) parent: Option<SpanId>,
}

/// Returns the id of a workload's span.
pub(crate) fn workload_span_id(workload: &Workload) -> SpanId {
    SpanId::from_words(&["workload", &workload.uid])
}

/// Returns words that identify a Pod.
fn pod_words(pod: &PodIdentity) -> [&str; 3] {
    // The uid of a Pod that only the Events of its owner name is unknown.
    if pod.uid.is_empty() { ["pod", &pod.namespace, &pod.name] } else { ["pod", &pod.uid, ""] }
}

/// Creates the span of a workload, until `now` if it has not ended. `name` is the name of the span.
pub(crate) fn workload_span(
    timeline: &Timeline,
    workload: &Workload,
    position: SpanPosition,
    name: String,
    now: Timestamp,
) -> TraceSpan {
    let (start, end) = workload_times(timeline, workload, now);
    let result = workload_result(workload);
    let is_root = position.parent.is_none();
    let mut attributes = Vec::new();
    if is_root {
        attributes.push(Attribute::text("cicd.pipeline.action.name", "RUN"));
        attributes.extend(result.map(|result| Attribute::text("cicd.pipeline.result", result)));
    } else {
        attributes.extend(object_attributes(&workload.kind, &workload.name, &workload.uid));
    }
    attributes.push(Attribute::text("kubectl_seq.outcome", workload.state.name()));
    let numbers = [
        ("kubectl_seq.completions", workload.completions),
        ("kubectl_seq.parallelism", workload.parallelism),
    ];
    attributes.extend(numbers.iter().filter_map(|&(key, number)| Some(Attribute::number(key, number?))));
    let failure = SpanFailure { result, reason: workload.reason.as_deref() };
    attributes.extend(failure.error_type());
    TraceSpan {
        trace_id: position.trace_id,
        span_id: workload_span_id(workload),
        parent_span_id: position.parent,
        name,
        kind: if is_root { SpanKind::Server } else { SpanKind::Internal },
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        attributes,
        events: workload_events(timeline, workload),
        status: failure.status(),
    }
}

/// Returns the start and the end of a workload: its creation or the first Pod, and its end or the last Pod.
fn workload_times(timeline: &Timeline, workload: &Workload, now: Timestamp) -> (Timestamp, Timestamp) {
    let pods = timeline.pods_below(workload);
    let overviews = || pods.iter().map(|key| timeline.overview(*key));
    let to_time = |millis: Option<i64>| millis.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    let first = || to_time(overviews().filter_map(PodOverview::start_millis).min());
    let start = workload.created.or(workload.started).or_else(first).unwrap_or(now);
    let end = if !workload.has_ended() {
        now
    } else if workload.is_rollout {
        workload.finished.unwrap_or(now)
    } else {
        let last = to_time(overviews().filter_map(|pod| pod.last_known_millis(now.as_millisecond())).max());
        workload.finished.max(last).unwrap_or(now)
    };
    (start, end.max(start))
}

/// Returns the times in which nobody watched a workload, its holds and the reason of its end as moments.
fn workload_events(timeline: &Timeline, workload: &Workload) -> Vec<SpanEvent> {
    let mut events = Vec::new();
    for unwatched in timeline.unwatched_times(workload) {
        let until = format!("{:.3}", unwatched.until);
        let attributes = vec![
            Attribute::text("kubectl_seq.until", until),
            Attribute::text("kubectl_seq.reason", unwatched.reason.as_str()),
        ];
        events.push(SpanEvent {
            time_unix_nano: unwatched.since,
            name: "NotObserved".to_owned(),
            attributes,
        });
    }
    for hold in &workload.holds {
        if let Some(start) = hold.start {
            let name = hold.reason.to_string();
            events.push(SpanEvent { time_unix_nano: start.at, name, attributes: Vec::new() });
        }
    }
    if let (Some(reason), Some(at)) = (&workload.reason, workload.finished) {
        events.push(SpanEvent { time_unix_nano: at, name: reason.to_string(), attributes: Vec::new() });
    }
    events
}

/// Creates the span of a Pod and the spans of its phases. A Pod without a known time has none. `task` is the name that
/// the Pods of the same work share.
pub(crate) fn pod_spans(
    pod: &TimelinePod<'_>,
    position: SpanPosition,
    task: &str,
    now: Timestamp,
) -> Vec<TraceSpan> {
    let life = &pod.life;
    let open_until = (!life.outcome.has_ended()).then_some(now);
    let end_of = |phase: &Phase| Some(phase.end.or(open_until)?.max(phase.start));
    let Some(start) = life.phases.first().map(|phase| phase.start) else { return Vec::new() };
    let end = life.phases.iter().map(|phase| end_of(phase).unwrap_or(phase.start)).max().unwrap_or(start);
    let words = pod_words(pod);
    let span_id = SpanId::from_words(&words);
    let result = pod_result(pod);
    let failure = SpanFailure { result, reason: life.reason.as_deref() };
    let mut attributes = pod_attributes(pod, task);
    attributes.extend(result.map(|result| Attribute::text("cicd.pipeline.task.run.result", result)));
    attributes.extend(failure.error_type());
    let mut spans = vec![TraceSpan {
        trace_id: position.trace_id,
        span_id,
        parent_span_id: position.parent,
        name: pod.name.to_string(),
        kind: SpanKind::Internal,
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        attributes,
        events: pod_events(life, start),
        status: failure.status(),
    }];
    // A phase is identified by its kind and by the number of phases of this kind before it.
    let mut counts = ByPhase::from_fn(|_| 0_u32);
    for phase in &life.phases {
        let ordinal = counts[phase.kind].to_string();
        counts[phase.kind] = counts[phase.kind].saturating_add(1);
        let Some(end) = end_of(phase) else { continue };
        let name = phase.kind.name();
        spans.push(TraceSpan {
            trace_id: position.trace_id,
            span_id: SpanId::from_words(&[&words as &[&str], &[name, &ordinal]].concat()),
            parent_span_id: Some(span_id),
            name: name.to_owned(),
            kind: SpanKind::Internal,
            start_time_unix_nano: phase.start,
            end_time_unix_nano: end,
            attributes: phase_attributes(phase),
            events: Vec::new(),
            status: None,
        });
    }
    spans
}

fn pod_attributes(pod: &TimelinePod<'_>, task: &str) -> Vec<Attribute> {
    let life = &pod.life;
    let mut attributes = vec![
        Attribute::text("cicd.pipeline.task.name", task),
        Attribute::text("cicd.pipeline.task.run.id", &*pod.uid),
        Attribute::text("k8s.pod.name", &*pod.name),
        Attribute::text("k8s.pod.uid", &*pod.uid),
        Attribute::text("kubectl_seq.outcome", life.outcome.name()),
    ];
    if let Some(node) = &pod.node {
        attributes.push(Attribute::text("k8s.node.name", &**node));
        attributes.push(Attribute::text("cicd.worker.name", &**node));
    }
    if let Some(image) = life.main_image().filter(|image| !image.is_empty()) {
        attributes.push(Attribute::text("container.image.name", &**image));
    }
    if let Some(index) = pod.index {
        attributes.push(Attribute::number("kubectl_seq.index", index));
        attributes.push(Attribute::number("kubectl_seq.attempt", pod.attempt));
    }
    attributes.extend(life.exit_code.map(|code| Attribute::number("process.exit.code", code)));
    attributes
}

fn phase_attributes(phase: &Phase) -> Vec<Attribute> {
    let reason = phase.setup_part().map(SetupPart::name).or(phase.reason.as_deref());
    let container = phase.container.as_deref();
    let mut attributes = vec![Attribute::text("kubectl_seq.source", phase.source.name())];
    attributes.extend(container.map(|container| Attribute::text("k8s.container.name", container)));
    attributes.extend(reason.map(|reason| Attribute::text("kubectl_seq.reason", reason)));
    attributes
}

/// Returns the reasons in the life of a Pod as moments: why it waited, and how runs of its containers failed. `start` is
/// the start of the Pod's span.
fn pod_events(life: &Lifecycle, start: Timestamp) -> Vec<SpanEvent> {
    let mut events = Vec::new();
    for phase in &life.phases {
        let Some(reason) = phase.wait_reason() else { continue };
        let attributes = vec![Attribute::text("kubectl_seq.phase", phase.kind.name())];
        events.push(SpanEvent { time_unix_nano: phase.start, name: reason.to_owned(), attributes });
    }
    for container in &life.containers {
        events.extend(
            container.runs.iter().filter(|run| run.has_failed()).map(|run| run_event(container, run, start)),
        );
    }
    events.sort_by_key(|event| event.time_unix_nano);
    events
}

/// Returns the failure of a run as a moment: at its end, or at `start` if the end is unknown.
fn run_event(container: &ContainerLife, run: &ContainerRun, start: Timestamp) -> SpanEvent {
    let mut attributes = vec![Attribute::text("k8s.container.name", &*container.name)];
    attributes.extend(run.exit_code.map(|code| Attribute::number("process.exit.code", code)));
    let name = run.reason.as_deref().unwrap_or("Error").to_owned();
    SpanEvent { time_unix_nano: run.end.or(run.start).map_or(start, |instant| instant.at), name, attributes }
}

/// The end of a workload or Pod that may have failed.
struct SpanFailure<'a> {
    /// The result by the semantic conventions.
    result: Option<&'static str>,
    reason: Option<&'a str>,
}

impl SpanFailure<'_> {
    fn has_failed(&self) -> bool {
        matches!(self.result, Some("failure" | "error" | "timeout"))
    }

    /// Returns the attribute `error.type`, if the result is a failure.
    fn error_type(&self) -> Option<Attribute> {
        self.has_failed().then(|| Attribute::text("error.type", self.reason.unwrap_or("_OTHER")))
    }

    /// Returns the status of the span, if the result is a failure.
    fn status(&self) -> Option<SpanStatus> {
        self.has_failed().then(|| SpanStatus::error(self.reason.unwrap_or_default()))
    }
}
