//! `-o html`: an interactive page about a run, in one file.
//!
//! The page loads nothing. Its policy allows only its own script and style sheet, by their hashes. The data is JSON that
//! no browser interprets as a script, and the script puts text into the page only as text.

pub(crate) mod data;
pub(crate) mod writer;
