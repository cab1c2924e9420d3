//! Surfaces: what becomes of a frame on a terminal, in a pipe, in a file.

pub mod ansi;
