//! The colours and attributes of each [`Style`]. The views themselves do not use this file.

use owo_colors::Style as OwoStyle;

use crate::view::primitives::frame::Style;

/// Maps each [`Style`] to colours and attributes of a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stylesheet {
    coloured: bool,
}

impl Stylesheet {
    /// Uses no colours. The only attribute is reverse video for the selected row.
    pub(crate) const PLAIN: Self = Self { coloured: false };

    /// Uses the 16 colours that users can choose in their terminal, without the colours that vanish on a white or a
    /// black background. No information depends on colour alone.
    pub(crate) const COLOURED: Self = Self { coloured: true };

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
            Style::Terminating => plain.red(),
        })
    }
}
