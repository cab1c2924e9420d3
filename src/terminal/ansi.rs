//! Renders frames as text, with or without colours.

use std::fmt::Write as _;

use crate::view::{Frame, Line, Stylesheet};

/// Renders the frame as text. Each line has no trailing blanks and ends with a line feed. No colour extends over the
/// end of a line.
pub(crate) fn render_frame(frame: &Frame, stylesheet: Stylesheet) -> String {
    let mut text = String::new();
    for line in &frame.lines {
        render_line(&mut text, line, stylesheet);
        text.push('\n');
    }
    text
}

/// Appends the rendered line to `text`, without a line feed.
pub(crate) fn render_line(text: &mut String, line: &Line, stylesheet: Stylesheet) {
    let last = line.spans.iter().rposition(|span| !span.text.trim_end().is_empty());
    let count = last.map_or(0, |last| last + 1);
    for (index, span) in line.spans[..count].iter().enumerate() {
        let shown = if index + 1 == count { span.text.trim_end() } else { &span.text };
        let shown = &*stylesheet.writable(shown);
        match stylesheet.style(span.style) {
            // Blanks have no visible colour, so a style would only cost bytes.
            Some(style) if !shown.trim().is_empty() => {
                // Writing to a string cannot fail.
                let _ = write!(text, "{}", style.style(shown));
            }
            _ => text.push_str(shown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Style;

    fn frame() -> Frame {
        let mut line = Line::new("plain ", Style::Text);
        line.push("failed", Style::Failure);
        line.push("   ", Style::Dim);
        Frame { lines: vec![line, Line::default()] }
    }

    #[test]
    fn plain_text_has_no_codes() {
        assert_eq!(render_frame(&frame(), Stylesheet::PLAIN), "plain failed\n\n");
        assert_eq!(render_frame(&frame(), Stylesheet::PLAIN), frame().plain());
    }

    #[test]
    fn only_ascii_characters_are_written_if_no_others_may_be() {
        let line = Line::new("4–6s · 日本 caf\u{e9}e\u{301} …", Style::Text);
        let stylesheet = Stylesheet::PLAIN.with_ascii(true);
        assert_eq!(render_frame(&Frame { lines: vec![line] }, stylesheet), "4-6s , ???? caf?e .\n");
    }

    #[test]
    fn colours_end_with_their_span() {
        assert_eq!(
            render_frame(&frame(), Stylesheet::COLOURED),
            "plain \u{1b}[38;2;236;0;0;1mfailed\u{1b}[0m\n\n"
        );
    }
}
