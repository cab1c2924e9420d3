//! The output for programs: the timeline document as JSON and YAML, its changes as JSON lines, the names of the
//! workloads, and exports in the formats of other programs.
//!
//! The structs of the document are separate from the model, because the model is free to change but the document must stay stable. Each
//! document is written piece by piece, so that it never exists in memory as a whole. Therefore writers should be buffered.
//! Text from the server is written unchanged, except for escapes: those that the format requires, and those of the
//! characters that a terminal would obey or hide.

#![warn(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub(crate) mod comparison;
pub(crate) mod container;
pub(crate) mod document;
pub(crate) mod escapes;
pub(crate) mod formats;
pub(crate) mod gang;
pub(crate) mod json;
pub(crate) mod jsonl;
pub(crate) mod log_line;
pub(crate) mod name;
pub(crate) mod otlp;
pub(crate) mod page;
pub(crate) mod pod;
pub(crate) mod units;
pub(crate) mod yaml;

#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod queue;
pub(crate) mod reports;
#[cfg(test)]
pub(crate) mod schema;
#[cfg(test)]
pub(crate) mod tests;

pub use document::document;
pub(crate) use formats::csv::write_csv;
pub(crate) use formats::kwok::write_kwok;
pub(crate) use formats::svg::write_svg;
pub(crate) use formats::trace::{TraceProcess, write_trace};
pub use json::write_json;
pub(crate) use jsonl::{ChangeWriter, write_json_line};
pub(crate) use name::write_names;
pub(crate) use otlp::resource::ResourceSettings;
pub(crate) use otlp::trace::{RunTrace, traces_of};
pub(crate) use otlp::writer::write_otlp;
pub(crate) use page::writer::write_html;
pub(crate) use yaml::write_yaml;
