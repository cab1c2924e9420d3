//! The output of a view: lines of styled spans, without terminal codes.

use std::ops::Range;
use std::sync::Arc;

use crate::timeline::PodKey;
use crate::view::primitives::text;

/// The look of a span. The glyphs and words carry the meaning; the style only supports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// Plain text.
    #[default]
    Text,
    /// Less important text: axis, legend, ages.
    Dim,
    /// Headings and names.
    Strong,
    /// The wait for a node.
    Queued,
    /// The parts of a cold start without a style of their own: kubelet pickup, sandbox, container start.
    Setup,
    /// An image pull.
    Pulling,
    /// An image that cannot be pulled.
    PullFailing,
    /// Init containers.
    Initializing,
    /// Work before the Pod is Ready for the first time.
    Unready,
    /// Work that goes on or has succeeded.
    Work,
    /// Work of a run or of a Pod that failed.
    FailedWork,
    /// A success.
    Success,
    /// A failure.
    Failure,
    /// Something that needs attention: a wait, a notice.
    Warning,
    /// Back-off.
    BackOff,
    /// A deletion.
    Terminating,
    /// The end of a bar that goes on.
    Now,
    /// The selection.
    Selected,
    /// A key before its value, in YAML. Also a part of the path at the top of a page.
    Key,
    /// A text value, in YAML.
    Quoted,
    /// A number, a boolean or null, in YAML.
    Literal,
}

/// Text in one style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The text, already escaped for a terminal.
    pub text: String,
    /// The look of the text.
    pub style: Style,
}

/// The object that a line names. Enter and a click on the line open the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// The line says why this Pod failed.
    Failure(PodKey),
    /// The line is the entry of this Pod in the list of failures after the end.
    ListedFailure(PodKey),
    /// The line is the heading of the Pods on the node of this name.
    Node(Arc<str>),
    /// The line is the heading of the workload with this uid.
    Workload(Arc<str>),
}

/// One line of the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The spans, left to right. [`Line::push`] adds text to them.
    pub spans: Vec<Span>,
    /// The Pod whose row the line is. A click on the line opens this Pod.
    pub pod: Option<PodKey>,
    /// The object that the line names, if the line is no row of a Pod.
    pub link: Option<Link>,
}

/// The lines that go to a terminal or into a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The lines, top to bottom.
    pub lines: Vec<Line>,
}

impl Line {
    /// A line of one span.
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        let mut line = Self::default();
        line.push(text, style);
        line
    }

    /// An empty line that stands for the same object as this line.
    pub(crate) fn without_spans(&self) -> Self {
        Self { spans: Vec::new(), pod: self.pod, link: self.link.clone() }
    }

    /// The line with a link to an object.
    pub(crate) fn with_link(self, link: Link) -> Self {
        Self { link: Some(link), ..self }
    }

    /// Adds text at the end. Text in the style of the last span joins that span.
    pub fn push(&mut self, text: impl Into<String>, style: Style) {
        let text = text.into();
        match self.spans.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.style == style => last.text.push_str(&text),
            _ => self.spans.push(Span { text, style }),
        }
    }

    /// The text without styles.
    pub fn plain(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// The width on a terminal, in columns.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| text::width(&span.text)).sum()
    }

    /// Shortens the line to at most `columns`. The end is cut off and marked with the ellipsis.
    pub(crate) fn shorten_end(self, columns: usize, ellipsis: &str) -> Self {
        if self.width() <= columns {
            return self;
        }
        let mut room = columns.saturating_sub(text::width(ellipsis));
        let mut shortened = self.without_spans();
        for span in self.spans {
            let width = text::width(&span.text);
            if width <= room {
                room -= width;
                shortened.push(span.text, span.style);
                continue;
            }
            shortened.push(text::shorten_end(&span.text, room, ""), span.style);
            break;
        }
        shortened.push(text::shorten_end(ellipsis, columns, ""), Style::Dim);
        shortened
    }

    /// Gives these columns of the line another style.
    pub fn restyle(&mut self, columns: Range<usize>, style: Style) {
        let mut restyled = self.without_spans();
        let mut at = 0;
        for span in &self.spans {
            let mut piece = String::new();
            let mut piece_style = span.style;
            for char in span.text.chars() {
                let width = text::char_width(char);
                let inside = columns.contains(&at) || (width == 0 && at > 0 && columns.contains(&(at - 1)));
                let wanted = if inside { style } else { span.style };
                if wanted != piece_style {
                    restyled.push(std::mem::take(&mut piece), piece_style);
                    piece_style = wanted;
                }
                piece.push(char);
                at += width;
            }
            restyled.push(piece, piece_style);
        }
        *self = restyled;
    }
}

impl Frame {
    /// The text without styles. Lines have no trailing blanks.
    pub fn plain(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(line.plain().trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use crate::view::primitives::frame::{Line, Style};

    #[test]
    fn a_part_of_a_line_can_look_different() {
        let mut line = Line::new("ab漢字e\u{301}f", Style::Dim);
        line.push("gh", Style::Text);
        let plain = line.plain();
        line.restyle(1..7, Style::Selected);
        assert_eq!(line.plain(), plain);
        let spans: Vec<(&str, Style)> =
            line.spans.iter().map(|span| (span.text.as_str(), span.style)).collect();
        assert_eq!(
            spans,
            [("a", Style::Dim), ("b漢字e\u{301}", Style::Selected), ("f", Style::Dim), ("gh", Style::Text)]
        );
    }

    #[test]
    fn cut_lines_are_marked_and_fit() {
        let mut line = Line::new("abc", Style::Text);
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
