//! The cells of a line on a terminal, and the differences between two lines.

use std::ops::Range;

use crate::view::{Line, Style, char_width, clean_whole};

/// Up to this many unchanged cells between two changed cells of the same style are written again, because a cursor move
/// costs as many bytes.
const MAX_REWRITTEN_CELLS: usize = 4;

/// The content of one column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The character; `'\0'` in the second column of a wide character.
    char: char,
    /// The combining characters after the character.
    combining: Option<Box<str>>,
    style: Style,
}

impl Cell {
    /// Whether the cell continues the wide character in the column before it.
    fn is_continuation(&self) -> bool {
        self.char == '\0'
    }

    fn is_blank(&self) -> bool {
        self.char == ' ' && self.combining.is_none()
    }
}

/// Cells of one row that are written together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CellRun {
    pub(crate) row: usize,
    pub(crate) columns: Range<usize>,
    /// The style of the cells. Blank cells have the style of text, because a blank has no visible colour.
    pub(crate) style: Style,
    pub(crate) text: String,
}

/// Returns the runs of changed cells of a row. The cells after the end of the new line are not part of a run.
pub(crate) fn changed_runs(row: usize, before: &[Cell], now: &[Cell]) -> Vec<CellRun> {
    let is_changed = |column: usize| {
        let differs = |column: usize| now.get(column).is_some() && before.get(column) != now.get(column);
        let continues = |column: usize| now.get(column).is_some_and(Cell::is_continuation);
        // Both columns of a wide character belong to the same run.
        differs(column)
            || (continues(column) && differs(column - 1))
            || (continues(column + 1) && differs(column + 1))
    };
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for column in (0..now.len()).filter(|column| is_changed(*column)) {
        let style = now[column].style;
        match ranges.last_mut() {
            Some(last)
                if column <= last.end + MAX_REWRITTEN_CELLS
                    && now[last.end - 1..column].iter().all(|cell| cell.style == style) =>
            {
                last.end = column + 1;
            }
            _ => ranges.push(column..column + 1),
        }
    }
    ranges.into_iter().map(|columns| to_run(row, columns, now)).collect()
}

/// Returns all cells of a row as runs, from left to right.
pub(crate) fn all_runs(row: usize, cells: &[Cell]) -> Vec<CellRun> {
    let mut start = 0;
    let same_style = cells.chunk_by(|a, b| a.style == b.style);
    same_style
        .map(|same| {
            let columns = start..start + same.len();
            start = columns.end;
            to_run(row, columns, cells)
        })
        .collect()
}

fn to_run(row: usize, columns: Range<usize>, cells: &[Cell]) -> CellRun {
    let cells = &cells[columns.clone()];
    let mut text = String::with_capacity(cells.len());
    for cell in cells.iter().filter(|cell| !cell.is_continuation()) {
        text.push(cell.char);
        text.push_str(cell.combining.as_deref().unwrap_or_default());
    }
    let is_blank = cells.iter().all(Cell::is_blank);
    let style = cells.first().map(|cell| cell.style).filter(|_| !is_blank).unwrap_or(Style::Text);
    CellRun { row, columns, style, text }
}

/// Returns the cells of a line, cut at `columns`, without trailing blanks.
pub(crate) fn to_cells(line: &Line, columns: usize) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::with_capacity(columns);
    for span in &line.spans {
        for char in clean_whole(&span.text).chars() {
            let width = char_width(char);
            if width == 0 {
                if let Some(last) = cells.iter_mut().rev().find(|cell| !cell.is_continuation()) {
                    let mut combining = last.combining.take().map_or_else(String::new, String::from);
                    combining.push(char);
                    last.combining = Some(combining.into());
                }
                continue;
            }
            if cells.len() + width > columns {
                return cells;
            }
            cells.push(Cell { char, combining: None, style: span.style });
            if width == 2 {
                cells.push(Cell { char: '\0', combining: None, style: span.style });
            }
        }
    }
    while cells.last().is_some_and(Cell::is_blank) {
        cells.pop();
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(before: &[(&str, Style)], now: &[(&str, Style)]) -> Vec<(usize, String)> {
        let cells = |spans: &[(&str, Style)]| {
            let mut line = Line::default();
            for (text, style) in spans {
                line.push(*text, *style);
            }
            to_cells(&line, 40)
        };
        let runs = changed_runs(0, &cells(before), &cells(now));
        runs.into_iter().map(|run| (run.columns.start, run.text)).collect()
    }

    #[test]
    fn few_unchanged_cells_of_the_same_style_are_written_again() {
        let text = |text| [(text, Style::Text)];
        assert_eq!(runs(&text("a....b"), &text("A....B")), [(0, "A....B".to_owned())]);
        assert_eq!(runs(&text("a.....b"), &text("A.....B")), [(0, "A".into()), (6, "B".into())]);
        let coloured = |a, b| [(a, Style::Work), ("..", Style::Dim), (b, Style::Work)];
        assert_eq!(runs(&coloured("a", "b"), &coloured("A", "B")), [(0, "A".into()), (3, "B".into())]);
    }

    #[test]
    fn a_wide_character_is_written_as_a_whole() {
        let text = |text| [(text, Style::Text)];
        assert_eq!(runs(&text("日本|"), &text("日木|")), [(2, "木".to_owned())]);
        assert_eq!(runs(&text("ab|"), &text("日|")), [(0, "日".to_owned())]);
    }

    #[test]
    fn half_of_a_wide_character_does_not_fit() {
        assert_eq!(to_cells(&Line::new("日本", Style::Text), 3).len(), 2);
    }
}
