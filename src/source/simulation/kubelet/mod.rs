//! The kubelets, which run Pods on the nodes. The work on a Pod begins when the kubelet first sees the Pod, and ends
//! after the last container has ended.
//!
//! A kubelet checks its containers once a second. Therefore a kubelet may notice the end of a container about one
//! second late. The kubelet declares the Pod ended at a later check. A kubelet works on a Pod in passes. Each pass
//! starts containers, one after another.

pub(crate) mod containers;
pub(crate) mod lifecycle;
pub(crate) mod run_plan;
pub(crate) mod status;
pub(crate) mod stop;
