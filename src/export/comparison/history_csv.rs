//! `history -o csv`: a row for each run. An unknown value is an empty cell.

use std::io::{self, Write};

use csv::WriterBuilder;

use crate::export::comparison::run::WorkloadRunEntry;
use crate::lifecycle::PhaseKind;
use crate::observation::clean_whole;
use crate::timeline::comparison::{WorkHistory, WorkloadRun};

/// The columns before those of the slot time.
const COLUMNS: [&str; 15] = [
    "namespace",
    "workKind",
    "work",
    "source",
    "name",
    "uid",
    "createdAt",
    "outcome",
    "wallMillis",
    "pods",
    "failed",
    "coldStartP50Millis",
    "coldStartP95Millis",
    "standsOut",
    "partial",
];

/// Writes the rows of all works below the names of the columns.
///
/// # Errors
/// Returns the writer's error.
pub(crate) fn write_history_csv(works: &[WorkHistory], out: &mut dyn Write) -> io::Result<()> {
    let mut writer = WriterBuilder::new().from_writer(out);
    let parts = PhaseKind::ALL.map(|kind| format!("slot{}Millis", kind.name()));
    let names = COLUMNS.into_iter().map(str::to_owned).chain(["slotMillis".to_owned()]).chain(parts);
    writer.write_record(names.chain(["slotIdleMillis".to_owned(), "lostWorkMillis".to_owned()]))?;
    for history in works {
        for (index, run) in history.runs.iter().enumerate() {
            writer.write_record(cells(history, run, index))?;
        }
    }
    writer.flush()
}

fn cells(history: &WorkHistory, run: &WorkloadRun, index: usize) -> Vec<String> {
    let entry = WorkloadRunEntry::new(run, history.stands_out == Some(index));
    let text = |text: &str| clean_whole(text).into_owned();
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let slots = Some(&run.summary.slots).filter(|_| !run.summary.slots_unknown);
    let mut cells = vec![
        text(&history.work.namespace),
        text(&history.work.kind),
        text(&history.work.name),
        text(entry.source),
        text(entry.name),
        text(entry.uid),
        entry.created_at.map(|at| format!("{at:.3}")).unwrap_or_default(),
        entry.outcome.to_owned(),
        number(entry.wall_millis),
        entry.pods.to_string(),
        entry.failed.to_string(),
        number(entry.cold_start.p50_millis),
        number(entry.cold_start.p95_millis),
        entry.stands_out.to_string(),
        entry.partial.to_string(),
        number(slots.map(|slots| slots.total)),
    ];
    cells.extend(PhaseKind::ALL.map(|kind| number(slots.map(|slots| slots.phases[kind]))));
    cells.push(number(slots.map(|slots| slots.idle)));
    cells.push(entry.lost_work.millis.to_string());
    cells
}
