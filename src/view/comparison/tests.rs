//! Snapshots of the page of `diff` and of the tables of `history`.

use jiff::SignedDuration;

use crate::timeline::comparison::{
    Diff, DiffOptions, RunReading, RunSource, WorkHistory, WorkloadRun, group_by_work,
};
use crate::timeline::{Timeline, WorkloadState};
use crate::view::comparison::diff_page::draw_diff;
use crate::view::fixture::{PodFixture, at, job, pod, sized, timeline};
use crate::view::tests::on_screen;
use crate::view::{Glyphs, Stylesheet, describe_verdict, draw_history};

/// A run of 16 Pods, four at once, whose image is pulled for this time on each of two nodes, and that work for about this
/// time.
fn simulate(pull: i64, work: i64, pulls: i64) -> Timeline {
    let pods: Vec<PodFixture> = (0..16)
        .map(|index: i64| {
            let start = 300 + (index / 4) * (work + 900) + if index >= pulls { pull } else { 0 };
            let spread = index * 7 % 11 * 40;
            let own_pull = if index < pulls { pull + spread } else { 0 };
            pod(&format!("pi-{index:05}"), start)
                .on(if index % 2 == 0 { "node-1" } else { "node-2" })
                .cold(100 + index, 400 + index, own_pull, 200, work + spread)
                .succeeded()
        })
        .collect();
    let end = pods.iter().filter_map(PodFixture::created_millis).max().unwrap_or(0) + work + pull + 1_500;
    let mut workload = sized(job("pi", WorkloadState::Succeeded), 16, 4);
    workload.created = Some(at(0));
    workload.started = Some(at(0));
    workload.finished = Some(at(end));
    workload.succeeded = 16;
    timeline(end, vec![(workload, pods)])
}

fn run(name: &str, timeline: &Timeline) -> WorkloadRun {
    let workload = &timeline.workloads()[0];
    let now = workload.finished.unwrap();
    let reading = RunReading {
        source: RunSource::Recording(name.to_owned()),
        now,
        is_cut_off: false,
        kubernetes_version: Some(if name.starts_with("a1") { "v1.36.1" } else { "v1.37.0" }.to_owned()),
        keeps_spans: true,
    };
    let verdict = describe_verdict(timeline, workload, now);
    WorkloadRun { verdict, uid: name.into(), ..WorkloadRun::extract(timeline, workload, &reading) }
}

fn changed_work() -> Diff {
    let before = run("before.jsonl", &simulate(2_000, 4_000, 8));
    let after = run("after.jsonl", &simulate(5_000, 6_000, 8));
    Diff::new(vec![before], vec![after], DiffOptions { threshold: 0.05 })
}

fn groups() -> Diff {
    let group = |name: &str, work: i64| {
        let one = |nth: i64| run(&format!("{name}{nth}.jsonl"), &simulate(3_000, work + 50 * nth, 8));
        (1..=3).map(one).collect()
    };
    Diff::new(group("a", 4_000), group("b", 6_000), DiffOptions { threshold: 0.05 })
}

fn screens(diff: &Diff, glyphs: &Glyphs, widths: &[usize], stylesheet: Stylesheet) -> String {
    let screen = |&columns: &usize| on_screen(&draw_diff(diff, glyphs, columns), stylesheet, columns, None);
    widths.iter().map(screen).collect()
}

#[test]
fn two_runs_are_compared_on_one_page() {
    let diff = changed_work();
    insta::assert_snapshot!(
        "diff_changed",
        screens(&diff, &Glyphs::UNICODE, &[40, 80, 120], Stylesheet::PLAIN)
    );
    insta::assert_snapshot!(
        "diff_changed_coloured",
        screens(&diff, &Glyphs::UNICODE, &[80], Stylesheet::COLOURED)
    );
    insta::assert_snapshot!(
        "diff_changed_ascii",
        screens(&diff, &Glyphs::ASCII, &[80], Stylesheet::PLAIN.with_ascii(true))
    );
}

#[test]
fn two_groups_of_runs_are_compared_on_one_page() {
    insta::assert_snapshot!(
        "diff_groups",
        screens(&groups(), &Glyphs::UNICODE, &[40, 80], Stylesheet::PLAIN)
    );
}

#[test]
fn no_width_is_too_narrow_for_the_page() {
    let (pair, groups) = (changed_work(), groups());
    for columns in 20..140 {
        screens(&pair, &Glyphs::UNICODE, &[columns], Stylesheet::PLAIN);
        screens(&groups, &Glyphs::ASCII, &[columns], Stylesheet::PLAIN);
    }
}

/// Six runs of which the fifth is slow and the last one failed.
fn history() -> Vec<WorkHistory> {
    let work = [4_000, 4_050, 4_100, 4_020, 9_000, 4_080, 4_060, 4_010];
    let runs = work.into_iter().enumerate().map(|(nth, work)| {
        let hours = SignedDuration::from_hours(i64::try_from(nth).unwrap());
        let mut run = run(&format!("run-{nth}.jsonl"), &simulate(3_000, work, 8));
        run.created = run.created.and_then(|created| created.checked_add(hours).ok());
        if nth == 7 {
            run.state = WorkloadState::Failed;
            run.failed = 3;
        }
        run
    });
    group_by_work(runs.collect(), 0.05)
}

#[test]
fn each_run_of_a_work_is_a_row_with_a_bar_on_a_common_scale() {
    let screen = |glyphs: &Glyphs, columns: usize, stylesheet: Stylesheet| {
        on_screen(&draw_history(&history(), glyphs, columns), stylesheet, columns, None)
    };
    let plain = [40, 80, 120].map(|columns| screen(&Glyphs::UNICODE, columns, Stylesheet::PLAIN));
    insta::assert_snapshot!("history", plain.concat());
    insta::assert_snapshot!("history_coloured", screen(&Glyphs::UNICODE, 80, Stylesheet::COLOURED));
    insta::assert_snapshot!("history_ascii", screen(&Glyphs::ASCII, 80, Stylesheet::PLAIN.with_ascii(true)));
    for columns in 20..140 {
        screen(&Glyphs::UNICODE, columns, Stylesheet::PLAIN);
    }
}
