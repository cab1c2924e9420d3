//! The timeline for machines: the timeline document as JSON and YAML, its changes as JSON lines, and names.
//!
//! The document's structs stand apart from the model, so that the model can change and the document cannot. Everything
//! is written piece by piece, so that no output is ever held as a whole: writers should be buffered. Server text goes out
//! unchanged, with the escapes of the format.

pub(crate) mod document;
pub(crate) mod findings;
pub(crate) mod json;
pub(crate) mod jsonl;
pub(crate) mod name;
pub(crate) mod summary;
pub(crate) mod yaml;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
pub(crate) mod tests;

pub use document::document;
pub use json::write_json;
pub(crate) use jsonl::ChangeLines;
pub(crate) use name::write_names;
pub(crate) use yaml::write_yaml;
