//! The lines of the what-if below the last picture: the answer that the user asked for, or the one change that helps most.

use crate::app::run_state::RunSnapshot;
use crate::timeline::Workload;
use crate::view;
use crate::view::{Glyphs, Line};

/// For a Job with more Pods, the line is left out unless the user asks, because the prediction would take too long.
const MAX_PODS_UNASKED: usize = 500;

/// Draws the lines below the last picture. Without a request, this is at most one line, and only for a single workload.
pub(crate) fn what_if_lines(run: &RunSnapshot<'_>, columns: usize, glyphs: &Glyphs) -> Vec<Line> {
    let timeline = &run.state.timeline;
    let roots: Vec<&Workload> = timeline.roots().collect();
    let Some(request) = run.state.what_if else {
        let [only] = roots[..] else { return Vec::new() };
        let help = timeline.most_helpful_change(only, MAX_PODS_UNASKED, run.now);
        return help
            .map(|(best, observed)| view::draw_most_helpful_change(&best, observed, columns, glyphs))
            .into_iter()
            .collect();
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
