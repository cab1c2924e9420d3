//! The signals to which a run reacts.

/// A signal that ends a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndSignal {
    /// Ctrl-C (SIGINT).
    Interrupt,
    /// SIGTERM. On Windows, Ctrl-Break or the closing of the console window.
    Terminate,
    /// The terminal was closed (SIGHUP).
    #[cfg_attr(windows, expect(dead_code, reason = "Windows has no such signal"))]
    HangUp,
}

/// A signal after which the terminal must be restored or drawn again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(windows, expect(dead_code, reason = "Windows has no such signals"))]
pub(crate) enum TerminalSignal {
    /// The size of the terminal has changed (SIGWINCH). On Windows the new size arrives with the keys.
    Resized,
    /// The program must stop until a shell continues it (SIGTSTP).
    Stopped,
    /// A shell has continued the stopped program (SIGCONT).
    Continued,
}
