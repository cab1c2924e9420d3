//! The closing report for a CI service: groups and annotations.

pub(crate) mod cause;
pub(crate) mod markup;
