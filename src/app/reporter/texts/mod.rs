//! The texts that the reporters share.

pub(crate) mod count_text;
pub(crate) mod ending_text;
pub(crate) mod fatal_text;
pub(crate) mod status_text;
pub(crate) mod wait_text;
