//! The calls that exist on Windows only.

pub(crate) mod controlling_terminal;
pub(crate) mod manifest_pipe;
pub(crate) mod private_file;
pub(crate) mod process;
pub(crate) mod signals;
