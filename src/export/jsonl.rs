//! `-o jsonl`: one line for each change while the run follows. The line contains the changed workload or Pod in the
//! form of the timeline document.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::ser::Serializer;
use serde_with::serde_as;

use crate::export::document::WorkloadEntry;
use crate::export::escapes::LineFormatter;
use crate::export::pod::PodEntry;
use crate::export::units::Rfc3339Millis;
use crate::timeline::{Changes, PodKey, Replacements, Timeline, Workload};

/// `{"type": "pod", …}`: a Pod changed.
#[serde_as]
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodLine<'a> {
    #[cfg_attr(test, schemars(extend("const" = "pod")))]
    r#type: &'static str,
    #[serde_as(as = "Rfc3339Millis")]
    observed_at: Timestamp,
    workload_uid: &'a str,
    pod: PodEntry<'a>,
}

/// `{"type": "workload", …}`: a workload changed. The line has no `pods`, because each Pod has lines of its own.
#[serde_as]
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkloadLine<'a> {
    #[cfg_attr(test, schemars(extend("const" = "workload")))]
    r#type: &'static str,
    #[serde_as(as = "Rfc3339Millis")]
    observed_at: Timestamp,
    workload: WorkloadEntry<'a>,
}

/// `{"type": "end", …}`: the last line, with all workloads, but without `pods`.
#[serde_as]
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndLine<'a> {
    #[cfg_attr(test, schemars(extend("const" = "end")))]
    r#type: &'static str,
    #[serde_as(as = "Rfc3339Millis")]
    observed_at: Timestamp,
    exit_code: u8,
    workloads: Vec<WorkloadEntry<'a>>,
}

/// Writes the changes of a timeline as lines. Stores a hash of the last written state of each workload and Pod, so that
/// an equal state is not written again.
#[derive(Debug, Default)]
pub(crate) struct ChangeWriter {
    /// The hash of each workload, by uid.
    workload_hashes: HashMap<Arc<str>, u64>,
    /// The hash of each Pod.
    pod_hashes: HashMap<PodKey, u64>,
    /// The disrupted Pods without a replacement so far, by the uid of their workload.
    unreplaced: HashMap<Arc<str>, HashSet<PodKey>>,
}

impl ChangeWriter {
    /// Writes a line for each workload and each Pod that changed. The line of a workload comes before the lines of its
    /// Pods.
    ///
    /// # Errors
    /// Returns the error of `out` if writing fails. A broken pipe keeps its kind.
    pub(crate) fn write_changes(
        &mut self,
        timeline: &Timeline,
        changes: &Changes,
        now: Timestamp,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut by_workload: HashMap<&str, Vec<PodKey>> = HashMap::new();
        for &key in &changes.pods {
            if let Some(workload) = timeline.workload_of(key) {
                by_workload.entry(&workload.uid).or_default().push(key);
            }
        }
        for workload in timeline.workloads() {
            if changes.workloads_changed && self.update_workload_hash(timeline, workload) {
                let workload = WorkloadEntry::without_pods(timeline, workload, now);
                write_json_line(&WorkloadLine { r#type: "workload", observed_at: now, workload }, out)?;
            }
            let mut keys = by_workload.remove(&*workload.uid).unwrap_or_default();
            // A new Pod may replace a disrupted Pod, which then needs a new line.
            let is_new = |key: &PodKey| !self.pod_hashes.contains_key(key);
            if keys.iter().any(is_new)
                && let Some(unreplaced) = self.unreplaced.get(&workload.uid)
            {
                keys.extend(unreplaced.difference(&keys.iter().copied().collect()).copied());
            }
            let is_disrupted = |key: &PodKey| timeline.disruption_cause(*key).is_some();
            let replacements = if keys.iter().any(is_disrupted) {
                timeline.replacements(workload)
            } else {
                Replacements::new()
            };
            keys.sort_by_key(|&key| (timeline.overview(key).created(), &timeline.identity(key).name));
            for key in keys {
                let pod = timeline.pod(key);
                let disruption = timeline.disruption(key, &replacements);
                if let Some(disruption) = &disruption {
                    let unreplaced = self.unreplaced.entry(Arc::clone(&workload.uid)).or_default();
                    match disruption.until_replaced_millis {
                        Some(_) => unreplaced.remove(&key),
                        None => unreplaced.insert(key),
                    };
                }
                // The time is constant, because the growing duration of an open phase is not a change.
                let at_fixed_time = PodEntry::new(&pod, disruption.clone(), Timestamp::UNIX_EPOCH);
                if self.update_pod_hash(key, &at_fixed_time)? {
                    let pod = PodEntry::new(&pod, disruption, now);
                    let line = PodLine { r#type: "pod", observed_at: now, workload_uid: &workload.uid, pod };
                    write_json_line(&line, out)?;
                }
            }
        }
        Ok(())
    }

    /// Writes the last line, with the exit code of the program and the final workloads.
    ///
    /// # Errors
    /// Returns the error of `out` if writing fails. A broken pipe keeps its kind.
    pub(crate) fn write_end(
        timeline: &Timeline,
        exit_code: u8,
        now: Timestamp,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let entry = |workload| WorkloadEntry::without_pods(timeline, workload, now);
        let workloads = timeline.workloads().iter().map(entry).collect();
        write_json_line(&EndLine { r#type: "end", observed_at: now, exit_code, workloads }, out)
    }

    /// Stores a hash of the workload's own state, its outages and its holds, without values computed from its Pods or the clock. Returns whether the hash is
    /// new or has changed.
    fn update_workload_hash(&mut self, timeline: &Timeline, workload: &Workload) -> bool {
        let mut hash = DefaultHasher::new();
        let counts = (workload.active, workload.succeeded, workload.failed);
        let desired = (workload.completions, workload.parallelism);
        let times = (workload.created, workload.started, workload.finished);
        let status = (workload.state, &workload.reason, &workload.message, workload.gone);
        (counts, desired, times, status).hash(&mut hash);
        timeline.outages_of(workload).for_each(|outage| outage.hash(&mut hash));
        for hold in &workload.holds {
            let times = [hold.start, hold.end].map(|instant| instant.map(|instant| instant.at));
            (times, hold.ended, &hold.reason, &hold.message).hash(&mut hash);
        }
        if let Some(queue) = timeline.queue(workload) {
            (queue.position, queue.priority, &queue.cluster).hash(&mut hash);
            for state in &queue.states {
                let times = [state.start, state.end].map(|instant| instant.map(|instant| instant.at));
                (times, state.kind, &state.reason, &state.message, &state.by).hash(&mut hash);
            }
        }
        let hash = hash.finish();
        self.workload_hashes.insert(Arc::clone(&workload.uid), hash) != Some(hash)
    }

    /// Stores a hash of a Pod's entry. Returns whether the hash is new or has changed.
    fn update_pod_hash(&mut self, key: PodKey, pod: &PodEntry<'_>) -> io::Result<bool> {
        let mut hash = HashWriter(DefaultHasher::new());
        serde_json::to_writer(&mut hash, pod).map_err(io::Error::from)?;
        let hash = hash.0.finish();
        Ok(self.pod_hashes.insert(key, hash) != Some(hash))
    }
}

/// A writer that hashes all bytes.
struct HashWriter(DefaultHasher);

impl Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a value as one line of JSON.
///
/// # Errors
/// Returns the error of `out` if writing fails.
pub(crate) fn write_json_line(line: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, LineFormatter);
    line.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
