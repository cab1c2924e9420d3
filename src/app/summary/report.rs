//! Renders the summary of a run as Markdown: the outcome, the causes, the verdicts, the failures with the last lines of
//! their logs, and the slowest Pods.
//!
//! The results of `write!` are ignored, because writing to a string cannot fail.

use std::cmp::Reverse;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::app::ci_report::cause::Cause;
use crate::app::closing_report::{FailureEntry, FailureList};
use crate::app::exit::Exit;
use crate::app::reporter::texts::status_text::describe_workload;
use crate::app::summary::markdown::{code_span, fenced_block, html_code, log_line, table_cell};
use crate::lifecycle::RangedDuration;
use crate::timeline::{PodKey, Timeline, Workload};
use crate::view::primitives::duration::{format_elapsed_millis, format_ranged};
use crate::view::rows::gang_text::gang_sentence;
use crate::view::rows::slot_time::held_sentence::held_sentence;
use crate::view::rows::slot_time::verdict::{VerdictRoom, verdict_lines};
use crate::view::view_context::ViewContext;
use crate::view::{FrameCache, Glyphs, Names, ViewState, Window, clean};

/// Maximum size of a report in bytes.
pub(crate) const MAX_BYTES: usize = 64 << 10;

/// Number of bytes that are reserved for the note that log lines are left out.
const NOTE_BYTES: usize = 200;

/// Maximum number of workloads with a line of their own.
const MAX_WORKLOADS: usize = 10;

/// Maximum number of Pods in the table of the slowest Pods.
const MAX_SLOWEST: usize = 5;

/// The facts about a run that a report shows.
#[derive(Debug)]
pub(crate) struct SummaryInput<'a> {
    pub(crate) timeline: &'a Timeline,
    /// The failed Pods.
    pub(crate) failures: &'a FailureList,
    pub(crate) exit: Exit,
    /// `failed after 54s`. `None` if the workloads have not ended.
    pub(crate) outcome: Option<String>,
    /// The sentences that say why following stopped early.
    pub(crate) endings: &'a [String],
    pub(crate) causes: &'a [Cause],
    pub(crate) now: Timestamp,
}

/// Renders the report of a run. The report has at most [`MAX_BYTES`] bytes.
pub(crate) fn render_summary(input: &SummaryInput<'_>) -> String {
    let mut head = render_outcome(input);
    head += &render_workloads(input);
    head += &render_verdicts(input.timeline, input.now);
    let tail = render_slowest(input.timeline, input.now);
    let free = MAX_BYTES.saturating_sub(head.len() + tail.len() + NOTE_BYTES);
    let sections = [head, render_failures(input.failures, free), tail];
    let sections = sections.iter().map(|section| section.trim_end()).filter(|section| !section.is_empty());
    sections.collect::<Vec<_>>().join("\n\n") + "\n"
}

fn glyph(exit: Exit) -> &'static str {
    match exit {
        Exit::Success => "✅",
        Exit::Failed | Exit::FailedContainer(_) | Exit::OverBudget | Exit::Usage | Exit::Wrapped(_) => "❌",
        Exit::Unknown | Exit::Timeout | Exit::Interrupted | Exit::Terminated | Exit::HungUp => "⚠️",
    }
}

/// Returns the heading, ``### ❌ `job/pi`: failed after 54s``, and one item for each sentence about an early end.
fn render_outcome(input: &SummaryInput<'_>) -> String {
    let names = Names::from_timeline(input.timeline);
    let mut roots = input.timeline.roots().map(|workload| code_span(&names.workload(workload)));
    let first: Vec<String> = roots.by_ref().take(2).collect();
    let more = roots.count();
    let mut subject = if first.is_empty() { "nothing to follow".to_owned() } else { first.join(", ") };
    if more > 0 {
        let _ = write!(subject, " and {more} more");
    }
    let outcome = match input.exit {
        Exit::Timeout => "timed out",
        Exit::Interrupted | Exit::Terminated | Exit::HungUp => "is no longer followed",
        Exit::Unknown if input.timeline.roots().any(|workload| !workload.has_ended()) => "not ended yet",
        Exit::Unknown => "outcome unknown",
        Exit::Success
        | Exit::Failed
        | Exit::FailedContainer(_)
        | Exit::OverBudget
        | Exit::Usage
        | Exit::Wrapped(_) => input.outcome.as_deref().unwrap_or("stopped early"),
    };
    let mut text = format!("### {} {subject}: {outcome}\n\n", glyph(input.exit));
    for ending in input.endings {
        let _ = writeln!(text, "- {}", code_span(ending));
    }
    text
}

/// Returns one item for each of the first root workloads: its cause if it failed, otherwise its state.
fn render_workloads(input: &SummaryInput<'_>) -> String {
    let timeline = input.timeline;
    let names = Names::from_timeline(timeline);
    let mut text = String::new();
    for workload in timeline.roots().take(MAX_WORKLOADS) {
        let name = names.workload(workload);
        let cause = input.causes.iter().find(|cause| cause.subject == name).map(|cause| cause.text.clone());
        let state = cause.unwrap_or_else(|| describe_workload(timeline, workload).0);
        let _ = writeln!(text, "- {}: {}", code_span(&name), code_span(&state));
    }
    let rest = timeline.roots().count().saturating_sub(MAX_WORKLOADS);
    if rest > 0 {
        let _ = writeln!(text, "- and {rest} more workloads");
    }
    text
}

/// Returns one item for each of the first workloads with Pods: its verdict, which says where its slot time went, and
/// the findings below it.
fn render_verdicts(timeline: &Timeline, now: Timestamp) -> String {
    let (state, window, cache) = (ViewState::default(), Window::default(), FrameCache::default());
    let context = ViewContext {
        timeline,
        state: &state,
        glyphs: &Glyphs::UNICODE,
        now,
        window: &window,
        cache: &cache,
    };
    let names = Names::from_timeline(timeline);
    let with_pods: Vec<&Workload> =
        timeline.workloads().iter().filter(|workload| !workload.pods.is_empty()).collect();
    let room = VerdictRoom { columns: usize::MAX, max_lines: 1, has_bar: false, workloads: 1 };
    let mut text = String::new();
    for workload in with_pods.iter().take(MAX_WORKLOADS) {
        let summary = context.summary(workload);
        let verdict = verdict_lines(&context, &summary, &workload.pods, room);
        let Some(verdict) = verdict.first() else { continue };
        let subject = if with_pods.len() == 1 {
            String::new()
        } else {
            format!("{}: ", code_span(&names.workload(workload)))
        };
        let _ = writeln!(text, "- {subject}{}", code_span(&verdict.plain()));
        if let Some(sentence) = gang_sentence(&context, workload) {
            let _ = writeln!(text, "  - {sentence}");
        }
        if let Some(sentence) = held_sentence(&context.summary(workload)) {
            let _ = writeln!(text, "  - {sentence}");
        }
        for finding in context.findings(workload).iter() {
            let _ = writeln!(text, "  - {}", code_span(&clean(&finding.text)));
        }
    }
    text
}

/// Returns the failures with the last lines of their logs. The entries have at most `free` bytes. If lines are left
/// out, a note follows the entries.
fn render_failures(failures: &FailureList, free: usize) -> String {
    if failures.entries.is_empty() {
        return String::new();
    }
    let mut text = "#### Failed Pods\n\n".to_owned();
    let mut is_cut = false;
    for (position, entry) in failures.entries.iter().enumerate() {
        // Each entry gets an equal share of the remaining bytes, so that a long log does not displace later failures.
        let left = free.saturating_sub(text.len()) / (failures.entries.len() - position);
        let (rendered, is_entry_cut) = render_failure(entry, left);
        is_cut |= is_entry_cut;
        if text.len() + rendered.len() <= free {
            text += &rendered;
        } else {
            is_cut = true;
        }
    }
    if let Some(rest) = failures.rest_line() {
        let _ = writeln!(text, "{}", rest.plain().trim());
    }
    if is_cut {
        let _ = writeln!(
            text,
            "\nLog lines are left out here, because a report has at most {} KiB.",
            MAX_BYTES >> 10
        );
    }
    text
}

/// Returns one failure with the last lines of its log, and whether lines were left out. If the failure needs more than
/// `max_bytes`, the oldest lines are left out.
fn render_failure(entry: &FailureEntry, max_bytes: usize) -> (String, bool) {
    let heading = html_code(&entry.heading.plain());
    let others = entry.others.as_ref().map(|line| format!("{}\n\n", code_span(line.plain().trim())));
    let others = others.unwrap_or_default();
    if entry.log.is_empty() {
        return (format!("{heading}\n\n{others}"), false);
    }
    let lines: Vec<String> = entry.log.iter().map(|line| log_line(&line.plain())).collect();
    let render = |lines: &[String]| {
        format!("<details><summary>{heading}</summary>\n\n{}\n</details>\n\n{others}", fenced_block(lines))
    };
    let mut first = 0;
    let mut size: usize = render(&lines).len();
    while size > max_bytes && first < lines.len() {
        size -= lines[first].len() + 1;
        first += 1;
    }
    (render(&lines[first..]), first > 0)
}

/// Returns a table of the Pods that took the longest time from their creation to their end, or to `now` if they have
/// not ended. For the Pods of a rollout, the time ends at the start of their work.
fn render_slowest(timeline: &Timeline, now: Timestamp) -> String {
    let mut slowest: Vec<(i64, PodKey)> = Vec::new();
    for workload in timeline.workloads() {
        let pods = timeline.overviews(workload);
        let timed = pods.filter_map(|(key, pod)| {
            let now_millis = now.as_millisecond();
            let total = || Some(pod.last_known_millis(now_millis)? - pod.start_millis()?);
            let startup =
                || Some(pod.queued_so_far(now).unwrap_or(0) + pod.cold_start_so_far(now).unwrap_or(0));
            Some((if workload.is_rollout { startup()? } else { total()? }, key))
        });
        slowest.extend(timed);
        slowest.sort_by_key(|&(millis, key)| (Reverse(millis), key));
        slowest.truncate(MAX_SLOWEST);
    }
    if slowest.is_empty() {
        return String::new();
    }
    let names = Names::from_timeline(timeline);
    let mut text =
        "#### Slowest Pods\n\n| Pod | node | time | queued | cold start | work | status |\n|---|---|--:|--:|--:|--:|---|\n"
            .to_owned();
    let duration = |duration: Option<RangedDuration>| duration.map(format_ranged).unwrap_or_default();
    for (millis, key) in slowest {
        let pod = timeline.pod(key);
        let overview = pod.overview();
        let cells = [
            table_cell(&names.pod(&pod)),
            table_cell(pod.node.as_deref().unwrap_or_default()),
            format_elapsed_millis(millis),
            duration(overview.queued()),
            duration(overview.cold_start()),
            duration(overview.run()),
            table_cell(&pod.life.status),
        ];
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}
