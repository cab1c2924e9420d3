//! Views: pure functions of (timeline, view state, size, theme, now) to a [`Frame`]. No view asks the cluster, reads a
//! clock or knows a terminal.

mod frame;

pub use frame::{Frame, Line, Role, Span};
