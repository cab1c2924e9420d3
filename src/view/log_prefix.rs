//! The prefix of a log line: the shortest unambiguous name of the container that wrote the line.

use crate::timeline::{PodKey, Timeline, Workload};
use crate::view::names::has_several_namespaces;
use crate::view::primitives::text::clean;

/// Returns the prefix of the lines of a container, with a blank at its end.
///
/// The prefix contains the Pod if there are several Pods or `is_forced` is true, and the container if `names_container`
/// is true. Otherwise the prefix is empty. Pods of an Indexed Job are named by their index: `3: `. From the second
/// attempt on, the number of the attempt follows the index: `3/2: `.
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

/// Whether there is at most one Pod, and no workload wants several Pods.
fn has_one_pod(timeline: &Timeline) -> bool {
    let expects_several = |workload: &Workload| {
        workload.parallelism.is_some_and(|count| count > 1)
            || workload.completions.is_some_and(|count| count > 1)
    };
    timeline.pod_count() <= 1 && !timeline.workloads().iter().any(expects_several)
}

/// Returns the shortest unambiguous name of a Pod.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::WorkloadState::Running;
    use crate::view::fixture::{PodFixture, job, pod, sized, timeline};

    fn working(name: &str) -> PodFixture {
        pod(name, 0).cold(1, 1, 1, 1, 1)
    }

    /// The prefixes of all Pods, in the order of their names.
    fn prefixes(timeline: &Timeline, names_container: bool, is_forced: bool) -> Vec<String> {
        let mut keys: Vec<PodKey> =
            timeline.workloads().iter().flat_map(|workload| workload.pods.clone()).collect();
        keys.sort_by_key(|&key| timeline.identity(key).name.clone());
        keys.into_iter().map(|key| log_prefix(timeline, key, "main", names_container, is_forced)).collect()
    }

    #[test]
    fn the_only_pod_needs_no_prefix() {
        let one = timeline(10, vec![(sized(job("pi", Running), 1, 1), vec![working("pi-j272m")])]);
        assert_eq!(prefixes(&one, false, false), [""]);
        assert_eq!(prefixes(&one, true, false), ["main: "]);
        assert_eq!(prefixes(&one, false, true), ["pi-j272m: "]);
        // The Job wants a second Pod.
        let first = timeline(10, vec![(sized(job("pi", Running), 2, 1), vec![working("pi-j272m")])]);
        assert_eq!(prefixes(&first, false, false), ["pi-j272m: "]);
    }

    #[test]
    fn pods_of_an_indexed_job_are_named_by_index_and_attempt() {
        let pods = || {
            vec![working("pi-3-a").index(3, 1), working("pi-3-b").index(3, 2), working("pi-4-c").index(4, 1)]
        };
        let indexed = timeline(10, vec![(sized(job("pi", Running), 5, 5), pods())]);
        assert_eq!(prefixes(&indexed, false, false), ["3: ", "3/2: ", "4: "]);
        assert_eq!(prefixes(&indexed, true, false), ["3 main: ", "3/2 main: ", "4 main: "]);
        let mut other = job("sum", Running);
        other.uid = "sum".into();
        let two =
            timeline(10, vec![(job("pi", Running), pods()), (other, vec![working("sum-x").index(0, 1)])]);
        assert_eq!(prefixes(&two, false, false), ["pi-3: ", "pi-3/2: ", "pi-4: ", "sum-0: "]);
    }
}
