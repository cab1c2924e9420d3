//! Shows the logs of containers while a run goes on.

pub(crate) mod json;
pub(crate) mod options;
pub(crate) mod reader;
pub(crate) mod text;
