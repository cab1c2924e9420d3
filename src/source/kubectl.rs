//! The wrapped kubectl.
