//! The building blocks of every view: text, lines, glyphs, styles, columns and durations.

pub(crate) mod columns;
pub(crate) mod duration;
pub(crate) mod frame;
pub(crate) mod glyph;
pub(crate) mod text;
pub(crate) mod theme;
