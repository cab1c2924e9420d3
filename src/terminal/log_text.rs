//! Makes the text of a container's log safe for a terminal, and keeps its colours.

use std::fmt::Write as _;

use anstyle_parse::{DefaultCharAccumulator, Params, Parser, Perform};

use crate::observation::Cleaner;
use crate::view::Stylesheet;

/// Distance between two tab stops, in columns.
const TAB_COLUMNS: usize = 8;

/// The parameter of the control sequence for colours (SGR) that hides text. A sequence with this parameter is removed.
const CONCEAL: &[u16] = &[8];

/// Appends one line of a log to `out`. Returns the width of the line in columns.
///
/// The line can change only the colours and text styles of a terminal. Other control sequences are removed, tabs become
/// blanks, and other control characters are escaped. If the stylesheet has colours, the colours of the line are kept
/// and reset at the end of the line. If a program rewrote the line with carriage returns, as progress bars do, only the
/// last state of the line is kept.
pub(crate) fn write_log_text(out: &mut String, text: &str, stylesheet: Stylesheet) -> usize {
    let text = text.trim_end_matches('\r');
    let text = text.rsplit('\r').next().unwrap_or_default();
    // Nearly all lines are printable ASCII.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        out.push_str(text);
        return text.len();
    }
    let mut writer = Writer { out, stylesheet, cleaner: Cleaner::default(), columns: 0, is_coloured: false };
    let mut parser = Parser::<DefaultCharAccumulator>::new();
    for &byte in text.as_bytes() {
        parser.advance(&mut writer, byte);
    }
    if writer.is_coloured {
        writer.out.push_str("\x1b[0m");
    }
    writer.columns
}

/// Writes the parts of a line that a terminal may receive.
struct Writer<'a> {
    out: &'a mut String,
    stylesheet: Stylesheet,
    cleaner: Cleaner,
    columns: usize,
    /// Whether the line contains a colour, so that the colours must be reset at the end of the line.
    is_coloured: bool,
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        let text = self.stylesheet.writable(text);
        self.columns += crate::view::width(&text);
        self.out.push_str(&text);
    }
}

impl Perform for Writer<'_> {
    fn print(&mut self, char: char) {
        let mut clean = String::new();
        self.cleaner.push(char, &mut clean);
        self.push(&clean);
    }

    fn execute(&mut self, byte: u8) {
        if byte == b'\t' {
            let blanks = TAB_COLUMNS - self.columns % TAB_COLUMNS;
            self.push(&" ".repeat(blanks));
        } else {
            self.push(&format!("\\u{{{byte:x}}}"));
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: u8) {
        let is_colour = action == b'm' && intermediates.is_empty() && !ignore;
        if !is_colour || !self.stylesheet.is_coloured() || params.iter().any(|param| param == CONCEAL) {
            return;
        }
        self.is_coloured = true;
        self.out.push_str("\x1b[");
        for (index, param) in params.iter().enumerate() {
            if index > 0 {
                self.out.push(';');
            }
            for (index, number) in param.iter().enumerate() {
                // Writing to a string cannot fail.
                let _ = write!(self.out, "{}{number}", if index > 0 { ":" } else { "" });
            }
        }
        self.out.push('m');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, stylesheet: Stylesheet) -> (String, usize) {
        let mut out = String::new();
        let columns = write_log_text(&mut out, text, stylesheet);
        (out, columns)
    }

    #[test]
    fn colours_are_kept_and_end_with_the_line() {
        for (text, coloured, plain) in [
            ("plain", "plain", "plain"),
            ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m\x1b[0m", "red"),
            ("\x1b[1;38;5;208mbold", "\x1b[1;38;5;208mbold\x1b[0m", "bold"),
            ("\x1b[38:2::1:2:3mrgb", "\x1b[38:2:0:1:2:3mrgb\x1b[0m", "rgb"),
            ("\x1b[mreset", "\x1b[0mreset\x1b[0m", "reset"),
            ("\x1b[8mhidden", "hidden", "hidden"),
        ] {
            assert_eq!(written(text, Stylesheet::COLOURED).0, coloured, "{text:?}");
            assert_eq!(written(text, Stylesheet::PLAIN).0, plain, "{text:?}");
        }
    }

    #[test]
    fn a_terminal_receives_no_other_control_sequence() {
        for (text, expected) in [
            ("\x1b[2J\x1b[Hcleared", "cleared"),
            ("\x1b]0;title\x07text", "text"),
            ("\x1b]52;c;aGk=\x1b\\text", "text"),
            ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
            ("bell\x07 null\0 del\x7f", "bell\\u{7} null\\u{0} del"),
            ("c1 \u{9b}31m", "c1 "),
            ("bidi \u{202e}", "bidi \\u{202e}"),
            ("a\tb", "a       b"),
            ("\x1bc reset", " reset"),
        ] {
            for stylesheet in [Stylesheet::COLOURED, Stylesheet::PLAIN] {
                let (out, columns) = written(text, stylesheet);
                assert!(!out.chars().any(char::is_control), "{text:?}: {out:?}");
                assert_eq!(columns, crate::view::width(&out), "{text:?}");
                if !text.contains('\u{9b}') && !text.contains('\x7f') {
                    assert_eq!(out, expected, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn only_the_last_state_of_a_progress_bar_is_kept() {
        assert_eq!(written("10 %\r50 %\r100 %", Stylesheet::PLAIN).0, "100 %");
        assert_eq!(written("10 %\r100 %\r", Stylesheet::PLAIN).0, "100 %");
        assert_eq!(written("windows line\r", Stylesheet::PLAIN).0, "windows line");
    }

    #[test]
    fn a_wide_character_has_two_columns() {
        assert_eq!(written("日本", Stylesheet::PLAIN), ("日本".to_owned(), 4));
        assert_eq!(written("日本", Stylesheet::PLAIN.with_ascii(true)), ("????".to_owned(), 4));
    }
}
