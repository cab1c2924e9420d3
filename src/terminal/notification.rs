//! Desktop notifications with the control sequence OSC 9. A terminal that does not know the sequence ignores it.

use std::io::{self, Write as _};

use crate::platform::controlling_terminal::open_for_writing;
use crate::terminal::multiplexer::Multiplexer;

/// Asks the terminal on which the program was started to notify the user. Without a terminal, nothing happens.
///
/// # Errors
/// Fails if the terminal is gone.
pub(crate) fn notify(text: &str) -> io::Result<()> {
    let Ok(mut terminal) = open_for_writing() else { return Ok(()) };
    terminal.write_all(notification_sequence(text, Multiplexer::from_environment()).as_bytes())
}

/// Returns the sequence of a notification. `text` contains no control characters.
///
/// A multiplexer passes the sequence on only if the user allows it. Therefore a bell follows the sequence. A
/// multiplexer shows the bell in its status line.
fn notification_sequence(text: &str, multiplexer: Option<Multiplexer>) -> String {
    let sequence = format!("\x1b]9;{text}\x07");
    match multiplexer {
        None => sequence,
        // Each escape character of the inner sequence is doubled.
        Some(Multiplexer::Tmux) => format!("\x1bPtmux;\x1b{sequence}\x1b\\\x07"),
        Some(Multiplexer::Screen) => format!("\x1bP{sequence}\x1b\\\x07"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiplexer_passes_the_notification_on_and_rings_the_bell() {
        assert_eq!(notification_sequence("done", None), "\x1b]9;done\x07");
        let tmux = notification_sequence("done", Some(Multiplexer::Tmux));
        assert_eq!(tmux, "\x1bPtmux;\x1b\x1b]9;done\x07\x1b\\\x07");
        let screen = notification_sequence("done", Some(Multiplexer::Screen));
        assert_eq!(screen, "\x1bP\x1b]9;done\x07\x1b\\\x07");
    }
}
