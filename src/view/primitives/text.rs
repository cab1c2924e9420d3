//! Escapes, measures and shortens text for a terminal.
//!
//! Every string from a cluster passes through [`clean`] before it becomes part of a frame.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The maximum number of characters of a cleaned text. A longer text is cut and ends with `…`.
const MAX_CHARS: usize = 1024;

/// Escapes all characters that a terminal would obey or hide. Control characters, line and paragraph separators,
/// bidirectional overrides, zero-width characters and tags become `\u{..}`. Line feeds and tabs become spaces. Cuts the
/// text after 1024 characters.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_CHARS && !text.chars().any(|char| char == '\n' || char == '\t' || is_unsafe(char)) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len().min(2 * MAX_CHARS));
    for (count, char) in text.chars().enumerate() {
        if count == MAX_CHARS {
            clean.push('…');
            break;
        }
        match char {
            '\n' | '\t' => clean.push(' '),
            char if is_unsafe(char) => {
                // Writing to a string cannot fail.
                let _ = write!(clean, "\\u{{{:x}}}", u32::from(char));
            }
            char => clean.push(char),
        }
    }
    Cow::Owned(clean)
}

/// Whether a terminal would obey or hide the character.
pub(crate) fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// The width of a character on a terminal, in columns; 0 if it joins the character before it.
pub(crate) fn char_width(char: char) -> usize {
    UnicodeWidthChar::width(char).unwrap_or(0)
}

/// The width of a text on a terminal, in columns.
pub(crate) fn width(text: &str) -> usize {
    // Nearly all text is ASCII, and cleaned text has no control characters.
    if text.is_ascii() { text.len() } else { UnicodeWidthStr::width(text) }
}

/// The longest start of the text that is at most `columns` wide.
fn start_of(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let mut end = 0;
    for (at, char) in text.char_indices() {
        used += UnicodeWidthChar::width(char).unwrap_or(0);
        if used > columns {
            break;
        }
        end = at + char.len_utf8();
    }
    &text[..end]
}

/// The longest end of the text that is at most `columns` wide. It does not begin with a zero-width character.
fn end_of(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let mut start = text.len();
    for (at, char) in text.char_indices().rev() {
        let width = UnicodeWidthChar::width(char).unwrap_or(0);
        used += width;
        if used > columns {
            break;
        }
        if width > 0 {
            start = at;
        }
    }
    &text[start..]
}

/// Shortens the text to at most `columns`. The end is cut off and marked with the ellipsis.
pub(crate) fn shorten_end(text: &str, columns: usize, ellipsis: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns <= width(ellipsis) {
        return start_of(text, columns).to_owned();
    }
    format!("{}{ellipsis}", start_of(text, columns - width(ellipsis)))
}

/// Shortens the text to at most `columns`. The middle is cut out and marked with the ellipsis. The end stays, because
/// only the random suffix distinguishes the Pods of one workload.
pub(crate) fn shorten_middle(text: &str, columns: usize, ellipsis: &str) -> String {
    /// The minimum width of the end, in columns: a suffix such as `-4h9hq`.
    const SUFFIX: usize = 6;
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(width(ellipsis)).filter(|&room| room > 0) else {
        return end_of(text, columns).to_owned();
    };
    let start = room.saturating_sub(SUFFIX.max(room / 2));
    format!("{}{ellipsis}{}", start_of(text, start), end_of(text, room - start))
}

/// Breaks the text into lines of at most `columns`, between words where possible. Uses at least two columns, because a
/// character can be two columns wide.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = vec![String::new()];
    for mut word in text.split(' ').filter(|word| !word.is_empty()) {
        loop {
            let Some(line) = lines.last_mut() else { return lines };
            let used = if line.is_empty() { 0 } else { width(line) + 1 };
            if used + width(word) <= columns {
                if used > 0 {
                    line.push(' ');
                }
                line.push_str(word);
                break;
            }
            if used > 0 {
                lines.push(String::new());
                continue;
            }
            let part = start_of(word, columns);
            line.push_str(part);
            word = &word[part.len()..];
            lines.push(String::new());
        }
    }
    lines
}

/// Pads the text with blanks on the right to a width of `columns`.
pub(crate) fn pad_right(text: &str, columns: usize) -> String {
    format!("{text}{:blank$}", "", blank = columns.saturating_sub(width(text)))
}

/// Pads the text with blanks on the left to a width of `columns`.
pub(crate) fn pad_left(text: &str, columns: usize) -> String {
    format!("{:blank$}{text}", "", blank = columns.saturating_sub(width(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_a_terminal_obeys_become_visible() {
        assert_eq!(clean("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(clean("\u{9b}31m\u{7f}\u{7}"), "\\u{9b}31m\\u{7f}\\u{7}");
        assert_eq!(
            clean("exe\u{202e}gpj\u{2066}\u{200b}\u{feff}\u{2028}"),
            "exe\\u{202e}gpj\\u{2066}\\u{200b}\\u{feff}\\u{2028}"
        );
        assert_eq!(clean("\u{e0041}"), "\\u{e0041}");
        assert_eq!(clean("one\ntwo\tthree\r"), "one two three\\u{d}");
    }

    #[test]
    fn harmless_text_is_not_copied() {
        assert!(matches!(clean("pi-4h9hq 漢字 é"), Cow::Borrowed(_)));
    }

    #[test]
    fn long_text_is_cut() {
        let clean = clean(&"x".repeat(100_000)).into_owned();
        assert_eq!(clean.chars().count(), MAX_CHARS + 1);
    }

    #[test]
    fn the_suffix_of_a_name_survives() {
        assert_eq!(shorten_middle("pi-4h9hq", 8, "…"), "pi-4h9hq");
        assert_eq!(shorten_middle("training-run-of-monday-4h9hq", 6, "…"), "…4h9hq");
        assert_eq!(shorten_middle("training-run-of-monday-4h9hq", 16, "…"), "training…y-4h9hq");
        assert_eq!(shorten_middle("training-run-of-monday-4h9hq", 1, "…"), "q");
        assert_eq!(shorten_middle("training", 0, "…"), "");
    }

    #[test]
    fn shortening_never_exceeds_the_columns() {
        for text in
            ["", "a", "pi-4h9hq", "漢字漢字漢字漢字", "e\u{301}e\u{301}e\u{301}e\u{301}", "a漢b字c漢d字"]
        {
            for columns in 0..20 {
                for ellipsis in ["…", "..", ""] {
                    assert!(
                        width(&shorten_middle(text, columns, ellipsis)) <= columns,
                        "{text} {columns} {ellipsis}"
                    );
                    assert!(
                        width(&shorten_end(text, columns, ellipsis)) <= columns,
                        "{text} {columns} {ellipsis}"
                    );
                }
            }
        }
    }

    #[test]
    fn long_text_is_wrapped_between_words() {
        assert_eq!(
            wrap("0/3 nodes are available:  3 Insufficient cpu.", 20),
            ["0/3 nodes are", "available: 3", "Insufficient cpu.",]
        );
        assert_eq!(wrap("abcdefgh 漢字", 3), ["abc", "def", "gh", "漢", "字"]);
        assert_eq!(wrap("", 3), [""]);
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(pad_right("漢", 4), "漢  ");
        assert_eq!(pad_left("漢", 4), "  漢");
        assert_eq!(shorten_end("漢字漢字", 4, "…"), "漢…");
    }
}
