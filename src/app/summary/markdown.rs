//! Puts text from the cluster into Markdown so that the text has no effect on the page: no markup, no HTML, no link and
//! no mention of a user.

use std::fmt::Write as _;

use crate::view;

/// Maximum number of characters of a text in a code span, a table cell or HTML code.
const MAX_CHARS: usize = 400;

/// Returns the text as an inline code span. A code span shows its content unchanged.
pub(crate) fn code_span(text: &str) -> String {
    let text = single_line(text);
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_backtick_run(&text) + 1);
    // Markdown removes one blank from each end of a code span, so the added blanks do not appear.
    let has_edge = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let edge = if has_edge { " " } else { "" };
    format!("{fence}{edge}{text}{edge}{fence}")
}

/// Returns the text as a code span for a cell of a table. A vertical bar would end the cell even inside a code span, so
/// the broken bar `¦` replaces each vertical bar.
pub(crate) fn table_cell(text: &str) -> String {
    code_span(&text.replace('|', "\u{a6}"))
}

/// Returns the text as code in HTML. Punctuation that may have a meaning in HTML or Markdown is escaped.
pub(crate) fn html_code(text: &str) -> String {
    let mut html = String::from("<code>");
    for char in single_line(text).chars() {
        if char.is_ascii_punctuation() && !matches!(char, '-' | '.' | ',') {
            // Writing to a string cannot fail.
            let _ = write!(html, "&#{};", u32::from(char));
        } else {
            html.push(char);
        }
    }
    html + "</code>"
}

/// Returns these lines as a fenced block. The fence is longer than every run of backticks in the lines.
pub(crate) fn fenced_block(lines: &[String]) -> String {
    let longest = lines.iter().map(|line| longest_backtick_run(line)).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    let mut block = format!("{fence}text\n");
    for line in lines {
        block.push_str(line);
        block.push('\n');
    }
    block + &fence + "\n"
}

/// Returns a line of a log with escaped control characters.
pub(crate) fn log_line(text: &str) -> String {
    view::clean(text).into_owned()
}

/// Returns the text without line breaks and with escaped control characters, cut to [`MAX_CHARS`].
fn single_line(text: &str) -> String {
    let text = view::clean(text);
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

fn longest_backtick_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_has_more_backticks_than_its_text() {
        for (text, span) in [
            ("plain", "`plain`"),
            ("a `b` ``c``", "``` a `b` ``c`` ```"),
            ("`", "`` ` ``"),
            (" edge", "`  edge `"),
            ("<script> [x](y) @user", "`<script> [x](y) @user`"),
            ("two\nlines\u{1b}[31m", "`two lines\\u{1b}[31m`"),
            ("", ""),
        ] {
            assert_eq!(code_span(text), span);
        }
        assert_eq!(code_span(&"x".repeat(1000)).chars().count(), MAX_CHARS + 3);
    }

    #[test]
    fn a_cell_contains_no_vertical_bar() {
        assert_eq!(table_cell("a|b\\|c"), "`a\u{a6}b\\\u{a6}c`");
    }

    #[test]
    fn html_code_escapes_characters_with_a_meaning() {
        assert_eq!(
            html_code("</code><b>&\"'*"),
            "<code>&#60;&#47;code&#62;&#60;b&#62;&#38;&#34;&#39;&#42;</code>"
        );
    }

    #[test]
    fn no_line_of_a_block_ends_its_fence() {
        let lines = ["```".to_owned(), "a ````".to_owned(), "~~~".to_owned()];
        assert_eq!(fenced_block(&lines), "`````text\n```\na ````\n~~~\n`````\n");
    }
}
