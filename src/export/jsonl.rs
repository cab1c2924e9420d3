//! `-o jsonl`: one line for each change while following, with the changed element in the form of the timeline document.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::document::{PodEntry, WorkloadEntry, time};
use crate::timeline::{PodKey, Timeline, Workload};

/// `{"type": "pod", …}`: a Pod changed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PodLine<'a> {
    r#type: &'static str,
    #[serde(serialize_with = "time")]
    observed_at: Timestamp,
    workload_uid: &'a str,
    pod: PodEntry<'a>,
}

/// `{"type": "workload", …}`: a workload changed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkloadLine<'a> {
    r#type: &'static str,
    #[serde(serialize_with = "time")]
    observed_at: Timestamp,
    workload: WorkloadEntry<'a>,
}

/// `{"type": "end", …}`: nothing more will come.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndLine<'a> {
    r#type: &'static str,
    #[serde(serialize_with = "time")]
    observed_at: Timestamp,
    exit_code: u8,
    workloads: Vec<WorkloadEntry<'a>>,
}

/// Writes the line of a changed Pod: type, `observedAt`, `workloadUid` and the Pod as it stands at `now`.
///
/// # Errors
/// What the writer says, a broken pipe as such.
///
/// # Panics
/// Panics with a key of another timeline.
pub fn write_pod_line(
    timeline: &Timeline,
    workload: &Workload,
    pod: PodKey,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let pod = PodEntry::new(timeline.pod(pod), now);
    write_line(&PodLine { r#type: "pod", observed_at: now, workload_uid: &workload.uid, pod }, out)
}

/// Writes the line of a changed workload: type, `observedAt` and the workload without its Pods, which have their own.
///
/// # Errors
/// What the writer says, a broken pipe as such.
pub fn write_workload_line(
    timeline: &Timeline,
    workload: &Workload,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let workload = WorkloadEntry::without_pods(timeline, workload, now);
    write_line(&WorkloadLine { r#type: "workload", observed_at: now, workload }, out)
}

/// Writes the last line: type, `observedAt`, the exit code that the program is about to end with, and all workloads
/// without their Pods.
///
/// # Errors
/// What the writer says, a broken pipe as such.
pub fn write_end_line(
    timeline: &Timeline,
    exit_code: u8,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let workloads = timeline.workloads().iter();
    let workloads = workloads.map(|workload| WorkloadEntry::without_pods(timeline, workload, now)).collect();
    write_line(&EndLine { r#type: "end", observed_at: now, exit_code, workloads }, out)
}

fn write_line(line: &impl Serialize, mut out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut out, line).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
