//! Finds wrong usage before clap or kubectl does, and names what the user can type instead.

pub(crate) mod errors;
pub(crate) mod hints;
pub(crate) mod kubectl_get;
pub(crate) mod rewrite;
pub(crate) mod switches;
pub(crate) mod unknown_command;
