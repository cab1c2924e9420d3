//! The kubelets. They run Pods on the nodes, from the first time that a kubelet sees a Pod to the end of the last container.
//!
//! A kubelet checks its containers once a second. So it notices the end of a container up to one second late, and it
//! declares the Pod ended at a later check. A kubelet works on a Pod in passes. Each pass starts containers, one after
//! another.

pub(crate) mod containers;
pub(crate) mod lifecycle;
pub(crate) mod status;
pub(crate) mod stop;
