//! The colours and attributes of each [`Style`], and the characters that may be written. The views themselves do not
//! use this file.

use std::borrow::Cow;

use owo_colors::Style as OwoStyle;

use crate::view::primitives::frame::Style;
use crate::view::primitives::text;

/// Maps each [`Style`] to colours and attributes of a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stylesheet {
    coloured: bool,
    /// Whether only ASCII characters may be written.
    ascii: bool,
}

impl Stylesheet {
    /// Uses no colours. The only attribute is reverse video for the selected row.
    pub(crate) const PLAIN: Self = Self { coloured: false, ascii: false };

    /// Uses the 16 colours that users can choose in their terminal, without the colours that vanish on a white or a
    /// black background. No information depends on colour alone.
    pub(crate) const COLOURED: Self = Self { coloured: true, ascii: false };

    /// The same stylesheet, with ASCII characters only if `ascii` is set.
    pub(crate) fn with_ascii(self, ascii: bool) -> Self {
        Self { ascii, ..self }
    }

    /// Returns the text with the characters that may be written. If only ASCII characters may be written, each other
    /// character becomes ASCII characters of the same width: a dash becomes `-`, and most others become `?`.
    pub(crate) fn writable(self, text: &str) -> Cow<'_, str> {
        if !self.ascii || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut written = String::with_capacity(text.len());
        for char in text.chars() {
            match char {
                char if char.is_ascii() => written.push(char),
                '–' | '—' => written.push('-'),
                '…' => written.push('.'),
                '·' => written.push(','),
                char => written.extend(std::iter::repeat_n('?', text::char_width(char))),
            }
        }
        Cow::Owned(written)
    }

    /// The colours and attributes of a style; `None` means plain text.
    pub(crate) fn style(self, style: Style) -> Option<OwoStyle> {
        // Reverse video is not a colour, so the plain stylesheet uses it too.
        if style == Style::Selected {
            return Some(OwoStyle::new().reversed());
        }
        if !self.coloured {
            return None;
        }
        let plain = OwoStyle::new();
        Some(match style {
            Style::Text => return None,
            Style::Selected => plain.reversed(),
            Style::Dim | Style::Queued => plain.dimmed(),
            Style::Strong | Style::Now => plain.bold(),
            Style::Setup | Style::Key => plain.cyan(),
            Style::Pulling => plain.magenta(),
            Style::Initializing => plain.blue(),
            Style::Work | Style::Success | Style::Quoted => plain.green(),
            Style::Unready => plain.green().dimmed(),
            Style::Failure => plain.red().bold(),
            Style::Warning | Style::BackOff | Style::Literal => plain.yellow(),
            Style::PullFailing | Style::FailedWork | Style::Terminating => plain.red(),
        })
    }
}
