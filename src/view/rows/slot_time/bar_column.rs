//! A column of a table that holds bars. The table first gets a cell that keeps the room; once the width of the column is
//! known, the bar replaces it.

use crate::view::primitives::columns::TableCell;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;

/// The style of the cell that keeps the room for a bar. No other cell of such a table has this style.
const BAR_STYLE: Style = Style::Selected;

/// A cell that keeps the room for a bar of at most this width.
pub(crate) fn bar_cell(max_columns: usize) -> TableCell {
    TableCell::new("x".repeat(max_columns), BAR_STYLE)
}

/// The column at which the bars of a row begin.
pub(crate) fn bar_start(line: &Line) -> usize {
    let before = line.spans.iter().take_while(|span| span.style != BAR_STYLE);
    before.map(|span| text::width(&span.text)).sum()
}

/// Replaces the cells that keep the room with bars. `draw` returns the bar of the row with this index, for a width.
pub(crate) fn fill_bars(lines: &mut [Line], mut draw: impl FnMut(usize, usize) -> Line) {
    for (index, line) in lines.iter_mut().enumerate() {
        let spans = std::mem::take(&mut line.spans);
        for span in spans {
            if span.style == BAR_STYLE {
                let bar = draw(index, text::width(&span.text));
                bar.spans.into_iter().for_each(|span| line.push(span.text, span.style));
            } else {
                line.push(span.text, span.style);
            }
        }
    }
}
