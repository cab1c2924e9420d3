//! The line that says how many Pods failed and why, and the axis of a rollout.

use crate::timeline::{Parent, Workload};
use crate::view::tests::*;

const IN_DEFAULT: &str = "default";

fn failing(index: u32, code: i32) -> PodFixture {
    let fixture = pod(&format!("pi-{index}-abcde"), 0).on("node-1").index(index, 1);
    fixture.cold(40, 300, 0, 200, 2_000).failed(Some(code), Some("Error"))
}

/// The picture in this many columns, if a command without `-n` uses this namespace.
fn drawn(
    pods: Vec<PodFixture>,
    state: WorkloadState,
    namespace: Option<&str>,
    columns: usize,
) -> Vec<String> {
    let timeline = timeline(9_000, vec![(sized(job("pi", state), 20, 20), pods)]);
    let state = ViewState { current_namespace: namespace.map(Into::into), ..SEQUENCE };
    let frame = render_frame(&timeline, &state, Size::unbounded(columns), &Glyphs::UNICODE, at(9_000));
    frame.lines.iter().map(|line| line.plain().trim_end().to_owned()).collect()
}

fn failure_line(codes: &[i32], namespace: Option<&str>, columns: usize) -> String {
    let pods = codes.iter().zip(7..).map(|(&code, index)| failing(index, code)).collect();
    drawn(pods, WorkloadState::Failed, namespace, columns).swap_remove(1)
}

#[test]
fn the_second_line_names_the_cause_of_the_failures_and_the_next_command() {
    let same = [3, 3, 3];
    assert_eq!(
        failure_line(&same, Some(IN_DEFAULT), 90),
        "✗ 3 of 3 Pods failed: exit code 3 (index 7, 8, 9) · kubectl seq pod pi-7-abcde"
    );
    assert_eq!(
        failure_line(&same, Some(IN_DEFAULT), 70),
        "✗ 3 of 3 Pods failed: exit code 3 · kubectl seq pod pi-7-abcde"
    );
    assert_eq!(
        failure_line(&same, Some(IN_DEFAULT), 50),
        "✗ 3 of 3 Pods failed: exit code 3 (index 7, 8, 9)"
    );
    assert_eq!(failure_line(&same, Some(IN_DEFAULT), 40), "✗ 3 of 3 Pods failed: exit code 3");
    assert_eq!(failure_line(&same, None, 90), "✗ 3 of 3 Pods failed: exit code 3 (index 7, 8, 9)");
    assert_eq!(
        failure_line(&[1, 2, 2, 2, 2], Some("team"), 130),
        "✗ 5 of 5 Pods failed: exit code 2 (index 8, 9, 10 and 1 more); exit code 1 (index 7) · \
         kubectl seq pod pi-8-abcde -n default"
    );
}

#[test]
fn the_line_lists_the_exit_codes_if_they_are_many_or_the_screen_is_narrow() {
    let codes = [3, 4, 5, 6, 12];
    assert_eq!(
        failure_line(&codes, Some(IN_DEFAULT), 120),
        "✗ 5 of 5 Pods failed: exit codes 3, 4, 5, 6, 12 · kubectl seq pod pi-7-abcde"
    );
    assert_eq!(failure_line(&codes, None, 60), "✗ 5 of 5 Pods failed: exit codes 3, 4, 5, 6, 12");
    assert_eq!(failure_line(&codes, None, 39), "✗ 5/5 failed: exit codes 3, 4, 5, 6, 12");
    assert_eq!(failure_line(&codes[..2], None, 39), "✗ 2 of 2 Pods failed: exit codes 3, 4");
}

#[test]
fn a_workload_that_succeeded_in_the_end_has_no_line_about_failures() {
    for (state, has_line) in
        [(WorkloadState::Running, true), (WorkloadState::Failed, true), (WorkloadState::Succeeded, false)]
    {
        let lines = drawn(vec![failing(7, 3)], state, None, 90);
        assert_eq!(lines[1].starts_with("✗ 1 of 1 Pod failed"), has_line, "{lines:?}");
    }
}

#[test]
fn a_heading_names_the_namespace_unless_a_command_without_a_namespace_finds_the_workload() {
    for (namespace, is_named) in [(None, false), (Some(IN_DEFAULT), false), (Some("team"), true)] {
        let lines = drawn(vec![failing(7, 3)], WorkloadState::Running, namespace, 120);
        assert_eq!(lines[0].starts_with("job/pi in default "), is_named, "{lines:?}");
    }
}

fn revision(name: &str, created: i64) -> Workload {
    let parent = Parent { kind: "Deployment".into(), name: "web".into(), uid: "uid-of-web".into() };
    Workload {
        kind: "ReplicaSet".into(),
        parent: Some(parent),
        created: Some(at(created)),
        is_rollout: true,
        ..job(name, WorkloadState::Running)
    }
}

#[test]
fn the_axis_of_a_rollout_begins_with_its_current_revision() {
    const AGE: i64 = 17 * 60_000;
    let web = Workload {
        kind: "Deployment".into(),
        uid: "uid-of-web".into(),
        is_rollout: true,
        active: 5,
        parallelism: Some(4),
        completions: None,
        ..job("web", WorkloadState::Running)
    };
    let old = pod("web-old-a", 0).on("node-1").cold(40, 300, 0, 200, AGE + 9_000);
    let new = pod("web-new-a", AGE + 100).on("node-1").cold(40, 300, 2_000, 200, 6_000);
    let workloads =
        vec![(web, Vec::new()), (revision("web-old", 0), vec![old]), (revision("web-new", AGE), vec![new])];
    let timeline = timeline(AGE + 10_000, workloads);
    let now = at(AGE + 10_000);
    let frame = render_frame(&timeline, &SEQUENCE, Size::unbounded(90), &Glyphs::UNICODE, now);
    let lines: Vec<String> = frame.lines.iter().map(Line::plain).collect();
    let bar = |name: &str| {
        let line = lines.iter().find(|line| line.contains(name)).unwrap();
        line.split("node-1").nth(1).unwrap().trim().to_owned()
    };
    assert!(bar("old-a").starts_with('<'), "{lines:#?}");
    assert!(bar("new-a").matches('▒').count() > 3, "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("5 of 4 Pods, 1 to go")), "{lines:#?}");
}

#[test]
fn a_picture_counts_the_rows_in_trouble_that_it_does_not_show() {
    let pods: Vec<PodFixture> = (0..12).map(|index| failing(index, 3)).collect();
    let timeline = timeline(9_000, vec![(sized(job("pi", WorkloadState::Failed), 20, 20), pods)]);
    for (rows, hidden) in [(12, 7), (40, 0)] {
        let size = Size { columns: 80, rows: Some(rows) };
        let (window, cache) = (Window::default(), FrameCache::default());
        let picture =
            render_picture(&timeline, &SEQUENCE, &window, size, &Glyphs::UNICODE, at(9_000), &cache);
        let shown = picture.pods.len();
        assert_eq!(shown + picture.hidden_trouble, 12);
        assert_eq!(picture.hidden_trouble, hidden, "{rows}");
    }
}

#[test]
fn a_table_without_rows_says_why() {
    let gone = Workload {
        reason: Some("DeadlineExceeded".into()),
        message: Some("Job was active longer than specified deadline".into()),
        ..sized(job("pi", WorkloadState::Failed), 20, 4)
    };
    let timeline = timeline(9_000, vec![(gone, Vec::new())]);
    let state = ViewState { view: View::Table, ..SEQUENCE };
    let frame = render_frame(&timeline, &state, Size::unbounded(120), &Glyphs::UNICODE, at(9_000));
    let lines: Vec<String> = frame.lines.iter().map(|line| line.plain().trim_end().to_owned()).collect();
    assert!(lines[0].starts_with("job/pi  Failed  0 of 20 done · no Pods left"), "{lines:?}");
    assert_eq!(lines[1], "DeadlineExceeded: Job was active longer than specified deadline");
}

#[test]
fn the_old_replica_set_of_a_rollout_has_not_succeeded() {
    let web = |state| Workload {
        kind: "Deployment".into(),
        uid: "uid-of-web".into(),
        is_rollout: true,
        parallelism: Some(2),
        completions: None,
        ..job("web", state)
    };
    let set = |name: &str, state, replicas| Workload {
        parallelism: Some(replicas),
        active: replicas,
        completions: None,
        state,
        ..revision(name, 0)
    };
    let old_pod = || pod("web-old-a", 0).on("node-1").cold(40, 300, 0, 200, 9_000);
    let headings = |workloads: Vec<(Workload, Vec<PodFixture>)>, view| {
        let timeline = timeline(10_000, workloads);
        let state = ViewState { view, ..SEQUENCE };
        let frame = render_frame(&timeline, &state, Size::unbounded(90), &Glyphs::UNICODE, at(10_000));
        frame
            .lines
            .iter()
            .map(Line::plain)
            .filter(|line| line.contains("replicaset/"))
            .collect::<Vec<String>>()
    };
    let (failed, done) = (WorkloadState::Failed, WorkloadState::Succeeded);
    for view in [View::Sequence, View::Grid] {
        // After a success, the old Pods are gone. The new ReplicaSet has rolled out.
        let after_success = headings(
            vec![
                (web(done), Vec::new()),
                (set("old", done, 0), vec![old_pod()]),
                (set("new", done, 2), vec![pod("new-a", 9).on("node-1").cold(40, 300, 0, 200, 9_000)]),
            ],
            view,
        );
        assert!(
            after_success[0].starts_with("replicaset/old  Scaled down  0 of 0 Pods"),
            "{after_success:#?}"
        );
        assert!(
            after_success[1].starts_with("replicaset/new  Rolled out  2 of 2 Pods"),
            "{after_success:#?}"
        );
        // After a failure, the old Pods still run.
        let after_failure = headings(
            vec![
                (web(failed), Vec::new()),
                (set("old", done, 2), vec![old_pod()]),
                (set("new", failed, 1), vec![pod("new-a", 9).on("node-1").cold(40, 300, 0, 200, 9_000)]),
            ],
            view,
        );
        assert!(after_failure[0].starts_with("replicaset/old  Running  2 of 2 Pods"), "{after_failure:#?}");
        assert!(after_failure[1].starts_with("replicaset/new  Failed"), "{after_failure:#?}");
    }
    // A ReplicaSet without a Deployment.
    let alone = |replicas| Workload { parent: None, ..set("alone", done, replicas) };
    assert!(headings(vec![(alone(0), vec![old_pod()])], View::Runs)[0].contains("Scaled down"));
    assert!(headings(vec![(alone(2), vec![old_pod()])], View::Runs)[0].contains("Rolled out"));
}
