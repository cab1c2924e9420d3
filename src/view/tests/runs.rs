//! The overview: a row for each workload.

use crate::view::tests::*;

/// Jobs of 50 Pods that began one after the other, 20 seconds apart. Some of them fail, wait or still run.
fn many_jobs(count: usize, now: i64) -> Timeline {
    let jobs = (0..count).map(|nth| {
        let start = i64::try_from(nth).unwrap() * 20_000;
        let name = format!("render-{nth:03}");
        let failed = nth % 9 == 4;
        let mut workload = sized(job(&name, WorkloadState::Running), 50, 10);
        workload.created = Some(at(start));
        if failed {
            workload.state = WorkloadState::Failed;
            workload.reason = Some("BackoffLimitExceeded".into());
            workload.finished = Some(at(start + 60_000));
        }
        if nth % 13 == 6 {
            workload.state = WorkloadState::Suspended;
            return (workload, Vec::new());
        }
        let pods = (0..50).map(|index| {
            let created = start + 300 + 14_000 * (index / 10);
            let pull = if index < 10 { 4_000 } else { 0 };
            let pod =
                pod(&format!("{name}-{index:05}"), created).on("node-1").cold(400, 600, pull, 300, 8_000);
            if failed && index > 30 { pod.failed(Some(3), None) } else { pod.succeeded() }
        });
        (workload, pods.collect())
    });
    timeline(now, jobs.collect())
}

const SIZES: [(usize, Option<usize>); 4] = [(40, Some(10)), (80, Some(24)), (120, Some(40)), (200, Some(50))];

#[test]
fn each_workload_has_one_row() {
    insta::assert_snapshot!("runs_several", screens(&several(13_500), &RUNS, &Glyphs::UNICODE, 13_500, &ALL));
    insta::assert_snapshot!("runs_ascii", screens(&several(13_500), &RUNS, &Glyphs::ASCII, 13_500, &USUAL));
    insta::assert_snapshot!("runs_coloured", coloured(&several(13_500), &RUNS, 13_500));
    insta::assert_snapshot!(
        "runs_trouble",
        screens(&trouble(45_000), &RUNS, &Glyphs::UNICODE, 45_000, &USUAL)
    );
    insta::assert_snapshot!("runs_hostile", screens(&hostile(8_000), &RUNS, &Glyphs::UNICODE, 8_000, &ALL));
}

#[test]
fn thirty_jobs_of_fifty_pods_fit_a_screen_and_five_hundred_are_folded_by_state() {
    let jobs = many_jobs(30, 640_000);
    let size = Size { columns: 120, rows: Some(40) };
    let frame = render_frame(&jobs, &RUNS, size, &Glyphs::UNICODE, at(640_000)).plain();
    // A finding has the name at its start.
    assert_eq!(frame.matches(" job/render-").count(), 30, "{frame}");
    let thirty = screens(&jobs, &RUNS, &Glyphs::UNICODE, 640_000, &SIZES);
    insta::assert_snapshot!("runs_thirty", thirty);
    let hundreds = screens(&many_jobs(500, 9_900_000), &RUNS, &Glyphs::UNICODE, 9_900_000, &SIZES);
    insta::assert_snapshot!("runs_five_hundred", hundreds);
}

#[test]
fn only_recent_workloads_are_listed_on_request_and_the_others_are_counted() {
    let hours = |hours: i64| hours * 3_600_000;
    let ended = |name: &str, end: i64| {
        let mut workload = job(name, WorkloadState::Succeeded);
        workload.finished = Some(at(end));
        (workload, Vec::new())
    };
    let jobs = vec![
        ended("yesterday", hours(1)),
        ended("an-hour-ago", hours(24) + 1_000),
        (job("works", WorkloadState::Running), pi_pods("works", 1)),
        ended("just-now", hours(25) - 1_000),
    ];
    let now = hours(25);
    let state = ViewState { recent_only: true, ..RUNS };
    let size = Size { columns: 100, rows: None };
    let frame = render_frame(&timeline(now, jobs), &state, size, &Glyphs::UNICODE, at(now)).plain();
    for (name, is_listed) in
        [("yesterday", false), ("an-hour-ago", true), ("works", true), ("just-now", true)]
    {
        assert_eq!(frame.contains(&format!("job/{name}")), is_listed, "{name}:\n{frame}");
    }
    assert!(frame.contains("+ 1 workload that has not run within the last hour"), "{frame}");
}
