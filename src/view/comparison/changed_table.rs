//! The conditions that differ between the sides of a comparison.

use crate::timeline::comparison::ChangedCondition;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::glyph::Glyphs;
use crate::view::primitives::text::{CONTINUATION_INDENT, clean, wrap};

/// Draws a line for each condition: `image: perl:5.34.0 → perl:5.36.0`.
pub(crate) fn draw_changed(changed: &[ChangedCondition], glyphs: &Glyphs, columns: usize) -> Vec<Line> {
    let heading = "what else changed:";
    if changed.is_empty() {
        let mut line = Line::new(heading, Style::Dim);
        line.push(" nothing that the runs show", Style::Text);
        return vec![line.shorten_end(columns, glyphs.ellipsis)];
    }
    let mut lines = vec![Line::new(heading, Style::Dim)];
    for ChangedCondition { what, a, b } in changed {
        let value = |value: &Option<String>| value.as_deref().map_or("unknown".into(), clean).into_owned();
        let text = format!("{what}: {} {} {}", value(a), glyphs.becomes, value(b));
        let room = columns.saturating_sub(2 * CONTINUATION_INDENT.len());
        for (index, text) in wrap(&text, room).into_iter().enumerate() {
            let indent = CONTINUATION_INDENT.repeat(if index == 0 { 1 } else { 2 });
            lines.push(Line::new(format!("{indent}{text}"), Style::Text));
        }
    }
    lines
}
