//! Measures and shortens text for a terminal. There is one measure of width, for cutting, padding and drawing.
//!
//! Every string from a cluster passes through [`clean`] before it becomes part of a frame. In cleaned text each
//! grapheme is as wide as its characters together, because [`clean`] leaves out the characters about whose width
//! terminals disagree.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

pub(crate) use crate::observation::{clean, clean_whole, is_valid_name};

/// Precedes a line that continues the sentence of the line above it.
pub(crate) const CONTINUATION_INDENT: &str = "  ";

/// The width of a character on a terminal, in columns; 0 if it joins the character before it.
pub(crate) fn char_width(char: char) -> usize {
    UnicodeWidthChar::width(char).unwrap_or(0)
}

/// The width of a text on a terminal, in columns: the sum of the widths of its characters. Therefore the width of a
/// text is the sum of the widths of its parts.
pub(crate) fn width(text: &str) -> usize {
    // Nearly all text is ASCII, and cleaned text has no control characters.
    if text.is_ascii() { text.len() } else { text.chars().map(char_width).sum() }
}

/// The longest start of the text that is at most `columns` wide. A grapheme is not divided.
fn start_of(text: &str, columns: usize) -> &str {
    let mut used: usize = 0;
    let mut end = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used = used.saturating_add(width(grapheme));
        if used > columns {
            break;
        }
        end = at + grapheme.len();
    }
    text.get(..end).unwrap_or_default()
}

/// The longest end of the text that is at most `columns` wide. A grapheme is not divided.
fn end_of(text: &str, columns: usize) -> &str {
    let mut used: usize = 0;
    let mut start = text.len();
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used = used.saturating_add(width(grapheme));
        if used > columns {
            break;
        }
        start = at;
    }
    text.get(start..).unwrap_or_default()
}

/// The first grapheme of the text, or its first character with a width if the grapheme is wider than `columns`.
fn first_part(text: &str, columns: usize) -> &str {
    let grapheme = text.graphemes(true).next().unwrap_or_default();
    if width(grapheme) <= columns {
        return grapheme;
    }
    let end = grapheme.char_indices().find(|&(_, char)| char_width(char) > 0);
    end.and_then(|(at, char)| text.get(..at + char.len_utf8())).unwrap_or(grapheme)
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
            let start = start_of(word, columns);
            let part = if start.is_empty() { first_part(word, columns) } else { start };
            line.push_str(part);
            word = word.get(part.len()..).unwrap_or_default();
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
    fn a_grapheme_is_not_divided() {
        assert_eq!(shorten_end("🇩🇪🇫🇷", 3, ""), "🇩🇪");
        assert_eq!(shorten_middle("ab🇩🇪🇫🇷", 3, ""), "🇫🇷");
        assert_eq!(shorten_end("क्षक्ष", 3, ""), "क्ष");
        assert_eq!(wrap("🇩🇪🇫🇷", 3), ["🇩🇪", "🇫🇷"]);
    }

    #[test]
    fn one_measure_holds_for_cutting_padding_and_wrapping() {
        const PARTS: [&str; 20] = [
            "☀\u{fe0f}",
            "❤\u{fe0f}\u{200d}🔥",
            "👨\u{200d}👩\u{200d}👧",
            "👍🏽",
            "🇩🇪",
            "🇩",
            "1\u{fe0f}\u{20e3}",
            "漢",
            "ｶﾞ",
            "e\u{301}",
            "\u{301}",
            "\u{200b}",
            "\u{feff}",
            "क्ष",
            "ក្ក",
            "ลำ",
            "لا",
            "각",
            " ",
            "\u{600}a",
        ];
        let mut random: u64 = 1;
        let mut below = |bound: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).unwrap() % bound
        };
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..below(12) {
                match below(4) {
                    0 => text.push_str(&"\u{301}".repeat(below(12))),
                    1 => text.extend(char::from_u32(u32::try_from(below(0x11_0000)).unwrap())),
                    _ => text.push_str(PARTS[below(PARTS.len())]),
                }
            }
            let text = clean(&text);
            let (columns, ellipsis) = (below(20), ["…", "..", ""][below(3)]);
            for shortened in [shorten_end(&text, columns, ellipsis), shorten_middle(&text, columns, ellipsis)]
            {
                assert!(width(&shortened) <= columns, "{text:?} {columns}");
                assert_eq!(width(&pad_right(&shortened, columns)), columns, "{text:?} {columns}");
                assert_eq!(width(&pad_left(&shortened, columns)), columns, "{text:?} {columns}");
            }
            let lines = wrap(&text, columns);
            assert!(lines.iter().all(|line| width(line) <= columns.max(2)), "{text:?} {columns}");
            let unwrapped: String = lines.concat().split(' ').collect();
            assert_eq!(unwrapped, text.split(' ').collect::<String>(), "{columns}");
            let (start, end) =
                text.split_at(text.char_indices().map(|(at, _)| at).nth(below(6)).unwrap_or(0));
            assert_eq!(width(start) + width(end), width(&text), "{text:?}");
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
