//! The containers of the timeline document: their image pulls and runs.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_with::serde_as;

use crate::export::units::{Rfc3339Millis, to_millis};
use crate::lifecycle::{ContainerLife, ContainerRun, Pull};

/// An element of `containers`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerEntry<'a> {
    pub(crate) name: &'a str,
    /// `main`, `init`, `sidecar` or `ephemeral`.
    pub(crate) role: &'static str,
    /// Image as in the Pod's spec; `null` if the Pod is gone and no Event names the image.
    pub(crate) image: Option<&'a str>,
    /// Highest observed `restartCount`.
    pub(crate) restarts: u32,
    /// The pull of the image; `null` if no event reports it.
    pub(crate) pull: Option<PullEntry>,
    /// The known runs, oldest first.
    pub(crate) runs: Vec<RunEntry<'a>>,
    /// Number of runs that were never observed, because the API reports only the latest runs.
    pub(crate) runs_not_seen: u32,
}

impl<'a> From<&'a ContainerLife> for ContainerEntry<'a> {
    fn from(container: &'a ContainerLife) -> Self {
        Self {
            name: &container.name,
            role: container.role.name(),
            image: Some(&*container.image).filter(|image| !image.is_empty()),
            restarts: container.restarts,
            pull: container.pull.as_ref().map(PullEntry::from),
            runs: container.runs.iter().map(RunEntry::from).collect(),
            runs_not_seen: container.runs_not_seen,
        }
    }
}

/// The pull of a container's image.
#[serde_as]
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PullEntry {
    /// Start of the pull, after the wait in the node's queue.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub(crate) start: Option<Timestamp>,
    /// Time at which the pull was complete.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub(crate) end: Option<Timestamp>,
    /// `end - start`.
    pub(crate) millis: Option<i64>,
    /// Time in the node's queue before the pull began.
    pub(crate) wait_millis: Option<i64>,
    /// Size of the image, as the `Pulled` event reports it.
    pub(crate) bytes: Option<u64>,
    /// Whether the image was already on the node.
    pub(crate) cached: bool,
}

impl From<&Pull> for PullEntry {
    fn from(pull: &Pull) -> Self {
        let duration = pull.start.zip(pull.end).map(|(start, end)| end.duration_since(start));
        Self {
            start: pull.start,
            end: pull.end,
            millis: duration.map(|duration| to_millis(duration.max(SignedDuration::ZERO))),
            wait_millis: pull.wait.map(to_millis),
            bytes: pull.bytes,
            cached: pull.cached,
        }
    }
}

/// One execution of a container.
#[serde_as]
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunEntry<'a> {
    /// Start; `null` if it is unknown.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub(crate) start: Option<Timestamp>,
    /// End; `null` while the container runs, and if the end is unknown.
    #[serde_as(as = "Option<Rfc3339Millis>")]
    pub(crate) end: Option<Timestamp>,
    pub(crate) exit_code: Option<i32>,
    /// The signal that ended the run, computed from an exit code above 128.
    pub(crate) signal: Option<i32>,
    /// `Completed`, `Error`, `OOMKilled` …
    pub(crate) reason: Option<&'a str>,
}

impl<'a> From<&'a ContainerRun> for RunEntry<'a> {
    fn from(run: &'a ContainerRun) -> Self {
        Self {
            start: run.start.map(|instant| instant.at),
            end: run.end.map(|instant| instant.at),
            exit_code: run.exit_code,
            signal: run.signal(),
            reason: run.reason.as_deref(),
        }
    }
}
