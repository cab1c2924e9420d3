//! Results that one frame takes over from the frames before it, because they cost a visit to every Pod.
//!
//! How stale a frame may be:
//!
//! - With fewer than 2,000 Pods, nothing but the summaries of workloads is cached, so the rest of the frame is exact.
//! - From 2,000 Pods on, a result is reused for 1 s plus 1 s per 20,000 Pods while the timeline's revision stays the same,
//!   and for 3 µs per Pod (300 ms at 100,000 Pods) after the revision has changed. The filter counts each Pod eight times,
//!   because it must read the whole life of a Pod.
//! - A workload's summary is reused for 1 s plus 1 s per 20,000 Pods of that workload. It is computed again immediately when
//!   the workload's state changes, for example when the workload ends, and when the workload gets its first Pod.
//! - The choice whether a group shows a bar for each container is kept for as long as the cache.
//!
//! `cache` holds the mechanism and the typed fields, `keys` the values that a result depends on, `results` the cached types.
//! The functions that compute the results are in the modules that draw them. Those modules depend on this one, not the
//! other way round.

#![warn(clippy::wildcard_enum_match_arm)]

pub(crate) mod cache;
pub(crate) mod keys;
pub(crate) mod results;
