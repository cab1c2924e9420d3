//! Renders the full report of `-o markdown`: the summary, the diagram and a table of all Pods.

use std::fmt::Write as _;

use crate::app::summary::gantt::render_gantt;
use crate::app::summary::markdown::table_cell;
use crate::app::summary::report::{SummaryInput, render_summary};
use crate::lifecycle::RangedDuration;
use crate::timeline::Timeline;
use crate::view::Names;
use crate::view::primitives::duration::format_ranged;

/// Maximum size of a report in bytes: GitHub refuses a larger job summary.
pub(crate) const MAX_FULL_BYTES: usize = 1 << 20;

/// Number of bytes that are reserved for the end of the table.
const TABLE_END_BYTES: usize = 200;

/// A longer table is folded.
const MAX_OPEN_ROWS: usize = 20;

/// Renders the full report. It has at most [`MAX_FULL_BYTES`] bytes.
pub(crate) fn render_full_report(input: &SummaryInput<'_>) -> String {
    let mut report = render_summary(input);
    let gantt = render_gantt(input.timeline, input.now);
    if !gantt.is_empty() {
        report = format!("{report}\n{gantt}");
    }
    let table = render_pods(input.timeline, MAX_FULL_BYTES.saturating_sub(report.len()));
    if table.is_empty() { report } else { format!("{report}\n{table}") }
}

/// Returns a table of all Pods in the order of their creation. It has at most `max_bytes` bytes. A last line counts the
/// Pods that are left out.
fn render_pods(timeline: &Timeline, max_bytes: usize) -> String {
    let count: usize = timeline.workloads().iter().map(|workload| workload.pods.len()).sum();
    if count == 0 {
        return String::new();
    }
    let is_folded = count > MAX_OPEN_ROWS;
    let heading = format!("All Pods ({count})");
    let mut text = if is_folded {
        format!("<details><summary>{heading}</summary>\n\n")
    } else {
        format!("#### {heading}\n\n")
    };
    text += "| Pod | node | status | exit code | queued | cold start | work | reason |\n|---|---|---|--:|--:|--:|--:|---|\n";
    let names = Names::from_timeline(timeline);
    let duration = |duration: Option<RangedDuration>| duration.map(format_ranged).unwrap_or_default();
    let mut shown = 0_usize;
    'pods: for workload in timeline.workloads() {
        for (_, pod) in timeline.pods(workload) {
            let (overview, life) = (pod.overview(), &pod.life);
            let cells = [
                table_cell(&names.pod(&pod)),
                table_cell(pod.node.as_deref().unwrap_or_default()),
                table_cell(&life.status),
                life.exit_code.map(|code| code.to_string()).unwrap_or_default(),
                duration(overview.queued()),
                duration(overview.cold_start()),
                duration(overview.run()),
                table_cell(life.reason.as_deref().unwrap_or_default()),
            ];
            let row = format!("| {} |\n", cells.join(" | "));
            if text.len() + row.len() + TABLE_END_BYTES > max_bytes {
                break 'pods;
            }
            text += &row;
            shown += 1;
        }
    }
    let rest = count - shown;
    if rest > 0 {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\nand {rest} more Pods, because a report has at most {} MiB\n",
            MAX_FULL_BYTES >> 20
        );
    }
    if is_folded { text + "\n</details>\n" } else { text }
}
