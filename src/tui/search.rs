//! The search on pages of text. Case does not matter.

use std::ops::Range;

use crate::view::primitives::text;
use crate::view::{Line, Style};

/// The text that the user searches for on a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Search {
    /// The text. Empty if the user does not search.
    pub query: String,
    /// Whether the user is typing the text.
    pub is_typing: bool,
    /// The index of the line that the last jump found.
    pub line: Option<usize>,
    /// The text before the user began to type. Esc restores this text.
    pub(crate) previous: String,
}

/// The direction of a jump to a line that contains the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SearchDirection {
    /// Down to the next line. After the last line, the search continues at the first line.
    Next,
    /// Up to the previous line. Before the first line, the search continues at the last line.
    Previous,
}

/// Returns the indices of the lines that contain the text.
pub(crate) fn matching_lines(lines: &[String], query: &str) -> Vec<usize> {
    let is_match = |(_, line): &(usize, &String)| !find_matches(line, query).is_empty();
    lines.iter().enumerate().filter(is_match).map(|(index, _)| index).collect()
}

/// Highlights each occurrence of the text in a line.
pub(crate) fn highlight_matches(mut line: Line, query: &str) -> Line {
    for columns in find_matches(&line.plain(), query) {
        line.restyle(columns, Style::Selected);
    }
    line
}

/// Returns the columns of each occurrence of the text in a line. Occurrences do not overlap.
fn find_matches(line: &str, query: &str) -> Vec<Range<usize>> {
    let lower = |char: char| char.to_lowercase().next().unwrap_or(char);
    let query: Vec<char> = query.chars().map(lower).collect();
    if query.is_empty() || line.len() < query.len() {
        return Vec::new();
    }
    let chars: Vec<char> = line.chars().collect();
    let width = |chars: &[char]| text::width(&chars.iter().collect::<String>());
    let mut found = Vec::new();
    let mut at = 0;
    while at + query.len() <= chars.len() {
        let candidate = &chars[at..at + query.len()];
        if candidate.iter().zip(&query).all(|(&char, &wanted)| lower(char) == wanted) {
            let start = width(&chars[..at]);
            found.push(start..start + width(candidate));
            at += query.len();
        } else {
            at += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_ignore_case_and_have_columns() {
        assert_eq!(find_matches("Pulled, pulling", "PULL"), [0..4, 8..12]);
        assert_eq!(find_matches("漢字: Ä Ä", "ä"), [6..7, 8..9]);
        assert_eq!(find_matches("aaaaa", "aa"), [0..2, 2..4]);
        assert!(find_matches("abc", "").is_empty() && find_matches("ab", "abc").is_empty());
    }
}
