//! Wraps the calls that exist on one operating system only in functions that have the same names on each system.
//!
//! `unix/` and `windows/` contain the same files with the same functions. The rest of the program is the same on all
//! systems: the test `architecture` allows no such call elsewhere, and `.ci/run` checks the program for Windows.

pub(crate) mod signal_kinds;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use crate::platform::unix::{controlling_terminal, manifest_pipe, private_file, process, signals};
#[cfg(windows)]
pub(crate) use crate::platform::windows::{
    controlling_terminal, manifest_pipe, private_file, process, signals,
};
