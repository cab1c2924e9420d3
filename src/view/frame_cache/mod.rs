//! Results that a frame reuses from earlier frames, because each computation visits every Pod.
//!
//! How stale a frame may be:
//!
//! - With fewer than 2,000 Pods, only the last three items of this list apply. The rest of the frame is exact.
//! - From 2,000 Pods on, a result is reused for 1 s plus 1 s per 20,000 Pods while the timeline's revision stays the
//!   same, and for 3 µs per Pod (300 ms at 100,000 Pods) after the revision has changed. For the filter, each Pod
//!   counts eight times, because the filter must read the whole life of a Pod.
//! - A workload's account is reused for 1 s plus 1 s per 20,000 Pods of that workload. The verdict, its bar, the
//!   findings and the tables per node or image all come from this account, so they never contradict each other. The
//!   account is computed again immediately when the workload's state changes, for example when the workload ends, and
//!   when the workload gets its first Pod.
//! - The time left of a workload is reused for 1 s, plus 1 s per 2,500 Pods of that workload, plus 1 s per 20
//!   workloads, minus the time that has passed. It is predicted again immediately when the workload's state changes.
//!   If several times left are outdated, each frame predicts only four of them again.
//! - The choice whether a group shows a bar for each container lasts as long as the cache.
//!
//! `cache` holds the mechanism and the typed fields, `keys` holds the values that a result depends on, and `results`
//! holds the cached types. The modules that draw the results also compute them. Those modules depend on this module,
//! not the other way round.

pub(crate) mod cache;
pub(crate) mod keys;
pub(crate) mod results;
