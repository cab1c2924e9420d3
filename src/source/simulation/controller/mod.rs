//! The Job controller: it creates Pods, counts Pods that have ended, and decides how a Job ends.
//!
//! The controller looks at a Job one second after the first change of one of its Pods, so that it handles many changes
//! together. It writes its decision twice: first with the Pods that it is about to count, then with the Pods counted.

pub(crate) mod indexes;
pub(crate) mod job;
pub(crate) mod lifecycle;
pub(crate) mod retry;
pub(crate) mod sync;
