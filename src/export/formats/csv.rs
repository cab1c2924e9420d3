//! `-o csv`: a row for each Pod. Each row is written when its Pod has been derived, so that the table never exists in
//! memory as a whole.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::WriterBuilder;
use jiff::Timestamp;

use crate::export::escapes::escape_unsafe;
use crate::lifecycle::{Instant, PhaseKind};
use crate::timeline::{Timeline, TimelinePod, Workload};

/// The value of a cell. An unknown value is an empty cell.
enum CellValue<'a> {
    Text(Option<&'a str>),
    Number(Option<i64>),
    Time(Option<Timestamp>),
    Flag(Option<bool>),
}

/// A Pod and the values from which its row is made.
struct PodRow<'a> {
    workload: &'a Workload,
    pod: &'a TimelinePod<'a>,
    now: Timestamp,
}

/// A column: its name and its value.
type Column = (&'static str, for<'a> fn(&'a PodRow<'_>) -> CellValue<'a>);

/// The columns. A column with the name of a field of the timeline document has the value of this field.
const COLUMNS: [Column; 40] = [
    ("namespace", |row| CellValue::Text(Some(&row.pod.namespace))),
    ("workloadKind", |row| CellValue::Text(Some(&row.workload.kind))),
    ("workload", |row| CellValue::Text(Some(&row.workload.name))),
    ("workloadUid", |row| CellValue::Text(Some(&row.workload.uid))),
    ("name", |row| CellValue::Text(Some(&row.pod.name))),
    ("uid", |row| CellValue::Text(Some(&row.pod.uid))),
    ("node", |row| CellValue::Text(row.pod.node.as_deref())),
    ("index", |row| CellValue::Number(row.pod.index.map(i64::from))),
    ("attempt", |row| CellValue::Number(Some(row.pod.attempt.into()))),
    ("outcome", |row| CellValue::Text(Some(row.pod.life.outcome.name()))),
    ("exitCode", |row| CellValue::Number(row.pod.life.exit_code.map(i64::from))),
    ("reason", |row| CellValue::Text(row.pod.life.reason.as_deref())),
    ("created", |row| time(row.pod.life.instants.created)),
    ("scheduled", |row| time(row.pod.life.instants.scheduled)),
    ("sandboxReady", |row| time(row.pod.life.instants.sandbox_ready)),
    ("workStarted", |row| time(row.pod.life.instants.work_started)),
    ("ready", |row| time(row.pod.life.instants.ready)),
    ("workEnded", |row| time(row.pod.life.instants.work_ended)),
    ("deleteRequested", |row| time(row.pod.life.instants.delete_requested)),
    ("deleted", |row| time(row.pod.life.instants.deleted)),
    ("queuedMillis", |row| CellValue::Number(row.pod.life.queued.map(|queued| queued.estimate_millis))),
    ("coldStartMillis", |row| CellValue::Number(row.pod.life.cold_start.map(|cold| cold.estimate_millis))),
    ("setupMillis", |row| row.phase_millis(PhaseKind::Setup)),
    ("pullingMillis", |row| row.phase_millis(PhaseKind::Pulling)),
    ("pullFailingMillis", |row| row.phase_millis(PhaseKind::PullFailing)),
    ("initializingMillis", |row| row.phase_millis(PhaseKind::Initializing)),
    ("startingMillis", |row| row.phase_millis(PhaseKind::Starting)),
    ("startupMillis", |row| row.phase_millis(PhaseKind::Startup)),
    ("unreadyMillis", |row| CellValue::Number(row.pod.life.unready.map(|unready| unready.estimate_millis))),
    ("runMillis", |row| CellValue::Number(row.pod.life.run.map(|run| run.estimate_millis))),
    ("backOffMillis", |row| row.phase_millis(PhaseKind::BackOff)),
    ("terminatingMillis", |row| row.phase_millis(PhaseKind::Terminating)),
    ("unknownMillis", |row| row.phase_millis(PhaseKind::Unknown)),
    ("restarts", |row| CellValue::Number(row.restarts())),
    ("image", |row| CellValue::Text(row.pod.life.main_image().map(|image| &**image))),
    ("pullBytes", |row| CellValue::Number(row.pull_bytes())),
    ("pullCached", |row| CellValue::Flag(row.pull_cached())),
    ("clamped", |row| CellValue::Flag(Some(row.pod.life.clamped))),
    ("gone", |row| CellValue::Flag(Some(row.pod.life.gone))),
    ("observedAt", |row| CellValue::Time(Some(row.now))),
];

/// Writes the header and a row for each Pod, by workload and creation. Open phases are measured until `now`.
///
/// # Errors
/// Returns the error of `out` if writing fails.
pub(crate) fn write_csv(timeline: &Timeline, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = WriterBuilder::new().from_writer(out);
    writer.write_record(COLUMNS.map(|(name, _)| name))?;
    for workload in timeline.workloads() {
        for (_, pod) in timeline.pods(workload) {
            let row = PodRow { workload, pod: &pod, now };
            COLUMNS.iter().try_for_each(|(_, cell)| writer.write_field(&*format_cell(&cell(&row))))?;
            // Ends the row.
            writer.write_record(None::<&[u8]>)?;
        }
    }
    writer.flush()
}

fn time<'a>(instant: Option<Instant>) -> CellValue<'a> {
    CellValue::Time(instant.map(|instant| instant.at))
}

impl PodRow<'_> {
    /// Returns the time in a phase, until now if the phase is open. Unknown if the end of a phase is unknown, and for a
    /// part of the cold start if the parts are unknown.
    fn phase_millis(&self, kind: PhaseKind) -> CellValue<'static> {
        let life = &self.pod.life;
        let mut phases = life.phases.iter().filter(|phase| phase.kind == kind).peekable();
        let has_phase = phases.peek().is_some();
        let is_split = life.cold_start.is_some()
            && (kind == PhaseKind::Startup
                || life.phases.iter().all(|phase| phase.kind != PhaseKind::Startup));
        if !has_phase && (life.phases.is_empty() || (kind.is_cold_start() && !is_split)) {
            return CellValue::Number(None);
        }
        let open_until = (!life.outcome.has_ended()).then_some(self.now);
        let millis = phases.map(|phase| {
            let end = phase.end.or(open_until)?;
            Some(end.as_millisecond().saturating_sub(phase.start.as_millisecond()).max(0))
        });
        CellValue::Number(millis.sum())
    }

    fn restarts(&self) -> Option<i64> {
        let containers = &self.pod.life.containers;
        let restarts = containers.iter().map(|container| i64::from(container.restarts)).sum();
        (!containers.is_empty()).then_some(restarts)
    }

    /// Returns the size of all images that were pulled for the Pod. Unknown if no event reports a pull or a size.
    fn pull_bytes(&self) -> Option<i64> {
        let pulls = self.pod.life.containers.iter().filter_map(|container| container.pull);
        let bytes: u64 = pulls.filter_map(|pull| pull.bytes).reduce(u64::saturating_add)?;
        i64::try_from(bytes).ok()
    }

    /// Whether all images were already on the node. Unknown if no event reports a pull.
    fn pull_cached(&self) -> Option<bool> {
        let pulls = self.pod.life.containers.iter().filter_map(|container| container.pull);
        pulls.map(|pull| pull.cached).reduce(|all, cached| all && cached)
    }
}

fn format_cell<'a>(cell: &CellValue<'a>) -> Cow<'a, str> {
    match cell {
        CellValue::Text(text) => text.map(format_text).unwrap_or_default(),
        CellValue::Number(number) => number.map(|number| number.to_string().into()).unwrap_or_default(),
        CellValue::Time(at) => at.map(|at| format!("{at:.3}").into()).unwrap_or_default(),
        CellValue::Flag(flag) => {
            flag.map(|flag| if flag { "true" } else { "false" }.into()).unwrap_or_default()
        }
    }
}

/// Makes a text visible and harmless. A spreadsheet computes a text that begins like a formula, also between quotes, so
/// such a text gets an apostrophe. No name that Kubernetes accepts begins in this way.
fn format_text(text: &str) -> Cow<'_, str> {
    let text = escape_unsafe(text);
    if text.trim_start().starts_with(['=', '+', '-', '@']) { format!("'{text}").into() } else { text }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::export::fixture::{at, ended_pod, waiting_pod, workload};
    use crate::timeline::PodKey;

    /// Writes these Pods as CSV, and reads the rows.
    fn rows(pods: Vec<TimelinePod<'static>>) -> Vec<HashMap<String, String>> {
        let keys = (0..pods.len()).map(PodKey::from_index).collect();
        let timeline = Timeline::from_parts(pods, vec![Workload { pods: keys, ..workload() }]);
        let mut out = Vec::new();
        write_csv(&timeline, at(10_000), &mut out).unwrap();
        csv::Reader::from_reader(&*out).deserialize().map(Result::unwrap).collect()
    }

    #[test]
    fn a_row_has_the_values_of_the_document_and_unknown_values_are_empty() {
        let rows = rows(vec![ended_pod(), waiting_pod()]);
        for (column, ended, waiting) in [
            ("namespace", "default", "default"),
            ("workload", "pi", "pi"),
            ("name", "pi-0-j272m", "pi-xc786"),
            ("node", "node-1", ""),
            ("index", "0", ""),
            ("exitCode", "137", ""),
            ("reason", "OOMKilled", "Insufficient cpu"),
            ("created", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"),
            ("workStarted", "2026-01-01T00:00:06.100Z", ""),
            ("queuedMillis", "12", ""),
            ("coldStartMillis", "6088", ""),
            ("pullingMillis", "5100", ""),
            ("initializingMillis", "0", ""),
            ("runMillis", "2900", ""),
            ("backOffMillis", "0", "0"),
            ("restarts", "2", ""),
            ("pullBytes", "352321536", ""),
            ("pullCached", "false", ""),
            ("clamped", "true", "false"),
        ] {
            assert_eq!((rows[0][column].as_str(), rows[1][column].as_str()), (ended, waiting), "{column}");
        }
    }

    #[test]
    fn the_parts_of_a_cold_start_are_unknown_if_they_are_one_phase() {
        let mut pod = ended_pod();
        let life = pod.life.to_mut();
        life.phases.retain(|phase| phase.kind != PhaseKind::Pulling);
        life.phases[1].kind = PhaseKind::Startup;
        let rows = rows(vec![pod]);
        let value = |column: &str| rows[0][column].as_str();
        assert_eq!((value("startupMillis"), value("setupMillis"), value("pullingMillis")), ("788", "", ""));
    }

    #[test]
    fn an_open_phase_is_measured_until_now_and_an_unknown_end_is_no_number() {
        let mut pod = ended_pod();
        pod.life.to_mut().phases.last_mut().unwrap().kind = PhaseKind::Terminating;
        pod.life.to_mut().phases.last_mut().unwrap().end = None;
        let mut open = pod.clone();
        open.life.to_mut().outcome = crate::lifecycle::PodOutcome::Running;
        let rows = rows(vec![pod, open]);
        assert_eq!((&*rows[0]["terminatingMillis"], &*rows[1]["terminatingMillis"]), ("", "3900"));
    }

    #[test]
    fn text_is_quoted_visible_and_no_formula() {
        for (text, cell) in [
            ("a,\"b\"", "a,\"b\""),
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("-1+1", "'-1+1"),
            (" @SUM(A1)", "' @SUM(A1)"),
            ("two\nlines\u{1b}[31m\u{202e}", "two\\u{a}lines\\u{1b}[31m\\u{202e}"),
            ("\t=1", "\\u{9}=1"),
        ] {
            let mut pod = ended_pod();
            pod.life.to_mut().reason = Some(text.into());
            assert_eq!(rows(vec![pod])[0]["reason"], cell);
        }
    }

    #[test]
    fn a_table_without_pods_has_a_header_and_the_page_names_its_columns() {
        let mut out = Vec::new();
        write_csv(&Timeline::default(), at(0), &mut out).unwrap();
        let header = String::from_utf8(out).unwrap();
        assert!(
            header.starts_with("namespace,workloadKind,") && header.ends_with(",observedAt\n"),
            "{header}"
        );
        let page = include_str!("../../../docs/exports.md");
        for (name, _) in COLUMNS {
            assert!(page.contains(&format!("`{name}`")), "docs/exports.md does not describe `{name}`");
        }
    }
}
