//! kubectl's flags: which flags its commands have, and how it reads them.

pub(crate) mod flags;
pub(crate) mod rows;
pub(crate) mod shell_text;
