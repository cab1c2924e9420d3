//! The lines of the what-if below the last picture: the answer to the user's request, or the most helpful change.

use crate::app::run_state::RunSnapshot;
use crate::timeline::{Workload, is_other_run};
use crate::view;
use crate::view::{Glyphs, Line};

/// For a Job with more Pods, the line appears only on request, because the prediction would take too long.
const MAX_PODS_UNASKED: usize = 500;

/// Draws the lines below the last picture. Without a request, this is at most one sentence, and only for a single
/// workload.
pub(crate) fn what_if_lines(run: &RunSnapshot<'_>, columns: usize, glyphs: &Glyphs) -> Vec<Line> {
    let timeline = &run.state.timeline;
    let roots: Vec<&Workload> = timeline.roots().collect();
    // The latest of several runs of the same workload is predicted. The others widen its ranges.
    let has_later_run = |workload: &&Workload| {
        roots.iter().any(|other| {
            is_other_run(workload, other) && (other.created, &other.uid) > (workload.created, &workload.uid)
        })
    };
    let roots: Vec<&Workload> = roots.iter().copied().filter(|workload| !has_later_run(workload)).collect();
    let Some(request) = run.state.what_if else {
        let [only] = roots[..] else { return Vec::new() };
        let help = timeline.most_helpful_change(only, MAX_PODS_UNASKED, run.now);
        let draw = |(best, observed)| view::draw_most_helpful_change(&best, observed, columns, glyphs);
        return help.map(draw).unwrap_or_default();
    };
    let names = view::Names::from_timeline(timeline);
    let mut lines = Vec::new();
    for workload in &roots {
        if roots.len() > 1 {
            lines.push(Line::new(names.workload(workload), view::Style::Strong));
        }
        let answer = timeline.what_if(workload, request, run.now);
        lines.extend(view::draw_what_if(&answer, columns, glyphs));
    }
    lines
}
