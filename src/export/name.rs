//! `-o name`: what `kubectl get` takes again.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::timeline::{Timeline, Workload};

/// Writes the workloads' names as kubectl prints them, one a line: `job.batch/pi`, `pod/pi-j272m`.
///
/// # Errors
/// What the writer says.
pub(crate) fn write_names(timeline: &Timeline, out: &mut dyn Write) -> io::Result<()> {
    timeline.workloads().iter().try_for_each(|workload| writeln!(out, "{}", name(workload)))
}

/// Kind in lower case, group if it has one, name.
fn name(workload: &Workload) -> String {
    let mut name = workload.kind.to_lowercase();
    if let Some((group, _version)) = workload.api_version.split_once('/') {
        let _ = write!(name, ".{group}");
    }
    let _ = write!(name, "/{}", workload.name);
    name
}

#[cfg(test)]
mod tests {
    use super::name;
    use crate::export::fixture;

    #[test]
    fn names_are_kubectls() {
        let job = fixture::workload();
        assert_eq!(name(&job), "job.batch/pi");
        let mut pod = fixture::workload();
        (pod.api_version, pod.kind, pod.name) = ("v1".into(), "Pod".into(), "pi-j272m".into());
        assert_eq!(name(&pod), "pod/pi-j272m");
        (pod.api_version, pod.kind, pod.name) =
            ("jobset.x-k8s.io/v1alpha2".into(), "JobSet".into(), "a".into());
        assert_eq!(name(&pod), "jobset.jobset.x-k8s.io/a");
    }
}
