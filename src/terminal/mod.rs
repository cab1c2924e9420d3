//! The terminal: the inline renderer, the full screen, the controlling terminal and its input.

#![warn(clippy::wildcard_enum_match_arm)]

pub(crate) mod ansi;
pub(crate) mod cells;
pub(crate) mod full_screen;
pub(crate) mod inline_renderer;
pub(crate) mod keys;
pub(crate) mod log_text;
pub(crate) mod multiplexer;
pub(crate) mod notification;
pub(crate) mod tab_progress;
pub(crate) mod tty;
