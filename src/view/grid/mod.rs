//! The grid: one cell for each completion or Pod, so that a screen shows thousands of them.
//!
//! `cells` gives each Pod its position, `cell_state` says what a cell shows, `packing` arranges the cells in lines, and
//! `drawing` combines the parts.

pub(crate) mod cell_state;
pub(crate) mod cells;
pub(crate) mod drawing;
pub(crate) mod packing;
pub(crate) mod selected;
