//! The page of one Pod: its phases, containers, images, instants, conditions, events, and the end of its logs.

pub(crate) mod extras;
pub(crate) mod page;
pub(crate) mod resources;
pub(crate) mod tables;

pub use crate::view::pod::extras::PodExtras;
pub(crate) use crate::view::pod::extras::{ConditionRow, ContainerLog, PodEvent, ResourceRequest};
pub use crate::view::pod::page::draw_pod;
