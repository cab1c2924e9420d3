//! The traces of a timeline, and their division into messages.

use std::iter;

use jiff::Timestamp;

use crate::export::otlp::attributes::pipeline_name;
use crate::export::otlp::ids::{SpanId, TraceId};
use crate::export::otlp::message::{TraceMessage, TraceSpan};
use crate::export::otlp::resource::{ResourceSettings, resource_attributes};
use crate::export::otlp::spans::{SpanPosition, pod_spans, workload_span, workload_span_id};
use crate::timeline::{PodKey, Timeline, Workload};

/// The number of workloads and Pods in one message, so that a message has about a megabyte. Receivers limit the size of
/// a request.
const MESSAGE_ITEMS: usize = 250;

/// The trace of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunTrace<'a> {
    timeline: &'a Timeline,
    /// The workload of the root span. For a Deployment, this is the ReplicaSet of the revision that is rolled out.
    root: &'a Workload,
    /// The CronJob or Deployment that the run belongs to.
    above: Option<&'a Workload>,
}

/// A workload or Pod of a trace, with the id of the span above.
#[derive(Clone, Copy)]
enum TraceItem<'a> {
    Workload(&'a Workload, Option<SpanId>),
    Pod(PodKey, &'a Workload, SpanId),
}

/// Returns the traces of a timeline: one for each workload without a workload above it. Each Job of a CronJob and the
/// revision of a Deployment that is rolled out has a trace of its own.
pub(crate) fn traces_of(timeline: &Timeline) -> Vec<RunTrace<'_>> {
    let mut traces = Vec::new();
    for root in timeline.roots() {
        let trace = |root, above| RunTrace { timeline, root, above };
        match &*root.kind {
            "CronJob" => traces.extend(timeline.children(root).map(|job| trace(job, Some(root)))),
            // An earlier revision that is rolled out again has replicas, and the newest one has none.
            "Deployment" => match timeline
                .children(root)
                .max_by_key(|revision| (revision.parallelism > Some(0), revision.created))
            {
                Some(newest) => traces.push(trace(newest, Some(root))),
                None => traces.push(trace(root, None)),
            },
            _ => traces.push(trace(root, None)),
        }
    }
    traces
}

impl<'a> RunTrace<'a> {
    /// The workload that the user knows: the root, or the Deployment of the revision that is the root.
    pub(crate) fn subject(&self) -> &'a Workload {
        self.above.filter(|above| above.is_rollout).unwrap_or(self.root)
    }

    /// Whether the run has ended, so that its trace is complete.
    pub(crate) fn has_ended(&self) -> bool {
        self.subject().has_ended()
    }

    /// The id of the trace: the uid of the run. A rollout of a StatefulSet or DaemonSet has no object of its own, so its
    /// id follows from the uid and the generation.
    pub(crate) fn id(&self) -> TraceId {
        match (self.root.is_rollout && self.above.is_none(), self.timeline.generation(self.root)) {
            (true, Some(generation)) => TraceId::from_uid(&format!("{}/{generation}", self.root.uid)),
            (_, _) => TraceId::from_uid(&self.root.uid),
        }
    }

    /// Returns the messages of the trace, each as JSON without a line feed. A message is created when it is taken. A run
    /// that has not ended is shown until `now`.
    pub(crate) fn messages(
        &self,
        settings: &ResourceSettings,
        now: Timestamp,
    ) -> impl Iterator<Item = Vec<u8>> + use<'a> {
        let resource = resource_attributes(self.root, self.above, settings);
        let (trace, items) = (*self, self.items());
        let mut position = 0_usize;
        iter::from_fn(move || {
            let rest = items.get(position..).filter(|rest| !rest.is_empty())?;
            let part = &rest[..rest.len().min(MESSAGE_ITEMS)];
            position = position.saturating_add(part.len());
            let spans = part.iter().flat_map(|item| trace.spans_of(*item, now)).collect();
            Some(TraceMessage::new(&resource, spans).to_json())
        })
    }

    fn spans_of(&self, item: TraceItem<'_>, now: Timestamp) -> Vec<TraceSpan> {
        let trace_id = self.id();
        match item {
            TraceItem::Workload(workload, parent) => {
                let name = match parent {
                    None => format!("RUN {}", pipeline_name(self.root, self.above)),
                    Some(_) => workload.name.to_string(),
                };
                // The ReplicaSet of a revision does not know the outcome of the rollout.
                let shown = if parent.is_none() { self.subject() } else { workload };
                let mut span =
                    workload_span(self.timeline, shown, SpanPosition { trace_id, parent }, name, now);
                span.span_id = workload_span_id(workload);
                if let Some(created) = workload.created.filter(|created| *created <= span.end_time_unix_nano)
                {
                    span.start_time_unix_nano = created;
                }
                vec![span]
            }
            TraceItem::Pod(key, workload, parent) => {
                let pod = self.timeline.pod(key);
                let task = if workload.uid == self.root.uid {
                    pipeline_name(self.root, self.above)
                } else {
                    &workload.name
                };
                pod_spans(&pod, SpanPosition { trace_id, parent: Some(parent) }, task, now)
            }
        }
    }

    /// Returns the workloads and Pods of the trace: each workload is followed by its Pods and by the workloads below it.
    fn items(&self) -> Vec<TraceItem<'a>> {
        let mut items = Vec::new();
        let mut stack = vec![(self.root, None)];
        while let Some((workload, parent)) = stack.pop() {
            let id = workload_span_id(workload);
            items.push(TraceItem::Workload(workload, parent));
            items.extend(workload.pods.iter().map(|key| TraceItem::Pod(*key, workload, id)));
            let children: Vec<&Workload> = self.timeline.children(workload).collect();
            stack.extend(children.into_iter().rev().map(|child| (child, Some(id))));
        }
        items
    }
}
