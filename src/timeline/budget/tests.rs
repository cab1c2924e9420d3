//! Tests of conditions and their checks.

use crate::lifecycle::RangedDuration;
use crate::timeline::budget::check::{BudgetCheck, Measured, Unmeasured, apply_statistic};
use crate::timeline::budget::condition::{BudgetCondition, Comparison, Measure, PodTime, SlotUse, Statistic};

fn parse(text: &str) -> BudgetCondition {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> String {
    text.parse::<BudgetCondition>().expect_err(text).to_string()
}

#[test]
fn a_condition_has_a_measure_a_comparison_and_a_bound() {
    let cold = Measure::OverPods(Statistic::P95, PodTime::ColdStart);
    for (text, measure, comparison, bound) in [
        ("p95(coldStart) > 30s", cold, Comparison::Greater, 30_000.0),
        ("p95( coldStart )>=1.5m", cold, Comparison::GreaterOrEqual, 90_000.0),
        ("wall < 1h30m", Measure::Wall, Comparison::Less, 5_400_000.0),
        ("lostWork<=250ms", Measure::LostWork, Comparison::LessOrEqual, 250.0),
        ("share(idle) > 12.5 %", Measure::Share(SlotUse::Idle), Comparison::Greater, 0.125),
        ("count(run) < 20", Measure::OverPods(Statistic::Count, PodTime::Run), Comparison::Less, 20.0),
    ] {
        let condition = parse(text);
        assert_eq!((condition.measure, condition.comparison), (measure, comparison), "{text}");
        assert!((condition.bound - bound).abs() < 1e-9, "{text}: {}", condition.bound);
        assert_eq!(condition.text, text);
    }
}

#[test]
fn an_error_points_at_the_wrong_character() {
    for (text, column, problem) in [
        ("", 0, "expected wall"),
        ("p96(coldStart) > 30s", 0, "max, mean, median, p50, p95, sum, count"),
        ("p95(coldstart) > 30s", 4, "run, coldStart, queued, setup"),
        ("p95 > 30s", 4, "value in parentheses"),
        ("p95(run > 30s", 8, "expected `)`"),
        ("share(wall) > 3%", 6, "expected one of queued, setup"),
        ("wall = 30s", 5, "expected >, >=, < or <="),
        ("wall > ", 6, "expected a number"),
        ("wall > -5s", 7, "expected a number"),
        ("wall > 1.2.3s", 7, "expected a number"),
        ("wall > 30", 9, "unit of time"),
        ("wall > 30days", 9, "unit of time"),
        ("wall > 30%", 9, "unit of time"),
        ("share(idle) > 10", 16, "expected %"),
        ("share(idle) > 10s", 16, "expected %"),
        ("count(run) > 3s", 14, "no unit"),
        ("wall > 30s x", 11, "unexpected text"),
        ("größe > 1s", 0, "expected wall"),
    ] {
        let error = error(text);
        let lines: Vec<&str> = error.lines().collect();
        assert!(lines[0].contains(problem), "{text}: {error}");
        assert_eq!(lines[1..], [format!("  {}", text.trim()), format!("  {:column$}^", "")], "{text}");
    }
}

#[test]
fn a_condition_with_control_characters_has_one_line() {
    assert_eq!(error("wall >\u{1b}[2J\n 3s").lines().count(), 3);
    let condition: BudgetCondition = "\u{7}wall > 3s\u{1b}".parse().unwrap();
    assert_eq!(condition.text, "wall > 3s");
}

fn time(estimate_millis: i64, half_range: i64) -> RangedDuration {
    RangedDuration {
        estimate_millis,
        low_millis: estimate_millis - half_range,
        high_millis: estimate_millis + half_range,
    }
}

#[test]
fn statistics_have_the_range_of_their_times() {
    let times = || vec![time(4_000, 300), time(1_000, 0), time(2_000, 400), time(3_000, 0)];
    for (statistic, value, low, high) in [
        (Statistic::Max, 4_000.0, 3_700.0, 4_300.0),
        (Statistic::Median, 2_000.0, 1_600.0, 2_400.0),
        (Statistic::P50, 2_000.0, 1_600.0, 2_400.0),
        (Statistic::P95, 4_000.0, 3_700.0, 4_300.0),
        (Statistic::Sum, 10_000.0, 9_500.0, 10_500.0),
        (Statistic::Mean, 2_500.0, 2_375.0, 2_625.0),
        (Statistic::Count, 4.0, 4.0, 4.0),
    ] {
        assert_eq!(apply_statistic(statistic, times()), Ok(Measured { value, low, high }), "{statistic:?}");
    }
    for statistic in Statistic::ALL {
        let expected = if statistic == Statistic::Count {
            Ok(Measured { value: 0.0, low: 0.0, high: 0.0 })
        } else {
            Err(Unmeasured::NoPodHasValue)
        };
        assert_eq!(apply_statistic(statistic, Vec::new()), expected, "{statistic:?}");
    }
}

#[test]
fn the_estimate_decides_if_the_bound_lies_inside_the_range() {
    let condition = parse("wall > 30s");
    let check =
        |value, low, high| BudgetCheck { condition: &condition, measured: Ok(Measured { value, low, high }) };
    for (value, low, high, exceeded, straddling) in [
        (29_000.0, 28_500.0, 29_500.0, false, false),
        (29_900.0, 29_400.0, 30_400.0, false, true),
        (30_100.0, 29_600.0, 30_600.0, true, true),
        (31_000.0, 30_500.0, 31_500.0, true, false),
    ] {
        let check = check(value, low, high);
        assert_eq!((check.is_exceeded(), check.is_straddling()), (exceeded, straddling), "{value}");
    }
    let unknown = BudgetCheck { condition: &condition, measured: Err(Unmeasured::Incomplete) };
    assert!(!unknown.is_exceeded() && !unknown.is_straddling());
}
