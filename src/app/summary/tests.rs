//! Tests of the summary, among them a test with text from the cluster that tries to change the page.

use jiff::Timestamp;

use crate::app::ci_report::cause::describe_causes;
use crate::app::closing_report::{FailureListLimits, list_failures};
use crate::app::exit::Exit;
use crate::app::summary::full_report::{MAX_FULL_BYTES, render_full_report};
use crate::app::summary::report::{MAX_BYTES, SummaryInput, render_summary};
use crate::lifecycle::ContainerRole::Main;
use crate::timeline::{PodKey, Timeline, Workload, WorkloadState};
use crate::view::fixture::{PodFixture, at, job, pod, timeline};
use crate::view::{ContainerLog, Glyphs};

fn render(timeline: &Timeline, logs: &[(PodKey, ContainerLog)], exit: Exit, endings: &[String]) -> String {
    render_summary(&SummaryInput {
        timeline,
        failures: &list_failures(timeline, logs, &Glyphs::UNICODE, FailureListLimits::USUAL),
        exit,
        outcome: Some("failed after 54s".to_owned()),
        endings,
        causes: &describe_causes(timeline, exit, &[]),
        now: at(60_000),
    })
}

fn log(container: &str, lines: impl IntoIterator<Item = String>) -> ContainerLog {
    ContainerLog { container: container.into(), lines: lines.into_iter().collect() }
}

fn failed_pod(name: &str, code: i32) -> PodFixture {
    pod(name, 0)
        .on("node-1")
        .cold(100, 500, 0, 200, 9_000)
        .container("main", "app:1", Main)
        .failed(Some(code), Some("Error"))
}

fn failed_job(name: &str) -> Workload {
    Workload {
        reason: Some("BackoffLimitExceeded".into()),
        message: Some("Job has reached the specified backoff limit".into()),
        ..job(name, WorkloadState::Failed)
    }
}

#[test]
fn the_summary_of_a_failed_job_names_its_cause_and_its_failures() {
    let pods = vec![failed_pod("pi-a", 3), failed_pod("pi-b", 3), failed_pod("pi-c", 4)];
    let timeline = timeline(20_000, vec![(failed_job("pi"), pods)]);
    let logs = [
        (PodKey(0), log("main", ["starting".to_owned(), "cannot open data.csv".to_owned()])),
        (PodKey(2), log("main", [])),
    ];
    insta::assert_snapshot!(render(&timeline, &logs, Exit::Failed, &[]));
}

#[test]
fn the_summary_says_why_following_stopped_early() {
    let running = pod("pi-a", 0).on("node-1").cold(100, 500, 0, 200, 9_000);
    let timeline = timeline(20_000, vec![(job("pi", WorkloadState::Running), vec![running])]);
    let ending = "timed out after 5m: job/pi had not ended".to_owned();
    insta::assert_snapshot!(render(&timeline, &[], Exit::Timeout, &[ending]));
}

/// A cluster whose names, reasons, messages and log lines try to change the page.
fn hostile_cluster() -> (Timeline, Vec<(PodKey, ContainerLog)>) {
    let attack = "x` </code></details><img src=x onerror=alert(1)> | [a](http://b) @user #1 **c**\n# d";
    let hostile_job = Workload {
        reason: Some(attack.into()),
        message: Some("``` <script>alert(1)</script>".into()),
        ..job("j`|<b>", WorkloadState::Failed)
    };
    let hostile_pod = pod("p|<i>`", 0)
        .on("n|`")
        .cold(100, 500, 0, 200, 9_000)
        .container("c</summary>", "app:1", Main)
        .failed(Some(1), Some(attack));
    let lines = [
        "```",
        "````",
        "</details><script>alert(1)</script>",
        "\u{1b}]8;;http://x\u{7}",
        "",
        "    ``` indented",
        "~~~",
        "# heading",
        "::error::x",
    ];
    let logs = vec![(PodKey(0), log("c</summary>", lines.map(str::to_owned)))];
    (timeline(20_000, vec![(hostile_job, vec![hostile_pod])]), logs)
}

#[test]
fn text_from_the_cluster_changes_nothing_on_the_page() {
    let (timeline, logs) = hostile_cluster();
    let report = render(&timeline, &logs, Exit::Failed, &["`<b>` @user".to_owned()]);
    insta::assert_snapshot!(report);
    // Outside of code, the report contains only the program's own words and tags.
    let visible = without_code(&report);
    for forbidden in ["<img", "<script", "<i>", "<b>", "http", "@", "[a]", "**", "onerror", "# d"] {
        assert!(!visible.contains(forbidden), "{forbidden} in\n{visible}");
    }
    assert_eq!(visible.matches("</details>").count(), 1, "{visible}");
    let rows: Vec<&str> = visible.lines().filter(|line| line.starts_with('|')).collect();
    assert!(rows.iter().all(|row| row.matches('|').count() == 8), "{rows:?}");
}

/// Removes fenced blocks, code spans and HTML code from Markdown. Recognizes them as a Markdown parser does.
fn without_code(markdown: &str) -> String {
    let mut fence: Option<usize> = None;
    let mut text = String::new();
    for line in markdown.lines() {
        let ticks = line.bytes().take_while(|&byte| byte == b'`').count();
        match fence {
            Some(length) if ticks >= length && line.len() == ticks => fence = None,
            Some(_) => {}
            None if ticks >= 3 && !line[ticks..].contains('`') => fence = Some(ticks),
            None => {
                text.push_str(&without_html_code(&without_spans(line)));
                text.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "a fence is open at the end");
    text
}

fn without_html_code(line: &str) -> String {
    let Some((before, rest)) = line.split_once("<code>") else { return line.to_owned() };
    let (code, after) = rest.split_once("</code>").expect("the code ends");
    assert!(!code.contains(['<', '>', '`', '*', '[']), "{code}");
    before.to_owned() + &without_html_code(after)
}

fn without_spans(line: &str) -> String {
    let (mut text, mut rest) = (String::new(), line);
    while let Some(start) = rest.find('`') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let ticks = rest.bytes().take_while(|&byte| byte == b'`').count();
        let mut from = ticks;
        loop {
            let next = from + rest[from..].find('`').expect("the span ends");
            let run = rest[next..].bytes().take_while(|&byte| byte == b'`').count();
            from = next + run;
            if run == ticks {
                break;
            }
        }
        rest = &rest[from..];
    }
    text + rest
}

#[test]
fn a_report_has_at_most_64_kib_and_names_the_missing_parts() {
    let pods = (0..30).map(|number| failed_pod(&format!("pi-{number}"), number)).collect();
    let timeline = timeline(20_000, vec![(failed_job("pi"), pods)]);
    let long = |key| (0..2_000).map(move |line| format!("pod {key} line {line} {}", "ü".repeat(80)));
    let logs: Vec<_> = (0..10).map(|key| (PodKey(key), log("main", long(key)))).collect();
    let report = render(&timeline, &logs, Exit::Failed, &[]);
    assert!(report.len() <= MAX_BYTES && report.len() > MAX_BYTES * 3 / 4, "{}", report.len());
    for key in 0..10 {
        assert!(report.contains(&format!("pod {key} line 1999 ")), "the last line of Pod {key} is missing");
    }
    assert!(report.contains("Log lines are left out"), "{report}");
    assert!(report.contains("and 20 more failed"), "{report}");
    assert!(report.contains("#### Slowest Pods"), "{report}");
    without_code(&report);

    // The report also stays short if one line is too long for it, and if many workloads have long texts.
    let workloads = (0..500).map(|number| {
        let message = Some("`".repeat(5_000).into());
        let workload = Workload { message, ..failed_job(&format!("{}-{number}", "j".repeat(200))) };
        (workload, vec![failed_pod(&format!("{}-{number}", "`".repeat(250)), number)])
    });
    let timeline = crate::view::fixture::timeline(20_000, workloads.collect());
    let logs: Vec<_> =
        (0..10).map(|key| (PodKey(key), log("main", ["`".repeat(100_000), "last".into()]))).collect();
    let report = render(&timeline, &logs, Exit::Failed, &[]);
    assert!(report.len() <= MAX_BYTES, "{}", report.len());
    without_code(&report);
}

#[test]
fn a_run_without_workloads_has_a_summary() {
    let timeline = Timeline::default();
    let report = render_summary(&SummaryInput {
        timeline: &timeline,
        failures: &list_failures(&timeline, &[], &Glyphs::UNICODE, FailureListLimits::USUAL),
        exit: Exit::Unknown,
        outcome: None,
        endings: &["no connection".to_owned()],
        causes: &[],
        now: Timestamp::UNIX_EPOCH,
    });
    assert_eq!(report, "### ⚠️ nothing to follow: outcome unknown\n\n- `no connection`\n");
}

fn render_full(timeline: &Timeline) -> String {
    render_full_report(&SummaryInput {
        timeline,
        failures: &list_failures(timeline, &[], &Glyphs::UNICODE, FailureListLimits::USUAL),
        exit: Exit::Failed,
        outcome: Some("failed after 54s".to_owned()),
        endings: &[],
        causes: &[],
        now: at(60_000),
    })
}

#[test]
fn the_full_report_has_a_diagram_and_all_pods() {
    let pods = vec![failed_pod("pi-a", 3), pod("pi-b", 0).on("node-1").cold(100, 500, 0, 200, 9_000)];
    let timeline = timeline(20_000, vec![(failed_job("pi"), pods)]);
    insta::assert_snapshot!(render_full(&timeline));
}

#[test]
fn the_diagram_has_at_most_60_rows_with_failures_and_the_report_at_most_one_mebibyte() {
    let pods = (0..20_000).map(|number| match number {
        19_000 => failed_pod("pi-failed", 3),
        _ => pod(&format!("pi-{number}-{}", "x".repeat(60)), 0).on("node-1").cold(100, 500, 0, 200, 900),
    });
    let timeline = timeline(20_000, vec![(failed_job("pi"), pods.collect())]);
    let report = render_full(&timeline);
    let sections: Vec<&str> =
        report.lines().filter_map(|line| line.trim().strip_prefix("section ")).collect();
    assert_eq!((sections.len(), sections[59]), (60, "+ 19941 more"));
    assert!(sections.contains(&"pi-failed"), "{sections:?}");
    assert!(report.len() <= MAX_FULL_BYTES && report.len() > MAX_FULL_BYTES - 1_000, "{}", report.len());
    assert!(report.ends_with("because a report has at most 1 MiB\n\n</details>\n"));
}

#[test]
fn a_hostile_name_adds_nothing_to_the_diagram() {
    let name = "a;b\n    click x href \"javascript:alert(1)\"\n```\n%%{init}%%:";
    let timeline = timeline(20_000, vec![(failed_job("pi"), vec![failed_pod(name, 3)])]);
    let report = render_full(&timeline);
    let (_, diagram) = report.split_once("```mermaid\n").unwrap();
    let (diagram, _) = diagram.split_once("\n```\n").unwrap();
    let section = diagram.lines().find(|line| line.contains("section")).unwrap();
    assert!(
        section.starts_with("    section a_b") && !section.contains(['"', '%', ';', ':', '(']),
        "{section}"
    );
    assert!(!diagram.contains("\n    click"), "{diagram}");
}
