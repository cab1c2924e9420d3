//! The timeline for machines: the timeline document as JSON and YAML, its changes as JSON lines, and names.
//!
//! The document's structs stand apart from the model, so that the model can change and the document cannot. Everything
//! is written piece by piece, so that no output is ever held as a whole: writers should be buffered. Server text goes out
//! unchanged, with the escapes of the format.

mod document;
mod findings;
mod json;
mod jsonl;
mod name;
mod summary;
mod yaml;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use document::{
    ContainerEntry, Document, InstantEntry, InstantSet, ParentEntry, PhaseEntry, PodEntry, Pods, PullEntry,
    RunEntry, WorkloadEntry, document,
};
pub use findings::{ImageEntry, WaitEntry};
pub use json::write_json;
pub use jsonl::ChangeLines;
pub use name::write_names;
pub use summary::{ConcurrencyEntry, PercentilesEntry, SlotsEntry, SummaryEntry};
pub use yaml::write_yaml;
