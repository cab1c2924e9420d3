//! Surfaces: what becomes of a frame on a terminal, in a pipe, in a file.

pub mod ansi;
pub mod interactive;
mod lines;
mod live;

pub use lines::Lines;
pub use live::Live;
