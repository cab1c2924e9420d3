//! Makes text that people read on a terminal harmless.
//!
//! Text from a cluster, a recording, a kubeconfig or another program may contain anything. All such text passes through
//! this module on its way to a terminal, and all documents for programs escape the characters of [`is_unsafe`].

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

/// The maximum number of characters of a cleaned text. A longer text is cut and ends with `…`.
const MAX_CHARS: usize = 1024;

/// The maximum number of characters without a width that follow each other. More of them would be drawn over the lines
/// above and below.
const MAX_COMBINING: usize = 4;

/// Escapes all characters that a terminal would obey or hide: each character of [`is_unsafe`] becomes `\u{..}`. Line
/// feeds and tabs become spaces. Leaves out the characters whose width depends on the terminal, and long series of
/// combining characters. Cuts the text after 1024 characters.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    clean_up_to(text, MAX_CHARS)
}

/// Cleans a text like [`clean`], but does not cut it.
pub(crate) fn clean_whole(text: &str) -> Cow<'_, str> {
    clean_up_to(text, usize::MAX)
}

fn clean_up_to(text: &str, max_chars: usize) -> Cow<'_, str> {
    // Nearly all text is printable ASCII.
    if text.len() <= max_chars && (text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || is_clean(text)) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len().min(max_chars.saturating_mul(2)));
    let mut cleaner = Cleaner::default();
    for (count, char) in text.chars().enumerate() {
        if count == max_chars {
            clean.push('…');
            break;
        }
        cleaner.push(char, &mut clean);
    }
    Cow::Owned(clean)
}

fn is_clean(text: &str) -> bool {
    let mut cleaner = Cleaner::default();
    text.chars().all(|char| cleaner.judge(char) == Judgement::Keep)
}

/// The way in which a character reaches a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judgement {
    Keep,
    Blank,
    Escape,
    Drop,
}

/// Cleans a text character by character.
#[derive(Debug, Default)]
pub(crate) struct Cleaner {
    /// The number of characters without a width since the last character that has one.
    combining: usize,
    /// Whether the last character with a width is an emoji.
    after_emoji: bool,
}

impl Cleaner {
    /// Appends the cleaned character to `out`.
    pub(crate) fn push(&mut self, char: char, out: &mut String) {
        match self.judge(char) {
            Judgement::Keep => out.push(char),
            Judgement::Blank => out.push(' '),
            // Writing to a string cannot fail.
            Judgement::Escape => _ = write!(out, "\\u{{{:x}}}", u32::from(char)),
            Judgement::Drop => {}
        }
    }

    fn judge(&mut self, char: char) -> Judgement {
        let judgement = match char {
            ' '..='~' => Judgement::Keep,
            '\n' | '\t' => Judgement::Blank,
            // Terminals disagree about the width of a character that is followed by one of these.
            '\u{fe0e}' | '\u{fe0f}' => return Judgement::Drop,
            '\u{1f3fb}'..='\u{1f3ff}' if self.after_emoji => return Judgement::Drop,
            char if is_unsafe(char) => Judgement::Escape,
            char if char.width() == Some(0) => {
                self.combining = self.combining.saturating_add(1);
                return if self.combining > MAX_COMBINING { Judgement::Drop } else { Judgement::Keep };
            }
            _ => Judgement::Keep,
        };
        self.combining = 0;
        self.after_emoji = matches!(char, '\u{261d}'..='\u{270d}' | '\u{1f000}'..='\u{1faff}');
        judgement
    }
}

/// Whether a terminal would obey or hide the character: control characters, line and paragraph separators,
/// bidirectional marks and overrides, joiners and other invisible characters, tags.
pub(crate) fn is_unsafe(char: char) -> bool {
    match char {
        ' '..='~' => false,
        '\0'..='\u{9f}' => true,
        _ => matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
            | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'),
    }
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
        assert_eq!(clean("\u{e0041}\u{e0100}"), "\\u{e0041}\\u{e0100}");
        assert_eq!(clean("one\ntwo\tthree\r"), "one two three\\u{d}");
    }

    #[test]
    fn characters_whose_width_depends_on_the_terminal_are_left_out() {
        assert_eq!(clean("☀\u{fe0f}☀\u{fe0e}"), "☀☀");
        assert_eq!(clean("👍🏽👍🏽 ☝🏿 🏽"), "👍👍 ☝ 🏽");
        assert_eq!(clean("👨\u{200d}👩"), "👨\\u{200d}👩");
    }

    #[test]
    fn combining_characters_do_not_cover_other_lines() {
        assert_eq!(clean("e\u{301}\u{302}"), "e\u{301}\u{302}");
        let flood = format!("e{}f\u{301}", "\u{301}".repeat(500));
        assert_eq!(clean(&flood), format!("e{}f\u{301}", "\u{301}".repeat(MAX_COMBINING)));
    }

    #[test]
    fn harmless_text_is_not_copied() {
        assert!(matches!(clean("pi-4h9hq 漢字 é"), Cow::Borrowed(_)));
        assert!(matches!(clean("pi-4h9hq"), Cow::Borrowed(_)));
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(clean(&"x".repeat(100_000)).chars().count(), MAX_CHARS + 1);
        assert_eq!(clean(&"é".repeat(100_000)).chars().count(), MAX_CHARS + 1);
        assert_eq!(clean_whole(&"\u{7}".repeat(2_000)).len(), 2_000 * "\\u{7}".len());
    }

    #[test]
    fn clean_text_stays_as_it_is() {
        let chars = ('\0'..='\u{3200}').chain('\u{fe00}'..='\u{ffff}').chain('\u{1f000}'..='\u{1faff}');
        for char in chars.chain('\u{e0000}'..='\u{e0200}') {
            let text = format!("e{char}👍{char}{char}");
            let cleaned = clean(&text);
            assert_eq!(clean(&cleaned), cleaned, "{text:?}");
            assert!(!cleaned.contains(is_unsafe), "{text:?}");
        }
    }
}
