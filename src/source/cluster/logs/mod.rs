//! Reads the logs of many containers completely, over a limited number of streams.
//!
//! `collector` decides which container is read next. `turn` reads one container until its log is complete, or until
//! another container needs the stream. `answer` reads one answer of the server. `line_splitter` divides a stream into
//! lines, `cursor` knows which lines of a log were already read, `run_check` checks which run has written the lines,
//! `batch` collects the new lines, and `message` sends them to the collector.

pub(crate) mod answer;
pub(crate) mod batch;
pub(crate) mod collector;
pub(crate) mod cursor;
pub(crate) mod line_splitter;
pub(crate) mod message;
pub(crate) mod run_check;
pub(crate) mod turn;
pub(crate) mod update;

#[cfg(test)]
mod tests;

pub(crate) use crate::source::cluster::logs::collector::LogCollector;
pub(crate) use crate::source::cluster::logs::line_splitter::RewrittenText;
pub(crate) use crate::source::cluster::logs::update::{
    ContainerProgress, LogGap, LogLine, LogSource, LogUpdate, Ticket,
};
