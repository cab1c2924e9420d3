//! Snapshots of every view, at common terminal widths.

mod cached;
mod explained;
mod failed;
mod grid;
mod held;
mod ordered;
mod retries;
mod runs;
mod tables;
mod timelines;
mod unready;

use crate::timeline::Timeline;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use jiff::tz::TimeZone;

use crate::timeline::{PodKey, WorkloadState};
use crate::view::fixture::*;
use crate::view::tests::timelines::{crashed, hostile, several, trouble};
use crate::view::*;

#[test]
fn a_narrow_heading_names_the_namespace_of_jobs_with_the_same_name() {
    let mut other = job("pi", WorkloadState::Running);
    other.namespace = "other".into();
    let same_names = timeline(9_000, vec![(job("pi", WorkloadState::Running), vec![]), (other, vec![])]);
    let frame = render_frame(
        &same_names,
        &ViewState::default(),
        Size { columns: 40, rows: None },
        &Glyphs::UNICODE,
        at(9_000),
    );
    let lines: Vec<String> = frame.lines.iter().map(Line::plain).collect();
    for namespace in ["default", "other"] {
        let heading = format!("job/pi in {namespace}  ");
        assert!(lines.iter().any(|line| line.starts_with(&heading)), "{lines:#?}");
    }
}

/// Renders the view at these sizes. Checks that each frame fits its size, and that rendering line by line gives the
/// same lines.
fn screens(
    timeline: &Timeline,
    state: &ViewState,
    glyphs: &Glyphs,
    now: i64,
    sizes: &[(usize, Option<usize>)],
) -> String {
    let mut text = String::new();
    for &(columns, rows) in sizes {
        let frame = render_frame(timeline, state, Size { columns, rows }, glyphs, at(now));
        text.push_str(&on_screen(&frame, Stylesheet::PLAIN, columns, rows));
        if rows.is_none() {
            let mut streamed = Frame::default();
            for_each_line(timeline, state, columns, glyphs, at(now), &mut |line| {
                streamed.lines.push(line.clone());
                ControlFlow::Continue(())
            });
            assert_eq!(streamed, frame, "rendering line by line differs");
        }
    }
    text
}

pub(crate) fn on_screen(
    frame: &Frame,
    stylesheet: Stylesheet,
    columns: usize,
    rows: Option<usize>,
) -> String {
    for line in &frame.lines {
        assert!(line.width() <= columns, "{} > {columns}: {}", line.width(), line.plain());
    }
    assert!(frame.lines.len() <= rows.unwrap_or(usize::MAX), "{} lines", frame.lines.len());
    let size = rows.map_or_else(|| columns.to_string(), |rows| format!("{columns}x{rows}"));
    format!("{:=<columns$}\n{}", format!("== {size} "), with_codes(frame, stylesheet))
}

/// The frame with the terminal codes of the stylesheet.
fn with_codes(frame: &Frame, stylesheet: Stylesheet) -> String {
    let mut text = String::new();
    for line in &frame.lines {
        let last = line.spans.iter().rposition(|span| !span.text.trim_end().is_empty());
        let count = last.map_or(0, |last| last + 1);
        for (index, span) in line.spans[..count].iter().enumerate() {
            let shown = if index + 1 == count { span.text.trim_end() } else { &span.text };
            match stylesheet.style(span.style).filter(|_| !shown.trim().is_empty()) {
                Some(style) => write!(text, "{}", style.style(shown)).unwrap(),
                None => text.push_str(shown),
            }
        }
        text.push('\n');
    }
    text
}

fn coloured(timeline: &Timeline, state: &ViewState, now: i64) -> String {
    let draw = |columns| {
        let frame = render_frame(timeline, state, Size::unbounded(columns), &Glyphs::UNICODE, at(now));
        on_screen(&frame, Stylesheet::COLOURED, columns, None)
    };
    [80, 120].map(draw).concat()
}

const ALL: [(usize, Option<usize>); 4] = [(40, None), (80, None), (120, None), (200, None)];
const USUAL: [(usize, Option<usize>); 2] = [(80, None), (120, None)];
const SEQUENCE: ViewState = ViewState {
    view: View::Sequence,
    sort: Sort::Usual,
    group_by: GroupBy::Workload,
    align: Align::Wall,
    clock: None,
    explain: false,
    containers: false,
    workload: None,
    current_namespace: None,
    breakdown: None,
    recent_only: false,
    omits_headings: false,
};
const TABLE: ViewState = ViewState { view: View::Table, ..SEQUENCE };
const WIDE: ViewState = ViewState { view: View::Wide, ..SEQUENCE };
const GRID: ViewState = ViewState { view: View::Grid, ..SEQUENCE };
const RUNS: ViewState = ViewState { view: View::Runs, ..SEQUENCE };

#[test]
fn a_running_job_in_the_sequence_view() {
    insta::assert_snapshot!(
        "sequence_running",
        screens(&pi(31_000), &SEQUENCE, &Glyphs::UNICODE, 31_000, &ALL)
    );
    insta::assert_snapshot!("sequence_running_coloured", coloured(&pi(31_000), &SEQUENCE, 31_000));
}

#[test]
fn a_finished_job_in_the_sequence_view() {
    insta::assert_snapshot!(
        "sequence_done",
        screens(&pi(60_000), &SEQUENCE, &Glyphs::UNICODE, 60_000, &USUAL)
    );
}

#[test]
fn a_job_without_work_yet_in_the_sequence_view() {
    insta::assert_snapshot!("sequence_cold", screens(&pi(3_000), &SEQUENCE, &Glyphs::UNICODE, 3_000, &USUAL));
}

#[test]
fn a_job_without_pods_has_no_axis() {
    let nothing = Timeline::default();
    assert_eq!(screens(&nothing, &SEQUENCE, &Glyphs::UNICODE, 0, &[(80, None)]).lines().count(), 1);
    insta::assert_snapshot!(
        "sequence_empty",
        screens(&several_stuck(), &SEQUENCE, &Glyphs::UNICODE, 95_000, &ALL)
    );
}

fn several_stuck() -> Timeline {
    let all = several(95_000);
    let stuck = all.workloads().iter().find(|workload| workload.pods.is_empty()).unwrap().clone();
    timeline(95_000, vec![(stuck, Vec::new())])
}

#[test]
fn each_kind_of_trouble_is_visible() {
    insta::assert_snapshot!(
        "sequence_trouble",
        screens(&trouble(45_000), &SEQUENCE, &Glyphs::UNICODE, 45_000, &ALL)
    );
    insta::assert_snapshot!(
        "sequence_trouble_ascii",
        screens(&trouble(45_000), &SEQUENCE, &Glyphs::ASCII, 45_000, &ALL)
    );
    insta::assert_snapshot!("sequence_trouble_coloured", coloured(&trouble(45_000), &SEQUENCE, 45_000));
}

#[test]
fn several_workloads_share_one_axis() {
    insta::assert_snapshot!(
        "sequence_several",
        screens(&several(13_500), &SEQUENCE, &Glyphs::UNICODE, 13_500, &ALL)
    );
}

#[test]
fn hostile_names_do_not_break_lines() {
    insta::assert_snapshot!(
        "sequence_hostile",
        screens(&hostile(8_000), &SEQUENCE, &Glyphs::UNICODE, 8_000, &ALL)
    );
    insta::assert_snapshot!("table_hostile", screens(&hostile(8_000), &WIDE, &Glyphs::UNICODE, 8_000, &ALL));
}

#[test]
fn rows_without_room_are_folded() {
    let sizes = [(40, Some(10)), (80, Some(12)), (80, Some(24)), (120, Some(40))];
    let job = |now| {
        timeline(now, vec![(sized(job("render", WorkloadState::Running), 400, 4), pi_pods("render", 400))])
    };
    insta::assert_snapshot!(
        "sequence_folded",
        screens(&job(300_000), &SEQUENCE, &Glyphs::UNICODE, 300_000, &sizes)
    );
    insta::assert_snapshot!(
        "sequence_folded_ascii",
        screens(&job(300_000), &SEQUENCE, &Glyphs::ASCII, 300_000, &sizes)
    );
    insta::assert_snapshot!(
        "sequence_folded_several",
        screens(&several(13_500), &SEQUENCE, &Glyphs::UNICODE, 13_500, &sizes)
    );
    insta::assert_snapshot!(
        "table_folded",
        screens(&job(300_000), &TABLE, &Glyphs::UNICODE, 300_000, &sizes)
    );
    insta::assert_snapshot!("grid_folded", screens(&job(300_000), &GRID, &Glyphs::UNICODE, 300_000, &sizes));
}

#[test]
fn pods_are_sorted_grouped_and_aligned_as_chosen() {
    let mut text = String::new();
    for (sort, group_by, align) in [
        (Sort::End, GroupBy::Node, Align::Created),
        (Sort::Work, GroupBy::Outcome, Align::Started),
        (Sort::Cold, GroupBy::None, Align::Wall),
        (Sort::Index, GroupBy::None, Align::Wall),
        (Sort::Name, GroupBy::None, Align::Wall),
    ] {
        let state = ViewState { sort, group_by, align, ..SEQUENCE };
        writeln!(text, "{sort:?} {group_by:?} {align:?}").unwrap();
        text.push_str(&screens(&trouble(45_000), &state, &Glyphs::UNICODE, 45_000, &[(100, None)]));
    }
    insta::assert_snapshot!("sequence_ordered", text);
}

#[test]
fn evidence_follows_the_rows() {
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    let state = ViewState { explain: true, clock: Some(zone), ..SEQUENCE };
    insta::assert_snapshot!(
        "sequence_explained",
        screens(&trouble(45_000), &state, &Glyphs::UNICODE, 45_000, &[(80, None), (120, Some(30))])
    );
}

#[test]
fn tables_show_the_same_pods_as_columns() {
    for (name, state) in [("table", &TABLE), ("wide", &WIDE)] {
        insta::assert_snapshot!(
            format!("{name}_running"),
            screens(&pi(31_000), state, &Glyphs::UNICODE, 31_000, &USUAL)
        );
        insta::assert_snapshot!(
            format!("{name}_trouble"),
            screens(&trouble(45_000), state, &Glyphs::UNICODE, 45_000, &ALL)
        );
        insta::assert_snapshot!(
            format!("{name}_several"),
            screens(&several(13_500), state, &Glyphs::UNICODE, 13_500, &ALL)
        );
        insta::assert_snapshot!(format!("{name}_coloured"), coloured(&trouble(45_000), state, 45_000));
    }
}

#[test]
fn a_grid_has_one_cell_for_each_pod() {
    insta::assert_snapshot!("grid_running", screens(&pi(31_000), &GRID, &Glyphs::UNICODE, 31_000, &USUAL));
    insta::assert_snapshot!("grid_trouble", screens(&trouble(45_000), &GRID, &Glyphs::UNICODE, 45_000, &ALL));
    insta::assert_snapshot!("grid_ascii", screens(&trouble(45_000), &GRID, &Glyphs::ASCII, 45_000, &USUAL));
    insta::assert_snapshot!(
        "grid_several",
        screens(&several(13_500), &GRID, &Glyphs::UNICODE, 13_500, &USUAL)
    );
    insta::assert_snapshot!("grid_coloured", coloured(&trouble(45_000), &GRID, 45_000));
}

#[test]
fn the_page_of_a_pod_shows_everything_known_about_it() {
    let extras = PodExtras {
        conditions: vec![
            ConditionRow {
                name: "PodScheduled".into(),
                status: "True".into(),
                since: Some(at(0)),
                reason: String::new(),
            },
            ConditionRow {
                name: "Ready".into(),
                status: "False".into(),
                since: Some(at(16_000)),
                reason: "ContainersNotReady".into(),
            },
        ],
        requests: [("cpu", "500m"), ("memory", "1Gi")]
            .map(|(resource, quantity)| ResourceRequest {
                container: "work".into(),
                resource: resource.into(),
                quantity: quantity.into(),
            })
            .to_vec(),
        events: vec![
            PodEvent {
                at: Some(at(700)),
                reason: "Scheduled".into(),
                message: "Successfully assigned default/train-7-4h9hq to node-1".into(),
                count: 1,
                ..PodEvent::default()
            },
            PodEvent {
                at: Some(at(17_000)),
                warning: true,
                reason: "BackOff".into(),
                message:
                    "Back-off restarting failed container \u{1b}[31mmain in pod train-7-4h9hq_default(0b1e)"
                        .into(),
                count: 3,
                ..PodEvent::default()
            },
        ],
        log: vec![ContainerLog {
            container: "main".into(),
            lines: vec!["loading\tdata".into(), "Killed".into()],
        }],
    };
    let picture =
        |timeline: &Timeline, key: u32, now: i64, columns: usize, glyphs: &Glyphs, sheet: Stylesheet| {
            let size = Size::unbounded(columns);
            let frame = draw_pod(timeline, PodKey(key), &extras, &SEQUENCE, size, glyphs, at(now));
            on_screen(&frame, sheet, columns, None)
        };
    let unicode = |columns| picture(&crashed(), 0, 60_000, columns, &Glyphs::UNICODE, Stylesheet::PLAIN);
    insta::assert_snapshot!("pod", [40, 80, 120].map(unicode).concat());
    insta::assert_snapshot!(
        "pod_ascii",
        picture(&crashed(), 0, 60_000, 80, &Glyphs::ASCII, Stylesheet::PLAIN)
    );
    insta::assert_snapshot!(
        "pod_coloured",
        picture(&crashed(), 0, 60_000, 80, &Glyphs::UNICODE, Stylesheet::COLOURED)
    );
    // The pages of Pods with different kinds of trouble.
    let in_trouble = |key| picture(&trouble(45_000), key, 45_000, 80, &Glyphs::UNICODE, Stylesheet::PLAIN);
    insta::assert_snapshot!("pod_trouble", [0, 3, 4, 5, 7, 8].map(in_trouble).concat());
}

#[test]
fn every_view_fits_every_size() {
    for timeline in [pi(31_000), trouble(45_000), several(13_500), hostile(8_000), Timeline::default()] {
        for state in [SEQUENCE, TABLE, WIDE, GRID, RUNS, ViewState { explain: true, ..SEQUENCE }] {
            for columns in [0, 1, 2, 3, 7, 10, 23, 24, 31, 40, 59, 61, 99, 100, 133, 300] {
                for rows in [0, 1, 2, 3, 5, 8, 13, 24, 100] {
                    for glyphs in [Glyphs::UNICODE, Glyphs::ASCII] {
                        let frame = render_frame(
                            &timeline,
                            &state,
                            Size { columns, rows: Some(rows) },
                            &glyphs,
                            at(45_000),
                        );
                        on_screen(&frame, Stylesheet::PLAIN, columns.max(1), Some(rows));
                    }
                }
            }
        }
    }
}

#[test]
fn long_gaps_are_cut_out_of_the_axis() {
    let hours = 5 * 3_600_000;
    let early = vec![pod("nightly-1-aaaaa", 0).on("node-1").cold(500, 300, 2000, 200, 20_000).succeeded()];
    let late = vec![
        pod("nightly-2-bbbbb", hours).on("node-1").cold(500, 300, 0, 200, 30_000).succeeded(),
        pod("nightly-2-ccccc", hours + 2000)
            .on("node-2")
            .cold(500, 300, 4000, 200, 9_000)
            .failed(Some(3), None),
    ];
    let workloads = vec![
        (job("nightly-1", WorkloadState::Succeeded), early),
        (job("nightly-2", WorkloadState::Failed), late),
    ];
    let now = hours + 40_000;
    insta::assert_snapshot!(
        "sequence_broken",
        screens(&timeline(now, workloads), &SEQUENCE, &Glyphs::UNICODE, now, &USUAL)
    );
}

#[test]
fn slow_pods_are_marked() {
    let mut pods = pi_pods("pi", 6);
    pods.push(pod("pi-slow1", 0).on("node-1").cold(500, 300, 0, 200, 40_000).succeeded());
    pods.push(pod("pi-slow2", 0).on("node-1").cold(500, 300, 0, 200, 60_000));
    pods.push(pod("pi-young", 50_000).on("node-1").cold(500, 300, 0, 200, 60_000));
    let pi = timeline(55_000, vec![(job("pi", WorkloadState::Running), pods)]);
    let drawn = screens(&pi, &SEQUENCE, &Glyphs::UNICODE, 55_000, &[(100, None)]);
    let line = |name: &str| drawn.lines().find(|line| line.contains(name)).unwrap();
    assert!(line("slow1").contains('✓') && line("slow1").contains('×'), "{drawn}");
    assert!(line("slow2").contains('▸') && line("slow2").contains('×'), "{drawn}");
    assert!(!line("young").contains('×') && !line("young").contains("longest"), "{drawn}");
}
