//! How a role looks. Data only: no view needs it, every surface takes it.

use owo_colors::Style as OwoStyle;

use crate::view::primitives::frame::Style;

/// A style for each role.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stylesheet {
    coloured: bool,
}

impl Stylesheet {
    /// No colours, no attributes.
    pub(crate) const PLAIN: Self = Self { coloured: false };

    /// The 16 colours that every terminal lets its user choose, without those that vanish on a white or a black
    /// background; nothing is told by them alone.
    pub(crate) const COLOURED: Self = Self { coloured: true };

    /// The style of a role; `None` is the terminal's own text.
    pub(crate) fn style(self, role: Style) -> Option<OwoStyle> {
        // Reverse video is no colour.
        if role == Style::Selected {
            return Some(OwoStyle::new().reversed());
        }
        if !self.coloured {
            return None;
        }
        let style = OwoStyle::new();
        Some(match role {
            Style::Text => return None,
            Style::Selected => style.reversed(),
            Style::Dim | Style::Queued => style.dimmed(),
            Style::Strong | Style::Now => style.bold(),
            Style::Setup | Style::Key => style.cyan(),
            Style::Pulling => style.magenta(),
            Style::Initializing => style.blue(),
            Style::Work | Style::Success | Style::Quoted => style.green(),
            Style::Failure => style.red().bold(),
            Style::Warning | Style::BackOff | Style::Literal => style.yellow(),
            Style::Terminating => style.red(),
        })
    }
}
