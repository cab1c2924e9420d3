//! `-o trace`: a trace for Perfetto and `chrome://tracing`, in the trace event format.
//!
//! A process of the trace is a workload or a node, and a thread is one of its slots. A Pod is a slice, and its phases are
//! slices inside. The events of each Pod are written when the Pod has been derived. All times are truncated to the
//! millisecond, as in the document, so that the slices of a thread are nested or separate.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::ser::Serializer;

use crate::export::escapes::LineFormatter;
use crate::export::formats::lanes::Lanes;
use crate::lifecycle::{Phase, SetupPart};
use crate::timeline::{PodKey, Timeline, TimelinePod, Workload};

/// The things that the processes of a trace stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TraceProcess {
    /// A process is a workload, and its threads are the slots of the workload.
    Workload,
    /// A process is a node, and its threads are places on the node.
    Node,
}

/// An event of a trace.
#[derive(Serialize)]
struct TraceEvent<'a, A> {
    name: &'a str,
    /// The type: `X` for a slice, `i` for a moment, `M` for metadata.
    ph: &'static str,
    pid: u32,
    tid: u32,
    /// The category.
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'static str>,
    /// Start in microseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<i64>,
    /// Duration in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<i64>,
    /// The extent of a moment: `t` for the thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'static str>,
    args: A,
}

#[derive(Serialize)]
struct NameArgs<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct SortArgs {
    sort_index: u32,
}

/// The details of a Pod. Perfetto shows them beside the selected slice.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PodSliceArgs<'a> {
    namespace: &'a str,
    workload: String,
    uid: &'a str,
    node: Option<&'a str>,
    index: Option<u32>,
    attempt: u32,
    outcome: &'static str,
    exit_code: Option<i32>,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct PhaseSliceArgs<'a> {
    container: Option<&'a str>,
    reason: Option<&'a str>,
    /// The weaker source of the start and the end.
    source: &'static str,
}

/// The place of a Pod in the trace.
#[derive(Clone, Copy, Debug)]
struct Place {
    pid: u32,
    tid: u32,
}

/// A process of the trace.
struct Process {
    name: String,
    lanes: Lanes,
}

/// Writes the trace. Open phases end at `now`.
///
/// # Errors
/// Returns the error of `out` if writing fails.
pub(crate) fn write_trace(
    timeline: &Timeline,
    now: Timestamp,
    process: TraceProcess,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (processes, places) = divide_pods(timeline, now, process);
    out.write_all(
        b"{\"displayTimeUnit\":\"ms\",\"otherData\":{\"producer\":\"kubectl-seq\"},\"traceEvents\":[",
    )?;
    let mut events = EventWriter { out, is_first: true };
    for (pid, process) in (1..).zip(&processes) {
        events.write_metadata(Place { pid, tid: 0 }, "process_name", NameArgs { name: &process.name })?;
        events.write_metadata(Place { pid, tid: 0 }, "process_sort_index", SortArgs { sort_index: pid })?;
        for tid in 1..=process.lanes.count() {
            let name = &*format!("slot {tid}");
            events.write_metadata(Place { pid, tid }, "thread_name", NameArgs { name })?;
            events.write_metadata(Place { pid, tid }, "thread_sort_index", SortArgs { sort_index: tid })?;
        }
    }
    for workload in timeline.workloads() {
        for (key, pod) in timeline.pods(workload) {
            if let Some(place) = places.get(&key) {
                events.write_pod(*place, workload, &pod, now)?;
            }
        }
    }
    out.write_all(b"\n]}\n")
}

/// Assigns a process and a thread to each Pod that has a phase. Returns the processes and the places of the Pods.
fn divide_pods(
    timeline: &Timeline,
    now: Timestamp,
    process: TraceProcess,
) -> (Vec<Process>, HashMap<PodKey, Place>) {
    let mut pods: Vec<(i64, i64, PodKey)> = Vec::new();
    for (key, overview) in timeline.workloads().iter().flat_map(|workload| timeline.overviews(workload)) {
        let end = overview.last_known_millis(now.as_millisecond());
        pods.extend(overview.start_millis().zip(end).map(|(start, end)| (start, end, key)));
    }
    pods.sort_unstable();
    let mut processes: Vec<Process> = Vec::new();
    let mut index_by_id: HashMap<Option<Arc<str>>, usize> = HashMap::new();
    let mut places = HashMap::with_capacity(pods.len());
    for (start, end, key) in pods {
        let id = match process {
            TraceProcess::Workload => timeline.workload_of(key).map(|workload| Arc::clone(&workload.uid)),
            TraceProcess::Node => timeline.identity(key).node.clone(),
        };
        let index = *index_by_id.entry(id).or_insert_with_key(|id| {
            let name = match (process, timeline.workload_of(key)) {
                (TraceProcess::Workload, Some(workload)) => name_workload(workload),
                (TraceProcess::Node, _) | (TraceProcess::Workload, None) => {
                    id.as_deref().unwrap_or("no node").to_owned()
                }
            };
            processes.push(Process { name, lanes: Lanes::default() });
            processes.len().saturating_sub(1)
        });
        let lane = processes[index].lanes.add(start, end);
        let pid = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
        places.insert(key, Place { pid, tid: lane.saturating_add(1) });
    }
    (processes, places)
}

/// Returns the name of a workload with its namespace: `default/job/pi`.
fn name_workload(workload: &Workload) -> String {
    format!("{}/{}/{}", workload.namespace, workload.kind.to_lowercase(), workload.name)
}

/// Writes events, each on a line of its own.
struct EventWriter<'a> {
    out: &'a mut dyn Write,
    is_first: bool,
}

impl EventWriter<'_> {
    fn write<A: Serialize>(&mut self, event: &TraceEvent<'_, A>) -> io::Result<()> {
        self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        event.serialize(&mut Serializer::with_formatter(&mut *self.out, LineFormatter))?;
        Ok(())
    }

    fn write_metadata<A: Serialize>(&mut self, place: Place, name: &str, args: A) -> io::Result<()> {
        let Place { pid, tid } = place;
        self.write(&TraceEvent { name, ph: "M", pid, tid, cat: None, ts: None, dur: None, s: None, args })
    }

    /// Writes the slices of a Pod and of its phases. A failed Pod also has a moment at its end.
    fn write_pod(
        &mut self,
        place: Place,
        workload: &Workload,
        pod: &TimelinePod<'_>,
        now: Timestamp,
    ) -> io::Result<()> {
        let life = &pod.life;
        let Some(start) = life.phases.first().map(|phase| phase.start.as_millisecond()) else {
            return Ok(());
        };
        let open_until = (!life.outcome.has_ended()).then(|| now.as_millisecond());
        let ends =
            life.phases.iter().map(|phase| end_of(phase, open_until).unwrap_or(phase.start.as_millisecond()));
        let end = ends.max().unwrap_or(start);
        let args = PodSliceArgs {
            namespace: &pod.namespace,
            workload: format!("{}/{}", workload.kind.to_lowercase(), workload.name),
            uid: &pod.uid,
            node: pod.node.as_deref(),
            index: pod.index,
            attempt: pod.attempt,
            outcome: life.outcome.name(),
            exit_code: life.exit_code,
            reason: life.reason.as_deref(),
        };
        self.write_slice(place, &pod.name, "pod", (start, end), args)?;
        for phase in &life.phases {
            let Some(end) = end_of(phase, open_until) else { continue };
            let args = PhaseSliceArgs {
                container: phase.container.as_deref(),
                reason: phase.setup_part().map(SetupPart::name).or(phase.reason.as_deref()),
                source: phase.source.name(),
            };
            let times = (phase.start.as_millisecond(), end);
            self.write_slice(place, phase.kind.name(), "phase", times, args)?;
        }
        if !pod.overview().has_failed() {
            return Ok(());
        }
        let (Place { pid, tid }, ts) = (place, Some(end.saturating_mul(1_000)));
        let name = life.reason.as_deref().unwrap_or("Failed");
        let args = NameArgs { name: &pod.name };
        self.write(&TraceEvent {
            name,
            ph: "i",
            pid,
            tid,
            cat: Some("failure"),
            ts,
            dur: None,
            s: Some("t"),
            args,
        })
    }

    /// Writes a slice. `times` are its start and its end in milliseconds since 1970.
    fn write_slice<A: Serialize>(
        &mut self,
        place: Place,
        name: &str,
        cat: &'static str,
        times: (i64, i64),
        args: A,
    ) -> io::Result<()> {
        let (Place { pid, tid }, (start, end)) = (place, times);
        let dur = Some(end.saturating_sub(start).max(0).saturating_mul(1_000));
        let ts = Some(start.saturating_mul(1_000));
        self.write(&TraceEvent { name, ph: "X", pid, tid, cat: Some(cat), ts, dur, s: None, args })
    }
}

/// Returns the end of a phase in milliseconds since 1970; `None` if the end is unknown. `open_until` is the end of a phase
/// that goes on.
fn end_of(phase: &Phase, open_until: Option<i64>) -> Option<i64> {
    phase.end.map(Timestamp::as_millisecond).or(open_until)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::export::fixture::{at, ended_pod, waiting_pod, workload};

    fn trace_of(pods: Vec<TimelinePod<'static>>, process: TraceProcess) -> Vec<Value> {
        let keys = (0..pods.len()).map(PodKey::from_index).collect();
        let timeline = Timeline::from_parts(pods, vec![Workload { pods: keys, ..workload() }]);
        let mut out = Vec::new();
        write_trace(&timeline, at(10_000), process, &mut out).unwrap();
        let trace: Value = serde_json::from_slice(&out).unwrap();
        trace["traceEvents"].as_array().unwrap().clone()
    }

    /// Returns the names of the processes and, for each slice of a Pod, its process, thread, start and duration.
    fn summarize(events: &[Value]) -> (Vec<&str>, Vec<[i64; 4]>) {
        let named = events.iter().filter(|event| event["name"] == "process_name");
        let pods = events.iter().filter(|event| event["cat"] == "pod");
        let numbers = |event: &Value| ["pid", "tid", "ts", "dur"].map(|key| event[key].as_i64().unwrap());
        (named.map(|event| event["args"]["name"].as_str().unwrap()).collect(), pods.map(numbers).collect())
    }

    #[test]
    fn a_pod_is_a_slice_in_a_slot_of_its_workload_or_on_its_node() {
        let pods = || vec![ended_pod(), waiting_pod(), ended_pod()];
        let start = at(0).as_microsecond();
        let events = trace_of(pods(), TraceProcess::Workload);
        let slices = vec![[1, 1, start, 9_000_000], [1, 3, start, 10_000_000], [1, 2, start, 9_000_000]];
        assert_eq!(summarize(&events), (vec!["default/job/pi"], slices));
        let events = trace_of(pods(), TraceProcess::Node);
        let slices = vec![[1, 1, start, 9_000_000], [2, 1, start, 10_000_000], [1, 2, start, 9_000_000]];
        assert_eq!(summarize(&events), (vec!["node-1", "no node"], slices));
    }

    #[test]
    fn phases_lie_inside_their_pod_and_a_failure_is_a_moment() {
        let events = trace_of(vec![ended_pod()], TraceProcess::Workload);
        let phases: Vec<&str> = events
            .iter()
            .filter(|event| event["cat"] == "phase")
            .map(|event| {
                let number = |key: &str| event[key].as_i64().unwrap();
                let start = at(0).as_microsecond();
                assert!(
                    number("ts") >= start && number("ts") + number("dur") <= start + 9_000_000,
                    "{event}"
                );
                event["name"].as_str().unwrap()
            })
            .collect();
        assert_eq!(phases, ["Queued", "Setup", "Pulling", "Running"]);
        let failure = events.last().unwrap();
        assert_eq!((&failure["ph"], &failure["name"]), (&"i".into(), &"OOMKilled".into()));
        assert_eq!(failure["ts"], at(9_000).as_microsecond());
    }

    #[test]
    fn a_phase_with_an_unknown_end_has_no_slice() {
        let mut pod = ended_pod();
        pod.life.to_mut().phases.last_mut().unwrap().end = None;
        let events = trace_of(vec![pod], TraceProcess::Workload);
        assert!(events.iter().all(|event| event["name"] != "Running"), "{events:?}");
    }

    #[test]
    fn hostile_text_stays_text() {
        let mut pod = ended_pod();
        let text = "\"},{\u{1b}]0;x\u{7}\u{202e}";
        pod.life.to_mut().reason = Some(text.into());
        let events = trace_of(vec![pod], TraceProcess::Workload);
        assert_eq!(events.last().unwrap()["name"], text);
    }
}
