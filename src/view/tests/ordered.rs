//! The usual order, the order of trouble, and the rows that a small screen keeps.

use super::*;

/// The names of the Pods in the order of their rows.
fn names_in_order(timeline: &Timeline, state: &ViewState, rows: Option<usize>, now: i64) -> Vec<String> {
    let (window, cache) = (Window::default(), FrameCache::default());
    let size = Size { columns: 100, rows };
    let picture = render_picture(timeline, state, &window, size, &Glyphs::UNICODE, at(now), &cache);
    picture.pods.iter().map(|&key| timeline.identity(key).name.to_string()).collect()
}

/// A Job with one Pod for each kind of attention. The median work is 5 seconds.
fn one_of_each_kind() -> Timeline {
    let done = |name: &str| pod(name, 0).on("node-1").cold(100, 100, 0, 100, 5_000).succeeded();
    let mut pods: Vec<_> = (0..6).map(|number| done(&format!("done-{number}"))).collect();
    pods.extend([
        pod("running", 50_000).on("node-1").cold(100, 100, 0, 100, 90_000),
        pod("queued", 57_000).phase(Queued, 90_000),
        pod("slow", 30_000).on("node-1").cold(100, 100, 0, 100, 90_000),
        pod("unschedulable", 56_000).waits(Queued, 90_000, Some("Unschedulable")),
        pod("failed-early", 0).on("node-1").cold(100, 100, 0, 100, 5_000).failed(Some(3), None),
        pod("failed-late", 9_000).on("node-1").cold(100, 100, 0, 100, 5_000).failed(Some(3), None),
    ]);
    timeline(60_000, vec![(sized(job("mixed", WorkloadState::Running), 20, 20), pods)])
}

#[test]
fn pods_of_an_indexed_job_are_in_the_order_of_their_indexes() {
    // The Pods are created in the order 0, 3, 2, 1.
    let fixture = |(index, created)| {
        pod(&format!("p-{index}"), created).index(index, 1).on("node-1").cold(1, 1, 0, 1, 5_000)
    };
    let fixtures = [(0, 0), (3, 100), (2, 200), (1, 300)].map(fixture).to_vec();
    let indexed = timeline(3_000, vec![(sized(job("p", WorkloadState::Running), 4, 4), fixtures)]);
    for view in [View::Sequence, View::Table, View::Grid] {
        let usual = ViewState { view, ..SEQUENCE };
        assert_eq!(names_in_order(&indexed, &usual, None, 3_000), ["p-0", "p-1", "p-2", "p-3"], "{view:?}");
        let by_start = ViewState { sort: Sort::Start, ..usual };
        assert_eq!(names_in_order(&indexed, &by_start, None, 3_000), ["p-0", "p-3", "p-2", "p-1"]);
    }
}

#[test]
fn the_order_of_trouble_shows_failed_waiting_slow_running_and_done_pods() {
    let state = ViewState { sort: Sort::Trouble, ..SEQUENCE };
    let names = names_in_order(&one_of_each_kind(), &state, None, 60_000);
    let expected = ["failed-late", "failed-early", "unschedulable", "slow", "running", "queued"];
    assert_eq!(names[..6], expected);
    assert!(names[6..].iter().all(|name| name.starts_with("done")), "{names:?}");
}

#[test]
fn a_folded_picture_keeps_the_rows_in_trouble() {
    let in_trouble = ["slow", "unschedulable", "failed-early", "failed-late"];
    for view in [View::Sequence, View::Table] {
        let state = ViewState { view, ..SEQUENCE };
        for rows in 9..=12 {
            let names = names_in_order(&one_of_each_kind(), &state, Some(rows), 60_000);
            assert!(names.len() < 12);
            for name in in_trouble {
                assert!(names.iter().any(|shown| shown == name), "{view:?} {rows}: {names:?}");
            }
        }
    }
    // If even the rows in trouble do not fit, the failed Pods come first.
    let names = names_in_order(&one_of_each_kind(), &TABLE, Some(5), 60_000);
    assert_eq!(names, ["failed-early", "failed-late"]);
}

#[test]
fn many_pods_that_wait_for_the_same_reason_do_not_hide_the_pods_that_run() {
    let running =
        (0..3).map(|number| pod(&format!("running-{number}"), 0).on("node-1").cold(1, 1, 0, 1, 90_000));
    let waiting = (0..60).map(|number| {
        pod(&format!("waiting-{number}"), number + 5).waits(Queued, 90_000, Some("Unschedulable"))
    });
    let pods = running.chain(waiting).collect();
    let crowded = timeline(20_000, vec![(sized(job("crowded", WorkloadState::Running), 63, 63), pods)]);
    let names = names_in_order(&crowded, &SEQUENCE, Some(24), 20_000);
    assert!(names.iter().filter(|name| name.starts_with("running")).count() == 3, "{names:?}");
    assert!(names.iter().filter(|name| name.starts_with("waiting")).count() > 8, "{names:?}");
}

#[test]
fn a_pod_is_slow_when_it_takes_more_than_twice_the_median() {
    let with_last = |millis| {
        let mut pods = vec![pod("last", 0).on("node-1").cold(1, 1, 0, 1, millis).succeeded()];
        let usual =
            |number| pod(&format!("usual-{number}"), 0).on("node-1").cold(1, 1, 0, 1, 5_000).succeeded();
        pods.extend((0..8).map(usual));
        let timeline = timeline(90_000, vec![(sized(job("pi", WorkloadState::Running), 20, 20), pods)]);
        let text = screens(&timeline, &SEQUENCE, &Glyphs::UNICODE, 90_000, &[(100, None)]);
        text.lines().any(|line| line.contains("last") && line.contains("2×"))
    };
    assert!(!with_last(10_000));
    assert!(with_last(10_100));
}

#[test]
fn a_folded_picture_uses_every_line_and_counts_the_other_pods_in_a_quiet_colour() {
    let job = |now| {
        timeline(now, vec![(sized(job("render", WorkloadState::Running), 400, 4), pi_pods("render", 400))])
    };
    for now in [60_000, 150_000, 300_000] {
        let size = Size { columns: 80, rows: Some(24) };
        let frame = render_frame(&job(now), &SEQUENCE, size, &Glyphs::UNICODE, at(now));
        let text = frame.plain();
        assert_eq!(frame.lines.len(), 24, "{text}");
        assert!(frame.lines.iter().all(|line| !line.spans.is_empty()), "{text}");
        assert!(text.contains("▁█ folded Pods"), "{text}");
        let count = frame.lines.iter().find(|line| line.plain().starts_with("+ ")).unwrap();
        assert!(count.spans.iter().all(|span| span.style == Style::Dim), "{count:?}");
    }
}

#[test]
fn the_filter_for_a_node_shows_the_pods_of_exactly_this_node() {
    let fixture = |name: &str, node: &str| pod(name, 0).on(node).cold(1, 1, 0, 1, 5_000);
    let fixtures = vec![
        fixture("a", "node-1"),
        fixture("b", "node-10"),
        fixture("of-node-1", "node-2"),
        fixture("d", "NODE-1"),
    ];
    let job = timeline(3_000, vec![(job("p", WorkloadState::Running), fixtures)]);
    let shown = |filter: &str| {
        let (window, cache) =
            (Window { filter: filter.to_owned(), ..Window::default() }, FrameCache::default());
        let size = Size { columns: 100, rows: None };
        let picture = render_picture(&job, &SEQUENCE, &window, size, &Glyphs::UNICODE, at(3_000), &cache);
        picture.pods.iter().map(|&key| job.identity(key).name.to_string()).collect::<Vec<String>>()
    };
    assert_eq!(shown("node-1"), ["a", "b", "of-node-1", "d"]);
    assert_eq!(shown("node/node-1"), ["a", "d"]);
    assert_eq!(shown("node/node-1 a"), ["a"]);
    assert!(shown("node/node").is_empty());
}
