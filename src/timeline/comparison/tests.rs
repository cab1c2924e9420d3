//! Tests of the comparison with runs that are made of the times of their Pods.

use crate::lifecycle::PhaseKind::{self, Pulling, Running, Setup, Starting, Startup};
use crate::timeline::WorkloadState;
use crate::timeline::comparison::conditions::RunCondition;
use crate::timeline::comparison::phase_samples::PhaseSamples;
use crate::timeline::comparison::slot_deltas::{mean_slots, subtract_slots};
use crate::timeline::comparison::{
    Diff, DiffOptions, DiffResult, DiffRow, RowMark, RunSource, WorkKey, WorkloadRun, group_by_work, row_name,
};
use crate::timeline::reports::slots::slot_time::SlotTime;
use crate::timeline::reports::summary::Summary;

/// A run of which each Pod was in these phases. Every other Pod runs on another node. The slot time is the sum over the
/// Pods, and the wall time is a quarter of it.
pub(crate) fn run(pods: Vec<Vec<(PhaseKind, i64)>>) -> WorkloadRun {
    let mut slots = SlotTime::default();
    for (kind, millis) in pods.iter().flatten() {
        slots.phases[*kind] += millis;
        slots.total += millis;
    }
    let summary = Summary { pods: pods.len(), wall_millis: slots.total / 4, slots, ..Summary::default() };
    let on_nodes: Vec<_> = pods.into_iter().enumerate().map(|(index, pod)| (index % 2, pod)).collect();
    WorkloadRun {
        source: RunSource::Cluster,
        work: WorkKey {
            namespace: "default".into(),
            kind: "Job".into(),
            name: "pi".into(),
            is_generated: false,
        },
        kind: "Job".into(),
        name: "pi".into(),
        uid: "".into(),
        created: None,
        started: None,
        state: WorkloadState::Succeeded,
        summary,
        failed: 0,
        stragglers: 0,
        verdict: String::new(),
        partial: None,
        samples: PhaseSamples::from_times(&on_nodes, 0),
        conditions: Vec::new(),
        spans: Vec::new(),
    }
}

/// `count` Pods that each set up for about 400 ms, and pull and work for about these times.
fn pods(count: i64, pull: i64, work: i64) -> Vec<Vec<(PhaseKind, i64)>> {
    let pod = |index: i64| {
        let spread = index * 7 % 11;
        let mut phases = vec![(Setup, 400 + spread), (Running, work + 10 * spread)];
        if pull > 0 {
            phases.push((Pulling, pull + 5 * spread));
        }
        phases
    };
    (0..count).map(pod).collect()
}

fn diff(a: WorkloadRun, b: WorkloadRun) -> Diff {
    Diff::new(vec![a], vec![b], DiffOptions { threshold: 0.05 })
}

fn row<'a>(diff: &'a Diff, name: &str) -> &'a DiffRow {
    diff.rows.iter().find(|row| row_name(row.subject) == name).unwrap()
}

#[test]
fn a_phase_that_takes_longer_differs_and_the_others_do_not() {
    let diff = diff(run(pods(20, 6_000, 5_000)), run(pods(20, 3_000, 5_000)));
    assert_eq!((diff.result, diff.why.as_deref()), (DiffResult::Different, Some("pull differs")));
    let pull = row(&diff, "pull");
    assert_eq!((pull.a_count, pull.b_count, pull.delta, pull.mark), (20, 20, Some(-3_000), None));
    let [low, high] = pull.range.unwrap();
    assert!(low <= -3_000 && (-3_000..-2_900).contains(&high), "{low} {high}");
    assert_eq!(row(&diff, "work").mark, Some(RowMark::NoDifference));
    assert_eq!(diff.text, "B took 42s, A 57s: 26 % less; pulls 1m00s less, work the same");
}

#[test]
fn runs_with_the_same_times_are_the_same() {
    let diff = diff(run(pods(20, 6_000, 5_000)), run(pods(20, 6_000, 5_050)));
    assert_eq!((diff.result, diff.why), (DiffResult::Same, None));
    assert!(diff.rows.iter().all(|row| row.mark == Some(RowMark::NoDifference)));
}

#[test]
fn a_difference_below_the_threshold_or_below_the_precision_does_not_count() {
    let (a, b) = (run(pods(40, 0, 5_000)), run(pods(40, 0, 5_200)));
    let strict = Diff::new(vec![a.clone()], vec![b.clone()], DiffOptions { threshold: 0.01 });
    assert_eq!((row(&strict, "work").mark, strict.result), (None, DiffResult::Different));
    let usual = Diff::new(vec![a.clone()], vec![b.clone()], DiffOptions { threshold: 0.05 });
    assert_eq!((row(&usual, "work").mark, usual.result), (Some(RowMark::NoDifference), DiffResult::Same));
    let coarse = |run: WorkloadRun| {
        let on_nodes: Vec<_> = pods(40, 0, run.samples.times(strict.rows[1].subject, false)[0])
            .into_iter()
            .map(|pod| (0, pod))
            .collect();
        WorkloadRun { samples: PhaseSamples::from_times(&on_nodes, 300), ..run }
    };
    let imprecise = Diff::new(vec![coarse(a)], vec![coarse(b)], DiffOptions { threshold: 0.01 });
    assert_eq!(row(&imprecise, "work").mark, Some(RowMark::NoDifference));
}

#[test]
fn few_pods_cannot_be_judged_if_they_hold_much_of_the_slot_time() {
    let with_pulls = |pulls: usize, pull: i64| {
        let mut pods = pods(20, 0, 5_000);
        pods.iter_mut().take(pulls).for_each(|pod| pod.push((Pulling, pull)));
        run(pods)
    };
    let much = diff(with_pulls(4, 6_000), with_pulls(4, 3_000));
    assert_eq!((row(&much, "pull").mark, much.result), (Some(RowMark::TooFew), DiffResult::CannotJudge));
    let why = "pull has too few Pods to compare, and up to 18 % of the slot time";
    assert_eq!(much.why.as_deref(), Some(why));
    let little = diff(with_pulls(4, 600), with_pulls(4, 300));
    assert_eq!((row(&little, "pull").mark, little.result), (Some(RowMark::TooFew), DiffResult::Same));
}

#[test]
fn a_phase_that_only_one_run_has_often_is_compared_over_all_pods() {
    let diff = diff(run(pods(20, 6_000, 5_000)), run(pods(20, 0, 5_000)));
    let pull = row(&diff, "pull");
    assert_eq!((pull.a_count, pull.b_count, pull.b_median), (20, 20, Some(0)));
    assert_eq!((pull.mark, diff.result), (None, DiffResult::Different));
}

#[test]
fn cold_starts_that_a_run_cannot_split_are_compared_as_a_whole() {
    let split = (0..20).map(|index| vec![(Setup, 400 + index), (Starting, 600), (Running, 5_000 + index)]);
    let whole = (0..20).map(|index| vec![(Startup, 1_000 + index), (Running, 5_000 + index)]);
    let diff = diff(run(split.collect()), run(whole.collect()));
    let names: Vec<&str> = diff.rows.iter().map(|row| row_name(row.subject)).collect();
    assert_eq!(names, ["cold start", "work"]);
    assert_eq!((row(&diff, "cold start").delta, diff.result), (Some(0), DiffResult::Same));
}

#[test]
fn the_first_rule_that_holds_decides() {
    let base = || run(pods(20, 6_000, 5_000));
    let slow = || run(pods(20, 6_000, 9_000));
    let partial = WorkloadRun { partial: Some("it has not ended".to_owned()), ..slow() };
    let of_partial = diff(base(), partial);
    assert_eq!(of_partial.result, DiffResult::CannotJudge);
    assert_eq!(of_partial.why.as_deref(), Some("B is known only in part: it has not ended"));
    let failed = diff(base(), WorkloadRun { state: WorkloadState::Failed, ..base() });
    assert_eq!(
        (failed.result, failed.why.as_deref()),
        (DiffResult::Different, Some("A succeeded, B failed"))
    );
    assert_eq!(diff(base(), slow()).result, DiffResult::Different);
    let few = || run(pods(4, 6_000, 5_000));
    assert_eq!(diff(few(), few()).result, DiffResult::CannotJudge);
    let same = || WorkloadRun { uid: "u".into(), ..few() };
    assert_eq!(diff(same(), same()).why.as_deref(), Some("A and B are the same run"));
}

#[test]
fn a_row_that_differs_alone_is_not_enough_among_many_rows() {
    let kinds = [Setup, Starting, Pulling, PhaseKind::Queued, PhaseKind::Initializing, Running];
    // The times of one phase are shifted so far that its own test just finds a difference.
    let pods = |shift: i64| -> Vec<Vec<(PhaseKind, i64)>> {
        let pod = |index: i64| {
            let time = |kind| 1_000 + 20 * index + if kind == Running { shift } else { 0 };
            kinds.into_iter().map(|kind| (kind, time(kind))).collect()
        };
        (0..12).map(pod).collect()
    };
    let diff = diff(run(pods(0)), run(pods(65)));
    let work = row(&diff, "work");
    assert!(work.p.unwrap() < 0.05 && work.mark.is_none() && !work.is_proved, "{work:?}");
    assert_eq!(diff.result, DiffResult::Same);
    assert_eq!(diff.why.as_deref(), Some("work differs alone, but one of 6 rows may do so by chance"));
}

#[test]
fn the_parts_of_the_difference_sum_to_the_whole() {
    let runs = |shift: i64| -> Vec<WorkloadRun> {
        (0..3).map(|index| run(pods(7 + index, 1_001 + shift, 5_003 - 7 * shift))).collect()
    };
    for shift in [0, 1, 17, 400] {
        let (a, b) = (runs(0), runs(shift));
        for slots in [mean_slots(&a), mean_slots(&b), subtract_slots(&a, &b)] {
            assert_eq!(slots.phases.values().sum::<i64>() + slots.idle, slots.total);
        }
        let total: i64 = a.iter().map(|run| run.summary.slots.total).sum();
        assert_eq!(mean_slots(&a).total, (total + 1) / 3);
    }
}

#[test]
fn with_three_runs_a_side_a_difference_is_significant() {
    let runs = |work: i64, count: i64| -> Vec<WorkloadRun> {
        (0..count).map(|index| run(pods(20, 6_000, work + 30 * index))).collect()
    };
    let options = DiffOptions { threshold: 0.05 };
    let diff = Diff::new(runs(5_000, 3), runs(7_000, 3), options);
    let why = "wall time and work differ significantly";
    assert_eq!((diff.result, diff.why.as_deref()), (DiffResult::Different, Some(why)));
    let wall = row(&diff, "wall time");
    assert_eq!((wall.a_count, wall.b_count, wall.mark), (3, 3, None));
    assert!(diff.text.starts_with("B took 1m08s on average, A 58s: 17 % more; "), "{}", diff.text);
    let few = Diff::new(runs(5_000, 2), runs(7_000, 3), options);
    assert_eq!(few.result, DiffResult::CannotJudge);
    assert!(few.rows.iter().all(|row| row.mark == Some(RowMark::TooFew)), "{:?}", few.rows);
    let same = Diff::new(runs(5_000, 3), runs(5_010, 4), options);
    assert_eq!(same.result, DiffResult::Same);
}

#[test]
fn a_condition_is_listed_if_its_values_differ() {
    let with = |image: &str, nodes: Option<&str>| {
        let mut conditions = vec![(RunCondition::Image, image.to_owned())];
        conditions.extend(nodes.map(|nodes| (RunCondition::Nodes, nodes.to_owned())));
        WorkloadRun { conditions, ..run(pods(8, 0, 5_000)) }
    };
    let listed = |a: Vec<WorkloadRun>, b: Vec<WorkloadRun>| {
        let diff = Diff::new(a, b, DiffOptions { threshold: 0.05 });
        let changed = diff.changed.into_iter();
        changed.map(|changed| (changed.what, changed.a, changed.b)).collect::<Vec<_>>()
    };
    assert_eq!(listed(vec![with("x", None)], vec![with("x", None)]), []);
    assert_eq!(
        listed(vec![with("x", Some("n"))], vec![with("y", None), with("x", None)]),
        [("image", Some("x".to_owned()), Some("x / y".to_owned())), ("nodes", Some("n".to_owned()), None)]
    );
}

/// Runs of a work that started one after the other, with Pods that work for these times.
fn runs_in_order(works: &[i64]) -> Vec<WorkloadRun> {
    let start: jiff::Timestamp = "2026-11-25T10:15:00Z".parse().unwrap();
    let run_at = |(index, work): (usize, &i64)| WorkloadRun {
        uid: format!("uid-{index}").into(),
        created: start.checked_add(jiff::SignedDuration::from_hours(i64::try_from(index).unwrap())).ok(),
        ..run(pods(20, 3_000, *work))
    };
    works.iter().enumerate().map(run_at).collect()
}

#[test]
fn the_run_furthest_from_the_median_is_marked_if_its_pods_differ_from_all_others() {
    let marked = |works: &[i64]| group_by_work(runs_in_order(works), 0.05)[0].stands_out;
    assert_eq!(marked(&[5_000, 5_010, 9_000, 5_020]), Some(2));
    assert_eq!(marked(&[5_000, 7_000, 9_000, 5_020, 5_010]), Some(2));
    // Two slow runs are like each other.
    assert_eq!(marked(&[5_000, 9_010, 9_000, 5_020, 5_010]), None);
    assert_eq!(marked(&[5_000, 9_000]), None);
}

#[test]
fn the_newer_half_of_six_runs_is_compared_with_the_older_half() {
    let trend = |works: &[i64]| group_by_work(runs_in_order(works), 0.05).remove(0).trend;
    let slower = trend(&[5_000, 5_100, 5_050, 8_000, 8_100, 8_050]).unwrap();
    assert!(slower.p < 0.05 && slower.delta_millis > 10_000, "{slower:?}");
    assert!(slower.text.starts_with("trend: the newer 3 runs took "), "{}", slower.text);
    let same = trend(&[5_000, 5_100, 5_050, 5_080, 5_020, 5_040, 5_010]).unwrap();
    assert!(same.p > 0.05 && same.text.starts_with("no trend: the newer 4 runs took "), "{}", same.text);
    assert_eq!(trend(&[5_000; 5]), None);
}

#[test]
fn failed_and_partial_runs_are_rows_without_a_part_in_the_trend() {
    let mut runs = runs_in_order(&[5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 99_000]);
    runs[6].state = WorkloadState::Failed;
    let history = &group_by_work(runs.clone(), 0.05)[0];
    assert_eq!((history.runs.len(), history.stands_out), (7, None));
    assert_eq!(history.trend.as_ref().map(|trend| trend.delta_millis), Some(0));
    runs[5].partial = Some("it has not ended".to_owned());
    assert_eq!(group_by_work(runs, 0.05)[0].trend, None);
}

#[test]
fn a_uid_that_occurs_twice_is_one_row_with_the_most_complete_run() {
    let mut runs = runs_in_order(&[5_000, 5_000]);
    runs[0].uid = runs[1].uid.clone();
    runs[1].partial = Some("it has not ended".to_owned());
    let history = &group_by_work(runs.clone(), 0.05)[0];
    assert_eq!(history.runs.iter().map(|run| run.partial.clone()).collect::<Vec<_>>(), [None]);
    runs[0].work.name = "other".into();
    runs[0].uid = "another".into();
    let names: Vec<_> =
        group_by_work(runs, 0.05).into_iter().map(|history| history.work.describe()).collect();
    assert_eq!(names, ["job/other", "job/pi"]);
}
