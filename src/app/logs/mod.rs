//! Shows the logs of containers while the program follows their workloads.

pub(crate) mod held_lines;
pub(crate) mod json;
pub(crate) mod options;
pub(crate) mod parts;
pub(crate) mod reader;
pub(crate) mod text;
