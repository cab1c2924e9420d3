//! Text in columns, each as wide as its widest cell, in a line that is only so long.

use crate::timeline::PodKey;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;

/// What happens to a column's cells when the line is short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shrink {
    /// They stay.
    No,
    /// Their middles are cut out, down to so many columns.
    Middle(usize),
    /// Their ends are cut off, down to so many columns.
    End(usize),
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) name: &'static str,
    /// Whether its cells stand on the right.
    pub(crate) right: bool,
    /// What happens when the line is short.
    pub(crate) shrink: Shrink,
    /// The highest goes first when the line is too short even so; 0 stays.
    pub(crate) dispensable: u8,
}

impl Column {
    /// Text on the left that stays as it is.
    pub(crate) fn text(name: &'static str) -> Self {
        Self { name, right: false, shrink: Shrink::No, dispensable: 0 }
    }

    /// Numbers on the right.
    pub(crate) fn number(name: &'static str) -> Self {
        Self { right: true, ..Self::text(name) }
    }

    /// With cells that can become narrower.
    pub(crate) fn shrinking(self, shrink: Shrink) -> Self {
        Self { shrink, ..self }
    }

    /// One that goes when there is no room, the highest first.
    pub(crate) fn dispensable(self, dispensable: u8) -> Self {
        Self { dispensable, ..self }
    }
}

/// The text and role of one cell.
pub(crate) type Cell = (String, Style);

/// Rows of cells under headings.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    columns: Vec<Column>,
    rows: Vec<(Option<PodKey>, Vec<Cell>)>,
}

/// Blanks between columns, as kubectl has them.
const GAP: usize = 3;

impl Columns {
    pub(crate) fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row of as many cells as there are columns.
    pub(crate) fn push(&mut self, pod: Option<PodKey>, cells: Vec<Cell>) {
        self.rows.push((pod, cells));
    }

    /// Heading and rows in at most `room` columns.
    pub(crate) fn lines(&self, room: usize, ellipsis: &str) -> Vec<Line> {
        let widths = self.widths(room);
        let shown: Vec<usize> = (0..self.columns.len()).filter(|&index| widths[index] > 0).collect();
        let mut lines = Vec::with_capacity(self.rows.len() + 1);
        let put = |line: &mut Line, index: usize, cell: &str, role: Style| {
            if !line.spans.is_empty() {
                line.push(" ".repeat(GAP), Style::Text);
            }
            let column = self.columns[index];
            let width = widths[index];
            let cell = match column.shrink {
                Shrink::Middle(_) => text::shorten_middle(cell, width, ellipsis),
                _ => text::shorten_end(cell, width, ellipsis),
            };
            let blank = " ".repeat(width - text::width(&cell));
            if column.right {
                line.push(blank, Style::Text);
                line.push(cell, role);
            } else {
                line.push(cell, role);
                line.push(blank, Style::Text);
            }
        };
        let mut heading = Line::default();
        for &index in &shown {
            put(&mut heading, index, self.columns[index].name, Style::Dim);
        }
        lines.push(heading);
        for (pod, cells) in &self.rows {
            let mut line = Line { spans: Vec::with_capacity(2 * shown.len()), pod: *pod };
            for &index in &shown {
                let (cell, role) = &cells[index];
                put(&mut line, index, cell, *role);
            }
            lines.push(line);
        }
        lines
    }

    /// The width of each column; 0 is one that has no room.
    fn widths(&self, room: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|column| text::width(column.name)).collect();
        for (_, cells) in &self.rows {
            for (width, (cell, _)) in widths.iter_mut().zip(cells) {
                *width = (*width).max(text::width(cell));
            }
        }
        let least = |index: usize, width: usize| match self.columns[index].shrink {
            Shrink::No => width,
            Shrink::Middle(least) | Shrink::End(least) => least.min(width),
        };
        let mut going: Vec<usize> =
            (0..widths.len()).filter(|&index| self.columns[index].dispensable > 0).collect();
        going.sort_by_key(|&index| (self.columns[index].dispensable, index));
        let total = |widths: &[usize]| {
            let shown = widths.iter().filter(|&&width| width > 0).count();
            widths.iter().sum::<usize>() + GAP * shown.saturating_sub(1)
        };
        let narrow = |widths: &[usize]| -> Vec<usize> {
            widths.iter().enumerate().map(|(index, &width)| least(index, width)).collect()
        };
        while total(&narrow(&widths)) > room {
            match going.pop() {
                Some(index) => widths[index] = 0,
                None => break,
            }
        }
        // The room that is left goes to the columns from left to right, as far as they want it.
        let mut given = narrow(&widths);
        let mut spare = room.saturating_sub(total(&given));
        for (given, wanted) in given.iter_mut().zip(&widths) {
            let more = (wanted - *given).min(spare);
            *given += more;
            spare -= more;
        }
        // Narrower than all that can be done: the last columns lose what is too much.
        let mut excess = total(&given).saturating_sub(room);
        for given in given.iter_mut().rev() {
            let less = excess.min(*given);
            let gap = if less == *given && *given > 0 { GAP } else { 0 };
            *given -= less;
            excess = excess.saturating_sub(less + gap);
        }
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        let mut columns = Columns::new(vec![
            Column::text("NAME").shrinking(Shrink::Middle(6)),
            Column::text("NODE").dispensable(1),
            Column::number("RUN"),
        ]);
        columns.push(
            None,
            vec![
                ("training-4h9hq".into(), Style::Text),
                ("node-1".into(), Style::Dim),
                ("5.9s".into(), Style::Text),
            ],
        );
        columns.push(
            None,
            vec![("漢字-zqnh9".into(), Style::Text), ("-".into(), Style::Dim), ("1m05s".into(), Style::Text)],
        );
        columns
    }

    fn plain(room: usize) -> Vec<String> {
        columns().lines(room, "…").iter().map(|line| line.plain().trim_end().to_owned()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        assert_eq!(
            plain(80),
            [
                "NAME             NODE       RUN",
                "training-4h9hq   node-1    5.9s",
                "漢字-zqnh9       -        1m05s",
            ]
        );
    }

    #[test]
    fn a_short_line_first_shortens_then_drops() {
        assert_eq!(plain(26)[1], "tr…-4h9hq   node-1    5.9s");
        assert_eq!(plain(20)[1], "train…-4h9hq    5.9s");
    }

    #[test]
    fn no_line_is_too_long() {
        for room in 0..60 {
            for line in columns().lines(room, "…") {
                assert!(line.width() <= room, "{room}: {}", line.plain());
            }
        }
    }
}
