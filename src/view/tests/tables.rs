//! The columns of the table.

use super::*;

fn headings(timeline: &Timeline, state: &ViewState, columns: usize, rows: Option<usize>) -> Vec<String> {
    let frame = render_frame(timeline, state, Size { columns, rows }, &Glyphs::UNICODE, at(60_000));
    let lines = frame.lines.iter().map(Line::plain);
    let heading = lines.into_iter().find(|line| line.contains("STATUS")).unwrap();
    heading.split_whitespace().map(str::to_owned).collect()
}

fn job_of(pods: Vec<PodFixture>) -> Timeline {
    timeline(60_000, vec![(sized(job("pi", WorkloadState::Running), 20, 20), pods)])
}

fn done(name: &str, work: i64) -> PodFixture {
    pod(name, 0).on("node-1").cold(1, 1, 0, 1, work).succeeded()
}

#[test]
fn a_table_for_a_program_has_all_columns() {
    let plain = job_of(vec![done("a", 5_000)]);
    let columns = headings(&plain, &TABLE, Size::UNLIMITED_COLUMNS, None);
    assert_eq!(
        columns,
        [
            "POD", "INDEX", "TRY", "NODE", "STATUS", "QUEUED", "COLD", "RUN", "EXIT", "RESTARTS", "REASON",
            "MARKS"
        ]
    );
    let wide = headings(&plain, &WIDE, Size::UNLIMITED_COLUMNS, None);
    assert!(columns.iter().all(|column| wide.contains(column)), "{wide:?}");
    // No cell is shortened.
    let name = "a-name-of-a-pod-that-is-much-longer-than-a-screen-".repeat(4);
    let reason = "a reason of many words ".repeat(20);
    let long = job_of(vec![done(&name, 5_000).failed(Some(3), Some(&reason))]);
    let size = Size::unbounded(Size::UNLIMITED_COLUMNS);
    let text = render_frame(&long, &WIDE, size, &Glyphs::UNICODE, at(60_000)).plain();
    assert!(text.contains(&name) && text.contains(reason.trim()), "{text}");
}

#[test]
fn exit_codes_restarts_and_tries_have_a_column_where_they_are_not_all_the_same() {
    let optional = |timeline: &Timeline| {
        let columns = headings(timeline, &TABLE, 200, Some(40));
        ["EXIT", "RESTARTS", "TRY"].map(|name| columns.iter().any(|column| column == name))
    };
    assert_eq!(optional(&job_of(vec![done("a", 5_000), done("b", 5_000)])), [false; 3]);
    let failed = done("b", 5_000).failed(Some(3), None);
    assert_eq!(optional(&job_of(vec![done("a", 5_000), failed])), [true, false, false]);
    let retried = vec![done("a", 5_000).index(0, 1), done("b", 5_000).index(1, 2)];
    assert_eq!(optional(&job_of(retried)), [false, false, true]);
}

#[test]
fn the_marks_of_the_sequence_are_the_last_column() {
    let mut pods: Vec<_> = (0..6).map(|number| done(&format!("usual-{number}"), 5_000)).collect();
    pods.push(done("slow", 16_000));
    pods.push(pod("busy", 55_000).on("node-1").cold(1, 1, 0, 1, 90_000));
    pods.push(done("broken", 5_000).failed(Some(3), None));
    let job = job_of(pods);
    let size = Size { columns: 120, rows: Some(40) };
    for (glyphs, expected) in
        [(Glyphs::UNICODE, ["✓ 3×", "▸", "✗ 3"]), (Glyphs::ASCII, ["ok 3x", ">", "X 3"])]
    {
        let text = render_frame(&job, &TABLE, size, &glyphs, at(60_000)).plain();
        for (name, marks) in ["slow", "busy", "broken"].into_iter().zip(expected) {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap();
            assert!(line.ends_with(&format!(" {marks}")), "{line}");
        }
    }
}
