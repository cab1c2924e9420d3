//! The first line of a recording.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::observation::Object;

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
    /// The version of the API server, for example `v1.37.2`. `None` if it is unknown or the source was not a cluster.
    #[serde(default)]
    pub kubernetes_version: Option<String>,
    /// The run, if the recording holds exactly one: in a directory, each run has its own file.
    #[serde(default)]
    pub run: Option<RecordedRun>,
}

/// The run that a recording holds. The fields that are known only at the end are `None` while the run goes on, and in the
/// recordings of `--record`.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RecordedRun {
    /// Group and version of the workload: `batch/v1`.
    pub api_version: String,
    /// Kind of the workload: `Job`.
    pub kind: String,
    /// Namespace of the workload.
    pub namespace: String,
    /// Name of the workload.
    pub name: String,
    /// Uid of the workload.
    pub uid: String,
    /// `creationTimestamp` of the workload.
    pub created_at: Option<Timestamp>,
    /// The revision of a rollout, because a workload has many rollouts. `None` for other runs.
    pub revision: Option<String>,
    /// The outcome, as in the document.
    pub outcome: Option<String>,
    /// The end.
    pub finished_at: Option<Timestamp>,
    /// The number of Pods.
    pub pods: Option<u64>,
}

impl RecordedRun {
    /// The run of a workload that is still going on.
    pub(crate) fn of_workload(object: &Object) -> Self {
        let ((api_version, kind), metadata) = (object.type_name(), object.metadata());
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
            created_at: metadata.created(),
            ..Self::default()
        }
    }
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
            kubernetes_version: None,
            run: None,
        }
    }
}
