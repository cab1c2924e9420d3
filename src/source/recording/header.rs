//! The first line of a recording.

use serde::{Deserialize, Serialize};

/// The version of the format that this program writes. It is also the newest version that this program reads.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// The first line of a recording.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordingHeader {
    /// Version of the format of the lines after the header.
    pub format_version: u32,
    /// [`RecordingHeader::KIND`] in every recording.
    pub kind: String,
    /// Version of the program that wrote the recording.
    #[serde(default)]
    pub program: String,
    /// Whether the run followed its workloads. If not, the run showed the state of one moment.
    #[serde(default)]
    pub followed: bool,
    /// The namespace of a command without `-n`, because headings name any other namespace. `None` if the source was not
    /// a cluster.
    #[serde(default)]
    pub namespace: Option<String>,
}

impl RecordingHeader {
    /// The `kind` of every recording.
    pub(crate) const KIND: &str = "Recording";

    /// The header that this program writes.
    pub fn new(followed: bool) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            kind: Self::KIND.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            followed,
            namespace: None,
        }
    }
}
