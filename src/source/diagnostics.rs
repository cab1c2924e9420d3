//! The diagnostics of `-v`: reports on standard error what this program does.
//!
//! Levels 1 to 5 show the steps of this program: 1 the connection, 2 the calls of kubectl, 3 the types, 4 the lists and
//! watches, 5 the repetitions of failed requests. From level 6 up, each request is shown with its status and its
//! time, in the form of kubectl. No line contains a header, a credential or the content of an answer.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::tz::TimeZone;
use tokio::sync::mpsc;

use crate::source::clock::local_now;

/// The level that shows the requests.
pub(crate) const REQUEST_LEVEL: i32 = 6;

/// The highest level that is shown.
static LEVEL: AtomicI32 = AtomicI32::new(0);

/// Receives the lines while a live picture is on the terminal, because the picture must be moved down for each line.
static RECEIVER: Mutex<Option<mpsc::UnboundedSender<String>>> = Mutex::new(None);

/// Sets the highest level that is shown. 0 shows nothing.
pub(crate) fn set_level(level: i32) {
    LEVEL.store(level, Ordering::Relaxed);
}

/// Whether lines of this level are shown.
pub(crate) fn is_shown(level: i32) -> bool {
    level <= LEVEL.load(Ordering::Relaxed)
}

/// Redirects the lines to the returned receiver until the receiver is dropped.
pub(crate) fn redirect() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    *RECEIVER.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
    receiver
}

/// Writes a line of this level, if the level is shown. `text` must not contain a secret.
pub(crate) fn log(level: i32, text: impl FnOnce() -> String) {
    if is_shown(level) {
        let time = local_now().to_zoned(TimeZone::system()).strftime("%m%d %H:%M:%S%.6f").to_string();
        write_line(format!("I{time} {:7} kubectl-seq] {}", std::process::id(), text()));
    }
}

fn write_line(line: String) {
    let mut receiver = RECEIVER.lock().unwrap_or_else(PoisonError::into_inner);
    let unsent = match receiver.as_ref() {
        Some(sender) => sender.send(line).err().map(|error| error.0),
        None => Some(line),
    };
    if let Some(line) = unsent {
        *receiver = None;
        // There is no other stream that could report the failure.
        let _ = writeln!(io::stderr(), "{line}");
    }
}
