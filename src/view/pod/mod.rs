//! The page of one Pod: its phases, containers, images, instants, conditions, events, and the end of its logs.

pub(crate) mod extras;
pub(crate) mod page;
pub(crate) mod resources;
pub(crate) mod tables;

pub(crate) use crate::view::pod::extras::{ConditionRow, ContainerLog, PodEvent, PodExtras, ResourceRequest};
pub(crate) use crate::view::pod::page::draw_pod;
