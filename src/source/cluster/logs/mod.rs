//! Reads the logs of many containers completely, over a limited number of streams.
//!
//! `collector` decides which container is read next. `turn` reads one container until its log is complete, or until
//! another container needs the stream. `line_splitter` divides a stream into lines, `cursor` knows which lines of a log
//! were already read, and `batch` collects the new lines.

pub(crate) mod batch;
pub(crate) mod collector;
pub(crate) mod cursor;
pub(crate) mod line_splitter;
pub(crate) mod turn;
pub(crate) mod update;

#[cfg(test)]
mod tests;

pub(crate) use crate::source::cluster::logs::collector::LogCollector;
pub(crate) use crate::source::cluster::logs::update::{
    ContainerProgress, LogGap, LogLine, LogSource, LogUpdate, Ticket,
};
