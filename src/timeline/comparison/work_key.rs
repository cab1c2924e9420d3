//! Whether two runs are runs of the same work.

use std::sync::Arc;

use crate::timeline::workloads::workload::Workload;

/// The key that all runs of the same work share: the namespace, and the object that owns them, else their own name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WorkKey {
    pub(crate) namespace: Arc<str>,
    /// The kind of the object that creates the runs, for example `CronJob`, or the kind of the runs.
    pub(crate) kind: Arc<str>,
    pub(crate) name: Arc<str>,
}

impl WorkKey {
    pub(crate) fn from_workload(workload: &Workload) -> Self {
        let namespace = Arc::clone(&workload.namespace);
        match &workload.parent {
            Some(parent) => {
                Self { namespace, kind: Arc::clone(&parent.kind), name: Arc::clone(&parent.name) }
            }
            None => Self { namespace, kind: Arc::clone(&workload.kind), name: Arc::clone(&workload.name) },
        }
    }

    /// The work as people write it: `job/pi`.
    pub(crate) fn describe(&self) -> String {
        format!("{}/{}", self.kind.to_lowercase(), self.name)
    }
}
