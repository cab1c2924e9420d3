//! Tables: rows of styled cells in columns, in lines of a limited width.
//!
//! comfy-table pads and aligns the cells. This module chooses the columns that fit, sets their widths, and shortens
//! long cells, because comfy-table neither drops columns nor shortens cells. comfy-table measures text in its own way.
//! Therefore it gets a placeholder for each cell, which is as wide as the text by the measure of this program.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::timeline::PodKey;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;

/// How the cells of a column get narrower. The number is the width to which the column may shrink, in columns of the
/// terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shrink {
    /// The column always has the width of its widest cell.
    Never,
    /// The middle of a long cell is cut out.
    Middle(usize),
    /// The end of a long cell is cut off.
    End(usize),
    /// A long cell continues on the next line.
    Wrap(usize),
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    heading: &'static str,
    alignment: CellAlignment,
    shrink: Shrink,
    drop_priority: u8,
}

impl Column {
    /// A left-aligned column, for text.
    pub(crate) fn left(heading: &'static str) -> Self {
        Self { heading, alignment: CellAlignment::Left, shrink: Shrink::Never, drop_priority: 0 }
    }

    /// A right-aligned column, for numbers.
    pub(crate) fn right(heading: &'static str) -> Self {
        Self { alignment: CellAlignment::Right, ..Self::left(heading) }
    }

    /// Lets the cells get narrower.
    pub(crate) fn shrinking(self, shrink: Shrink) -> Self {
        Self { shrink, ..self }
    }

    /// Lets the column be dropped if shrinking is not enough. The column with the highest priority is dropped
    /// first; a column without a priority is never dropped.
    pub(crate) fn droppable(self, drop_priority: u8) -> Self {
        Self { drop_priority, ..self }
    }

    /// The minimum width of the column if its widest cell has the width `widest`.
    fn min_width(self, widest: usize) -> usize {
        match self.shrink {
            Shrink::Never => widest,
            Shrink::Middle(min) | Shrink::End(min) | Shrink::Wrap(min) => min.min(widest),
        }
    }
}

/// The text of a cell, already escaped for a terminal, and the style of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableCell {
    text: String,
    style: Style,
}

impl TableCell {
    pub(crate) fn new(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

/// A row of a table: a cell for each column.
#[derive(Clone, Debug)]
pub(crate) struct TableRow {
    /// The Pod that the row is about.
    pub(crate) pod: Option<PodKey>,
    pub(crate) cells: Vec<TableCell>,
}

/// The columns of a table, and the width of the widest cell in each column.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    columns: Vec<Column>,
    widest: Vec<usize>,
}

/// The number of blanks between two columns, as in kubectl's tables.
const GAP: u16 = 3;

impl Columns {
    pub(crate) fn new(columns: Vec<Column>) -> Self {
        let widest = columns.iter().map(|column| text::width(column.heading)).collect();
        Self { columns, widest }
    }

    /// Makes the columns wide enough for the cells of a row.
    pub(crate) fn measure(&mut self, row: &TableRow) {
        for (widest, cell) in self.widest.iter_mut().zip(&row.cells) {
            *widest = (*widest).max(text::width(&cell.text));
        }
    }

    /// Draws a table that is small enough to be held in memory: its heading and its rows, in at most `room` columns of
    /// the terminal.
    pub(crate) fn draw(mut self, rows: Vec<TableRow>, room: usize, ellipsis: &str) -> Vec<Line> {
        for row in &rows {
            self.measure(row);
        }
        let fitted = self.fit(room, ellipsis);
        let mut lines = fitted.draw_heading();
        lines.extend(fitted.draw_rows(rows));
        lines
    }

    /// Chooses the columns and their widths, for lines of at most `room` columns of the terminal.
    pub(crate) fn fit<'a>(&'a self, room: usize, ellipsis: &'a str) -> FittedColumns<'a> {
        // comfy-table counts in u16.
        let widths = self.widths(room.min(usize::from(u16::MAX)));
        let shown = widths.into_iter().enumerate().filter(|&(_, width)| width > 0);
        let columns = shown.map(|(index, width)| FittedColumn { column: self.columns[index], index, width });
        FittedColumns { columns: columns.collect(), ellipsis }
    }

    /// The width of each column; 0 means that the column is not shown.
    fn widths(&self, room: usize) -> Vec<usize> {
        let mut wanted = self.widest.clone();
        let total = |widths: &[usize]| {
            let shown = widths.iter().filter(|&&width| width > 0).count();
            widths.iter().sum::<usize>() + usize::from(GAP) * shown.saturating_sub(1)
        };
        let narrowest = |wanted: &[usize]| -> Vec<usize> {
            self.columns.iter().zip(wanted).map(|(column, &wanted)| column.min_width(wanted)).collect()
        };
        let mut droppable: Vec<usize> =
            (0..wanted.len()).filter(|&index| self.columns[index].drop_priority > 0).collect();
        droppable.sort_by_key(|&index| (self.columns[index].drop_priority, index));
        let mut dropped = Vec::new();
        while total(&narrowest(&wanted)) > room {
            match droppable.pop() {
                Some(index) => {
                    dropped.push(index);
                    wanted[index] = 0;
                }
                None => break,
            }
        }
        // A narrow column may fit although a wide column does not.
        for index in dropped.into_iter().rev() {
            wanted[index] = self.widest[index];
            if total(&narrowest(&wanted)) > room {
                wanted[index] = 0;
            }
        }
        // Spare room goes to the columns from left to right, up to the width of their widest cell.
        let mut widths = narrowest(&wanted);
        let mut spare = room.saturating_sub(total(&widths));
        for (width, wanted) in widths.iter_mut().zip(&wanted) {
            let added = (wanted - *width).min(spare);
            *width += added;
            spare -= added;
        }
        // If even the narrowest columns do not fit, the columns on the right are cut.
        let mut excess = total(&widths).saturating_sub(room);
        for width in widths.iter_mut().rev() {
            let removed = excess.min(*width);
            let gap = if removed == *width && *width > 0 { usize::from(GAP) } else { 0 };
            *width -= removed;
            excess = excess.saturating_sub(removed + gap);
        }
        widths
    }
}

/// The columns that are shown, with their widths.
pub(crate) struct FittedColumns<'a> {
    columns: Vec<FittedColumn>,
    ellipsis: &'a str,
}

struct FittedColumn {
    column: Column,
    /// The index of the column's cells in a row of the whole table.
    index: usize,
    width: usize,
}

impl FittedColumn {
    /// The text, shortened to the width of the column, or wrapped at this width.
    fn shorten(&self, text: &str, ellipsis: &str) -> String {
        match self.column.shrink {
            Shrink::Middle(_) => text::shorten_middle(text, self.width, ellipsis),
            // Wrapping needs two columns of the terminal, because a wide character takes two.
            Shrink::Wrap(_) if self.width > 1 => text::wrap(text, self.width).join("\n"),
            Shrink::Never | Shrink::End(_) | Shrink::Wrap(_) => text::shorten_end(text, self.width, ellipsis),
        }
    }
}

impl FittedColumns<'_> {
    /// Draws the headings of the columns.
    pub(crate) fn draw_heading(&self) -> Vec<Line> {
        let headings = self.columns.iter().map(|fitted| TableCell::new(fitted.column.heading, Style::Dim));
        self.draw_shown(vec![(None, headings.collect())])
    }

    /// Draws some of the rows. comfy-table holds them in memory, so the rows of a large table are drawn in blocks; the
    /// widths are the same for all blocks.
    pub(crate) fn draw_rows(&self, rows: Vec<TableRow>) -> Vec<Line> {
        let shown = rows.into_iter().map(|mut row| {
            let cells = self.columns.iter().map(|fitted| {
                let cell = &mut row.cells[fitted.index];
                TableCell::new(std::mem::take(&mut cell.text), cell.style)
            });
            (row.pod, cells.collect())
        });
        self.draw_shown(shown.collect())
    }

    /// Draws rows that contain only the cells of the shown columns.
    fn draw_shown(&self, mut rows: Vec<(Option<PodKey>, Vec<TableCell>)>) -> Vec<Line> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        for (_, cells) in &mut rows {
            for (cell, fitted) in cells.iter_mut().zip(&self.columns) {
                cell.text = fitted.shorten(&cell.text, self.ellipsis);
            }
            table.add_row(cells.iter().map(|cell| placeholder(&cell.text)));
        }
        let last = self.columns.len().saturating_sub(1);
        for ((at, fitted), drawn) in self.columns.iter().enumerate().zip(table.column_iter_mut()) {
            let gap = if at == last { 0 } else { GAP };
            let width = u16::try_from(fitted.width).unwrap_or(u16::MAX).saturating_add(gap);
            drawn.set_padding((0, gap)).set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
            drawn.set_cell_alignment(fitted.column.alignment);
        }
        let mut drawn = table.lines();
        let mut lines = Vec::with_capacity(rows.len());
        for (pod, cells) in &rows {
            let height = cells.iter().map(|cell| cell.text.split('\n').count()).max().unwrap_or(0);
            for (nth, line) in drawn.by_ref().take(height).enumerate() {
                lines.push(style_line(&line, cells, nth, *pod));
            }
        }
        lines
    }
}

/// The character that stands for one column of a text.
const PLACEHOLDER: &str = "x";

/// Returns a text with lines of the same widths, which every measure agrees about.
fn placeholder(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| PLACEHOLDER.repeat(text::width(line))).collect();
    lines.join("\n")
}

/// Replaces the placeholders in a line by the cells with their styles. The line holds the `nth` line of each cell, and
/// blanks.
fn style_line(drawn: &str, cells: &[TableCell], nth: usize, pod: Option<PodKey>) -> Line {
    let mut line = Line { spans: Vec::with_capacity(2 * cells.len()), pod, link: None };
    let mut rest = drawn;
    for cell in cells {
        let text = cell.text.split('\n').nth(nth).unwrap_or_default();
        let width = text::width(text);
        let begin = rest.find(PLACEHOLDER).filter(|_| width > 0);
        if let Some((blanks, behind)) = begin.and_then(|begin| rest.split_at_checked(begin)) {
            line.push(blanks, Style::Text);
            line.push(text, cell.style);
            rest = behind.get(width..).unwrap_or_default();
        }
    }
    line.push(rest, Style::Text);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[(&str, Style)]) -> TableRow {
        let cells = cells.iter().map(|&(text, style)| TableCell::new(text, style)).collect();
        TableRow { pod: None, cells }
    }

    fn draw(room: usize) -> Vec<Line> {
        let columns = Columns::new(vec![
            Column::left("NAME").shrinking(Shrink::Middle(6)),
            Column::left("NODE").droppable(1),
            Column::right("RUN"),
        ]);
        let rows = vec![
            row(&[("training-4h9hq", Style::Text), ("node-1", Style::Dim), ("5.9s", Style::Text)]),
            row(&[("漢字-zqnh9", Style::Text), ("-", Style::Dim), ("1m05s", Style::Text)]),
        ];
        columns.draw(rows, room, "…")
    }

    fn plain(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| line.plain().trim_end().to_owned()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        assert_eq!(
            plain(&draw(80)),
            [
                "NAME             NODE       RUN",
                "training-4h9hq   node-1    5.9s",
                "漢字-zqnh9       -        1m05s",
            ]
        );
    }

    #[test]
    fn a_narrow_column_is_shown_although_a_wide_column_has_no_room() {
        let columns =
            vec![Column::left("POD"), Column::left("NODE").droppable(1), Column::left("REASON").droppable(2)];
        let cells = ["pi-1", "n-1", "next try in about 3s"].map(|text| TableCell::new(text, Style::Text));
        let row = TableRow { pod: None, cells: cells.to_vec() };
        let wide =
            vec![Column::left("POD"), Column::left("REASON").droppable(1), Column::left("NODE").droppable(2)];
        let mut swapped = row.clone();
        swapped.cells.swap(1, 2);
        for (columns, row) in [(columns, row), (wide, swapped)] {
            let lines = Columns::new(columns).draw(vec![row], 20, "…");
            assert_eq!(lines[1].plain().trim_end(), "pi-1   n-1");
        }
    }

    #[test]
    fn on_a_narrow_screen_cells_are_shortened_before_columns_are_dropped() {
        assert_eq!(plain(&draw(26))[1], "tr…-4h9hq   node-1    5.9s");
        assert_eq!(plain(&draw(20))[1], "train…-4h9hq    5.9s");
    }

    #[test]
    fn no_line_is_wider_than_the_room() {
        for room in 0..60 {
            for line in draw(room) {
                assert!(line.width() <= room, "{room}: {}", line.plain());
            }
        }
    }

    #[test]
    fn each_cell_keeps_its_style() {
        let columns = Columns::new(vec![Column::right("A"), Column::left("B"), Column::right("C")]);
        let rows = vec![row(&[("1", Style::Success), ("", Style::Failure), ("1", Style::Failure)])];
        let lines = columns.draw(rows, 80, "…");
        let spans: Vec<(&str, Style)> =
            lines[1].spans.iter().map(|span| (span.text.as_str(), span.style)).collect();
        assert_eq!(spans, [("1", Style::Success), ("       ", Style::Text), ("1", Style::Failure)]);
    }

    #[test]
    fn a_wrapped_cell_continues_below_itself() {
        let columns =
            Columns::new(vec![Column::right("COUNT"), Column::left("MESSAGE").shrinking(Shrink::Wrap(6))]);
        let rows = vec![
            row(&[("1", Style::Dim), ("Back-off pulling image", Style::Warning)]),
            row(&[("12", Style::Dim), ("", Style::Text)]),
        ];
        let lines = columns.draw(rows, 21, "…");
        assert_eq!(plain(&lines), ["COUNT   MESSAGE", "    1   Back-off", "        pulling image", "   12"]);
        assert_eq!(lines[2].spans.last().map(|span| span.style), Some(Style::Warning));
    }
}
