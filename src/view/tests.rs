//! Every view as a person sees it, at the widths of their terminals.

mod explained;
mod held;
mod remembered;
mod retries;

use crate::timeline::Timeline;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use jiff::tz::TimeZone;

use crate::lifecycle::ContainerRole;
use crate::timeline::{PodKey, WorkloadState};
use crate::view::fixture::*;
use crate::view::*;

/// The picture on screens of these sizes; each line is held against the size.
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
            let mut told = Frame::default();
            for_each_line(timeline, state, columns, glyphs, at(now), &mut |line| {
                told.lines.push(line.clone());
                ControlFlow::Continue(())
            });
            assert_eq!(told, frame, "told line by line");
        }
    }
    text
}

fn on_screen(frame: &Frame, stylesheet: Stylesheet, columns: usize, rows: Option<usize>) -> String {
    for line in &frame.lines {
        assert!(line.width() <= columns, "{} > {columns}: {}", line.width(), line.plain());
    }
    assert!(frame.lines.len() <= rows.unwrap_or(usize::MAX), "{} lines", frame.lines.len());
    let size = rows.map_or_else(|| columns.to_string(), |rows| format!("{columns}x{rows}"));
    format!("{:=<columns$}\n{}", format!("== {size} "), painted(frame, stylesheet))
}

/// With the codes of the stylesheet; how a surface writes them is the surface's.
fn painted(frame: &Frame, stylesheet: Stylesheet) -> String {
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
    sort: Sort::Start,
    group_by: GroupBy::Workload,
    align: Align::Wall,
    clock: None,
    explain: false,
    containers: false,
};
const TABLE: ViewState = ViewState { view: View::Table, ..SEQUENCE };
const WIDE: ViewState = ViewState { view: View::Wide, ..SEQUENCE };
const GRID: ViewState = ViewState { view: View::Grid, ..SEQUENCE };

/// One Pod of each way to wait, fail, end or be unknown.
fn trouble(now: i64) -> Timeline {
    let pods = vec![
        pod("train-0-4h9hq", 500)
            .index(0, 1)
            .on("node-1")
            .waits(Queued, 20_000, Some("Insufficient cpu"))
            .cold(0, 700, 3_000, 200, 9_000)
            .succeeded(),
        pod("train-1-zqnh9", 500)
            .index(1, 1)
            .on("node-1")
            .phase(Queued, 100)
            .phase(Setup, 900)
            .phase(Pulling, 3_000)
            .phase(Initializing, 4_000)
            .phase(Starting, 200)
            .phase(Running, 5_200)
            .failed(Some(137), Some("OOMKilled")),
        pod("train-1-77sms", 23_000).index(1, 2).on("node-2").cold(100, 600, 0, 200, 60_000),
        pod("train-2-qv6kc", 600).index(2, 1).on("node-2").phase(Queued, 100).phase(Setup, 700).waits(
            Pulling,
            60_000,
            Some("ImagePullBackOff"),
        ),
        pod("train-3-pzrtz", 700).index(3, 1).waits(Queued, 90_000, Some("Insufficient nvidia.com/gpu")),
        pod("train-4-xc786", 800)
            .index(4, 1)
            .on("node-2")
            .cold(100, 700, 0, 200, 4_000)
            .waits(BackOff, 10_000, Some("CrashLoopBackOff"))
            .phase(Running, 3_000)
            .waits(BackOff, 50_000, Some("CrashLoopBackOff")),
        pod("train-5-b2c4d", 900)
            .index(5, 1)
            .on("node-1")
            .phase(Queued, 100)
            .phase(Setup, 1_500)
            .failed(None, Some("OutOfcpu")),
        pod("train-6-k7m2p", 1_000)
            .index(6, 1)
            .on("node-1")
            .coarse()
            .phase(Queued, 1_000)
            .phase(Startup, 2_000)
            .phase(Running, 9_000)
            .phase(Terminating, 6_000)
            .deleted(),
        pod("train-7-w5x9z", 1_000)
            .index(7, 1)
            .on("node-3")
            .coarse()
            .phase(Queued, 1_000)
            .phase(Startup, 2_000)
            .phase(Running, 9_000)
            .failed(None, None)
            .end_unknown(),
    ];
    timeline(now, vec![(sized(job("train", WorkloadState::Running), 8, 8), pods)])
}

/// Two Jobs, two bare Pods, a Job without a Pod.
fn several(now: i64) -> Timeline {
    let mut stuck = job("needs-quota", WorkloadState::Pending);
    stuck.reason = Some("FailedCreate".into());
    stuck.message = Some("pods \"needs-quota-x2c4d\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=4, limited: pods=4".into());
    let mut failed = sized(job("migrate", WorkloadState::Failed), 1, 1);
    failed.reason = Some("BackoffLimitExceeded".into());
    failed.message = Some("Job has reached the specified backoff limit".into());
    failed.finished = Some(at(14_000));
    let tries = vec![
        pod("migrate-7hk2p", 400).on("node-1").cold(100, 500, 1_900, 200, 1_200).failed(Some(3), None),
        pod("migrate-m2x9c", 11_000).on("node-1").cold(100, 500, 0, 200, 1_300).failed(Some(3), None),
    ];
    let bare = |name: &str| {
        let mut workload = job(name, WorkloadState::Running);
        (workload.kind, workload.completions, workload.parallelism) = ("Pod".into(), None, None);
        workload
    };
    timeline(
        now,
        vec![
            (sized(job("pi", WorkloadState::Running), 4, 4), pi_pods("pi", 3)),
            (failed, tries),
            (stuck, Vec::new()),
            (
                bare("debug"),
                vec![pod("debug", 2_000).in_namespace("other").on("node-2").cold(100, 500, 0, 200, 90_000)],
            ),
            (
                bare("seed-database"),
                vec![pod("seed-database", 5_000).on("node-1").cold(100, 500, 0, 200, 4_000).succeeded()],
            ),
        ],
    )
}

/// Names that nobody can read and some that nobody should obey.
fn hostile(now: i64) -> Timeline {
    let pods = vec![
        pod(
            "a-name-that-is-as-long-as-a-name-of-a-pod-may-be-and-then-some-more-of-it-until-it-is-cut-4h9hq",
            300,
        )
        .on("ip-10-128-204-117.eu-central-1.compute.internal")
        .cold(100, 500, 0, 200, 4_000)
        .succeeded(),
        pod("漢字漢字漢字漢字漢字漢字漢字漢字-zqnh9", 400)
            .on("ノード")
            .cold(100, 500, 0, 200, 4_000)
            .succeeded(),
        pod("evil\u{1b}[2J\u{202e}\u{9b}31m\u{200b}-77sms", 500)
            .on("no\u{7}de")
            .cold(100, 500, 0, 200, 4_000)
            .failed(Some(1), Some("\u{1b}]0;owned\u{7}")),
        pod("e\u{301}e\u{301}e\u{301}-qv6kc", 600).waits(
            Queued,
            90_000,
            Some("0/3\nnodes\tare\u{2028}available"),
        ),
    ];
    let mut job = sized(
        job("a-name-that-is-as-long-as-a-name-of-a-job-may-be-and-then-some", WorkloadState::Running),
        4,
        4,
    );
    job.message = Some("line one\nline \u{1b}[31mtwo".into());
    timeline(now, vec![(job, pods)])
}

#[test]
fn sequence_running() {
    insta::assert_snapshot!(screens(&pi(31_000), &SEQUENCE, &Glyphs::UNICODE, 31_000, &ALL));
    insta::assert_snapshot!("sequence_running_coloured", coloured(&pi(31_000), &SEQUENCE, 31_000));
}

#[test]
fn sequence_done() {
    insta::assert_snapshot!(screens(&pi(60_000), &SEQUENCE, &Glyphs::UNICODE, 60_000, &USUAL));
}

#[test]
fn sequence_cold() {
    insta::assert_snapshot!(screens(&pi(3_000), &SEQUENCE, &Glyphs::UNICODE, 3_000, &USUAL));
}

#[test]
fn sequence_empty() {
    let nothing = Timeline::default();
    assert_eq!(screens(&nothing, &SEQUENCE, &Glyphs::UNICODE, 0, &[(80, None)]).lines().count(), 1);
    insta::assert_snapshot!(screens(&several_stuck(), &SEQUENCE, &Glyphs::UNICODE, 95_000, &ALL));
}

fn several_stuck() -> Timeline {
    let all = several(95_000);
    let stuck = all.workloads().iter().find(|workload| workload.pods.is_empty()).unwrap().clone();
    timeline(95_000, vec![(stuck, Vec::new())])
}

#[test]
fn sequence_trouble() {
    insta::assert_snapshot!(screens(&trouble(45_000), &SEQUENCE, &Glyphs::UNICODE, 45_000, &ALL));
    insta::assert_snapshot!(
        "sequence_trouble_ascii",
        screens(&trouble(45_000), &SEQUENCE, &Glyphs::ASCII, 45_000, &ALL)
    );
    insta::assert_snapshot!("sequence_trouble_coloured", coloured(&trouble(45_000), &SEQUENCE, 45_000));
}

#[test]
fn sequence_several() {
    insta::assert_snapshot!(screens(&several(13_500), &SEQUENCE, &Glyphs::UNICODE, 13_500, &ALL));
}

#[test]
fn sequence_hostile() {
    insta::assert_snapshot!(screens(&hostile(8_000), &SEQUENCE, &Glyphs::UNICODE, 8_000, &ALL));
    insta::assert_snapshot!("table_hostile", screens(&hostile(8_000), &WIDE, &Glyphs::UNICODE, 8_000, &ALL));
}

#[test]
fn sequence_folded() {
    let sizes = [(40, Some(10)), (80, Some(12)), (80, Some(24)), (120, Some(40))];
    let job = |now| {
        timeline(now, vec![(sized(job("render", WorkloadState::Running), 400, 4), pi_pods("render", 400))])
    };
    insta::assert_snapshot!(screens(&job(300_000), &SEQUENCE, &Glyphs::UNICODE, 300_000, &sizes));
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
fn sequence_ordered() {
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
    insta::assert_snapshot!(text);
}

#[test]
fn sequence_explained() {
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    let state = ViewState { explain: true, clock: Some(zone), ..SEQUENCE };
    insta::assert_snapshot!(screens(
        &trouble(45_000),
        &state,
        &Glyphs::UNICODE,
        45_000,
        &[(80, None), (120, Some(30))]
    ));
}

#[test]
fn tables() {
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
fn grids() {
    insta::assert_snapshot!("grid_running", screens(&pi(31_000), &GRID, &Glyphs::UNICODE, 31_000, &USUAL));
    insta::assert_snapshot!("grid_trouble", screens(&trouble(45_000), &GRID, &Glyphs::UNICODE, 45_000, &ALL));
    insta::assert_snapshot!("grid_ascii", screens(&trouble(45_000), &GRID, &Glyphs::ASCII, 45_000, &USUAL));
    insta::assert_snapshot!(
        "grid_several",
        screens(&several(13_500), &GRID, &Glyphs::UNICODE, 13_500, &USUAL)
    );
    insta::assert_snapshot!("grid_coloured", coloured(&trouble(45_000), &GRID, 45_000));
}

/// A Pod with an init container, a pull, a restart and an end by memory.
fn crashed() -> Timeline {
    let pod = pod("train-7-4h9hq", 0)
        .index(7, 2)
        .on("node-1")
        .phase(Queued, 600)
        .phase(Setup, 900)
        .phase(Pulling, 4_100)
        .phase(Initializing, 3_000)
        .phase(Starting, 200)
        .phase(Running, 5_200)
        .waits(BackOff, 10_000, Some("CrashLoopBackOff"))
        .phase(Running, 3_000)
        .failed(Some(137), Some("OOMKilled"))
        .container("fetch", "busybox:1.37", ContainerRole::Init)
        .pull(1_500, 1_600, 0, 0)
        .run(5_600, Some(8_600), 0, "Completed")
        .container("main", "registry.example.com/team/train:2026-09-21", ContainerRole::Main)
        .pull(1_500, 5_600, 1_200, 180_000_000)
        .run(8_800, Some(14_000), 1, "Error")
        .run(24_000, Some(27_000), 137, "OOMKilled");
    timeline(60_000, vec![(job("train", WorkloadState::Failed), vec![pod])])
}

#[test]
fn pods() {
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
    // Each of the troubled ones, as far as it is known.
    let troubled = |key| picture(&trouble(45_000), key, 45_000, 80, &Glyphs::UNICODE, Stylesheet::PLAIN);
    insta::assert_snapshot!("pod_trouble", [0, 3, 4, 5, 7, 8].map(troubled).concat());
}

#[test]
fn no_size_breaks_a_view() {
    for timeline in [pi(31_000), trouble(45_000), several(13_500), hostile(8_000), Timeline::default()] {
        for state in [SEQUENCE, TABLE, WIDE, GRID, ViewState { explain: true, ..SEQUENCE }] {
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
fn sequence_broken() {
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
    insta::assert_snapshot!(screens(&timeline(now, workloads), &SEQUENCE, &Glyphs::UNICODE, now, &USUAL));
}

#[test]
fn sequence_stragglers() {
    let mut pods = pi_pods("pi", 6);
    pods.push(pod("pi-slow1", 0).on("node-1").cold(500, 300, 0, 200, 40_000).succeeded());
    pods.push(pod("pi-slow2", 0).on("node-1").cold(500, 300, 0, 200, 60_000));
    pods.push(pod("pi-young", 50_000).on("node-1").cold(500, 300, 0, 200, 60_000));
    let pi = timeline(55_000, vec![(job("pi", WorkloadState::Running), pods)]);
    let drawn = screens(&pi, &SEQUENCE, &Glyphs::UNICODE, 55_000, &[(100, None)]);
    let line = |name: &str| drawn.lines().find(|line| line.contains(name)).unwrap();
    assert!(line("slow1").contains('✓') && line("slow1").contains('×'), "{drawn}");
    assert!(line("slow2").contains('▸') && line("slow2").contains('×'), "{drawn}");
    assert!(!line("young").contains('×') && !line("young").contains("max"), "{drawn}");
}
