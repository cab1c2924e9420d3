//! The controlling terminal, job control and pseudo-terminals.

use std::fs::File;
use std::io;

use rustix::fs::{Mode, OFlags};
use rustix::io::FdFlags;
use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr, tcsetwinsize};

/// The path of the controlling terminal.
const TTY: &str = "/dev/tty";

/// Determines whether this program is in the foreground of the terminal on which it was started.
#[derive(Debug)]
pub(crate) struct JobControl {
    /// The controlling terminal. `None` if there is none.
    tty: Option<File>,
}

impl JobControl {
    /// Opens the controlling terminal.
    pub(crate) fn new() -> Self {
        Self { tty: File::open(TTY).ok() }
    }

    /// Whether the program is in the foreground. Also `true` if there is no controlling terminal.
    pub(crate) fn is_foreground(&self) -> bool {
        self.tty.as_ref().and_then(|tty| tcgetpgrp(tty).ok()).is_none_or(|foreground| foreground == getpgrp())
    }
}

/// Stops the process group of the program until the shell continues the group. Ignores a failure.
///
/// Does nothing in the process group of the session's leader, because no shell controls this group and could continue
/// it. Sends SIGSTOP, because the program handles SIGTSTP.
pub(crate) fn stop_process_group() {
    if getsid(None) != Ok(getpgrp()) {
        let _ = kill_current_process_group(Signal::STOP);
    }
}

/// Opens the controlling terminal for writing.
///
/// # Errors
/// There is no controlling terminal, or it cannot be opened.
pub(crate) fn open_for_writing() -> io::Result<File> {
    File::options().write(true).open(TTY)
}

/// Opens a pseudo-terminal that changes no byte and has the size of the terminal on standard error. Returns the end
/// from which this program reads, and the end to which a child process writes.
///
/// # Errors
/// The system has no free pseudo-terminal, or the pseudo-terminal cannot be configured.
pub(crate) fn open_pseudo_terminal() -> io::Result<(File, File)> {
    let reader = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&reader, FdFlags::CLOEXEC)?;
    grantpt(&reader)?;
    unlockpt(&reader)?;
    let path = ptsname(&reader, Vec::new())?;
    let writer = rustix::fs::open(path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    let mut settings = tcgetattr(&writer)?;
    settings.make_raw();
    tcsetattr(&writer, OptionalActions::Now, &settings)?;
    if let Ok(size) = tcgetwinsize(io::stderr()) {
        // Without a size, the child uses its default.
        let _ = tcsetwinsize(&writer, size);
    }
    Ok((File::from(reader), File::from(writer)))
}
