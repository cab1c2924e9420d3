//! Reacts to input: each file handles one kind of keys, clicks or links.

pub(crate) mod handle_input;
pub(crate) mod links;
pub(crate) mod mouse;
pub(crate) mod opening;
pub(crate) mod overview;
pub(crate) mod playback_keys;
pub(crate) mod search_keys;
