//! The table that compares the times of each phase.

use crate::timeline::comparison::{Diff, DiffRow, RowMark, format_change, row_name};
use crate::view::primitives::columns::{Column, Columns, TableCell, TableRow};
use crate::view::primitives::duration::format_duration;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;

/// Draws a row for each phase: the numbers of values of both sides, both medians, the change with its range, and a mark.
pub(crate) fn draw_rows(diff: &Diff, glyphs: &Glyphs, columns: usize) -> Vec<Line> {
    let table = Columns::new(vec![
        Column::left("PHASE"),
        Column::right("N").droppable(2),
        Column::right("A"),
        Column::right("B"),
        Column::right("CHANGE"),
        Column::left("95 % RANGE").droppable(3),
        Column::left(""),
    ]);
    let rows = diff.rows.iter().map(|row| table_row(row, glyphs)).collect();
    table.draw(rows, columns, glyphs.ellipsis)
}

fn table_row(row: &DiffRow, glyphs: &Glyphs) -> TableRow {
    let duration = |millis: Option<i64>| millis.map_or_else(|| glyphs.none.to_owned(), format_duration);
    let range = row
        .range
        .map_or_else(String::new, |[low, high]| format!("{} to {}", format_change(low), format_change(high)));
    let change = row.delta.map_or_else(|| glyphs.none.to_owned(), format_change);
    let (mark, style) = match row.mark {
        None if row.is_proved => ("", Style::Strong),
        None => ("", Style::Text),
        Some(RowMark::NoDifference) => ("~", Style::Dim),
        Some(RowMark::TooFew) => ("?", Style::Dim),
    };
    let cells = vec![
        TableCell::new(row_name(row.subject), style),
        TableCell::new(format!("{}/{}", row.a_count, row.b_count), style),
        TableCell::new(duration(row.a_median), style),
        TableCell::new(duration(row.b_median), style),
        TableCell::new(change, style),
        TableCell::new(range, style),
        TableCell::new(mark, Style::Warning),
    ];
    TableRow { pod: None, cells }
}
