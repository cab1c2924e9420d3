//! The interactive picture: state, keys, mouse, layout and pages. All functions are pure: they access neither a
//! terminal nor a cluster.

#![warn(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub(crate) mod action;
pub(crate) mod details;
pub(crate) mod handlers;
pub(crate) mod help;
pub(crate) mod history_table;
pub(crate) mod input;
pub(crate) mod input_context;
pub(crate) mod keys;
pub(crate) mod layout;
pub(crate) mod layout_input;
pub(crate) mod page;
pub(crate) mod pages;
pub(crate) mod playback;
pub(crate) mod search;
pub(crate) mod seek_time;
pub(crate) mod state;
pub(crate) mod status_line;
pub(crate) mod text_input;
pub(crate) mod yaml;
