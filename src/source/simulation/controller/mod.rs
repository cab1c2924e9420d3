//! The Job controller. It creates Pods, counts Pods that have ended, and decides how a Job ends.
//!
//! In a sync of a Job, the controller compares the Job with its Pods. The sync comes one second after the first change
//! of a Pod, so one sync handles many changes. The controller then writes the status twice: first with the uids of the
//! Pods that it is about to count, then with the new counts.

pub(crate) mod indexes;
pub(crate) mod job;
pub(crate) mod lifecycle;
pub(crate) mod retry;
pub(crate) mod sync;
