//! Calls of Linux and macOS.

pub(crate) mod controlling_terminal;
pub(crate) mod manifest_pipe;
pub(crate) mod private_file;
pub(crate) mod process;
pub(crate) mod signals;
