//! The interactive picture: state, keys, mouse, layout and pages. All functions are pure: they access neither a
//! terminal nor a cluster.

#![warn(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub(crate) mod action;
pub(crate) mod details;
pub(crate) mod handle_input;
pub(crate) mod help;
pub(crate) mod input;
pub(crate) mod input_context;
pub(crate) mod keys;
pub(crate) mod layout;
pub(crate) mod layout_input;
pub(crate) mod links;
pub(crate) mod mouse;
pub(crate) mod opening;
pub(crate) mod overview;
pub(crate) mod page;
pub(crate) mod pages;
pub(crate) mod playback;
pub(crate) mod playback_keys;
pub(crate) mod search;
pub(crate) mod search_keys;
pub(crate) mod state;
pub(crate) mod status_line;
pub(crate) mod text_input;
pub(crate) mod yaml;
