//! The lines below the overview: the verdict about all its workloads, and the most expensive findings.

use std::cmp::Reverse;

use crate::timeline::{Finding, Summary, Workload};
use crate::view::names::Names;
use crate::view::primitives::frame::Line;
use crate::view::rows::slot_time::findings::finding_lines;
use crate::view::rows::slot_time::verdict::{VerdictRoom, verdict_lines};
use crate::view::runs::rows::{RunRow, wasted_millis};
use crate::view::view_context::ViewContext;

/// The maximum number of findings. Only this many workloads, those with the largest losses, are searched for findings.
const MAX_FINDINGS: usize = 3;

/// The maximum number of lines of a finding.
const LINES_PER_FINDING: usize = 2;

/// With fewer lines on the screen, the verdict has one line.
const MIN_LINES_FOR_LONG_VERDICT: usize = 16;

/// The verdict and the findings about the workloads of these rows.
pub(crate) struct RunConclusions<'a> {
    context: ViewContext<'a>,
    columns: usize,
    /// The workloads whose slot time is not a part of the slot time of another row.
    workloads: Vec<(&'a Workload, Summary)>,
}

impl<'a> RunConclusions<'a> {
    pub(crate) fn new(context: &ViewContext<'a>, rows: &[RunRow<'a>], columns: usize) -> Self {
        // The first workload of the rows below it contains their slot time.
        let mut above: Vec<usize> = Vec::new();
        let mut workloads = Vec::new();
        for row in rows {
            above.retain(|depth| *depth < row.depth);
            if above.is_empty() {
                workloads.push((row.workload, context.summary(row.workload)));
            }
            above.push(row.depth);
        }
        workloads.retain(|(_, summary)| summary.slots.total > 0);
        Self { context: *context, columns, workloads }
    }

    /// The sentence of the verdict. The rows have its bars. `lines` is the number of lines of the screen.
    pub(crate) fn verdict(&self, lines: Option<usize>) -> Vec<Line> {
        let mut sum = Summary::default();
        for (_, summary) in &self.workloads {
            sum.slots += summary.slots;
            sum.slot_uncertainty += summary.slot_uncertainty;
            sum.lost_work += summary.lost_work;
            sum.partial |= summary.partial;
        }
        let is_low = lines.is_some_and(|lines| lines < MIN_LINES_FOR_LONG_VERDICT);
        let room = VerdictRoom {
            columns: self.columns,
            max_lines: if is_low { 1 } else { 2 },
            has_bar: false,
            workloads: self.workloads.len(),
        };
        let pods = match &self.workloads[..] {
            [(only, _)] => only.pods.as_slice(),
            _ => &[],
        };
        verdict_lines(&self.context, &sum, pods, room)
    }

    /// The most expensive findings of all workloads in at most `max_lines` lines. Of several workloads, each finding
    /// begins with the name of its workload.
    pub(crate) fn findings(&self, max_lines: usize) -> Vec<Line> {
        let mut by_loss: Vec<&(&Workload, Summary)> = self.workloads.iter().collect();
        by_loss.sort_by_key(|(_, summary)| Reverse(wasted_millis(&summary.slots, summary.lost_work.total())));
        by_loss.truncate(MAX_FINDINGS);
        let names = Names::from_timeline(self.context.timeline);
        let mut findings: Vec<(f64, Finding)> = Vec::new();
        for (workload, summary) in by_loss {
            for finding in self.context.findings(workload).iter() {
                let mut finding = finding.clone();
                if self.workloads.len() > 1 {
                    finding.text.insert_str(0, &format!("{}: ", names.workload(workload)));
                }
                #[expect(clippy::cast_precision_loss, reason = "findings are only compared")]
                findings.push((finding.share * summary.slots.total as f64, finding));
            }
        }
        // The sort is stable, so the findings of one workload stay in their order.
        findings.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut lines: Vec<Line> = Vec::new();
        for (_, finding) in findings.iter().take(MAX_FINDINGS) {
            let of_finding = finding_lines(&self.context, finding, self.columns, LINES_PER_FINDING);
            if lines.len() + of_finding.len() > max_lines {
                break;
            }
            lines.extend(of_finding);
        }
        lines
    }
}
