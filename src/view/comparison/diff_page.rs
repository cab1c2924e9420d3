//! The page of `diff`: the sentence, where the difference went, the tests, the changed conditions, and the lanes.

use crate::timeline::comparison::{Diff, DiffResult, RowMark, WorkloadRun};
use crate::view::comparison::changed_table::draw_changed;
use crate::view::comparison::lanes::draw_lanes;
use crate::view::comparison::row_table::draw_rows;
use crate::view::comparison::slot_delta_table::draw_slot_deltas;
use crate::view::primitives::frame::{Frame, Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text::{CONTINUATION_INDENT, clean, wrap};

/// Draws the whole page in at most `columns` columns.
pub(crate) fn draw_diff(diff: &Diff, glyphs: &Glyphs, columns: usize) -> Frame {
    let mut lines = wrap_text(&diff.text, Style::Strong, columns);
    lines.extend(wrap_text(&describe_result(diff), result_style(diff.result), columns));
    lines.extend(wrap_text(describe_claim(diff), Style::Dim, columns));
    for (side, runs) in [("A", &diff.a), ("B", &diff.b)] {
        lines.extend(runs.iter().map(|run| describe_run(side, run, glyphs)));
    }
    let mut add_block = |block: Vec<Line>| {
        if !block.is_empty() {
            lines.push(Line::default());
            lines.extend(block);
        }
    };
    add_block(draw_slot_deltas(diff, glyphs, columns));
    let mut rows = draw_rows(diff, glyphs, columns);
    rows.extend(wrap_text(&describe_marks(diff, glyphs.separator), Style::Dim, columns));
    add_block(rows);
    add_block(draw_changed(&diff.changed, glyphs, columns));
    add_block(draw_lanes(diff, glyphs, columns));
    Frame { lines: lines.into_iter().map(|line| line.shorten_end(columns, glyphs.ellipsis)).collect() }
}

fn wrap_text(text: &str, style: Style, columns: usize) -> Vec<Line> {
    let room = columns.saturating_sub(CONTINUATION_INDENT.len());
    let parts = wrap(text, room).into_iter().enumerate();
    parts
        .map(|(index, part)| {
            Line::new(format!("{}{part}", if index == 0 { "" } else { CONTINUATION_INDENT }), style)
        })
        .collect()
}

/// The result with its reason: `different: pull differs`.
fn describe_result(diff: &Diff) -> String {
    let result = match diff.result {
        DiffResult::Same => "same",
        DiffResult::Different => "different",
        DiffResult::CannotJudge => "cannot judge",
    };
    let why = diff.why.as_ref().map(|why| format!(": {}", clean(why))).unwrap_or_default();
    format!("{result}{why}")
}

fn result_style(result: DiffResult) -> Style {
    match result {
        DiffResult::Same => Style::Success,
        DiffResult::Different => Style::Failure,
        DiffResult::CannotJudge => Style::Warning,
    }
}

/// The sentence about how far the comparison is proof of a difference.
fn describe_claim(diff: &Diff) -> &'static str {
    if diff.can_prove_versions() {
        "the runs are the units of the tests, so a difference is one between the two groups"
    } else if diff.compares_pods() {
        "a difference between runs is not yet a difference between versions"
    } else {
        "fewer than 3 runs a side: a difference between runs is not yet a difference between versions"
    }
}

/// `A before.jsonl: job/pi, Succeeded, 20 Pods`.
fn describe_run(side: &str, run: &WorkloadRun, glyphs: &Glyphs) -> Line {
    let mut line = Line::new(side.to_owned(), Style::Strong);
    let started = run.created.map(|created| created.strftime("%Y-%m-%d %H:%M:%SZ").to_string());
    let pods = if run.summary.pods == 1 { "1 Pod".to_owned() } else { format!("{} Pods", run.summary.pods) };
    let name = format!("{}/{}", run.kind.to_lowercase(), clean(&run.name));
    let parts = [Some(name), started, Some(run.state.name().to_owned()), Some(pods)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    line.push(format!(" {}: {}", clean(run.source.name()), parts.join(glyphs.separator)), Style::Dim);
    line
}

/// Explains the numbers and the marks of the table.
fn describe_marks(diff: &Diff, separator: &str) -> String {
    let has = |mark: RowMark| diff.rows.iter().any(|row| row.mark == Some(mark));
    let numbers =
        if diff.compares_pods() { "medians of N Pods" } else { "means of N runs' medians and wall times" };
    let mut parts = vec![numbers];
    if has(RowMark::NoDifference) {
        parts.push("~ may be chance, or is too small to count");
    }
    if has(RowMark::TooFew) {
        parts.push(if diff.compares_pods() { "? fewer than 6 Pods" } else { "? fewer than 3 runs" });
    }
    parts.join(separator)
}
