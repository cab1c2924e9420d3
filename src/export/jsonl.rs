//! `-o jsonl`: one line for each change while following, with the changed element in the form of the timeline document.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::document::{PodEntry, WorkloadEntry, time};
use crate::timeline::{Changes, PodKey, Timeline, TimelinePod, Workload};

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

/// `{"type": "workload", …}`: a workload changed. Without `pods`: those have lines of their own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkloadLine<'a> {
    r#type: &'static str,
    #[serde(serialize_with = "time")]
    observed_at: Timestamp,
    workload: WorkloadEntry<'a>,
}

/// `{"type": "end", …}`: nothing more will come. All workloads, without `pods`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndLine<'a> {
    r#type: &'static str,
    #[serde(serialize_with = "time")]
    observed_at: Timestamp,
    exit_code: u8,
    workloads: Vec<WorkloadEntry<'a>>,
}

/// The lines of a timeline that is followed. Remembers what the last line of each element said, so that nothing is said
/// twice.
#[derive(Debug, Default)]
pub(crate) struct ChangeLines {
    workloads: HashMap<Arc<str>, u64>,
    pods: HashMap<PodKey, u64>,
}

impl ChangeLines {
    /// Writes a line for each workload and each Pod that has changed, a workload's before its Pods'.
    ///
    /// # Errors
    /// What the writer says, a broken pipe as such.
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
            if changes.workloads && self.is_news_of(workload) {
                let workload = WorkloadEntry::without_pods(timeline, workload, now);
                write_line(&WorkloadLine { r#type: "workload", observed_at: now, workload }, out)?;
            }
            let mut keys = by_workload.remove(&*workload.uid).unwrap_or_default();
            keys.sort_by_key(|&key| (timeline.overview(key).created(), &timeline.identity(key).name));
            for key in keys {
                let pod = timeline.pod(key);
                if self.is_news_of_pod(key, &pod)? {
                    let pod = PodEntry::new(&pod, now);
                    let line = PodLine { r#type: "pod", observed_at: now, workload_uid: &workload.uid, pod };
                    write_line(&line, out)?;
                }
            }
        }
        Ok(())
    }

    /// Writes the last line: the exit code that the program is about to end with, and how the workloads stand.
    ///
    /// # Errors
    /// What the writer says, a broken pipe as such.
    pub(crate) fn write_end(
        timeline: &Timeline,
        exit_code: u8,
        now: Timestamp,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let entry = |workload| WorkloadEntry::without_pods(timeline, workload, now);
        let workloads = timeline.workloads().iter().map(entry).collect();
        write_line(&EndLine { r#type: "end", observed_at: now, exit_code, workloads }, out)
    }

    fn is_news_of(&mut self, workload: &Workload) -> bool {
        let mut hash = DefaultHasher::new();
        let controller = (workload.active, workload.succeeded, workload.failed);
        let desired = (workload.completions, workload.parallelism);
        let times = (workload.created, workload.started, workload.finished);
        let ending = (workload.state, &workload.reason, &workload.message, workload.gone);
        (controller, desired, times, ending).hash(&mut hash);
        for hold in &workload.holds {
            let ends = [hold.start, hold.end].map(|end| end.map(|end| end.at));
            (ends, hold.ended, &hold.reason, &hold.message).hash(&mut hash);
        }
        let said = hash.finish();
        self.workloads.insert(Arc::clone(&workload.uid), said) != Some(said)
    }

    fn is_news_of_pod(&mut self, key: PodKey, pod: &TimelinePod) -> io::Result<bool> {
        let mut hash = HashWriter(DefaultHasher::new());
        // Not as of now: that time goes by is no change.
        serde_json::to_writer(&mut hash, &PodEntry::new(pod, Timestamp::UNIX_EPOCH))
            .map_err(io::Error::from)?;
        let said = hash.0.finish();
        Ok(self.pods.insert(key, said) != Some(said))
    }
}

/// Hashes what is written.
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

fn write_line(line: &impl Serialize, mut out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut out, line).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
