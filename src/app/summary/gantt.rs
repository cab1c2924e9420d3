//! The Mermaid diagram of the full report: a row for each Pod, at most [`MAX_ROWS`] rows.

use std::cmp::Reverse;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::lifecycle::PhaseKind;
use crate::timeline::{PodKey, Timeline, TimelinePod};
use crate::view::Names;

/// Maximum number of rows. Mermaid becomes slow and unreadable with more.
pub(crate) const MAX_ROWS: usize = 60;

/// Maximum number of rows for Pods that failed, if not all Pods have a row.
const MAX_FAILED_ROWS: usize = 20;

/// A label is shown only in a bar that is at least this part of the whole time. In a shorter bar it would cover the next.
const MIN_LABEL_SHARE: i64 = 12;

/// The label of a bar that is too short for a word.
const NO_LABEL: &str = "·";

/// From this time on, the axis has clock times, because minutes would not be enough.
const MAX_RELATIVE_MILLIS: i64 = 3_600_000;

/// A Pod with its times in milliseconds since 1970.
#[derive(Clone, Copy)]
struct GanttRow {
    key: PodKey,
    start: i64,
    end: i64,
    has_failed: bool,
}

/// A part of a row: its label, Mermaid's tag that chooses the colour, and its times.
struct GanttBar {
    label: &'static str,
    tag: &'static str,
    start: i64,
    end: i64,
}

/// Renders the diagram as a code block. Returns an empty text if no time of a Pod is known.
pub(crate) fn render_gantt(timeline: &Timeline, now: Timestamp) -> String {
    let (rows, rest) = select_rows(timeline, now);
    let all = || rows.iter().chain(&rest);
    let (Some(first), Some(last)) = (all().map(|pod| pod.start).min(), all().map(|pod| pod.end).max()) else {
        return String::new();
    };
    let span = last - first;
    let (axis, origin) = if span < MAX_RELATIVE_MILLIS { ("%M:%S", first) } else { ("%H:%M", 0) };
    let mut text = format!(
        "```mermaid\n---\ndisplayMode: compact\n---\ngantt\n    dateFormat x\n    axisFormat {axis}\n"
    );
    let add_bar = |text: &mut String, label: &str, tag: &str, start: i64, end: i64| {
        let is_wide = (end - start).saturating_mul(MIN_LABEL_SHARE) >= span;
        let (label, tag) = (if is_wide { label } else { NO_LABEL }, if tag.is_empty() { "" } else { tag });
        let comma = if tag.is_empty() { "" } else { ", " };
        // Mermaid does not accept a bar without a length. Writing to a string cannot fail.
        let end = end.max(start + 1);
        let _ = writeln!(text, "    {label} :{tag}{comma}{}, {}", start - origin, end - origin);
    };
    let names = Names::from_timeline(timeline);
    for row in &rows {
        let pod = timeline.pod(row.key);
        let _ = writeln!(text, "    section {}", section_name(&names.pod(&pod)));
        for bar in bars_of(&pod, row.end) {
            add_bar(&mut text, bar.label, bar.tag, bar.start, bar.end);
        }
    }
    if let (Some(start), Some(end)) =
        (rest.iter().map(|pod| pod.start).min(), rest.iter().map(|pod| pod.end).max())
    {
        let _ = writeln!(text, "    section + {} more", rest.len());
        add_bar(&mut text, "more Pods", "", start, end);
    }
    text + "```\n"
}

/// Divides the Pods into those with a row, by their start, and the others. If there are too many, Pods that failed come
/// first, and then those that took longest.
fn select_rows(timeline: &Timeline, now: Timestamp) -> (Vec<GanttRow>, Vec<GanttRow>) {
    let mut pods: Vec<GanttRow> = Vec::new();
    for (key, pod) in timeline.workloads().iter().flat_map(|workload| timeline.overviews(workload)) {
        let times = pod.start_millis().zip(pod.last_known_millis(now.as_millisecond()));
        pods.extend(times.map(|(start, end)| GanttRow { key, start, end, has_failed: pod.has_failed() }));
    }
    let mut rest = Vec::new();
    if pods.len() > MAX_ROWS {
        pods.sort_by_key(|pod| (!pod.has_failed, Reverse(pod.end - pod.start), pod.key));
        let failed = pods.iter().take_while(|pod| pod.has_failed).count();
        let surplus: Vec<GanttRow> = pods.drain(failed.min(MAX_FAILED_ROWS)..failed).collect();
        // The last row stands for all Pods without a row.
        rest = pods.split_off(pods.len().min(MAX_ROWS - 1));
        rest.extend(surplus);
    }
    pods.sort_by_key(|pod| (pod.start, pod.key));
    (pods, rest)
}

/// Returns the bars of a Pod until `end`. Neighbours with the same label are one bar.
fn bars_of(pod: &TimelinePod<'_>, end: i64) -> Vec<GanttBar> {
    let phases = &pod.life.phases;
    let mut bars: Vec<GanttBar> = Vec::new();
    for (index, phase) in phases.iter().enumerate() {
        let (label, tag) = match phase.kind {
            PhaseKind::Queued => ("queued", ""),
            PhaseKind::Pulling | PhaseKind::PullFailing => ("pull", "active"),
            PhaseKind::Setup | PhaseKind::Initializing | PhaseKind::Starting | PhaseKind::Startup => {
                ("start", "active")
            }
            PhaseKind::Unready | PhaseKind::Running if pod.life.is_failed_work(index) => ("failed", "crit"),
            PhaseKind::Unready | PhaseKind::Running => ("work", "done"),
            PhaseKind::BackOff => ("back-off", ""),
            PhaseKind::Terminating => ("stop", ""),
            PhaseKind::Unknown => ("unknown", ""),
        };
        let start = phase.start.as_millisecond();
        let until = phase.end.map_or(end, Timestamp::as_millisecond).max(start);
        match bars.last_mut() {
            Some(last) if last.label == label && last.end == start => last.end = until,
            Some(_) if until == start => {}
            Some(_) | None => bars.push(GanttBar { label, tag, start, end: until }),
        }
    }
    bars
}

/// Returns a name without the characters that have a meaning in Mermaid.
fn section_name(name: &str) -> String {
    let is_kept = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '_' | ' ' | '/');
    name.chars().take(100).map(|char| if is_kept(char) { char } else { '_' }).collect()
}
