//! Tests of Pods that were created and deleted while the source could not read them.

use kubectl_seq::testing::observation::{Relist, Seen};
use kubectl_seq::testing::timeline::Timeline;
use serde_json::json;

use crate::gone::{job, job_event, pods, start_events};
use crate::support::pod_builder::{at, observation};

/// A new list of this kind in this namespace, requested at this second.
fn relist(seconds: f64, kind: &str, namespace: &str) -> Relist {
    Relist { at: at(seconds), kind: kind.to_owned(), namespace: Some(namespace.to_owned()) }
}

/// Returns the timeline of a Job that is listed without Pods at second 1, and whose Events about a Pod are listed at
/// second 40.
fn with_late_events() -> Timeline {
    let mut timeline = Timeline::default();
    timeline.apply(&observation(Seen::Listed, 1.0, job("pi", json!({}))));
    timeline.conclude_gone_pods();
    let creation = job_event("pi", 20.0, "SuccessfulCreate", "Created pod: pi-x7k2p");
    for event in [creation].into_iter().chain(start_events("pi-x7k2p", 21.0)) {
        timeline.apply(&observation(Seen::Listed, 40.0, event));
    }
    timeline.recompute();
    timeline
}

#[test]
fn a_pod_that_events_name_but_a_new_list_does_not_contain_is_gone() {
    let mut timeline = with_late_events();
    assert_eq!(pods(&timeline), ["pi:"]);
    timeline.apply_relist(&relist(39.0, "Pod", "default"));
    timeline.recompute();
    assert_eq!(pods(&timeline), ["pi: pi-x7k2p"]);
    let workload = &timeline.workloads()[0];
    assert!(timeline.pods(workload).all(|(_, pod)| pod.life.gone));
}

#[test]
fn a_list_of_another_namespace_or_kind_or_time_proves_nothing() {
    for list in
        [relist(39.0, "Pod", "other"), relist(39.0, "Event", "default"), relist(20.0, "Pod", "default")]
    {
        let mut timeline = with_late_events();
        timeline.apply_relist(&list);
        timeline.recompute();
        assert_eq!(pods(&timeline), ["pi:"], "{list:?}");
    }
}
