//! Bars on a common time axis.

pub(crate) mod axis;
pub(crate) mod bar;
pub(crate) mod failures;
pub(crate) mod family;
pub(crate) mod gaps;
pub(crate) mod labels;
pub(crate) mod lanes;
pub(crate) mod legend;
pub(crate) mod mark;
pub(crate) mod span;
pub(crate) mod stretch;
