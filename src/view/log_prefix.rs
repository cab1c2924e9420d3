//! The prefix of a log line: the shortest name that says which container wrote the line.

use crate::timeline::{PodKey, Timeline, Workload};
use crate::view::names::has_several_namespaces;
use crate::view::primitives::text::clean;

/// Returns the prefix of the lines of a container, with a blank at its end. The prefix is empty if the timeline has only
/// one container with a log, unless `is_forced` is true.
///
/// Pods of an Indexed Job are named by their index, and by the number of the attempt from the second attempt on: `3: `
/// and `3/2: `. `names_container` says whether several containers of the Pod have logs.
pub(crate) fn log_prefix(
    timeline: &Timeline,
    key: PodKey,
    container: &str,
    names_container: bool,
    is_forced: bool,
) -> String {
    let names_pod = is_forced || !has_one_pod(timeline);
    let mut parts = Vec::new();
    if names_pod {
        parts.push(pod_part(timeline, key));
    }
    if names_container {
        parts.push(clean(container).into_owned());
    }
    if parts.is_empty() { String::new() } else { format!("{}: ", parts.join(" ")) }
}

/// Whether the workloads have one Pod and expect no other Pod.
fn has_one_pod(timeline: &Timeline) -> bool {
    let expects_several = |workload: &Workload| {
        workload.parallelism.is_some_and(|count| count > 1)
            || workload.completions.is_some_and(|count| count > 1)
    };
    timeline.pod_count() <= 1 && !timeline.workloads().iter().any(expects_several)
}

/// The shortest name of a Pod.
fn pod_part(timeline: &Timeline, key: PodKey) -> String {
    let pod = timeline.identity(key);
    let mut workloads_with_pods = timeline.workloads().iter().filter(|workload| !workload.pods.is_empty());
    let is_only_workload = workloads_with_pods.nth(1).is_none();
    let mut name = match (pod.index, timeline.workload_of(key)) {
        (Some(index), _) if is_only_workload => index.to_string(),
        (Some(index), Some(workload)) => format!("{}-{index}", clean(&workload.name)),
        (_, _) => clean(&pod.name).into_owned(),
    };
    if pod.index.is_some() && pod.attempt > 1 {
        name = format!("{name}/{}", pod.attempt);
    }
    if has_several_namespaces(timeline) { format!("{}/{name}", clean(&pod.namespace)) } else { name }
}
