//! How a role looks. Data only: no view needs it, every surface takes it.

use owo_colors::Style;

use super::Role;

/// A style for each role.
#[derive(Clone, Copy, Debug)]
pub struct Stylesheet {
    coloured: bool,
}

impl Stylesheet {
    /// No colours, no attributes.
    pub const PLAIN: Self = Self { coloured: false };

    /// The 16 colours that every terminal lets its user choose, without those that vanish on a white or a black
    /// background; nothing is told by them alone.
    pub const COLOURED: Self = Self { coloured: true };

    /// The style of a role; `None` is the terminal's own text.
    pub fn style(&self, role: Role) -> Option<Style> {
        // Reverse video is no colour.
        if role == Role::Selected {
            return Some(Style::new().reversed());
        }
        if !self.coloured {
            return None;
        }
        let style = Style::new();
        Some(match role {
            Role::Text => return None,
            Role::Selected => style.reversed(),
            Role::Dim | Role::Queued => style.dimmed(),
            Role::Strong | Role::Now => style.bold(),
            Role::Setup | Role::Key => style.cyan(),
            Role::Pulling => style.magenta(),
            Role::Initializing => style.blue(),
            Role::Work | Role::Success | Role::Quoted => style.green(),
            Role::Failure => style.red().bold(),
            Role::Warning | Role::BackOff | Role::Literal => style.yellow(),
            Role::Terminating => style.red(),
        })
    }
}
