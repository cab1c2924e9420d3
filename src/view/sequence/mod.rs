//! The sequence diagram: one row for each Pod, all bars on one time axis.
//!
//! `diagram` combines the parts. `section` prepares a group with everything that its lines need, `line_budget` limits
//! the lines of each part, and `rows` writes single lines.

pub(crate) mod attempts;
pub(crate) mod concurrency;
pub(crate) mod container_bars;
pub(crate) mod diagram;
pub(crate) mod gang;
pub(crate) mod held;
pub(crate) mod layout;
pub(crate) mod line_budget;
pub(crate) mod overflow_line;
pub(crate) mod rows;
pub(crate) mod scrolling;
pub(crate) mod section;
pub(crate) mod words;
