//! Whether two runs are runs of the same work.

use std::sync::Arc;

use crate::timeline::workloads::workload::Workload;

/// The key that all runs of the same work share: the namespace, and the object that owns them, else the start of their
/// generated names, else their own name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WorkKey {
    pub(crate) namespace: Arc<str>,
    /// The kind of the object that creates the runs, for example `CronJob`, or the kind of the runs.
    pub(crate) kind: Arc<str>,
    /// The name of this object, or the start of the generated names.
    pub(crate) name: Arc<str>,
    /// Whether the server completes the name for each run (`generateName`).
    pub(crate) is_generated: bool,
}

impl WorkKey {
    pub(crate) fn from_workload(workload: &Workload) -> Self {
        let namespace = Arc::clone(&workload.namespace);
        let kind = Arc::clone(&workload.kind);
        match (&workload.parent, &workload.generate_name) {
            (Some(parent), _) => {
                let (kind, name) = (Arc::clone(&parent.kind), Arc::clone(&parent.name));
                Self { namespace, kind, name, is_generated: false }
            }
            (None, Some(start)) => Self { namespace, kind, name: Arc::clone(start), is_generated: true },
            (None, None) => Self { namespace, kind, name: Arc::clone(&workload.name), is_generated: false },
        }
    }

    /// The work as people write it: `job/pi`, or `job/pi-*` if the names are generated.
    pub(crate) fn describe(&self) -> String {
        let rest = if self.is_generated { "*" } else { "" };
        format!("{}/{}{rest}", self.kind.to_lowercase(), self.name)
    }
}
