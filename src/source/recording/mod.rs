//! Recordings: the observations of a run in a file, so that the run can be shown again without a cluster.
//!
//! The format, version 1, is JSON lines:
//!
//! ```json
//! {"formatVersion":1,"kind":"Recording","program":"0.1.0","followed":true,"namespace":"default"}
//! {"received":"2026-11-23T16:50:39.681414Z","seen":"Added","kind":"Job","object":{…}}
//! {"mark":"synced"}
//! {"mark":"runs","rules":1,"runs":[…]}
//! {"mark":"end","at":"2026-11-23T16:51:33.1Z"}
//! ```
//!
//! The header comes first. Its `namespace` is the namespace of a command without `-n`; the recording of a simulation has
//! none. `formatVersion` changes only if older programs can no longer read the lines after the
//! header. New fields may be added without a new version.
//!
//! Each observation is a line. `received` holds the time at which the source received the observation, on the API
//! server's clock. `seen` says how the source saw the object, and `kind` names the kind of the object. `object` has the
//! form of [`crate::observation`]: the API's own form without the fields that this program does not use. `kubeletWrote`
//! holds the time of the kubelet's latest write of the status, if `managedFields` contains this time.
//!
//! The mark `synced` comes after all objects that existed when the run began. The mark `end` holds the time that the
//! run's last picture and its document show. A recording without the mark `end` was cut off. A recording does not
//! mention lost connections, because the observations show what a lost connection changed.
//!
//! The mark `runs` holds the runs of the recording as `history` shows them. It follows from the other lines, see
//! [`runs_mark`].
//!
//! **A recording contains** only allowed fields: names, the starts of generated names, uids, owners, completion indexes, the
//! queue of Kueue, times, phases, reasons of one word, exit codes, images and their digests, nodes, resource requests, and the counts and sizes of workloads. It
//! never contains an environment, an argument, a command, another annotation or label, a log, the address of a server
//! or a token; the program does not even read most of these. A message is kept only if it has one of Kubernetes' own
//! wordings, and text that a user or a program may have written is removed from the message. While a run is recorded,
//! the fields that a recording must not contain are also removed from the observations that the run shows. Therefore
//! the run and its replay make the same timeline, byte for byte.

#![warn(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm)]

pub(crate) mod compression;
pub(crate) mod directory;
pub(crate) mod entries_to_end;
pub(crate) mod entry;
pub(crate) mod header;
pub(crate) mod line_buffer;
pub(crate) mod playback;
pub(crate) mod queue_wording;
pub(crate) mod read;
pub(crate) mod redact;
pub(crate) mod replay;
pub(crate) mod runs_mark;
pub(crate) mod several;
pub(crate) mod wording;
pub(crate) mod write;

pub(crate) use directory::DirectoryRecorder;
pub use entry::RecordingEntry;
pub(crate) use header::{RecordedRun, RecordingHeader};
pub(crate) use playback::{PlaybackCommand, PlaybackControls, read_entries, start_playback};
pub(crate) use read::RecordingError;
pub use read::RecordingLines;
pub(crate) use replay::{ReplayPace, start_replay};
pub(crate) use several::start_replay_of_several;
pub use write::Recorder;

#[cfg(test)]
pub(crate) mod tests;
