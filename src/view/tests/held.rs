//! Workloads that created no Pods for a time: their own row and its labels.

use crate::lifecycle::{Evidence, Instant};
use crate::timeline::{Hold, Workload};
use crate::view::tests::*;

fn hold(reason: &str, start: i64, end: Option<i64>) -> Hold {
    let instant = |millis, evidence| Instant::estimated(at(millis), evidence);
    Hold {
        reason: reason.into(),
        message: None,
        start: Some(instant(start, Evidence::CreationTimestamp)),
        end: end.map(|end| instant(end, Evidence::ReceivedSuspend)),
        ended: end.is_some(),
    }
}

fn suspended(name: &str, holds: Vec<Hold>) -> Workload {
    let open = holds.last().is_some_and(|hold| !hold.ended);
    let outcome = if open { WorkloadState::Suspended } else { WorkloadState::Running };
    let reason = open.then(|| "JobSuspended".into());
    let message = open.then(|| "Job suspended".into());
    Workload { reason, message, holds, ..sized(job(name, outcome), 4, 2) }
}

fn steered(now: i64) -> Timeline {
    let pods = vec![
        pod("steered-a", 12_050).on("node-1").cold(40, 300, 2_000, 200, 7_000).succeeded(),
        pod("steered-b", 12_060).on("node-2").cold(30, 300, 0, 200, 9_000).deleted(),
        pod("steered-c", 29_100).on("node-2").cold(40, 300, 0, 200, 20_000).succeeded(),
    ];
    let holds = vec![hold("suspended", 0, Some(12_000)), hold("suspended", 21_500, Some(29_000))];
    timeline(now, vec![(suspended("steered", holds), pods)])
}

#[test]
fn a_workload_that_was_held_back_has_its_own_row() {
    let waits =
        |reason: &str| timeline(95_000, vec![(suspended("batch", vec![hold(reason, 0, None)]), Vec::new())]);
    let refused = Hold {
        message: Some("exceeded quota: few, requested: pods=1, limited: pods=2".into()),
        ..hold("FailedCreate", 400, Some(31_000))
    };
    let job = sized(job("small", WorkloadState::Running), 2, 2);
    let pods = vec![pod("small-a", 31_000).on("node-1").cold(40, 300, 0, 200, 9_000).succeeded()];
    let refused = timeline(45_000, vec![(Workload { holds: vec![refused], ..job }, pods)]);
    let text = [
        screens(&waits("suspended"), &SEQUENCE, &Glyphs::UNICODE, 95_000, &USUAL),
        screens(&waits("admission by Kueue queue team-a"), &SEQUENCE, &Glyphs::UNICODE, 95_000, &USUAL),
        screens(
            &steered(36_000),
            &SEQUENCE,
            &Glyphs::UNICODE,
            36_000,
            &[(40, None), (80, None), (120, Some(8))],
        ),
        screens(&steered(36_000), &SEQUENCE, &Glyphs::ASCII, 36_000, &[(80, None)]),
        screens(&refused, &SEQUENCE, &Glyphs::UNICODE, 45_000, &USUAL),
        screens(&steered(36_000), &ViewState { explain: true, ..SEQUENCE }, &Glyphs::UNICODE, 36_000, &USUAL),
    ];
    insta::assert_snapshot!(text.concat());
}
