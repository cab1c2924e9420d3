//! A view's output: lines of styled spans, no terminal codes.

use std::ops::Range;

use crate::timeline::PodKey;
use crate::view::primitives::text;

/// What a span is, for the stylesheet. Meaning is in glyphs and letters first; this only helps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// Plain text.
    #[default]
    Text,
    /// What matters less: axis, legend, ages.
    Dim,
    /// Headings and names.
    Strong,
    /// Waiting for a node.
    Queued,
    /// Kubelet pickup, sandbox, container start.
    Setup,
    /// Image pull.
    Pulling,
    /// Init containers.
    Initializing,
    /// Work that goes on or has ended well.
    Work,
    /// A success.
    Success,
    /// A failure.
    Failure,
    /// Something to look at: a wait, a notice.
    Warning,
    /// Back-off.
    BackOff,
    /// Being deleted.
    Terminating,
    /// The edge of now.
    Now,
    /// What is selected.
    Selected,
    /// A name before its value.
    Key,
    /// A text value.
    Quoted,
    /// A number, a truth value, nothing.
    Literal,
}

/// Text of one role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The text, already escaped for a terminal.
    pub text: String,
    /// What it is.
    pub role: Style,
}

/// One line of the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The spans, left to right.
    pub spans: Vec<Span>,
    /// The Pod that the line is about: what a click on it opens.
    pub pod: Option<PodKey>,
}

/// A picture: what a surface puts on a terminal or into a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The lines, top to bottom.
    pub lines: Vec<Line>,
}

impl Line {
    /// A line of one span.
    pub fn of(text: impl Into<String>, role: Style) -> Self {
        let mut line = Self::default();
        line.push(text, role);
        line
    }

    /// Adds text at the end; text of the last span's role joins it.
    pub fn push(&mut self, text: impl Into<String>, role: Style) {
        let text = text.into();
        match self.spans.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.role == role => last.text.push_str(&text),
            _ => self.spans.push(Span { text, role }),
        }
    }

    /// The text without roles.
    pub fn plain(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// Columns on a terminal.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| text::width(&span.text)).sum()
    }

    /// The line in at most `columns`. If it is longer, its end is cut off and marked with the ellipsis.
    pub(crate) fn shorten_end(self, columns: usize, ellipsis: &str) -> Self {
        if self.width() <= columns {
            return self;
        }
        let mut room = columns.saturating_sub(text::width(ellipsis));
        let mut shortened = Self { spans: Vec::new(), pod: self.pod };
        for span in self.spans {
            let width = text::width(&span.text);
            if width <= room {
                room -= width;
                shortened.push(span.text, span.role);
                continue;
            }
            shortened.push(text::shorten_end(&span.text, room, ""), span.role);
            break;
        }
        shortened.push(text::shorten_end(ellipsis, columns, ""), Style::Dim);
        shortened
    }
}

impl Frame {
    /// The text without roles, lines without trailing blanks.
    pub fn plain(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(line.plain().trim_end());
            text.push('\n');
        }
        text
    }
}

impl Line {
    /// Gives these columns of the line another role.
    pub fn restyle(&mut self, columns: Range<usize>, role: Style) {
        let mut restyled = Self { spans: Vec::with_capacity(self.spans.len() + 2), pod: self.pod };
        let mut at = 0;
        for span in &self.spans {
            let mut piece = String::new();
            let mut piece_role = span.role;
            for char in span.text.chars() {
                let width = text::width(char.encode_utf8(&mut [0; 4]));
                let inside = columns.contains(&at) || (width == 0 && at > 0 && columns.contains(&(at - 1)));
                let wanted = if inside { role } else { span.role };
                if wanted != piece_role {
                    restyled.push(std::mem::take(&mut piece), piece_role);
                    piece_role = wanted;
                }
                piece.push(char);
                at += width;
            }
            restyled.push(piece, piece_role);
        }
        *self = restyled;
    }
}

#[cfg(test)]
mod tests {
    use crate::view::primitives::frame::{Line, Style};

    #[test]
    fn a_part_of_a_line_can_look_different() {
        let mut line = Line::of("ab漢字e\u{301}f", Style::Dim);
        line.push("gh", Style::Text);
        let plain = line.plain();
        line.restyle(1..7, Style::Selected);
        assert_eq!(line.plain(), plain);
        let spans: Vec<(&str, Style)> =
            line.spans.iter().map(|span| (span.text.as_str(), span.role)).collect();
        assert_eq!(
            spans,
            [("a", Style::Dim), ("b漢字e\u{301}", Style::Selected), ("f", Style::Dim), ("gh", Style::Text)]
        );
    }

    #[test]
    fn cut_lines_are_marked_and_fit() {
        let mut line = Line::of("abc", Style::Text);
        line.push("漢字漢字", Style::Dim);
        for columns in 0..12 {
            let shortened = line.clone().shorten_end(columns, "…");
            assert!(shortened.width() <= columns, "{columns} {}", shortened.plain());
            assert_eq!(
                shortened.plain().ends_with('…'),
                columns > 0 && columns < 11,
                "{columns} {}",
                shortened.plain()
            );
        }
    }
}
