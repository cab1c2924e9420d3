//! Detects a terminal multiplexer, which may not pass control sequences on to the terminal.

use std::env;

/// A terminal multiplexer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Multiplexer {
    Tmux,
    /// GNU screen.
    Screen,
}

impl Multiplexer {
    /// Returns the multiplexer that this process runs in, according to its environment. `None` if there is none.
    pub(crate) fn from_environment() -> Option<Self> {
        let multiplexers = [("TMUX", Self::Tmux), ("STY", Self::Screen)];
        let found = multiplexers.into_iter().find(|(variable, _)| env::var_os(variable).is_some());
        found.map(|(_, multiplexer)| multiplexer)
    }
}
