//! The answer of the what-if: the check of the model, and a table of predictions.

use crate::timeline::{ObservedRun, OtherRuns, PredictedTime, Prediction, WhatIf};
use crate::view::primitives::columns::{Column, Columns, Shrink, TableCell, TableRow};
use crate::view::primitives::duration::format_elapsed_millis;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text::{CONTINUATION_INDENT, clean, wrap};

/// The maximum number of Pods with very long work that are named.
const MAX_LONG_PODS: usize = 3;

/// Draws the answer in at most `columns` columns of the terminal.
pub(crate) fn draw_what_if(answer: &WhatIf, columns: usize, glyphs: &Glyphs) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut heading = Line::new("what if", Style::Strong);
    heading.push(", on a cluster as it was in this run", Style::Dim);
    lines.push(heading);
    if let Some(backtest) = answer.backtest {
        let [model, observed] = [backtest.model_millis, backtest.observed_millis].map(format_elapsed_millis);
        let percent = format!("{:.0} %", backtest.error() * 100.0);
        lines.push(Line::new(format!("model: {model}, observed: {observed} ({percent})"), Style::Text));
    }
    let OtherRuns { count, wall_range, .. } = answer.other_runs;
    if count > 0 && answer.refused.is_none() {
        let [low, high] = wall_range.map(format_elapsed_millis);
        let runs = count + 1;
        let text = if low == high {
            format!("{runs} runs took {low} each")
        } else {
            format!("{runs} runs took {low} to {high}, which widens the ranges")
        };
        lines.push(Line::new(text, Style::Text));
    }
    if let Some(refused) = &answer.refused {
        let label = "no prediction: ";
        let sentence = format!("{label}{}", clean(&refused.message));
        let room = columns.saturating_sub(CONTINUATION_INDENT.len());
        for (index, text) in wrap(&sentence, room).iter().enumerate() {
            let mut line = Line::new(if index > 0 { CONTINUATION_INDENT } else { "" }, Style::Text);
            match text.strip_prefix(label).filter(|_| index == 0) {
                Some(message) => {
                    line.push(label, Style::Warning);
                    line.push(message, Style::Text);
                }
                None => line.push(text.as_str(), Style::Text),
            }
            lines.push(line);
        }
    }
    if let Some(observed) = answer.observed.filter(|_| !answer.predictions.is_empty()) {
        lines.extend(draw_table(answer, observed, columns, glyphs));
    }
    if !answer.long_pods.is_empty() && !answer.predictions.is_empty() {
        let named: Vec<_> = answer.long_pods.iter().take(MAX_LONG_PODS).map(|name| clean(name)).collect();
        let more = answer.long_pods.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let text = format!(
            "{}{more} worked far longer than the others, so there is no upper bound",
            named.join(", ")
        );
        let room = columns.saturating_sub(CONTINUATION_INDENT.len());
        lines.extend(wrap(&text, room).into_iter().enumerate().map(|(index, text)| {
            let indent = if index > 0 { CONTINUATION_INDENT } else { "" };
            Line::new(format!("{indent}{text}"), Style::Dim)
        }));
    }
    lines.into_iter().map(|line| line.shorten_end(columns, glyphs.ellipsis)).collect()
}

fn draw_table(answer: &WhatIf, observed: ObservedRun, columns: usize, glyphs: &Glyphs) -> Vec<Line> {
    let table = Columns::new(vec![
        Column::left("CHANGE").shrinking(Shrink::End(12)),
        Column::right("WALL"),
        Column::left("RANGE").droppable(1),
        Column::right("POD TIME").droppable(2),
        Column::right("WORK").droppable(3),
        Column::left("").droppable(4),
    ]);
    let row = |cells: [(String, Style); 6]| TableRow {
        pod: None,
        cells: cells.map(|(text, style)| TableCell::new(text, style)).to_vec(),
    };
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let mut rows = vec![row([
        ("as it was".to_owned(), Style::Dim),
        (format_elapsed_millis(observed.wall_millis), Style::Dim),
        (String::new(), Style::Dim),
        (format_elapsed_millis(observed.pod_millis), Style::Dim),
        (percent(observed.utilization), Style::Dim),
        (String::new(), Style::Dim),
    ])];
    rows.extend(answer.predictions.iter().map(|prediction| {
        let is_faster = prediction.wall.high < observed.wall_millis;
        row([
            (prediction.change.to_string(), Style::Text),
            (
                format_elapsed_millis(prediction.wall.millis),
                if is_faster { Style::Success } else { Style::Text },
            ),
            (format_range(prediction), Style::Dim),
            (format_elapsed_millis(prediction.pod_time.millis), Style::Text),
            (percent(prediction.utilization), Style::Text),
            (if prediction.is_best { "best" } else { "" }.to_owned(), Style::Success),
        ])
    }));
    table.draw(rows, columns, glyphs.ellipsis)
}

/// Writes the range of a wall time: `35s to 42s`, or `at least 54s`.
fn format_range(prediction: &Prediction) -> String {
    let PredictedTime { low, high, .. } = prediction.wall;
    if prediction.is_at_least {
        return format!("at least {}", format_elapsed_millis(low));
    }
    format!("{} to {}", format_elapsed_millis(low), format_elapsed_millis(high))
}

/// Draws the sentence below a picture about the most helpful change. On a narrow screen, the times follow on a second
/// line.
pub(crate) fn draw_most_helpful_change(
    best: &Prediction,
    observed: ObservedRun,
    columns: usize,
    glyphs: &Glyphs,
) -> Vec<Line> {
    let [before, after] = [observed.wall_millis, best.wall.millis].map(format_elapsed_millis);
    let mut change = Line::new("what would help: ", Style::Dim);
    change.push(format!("{}:", best.change), Style::Text);
    let mut times = Line::new(format!(" {before} {} {after}", glyphs.becomes), Style::Text);
    times.push(format!(" ({})", format_range(best)), Style::Dim);
    if change.width() + times.width() <= columns {
        change.spans.extend(times.spans);
        return vec![change];
    }
    let mut continued = Line::new(" ", Style::Text);
    continued.spans.extend(times.spans);
    [change, continued].map(|line| line.shorten_end(columns, glyphs.ellipsis)).to_vec()
}
