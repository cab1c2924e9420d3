//! A recording: what a run observed, written as it came, so that the run can be shown again without a cluster.
//!
//! The format, version 1, is JSON lines:
//!
//! ```json
//! {"formatVersion":1,"kind":"Recording","program":"0.1.0","followed":true}
//! {"received":"2026-11-23T16:50:39.681414Z","seen":"Added","kind":"Job","object":{…}}
//! {"mark":"synced"}
//! {"mark":"end","at":"2026-11-23T16:51:33.1Z"}
//! ```
//!
//! The header comes first and its `formatVersion` changes when an older program could not read what follows; fields may
//! be added without. Each observation is a line: when the source received it, on the API server's clock, how it was seen,
//! and the object in the form of [`crate::observation`], which is the API's own, reduced. Where the kubelet's entry in
//! `managedFields` tells when it wrote last, that time alone stands as `kubeletWrote`. `synced` stands where all that
//! existed at the beginning had been told. `end` is the time that the run's last picture and document were of; without it
//! the run was cut off. Connections that were lost are not told: what came of them is in the observations.
//!
//! **What is in it** is a list of what is allowed, not of what is forbidden: names, uids, owners, completion indexes, Kueue's queue,
//! times, phases, reasons of one word, exit codes, images, nodes, resource requests and the counts and sizes of workloads.
//! There is never an environment, argument, command, other annotation or label, log, address of a server or token; most
//! of it is never even read. Texts for people are kept only as far as their wording is one of Kubernetes' own that is
//! known to say nothing else. The run that is recorded sees the same as the recording: what is left
//! out of it is left out of what is applied, so that both make the same timeline to the byte.

pub(crate) mod keep;
pub(crate) mod line;
pub(crate) mod read;
pub(crate) mod replay;
pub(crate) mod wording;
pub(crate) mod write;

use serde::{Deserialize, Serialize};

pub use line::Entry;
pub use read::Lines;
pub(crate) use replay::{Pace, open};
pub use write::Recorder;

/// The format that is written, and the newest that is read.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// Version of the format.
    pub format_version: u32,
    /// `Recording`.
    pub kind: String,
    /// Version of the program that wrote it.
    #[serde(default)]
    pub program: String,
    /// Whether the run followed its workloads to an end, or showed once what there was.
    #[serde(default)]
    pub followed: bool,
}

impl Header {
    /// The `kind` of every recording.
    const KIND: &str = "Recording";

    /// The header that this program writes.
    pub fn new(followed: bool) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            kind: Self::KIND.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            followed,
        }
    }
}

/// The message of an error of the system, without its number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
pub(crate) mod tests;
