//! The table that divides the difference of slot time by phase. Its parts sum exactly to the whole, also as they are
//! shown.

use crate::lifecycle::PhaseKind;
use crate::timeline::comparison::{Diff, RoundedSlots, phase_name};
use crate::view::chart::mark::phase_style;
use crate::view::primitives::columns::{Column, Columns, TableCell, TableRow};
use crate::view::primitives::duration::format_duration;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;

/// The maximum width of a bar to one side, in columns of the terminal.
const MAX_HALF_BAR: usize = 16;

/// The width of the columns before the bar.
const TABLE_COLUMNS: usize = 46;

/// A part of slot time with its appearance.
struct SlotPart {
    name: &'static str,
    glyph: char,
    style: Style,
    a: i64,
    b: i64,
    delta: i64,
    /// The difference in units of the table.
    rounded: i64,
}

/// Draws a row for each part of slot time that a side has, and a row for the whole.
pub(crate) fn draw_slot_deltas(diff: &Diff, glyphs: &Glyphs, columns: usize) -> Vec<Line> {
    let parts = list_parts(diff, glyphs);
    let largest = parts.iter().map(|part| part.delta.abs()).max().unwrap_or(0);
    let RoundedSlots { unit, total: whole, .. } = RoundedSlots::new(&diff.slot_deltas);
    let half = columns.saturating_sub(TABLE_COLUMNS + 1).min(2 * MAX_HALF_BAR) / 2;
    let mut rows: Vec<TableRow> = Vec::new();
    let mut bars: Vec<Option<Line>> = vec![None];
    for part in &parts {
        rows.push(table_row(
            &format!("{} {}", part.glyph, part.name),
            [part.a, part.b],
            unit.format(part.rounded),
            Style::Text,
        ));
        bars.push(Some(draw_bar(part, largest, half)));
    }
    rows.push(table_row(
        "  whole",
        [diff.a_slots.total, diff.b_slots.total],
        unit.format(whole),
        Style::Strong,
    ));
    bars.push(None);
    let table = Columns::new(vec![
        Column::left("SLOT TIME"),
        Column::right("A").droppable(1),
        Column::right("B").droppable(1),
        Column::right("CHANGE"),
    ]);
    let mut lines = table.draw(rows, columns, glyphs.ellipsis);
    let width = lines.iter().map(Line::width).max().unwrap_or(0);
    // The glyph of a part has the style of the phase. The heading and the whole have no glyph.
    for (line, part) in lines.iter_mut().skip(1).zip(&parts) {
        line.restyle(0..1, part.style);
    }
    for (line, bar) in lines.iter_mut().zip(bars) {
        if let Some(bar) = bar.filter(|_| half > 1) {
            line.push(" ".repeat(width.saturating_sub(line.width()) + 2), Style::Text);
            bar.spans.into_iter().for_each(|span| line.push(span.text, span.style));
        }
    }
    lines
}

fn list_parts(diff: &Diff, glyphs: &Glyphs) -> Vec<SlotPart> {
    let (a, b, delta) = (&diff.a_slots, &diff.b_slots, &diff.slot_deltas);
    let rounded = RoundedSlots::new(delta);
    let of_phase = |kind: PhaseKind| SlotPart {
        name: phase_name(kind),
        glyph: glyphs.phase(kind),
        style: phase_style(kind),
        a: a.phases[kind],
        b: b.phases[kind],
        delta: delta.phases[kind],
        rounded: rounded.phases[kind],
    };
    let mut parts: Vec<SlotPart> = PhaseKind::ALL.into_iter().map(of_phase).collect();
    parts.push(SlotPart {
        name: "idle",
        glyph: glyphs.idle,
        style: Style::Dim,
        a: a.idle,
        b: b.idle,
        delta: delta.idle,
        rounded: rounded.idle,
    });
    parts.retain(|part| part.a != 0 || part.b != 0);
    parts
}

fn table_row(name: &str, [a, b]: [i64; 2], change: String, style: Style) -> TableRow {
    let cells = vec![
        TableCell::new(name, style),
        TableCell::new(format_duration(a), style),
        TableCell::new(format_duration(b), style),
        TableCell::new(change, style),
    ];
    TableRow { pod: None, cells }
}

/// Draws a bar in proportion to the change: less to the left, more to the right.
fn draw_bar(part: &SlotPart, largest: i64, half: usize) -> Line {
    let half_cells = i64::try_from(half).unwrap_or(0);
    let cells = (part.delta.abs() * half_cells + largest / 2).checked_div(largest).unwrap_or(0);
    let cells = usize::try_from(cells).unwrap_or(0).min(half);
    let bar = part.glyph.to_string().repeat(cells);
    let mut line = Line::default();
    if part.delta < 0 {
        line.push(" ".repeat(half - cells), Style::Text);
        line.push(bar, part.style);
        line.push("|", Style::Dim);
    } else {
        line.push(" ".repeat(half), Style::Text);
        line.push("|", Style::Dim);
        line.push(bar, part.style);
    }
    line
}
