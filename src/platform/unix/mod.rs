//! The calls that exist on Linux and macOS only.

pub(crate) mod controlling_terminal;
pub(crate) mod manifest_pipe;
pub(crate) mod private_file;
pub(crate) mod process;
pub(crate) mod signals;
