//! The Job controller. It creates Pods, counts Pods that have ended, and decides how a Job ends.
//!
//! The controller syncs a Job, that is, compares the Job with its Pods, one second after the first change of one of the
//! Pods. So it handles many changes together. It writes the status twice: first with the uids of the Pods that it is about
//! to count, then with the new counts.

pub(crate) mod indexes;
pub(crate) mod job;
pub(crate) mod lifecycle;
pub(crate) mod retry;
pub(crate) mod sync;
