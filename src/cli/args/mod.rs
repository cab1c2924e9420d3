//! The arguments that several subcommands share.

pub(crate) mod budget;
pub(crate) mod connection;
pub(crate) mod draw;
pub(crate) mod failure;
pub(crate) mod follow;
pub(crate) mod keep;
pub(crate) mod log;
pub(crate) mod otlp;
pub(crate) mod output_format;
pub(crate) mod page;
pub(crate) mod record;
pub(crate) mod speed;
pub(crate) mod threshold;
pub(crate) mod what_if;
