//! The console of the live picture: the stream that receives the picture and the terminal that sends keys.

use std::io;

use crate::app::appearance::Appearance;
use crate::app::streams::Streams;
use crate::terminal::tty::{ControllingTerminal, Terminal};

/// The stream of the live picture and the terminal behind it.
pub(crate) struct Console {
    /// The stream that the picture is written to.
    pub(crate) out: Box<dyn io::Write>,
    /// The terminal behind the stream.
    pub(crate) terminal: Box<dyn Terminal>,
    /// Whether the picture reacts to keys.
    pub(crate) interactive: bool,
}

impl Console {
    /// Returns the console of this process.
    pub(crate) fn from_process(appearance: &Appearance, streams: &Streams) -> Self {
        let is_on_stdout = !appearance.live_on_stderr;
        Self {
            out: streams.live_stream(),
            terminal: Box::new(ControllingTerminal::new(is_on_stdout)),
            interactive: appearance.is_interactive(),
        }
    }
}
