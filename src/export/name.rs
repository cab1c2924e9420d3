//! `-o name`: the names of the workloads, in a form that `kubectl get` accepts.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::observation::is_unsafe;
use crate::timeline::{Timeline, Workload};

/// Writes the names of the workloads, one per line, in the form of kubectl: `job.batch/pi`, `pod/pi-j272m`. A name that the
/// API server accepts is written unchanged. Characters that a terminal would obey or hide are left out, so that a recording
/// cannot add lines or control the terminal.
///
/// # Errors
/// Returns the error of `out` if writing fails.
pub(crate) fn write_names(timeline: &Timeline, out: &mut dyn Write) -> io::Result<()> {
    timeline.workloads().iter().try_for_each(|workload| writeln!(out, "{}", resource_name(workload)))
}

/// Returns the name in the form `kind.group/name`, with the kind in lower case. Core kinds such as Pods have no group.
fn resource_name(workload: &Workload) -> String {
    let mut name = workload.kind.to_lowercase();
    if let Some((group, _version)) = workload.api_version.split_once('/') {
        let _ = write!(name, ".{group}");
    }
    let _ = write!(name, "/{}", workload.name);
    name.retain(|char| !is_unsafe(char));
    name
}

#[cfg(test)]
mod tests {
    use super::resource_name;
    use crate::export::fixture;

    #[test]
    fn names_have_the_form_of_kubectl() {
        let job = fixture::workload();
        assert_eq!(resource_name(&job), "job.batch/pi");
        let mut pod = fixture::workload();
        (pod.api_version, pod.kind, pod.name) = ("v1".into(), "Pod".into(), "pi-j272m".into());
        assert_eq!(resource_name(&pod), "pod/pi-j272m");
        (pod.api_version, pod.kind, pod.name) =
            ("jobset.x-k8s.io/v1alpha2".into(), "JobSet".into(), "a".into());
        assert_eq!(resource_name(&pod), "jobset.jobset.x-k8s.io/a");
        (pod.api_version, pod.kind, pod.name) =
            ("a\n\u{9b}/v1".into(), "K\u{1b}".into(), "n\u{202e}\njob/x\u{1b}]0;title\u{7}".into());
        assert_eq!(resource_name(&pod), "k.a/njob/x]0;title");
    }
}
