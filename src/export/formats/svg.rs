//! `-o svg`: a picture of the run, in one file without scripts or links. It is legible on light and dark backgrounds.
//!
//! Each Pod is a row, and its details are a tooltip. The rows are written one by one. Phases differ by pattern as well as
//! by colour.

use std::io::{self, Write};

use jiff::{SignedDuration, Timestamp};

use crate::export::escapes::{escape_markup, escape_unsafe};
use crate::lifecycle::{PhaseKind, format_elapsed_millis, format_exact};
use crate::timeline::{Timeline, TimelinePod, Workload};

/// Width of the picture. All lengths are in pixels.
const WIDTH: i64 = 1_000;
/// Left end of the bars.
const CHART_LEFT: i64 = 230;
/// Right end of the bars.
const CHART_RIGHT: i64 = 880;
/// Height of the legend and the axis.
const TOP: i64 = 64;
/// Height of a workload's heading.
const HEADING_HEIGHT: i64 = 26;
/// Maximum number of Pods whose rows have a name.
const MAX_NAMED_ROWS: usize = 500;
/// Maximum number of characters of a name.
const MAX_NAME_CHARS: usize = 30;
/// Maximum number of marks on the axis.
const MAX_TICKS: i64 = 8;

/// The colours for light backgrounds, then those for dark ones, and the patterns. A viewer without media queries shows the
/// light picture.
const STYLE: &str = include_str!("svg.css");

/// The patterns of the phases.
const PATTERNS: &str = concat!(
    "<pattern id=\"qd\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><circle class=\"dim\" cx=\"3\" cy=\"3\" r=\"1\"/></pattern>",
    "<pattern id=\"cd\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path class=\"cs\" d=\"M0 6 6 0\"/></pattern>",
    "<pattern id=\"pd\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\"><rect class=\"pb\" width=\"4\" height=\"4\"/><path class=\"cs\" d=\"M0 4 4 0\"/></pattern>",
    "<pattern id=\"xd\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path class=\"es\" d=\"M0 6 6 0M0 0 6 6\"/></pattern>",
    "<pattern id=\"bd\" width=\"8\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path class=\"bs\" d=\"M0 3q2-3 4 0t4 0\"/></pattern>",
);

/// The legend: the class of a bar and its meaning.
const LEGEND: [(&str, &str); 7] = [
    ("q", "queued"),
    ("c", "setup, start"),
    ("p", "pull"),
    ("w", "work"),
    ("f", "failed"),
    ("b", "back-off"),
    ("k", "unknown"),
];

/// The horizontal scale and the height of the rows.
struct SvgLayout {
    /// The first and the last time, in milliseconds since 1970.
    first: i64,
    last: i64,
    row_height: i64,
    has_names: bool,
}

impl SvgLayout {
    fn new(timeline: &Timeline, now: Timestamp) -> Self {
        let overviews = || timeline.workloads().iter().flat_map(|workload| timeline.overviews(workload));
        let first = overviews().filter_map(|(_, pod)| pod.start_millis()).min().unwrap_or(0);
        let last = overviews().filter_map(|(_, pod)| pod.last_known_millis(now.as_millisecond())).max();
        let pods = overviews().count();
        let row_height = match pods {
            0..=MAX_NAMED_ROWS => 18,
            501..=3_000 => 6,
            _ => 3,
        };
        let last = last.unwrap_or(0).max(first.saturating_add(1));
        Self { first, last, row_height, has_names: pods <= MAX_NAMED_ROWS }
    }

    /// The position of a time, in pixels.
    #[expect(clippy::cast_precision_loss, reason = "a pixel needs no more")]
    fn x(&self, millis: i64) -> f64 {
        let share = millis.saturating_sub(self.first) as f64 / self.last.saturating_sub(self.first) as f64;
        CHART_LEFT as f64 + share.clamp(0.0, 1.0) * (CHART_RIGHT - CHART_LEFT) as f64
    }
}

/// Writes the picture. Open phases end at `now`.
///
/// # Errors
/// Returns the error of `out` if writing fails.
pub(crate) fn write_svg(timeline: &Timeline, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let layout = SvgLayout::new(timeline, now);
    let rows = |workload: &Workload| i64::try_from(workload.pods.len()).unwrap_or(0);
    let shown = || timeline.workloads().iter().filter(|workload| !workload.pods.is_empty());
    let heights = shown().map(|workload| rows(workload).saturating_mul(layout.row_height) + HEADING_HEIGHT);
    let height = heights.sum::<i64>().saturating_add(TOP + 12);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"title\">"
    )?;
    let subjects: Vec<String> = timeline.roots().take(3).map(describe_workload).collect();
    writeln!(out, "<title id=\"title\">{}</title>", escape_markup(&subjects.join("; ")))?;
    writeln!(out, "<style>{STYLE}</style><defs>{PATTERNS}</defs>")?;
    writeln!(out, "<rect class=\"bg\" width=\"{WIDTH}\" height=\"{height}\"/>")?;
    write_legend(out)?;
    write_axis(&layout, height, out)?;
    let mut y = TOP;
    for workload in shown() {
        writeln!(
            out,
            "<text class=\"fg bold\" x=\"10\" y=\"{}\">{}</text>",
            y + 17,
            escape_markup(&describe_workload(workload))
        )?;
        y += HEADING_HEIGHT;
        for (_, pod) in timeline.pods(workload) {
            write_row(&layout, &pod, y, now, out)?;
            y = y.saturating_add(layout.row_height);
        }
    }
    out.write_all(b"</svg>\n")
}

/// Returns the heading of a workload: `job/pi  Succeeded  54s`.
fn describe_workload(workload: &Workload) -> String {
    let name = format!("{}/{}  {}", workload.kind.to_lowercase(), workload.name, workload.state.name());
    let wall = workload.created.zip(workload.finished);
    match wall.map(|(start, end)| end.as_millisecond().saturating_sub(start.as_millisecond()).max(0)) {
        Some(millis) => format!("{name}  {}", format_elapsed_millis(millis)),
        None => name,
    }
}

fn write_legend(out: &mut dyn Write) -> io::Result<()> {
    let mut x = CHART_LEFT;
    for (class, label) in LEGEND {
        write!(
            out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"10\" width=\"18\" height=\"12\"/><text class=\"dim\" x=\"{}\" y=\"20\">{label}</text>",
            x + 23
        )?;
        x += 34 + 7 * i64::try_from(label.len()).unwrap_or(0);
    }
    writeln!(out)
}

/// Writes the marks of the axis, with the time since the start.
fn write_axis(layout: &SvgLayout, height: i64, out: &mut dyn Write) -> io::Result<()> {
    let step = tick_millis(layout.last.saturating_sub(layout.first));
    let mut at = 0_i64;
    while at <= layout.last.saturating_sub(layout.first) {
        let x = layout.x(layout.first.saturating_add(at));
        write!(
            out,
            "<path class=\"grid\" d=\"M{x:.1} {} V{height}\"/><text class=\"dim mid\" x=\"{x:.1}\" y=\"{}\">{}</text>",
            TOP - 14,
            TOP - 18,
            escape_markup(&format_tick(at, step))
        )?;
        at = at.saturating_add(step);
    }
    writeln!(out)
}

/// Formats the time since the start at a mark of the axis.
fn format_tick(at: i64, step: i64) -> String {
    match at {
        0 => "0s".to_owned(),
        _ if step < 1_000 => format_millis(at),
        _ => format_elapsed_millis(at),
    }
}

/// Returns the distance of the marks for a time of this length, in milliseconds: a round number of seconds, minutes or
/// hours.
fn tick_millis(span: i64) -> i64 {
    const STEPS: [i64; 15] = [
        100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
        1_800_000, 3_600_000,
    ];
    let step = STEPS.into_iter().find(|step| span / step < MAX_TICKS);
    step.unwrap_or_else(|| (span / MAX_TICKS / 3_600_000 + 1).saturating_mul(3_600_000))
}

/// Writes the row of a Pod: its name, its bars, how it ended, and a tooltip.
fn write_row(
    layout: &SvgLayout,
    pod: &TimelinePod<'_>,
    y: i64,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let life = &pod.life;
    let (gap, text_y) = (if layout.has_names { 2 } else { 0 }, y + 13);
    write!(out, "<g><title>{}</title>", escape_markup(&describe_pod(pod)))?;
    if layout.has_names {
        write!(
            out,
            "<text class=\"fg\" x=\"10\" y=\"{text_y}\">{}</text>",
            escape_markup(&shorten(&pod.name))
        )?;
    }
    let open_until = (!life.outcome.has_ended()).then_some(now);
    let mut right = layout.x(layout.first);
    for (index, phase) in life.phases.iter().enumerate() {
        let Some(end) = phase.end.or(open_until) else { continue };
        let (left, end) = (layout.x(phase.start.as_millisecond()), layout.x(end.as_millisecond()));
        let class = class_of(phase.kind, life.is_failed_work(index));
        let (width, height) = ((end - left).max(0.5), layout.row_height - 2 * gap);
        write!(
            out,
            "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"{height}\"/>",
            y + gap
        )?;
        right = right.max(end);
    }
    if layout.has_names {
        let (class, mark) = if pod.overview().has_failed() {
            ("fail", life.exit_code.map_or_else(|| "✗".to_owned(), |code| format!("✗ {code}")))
        } else if life.outcome.has_ended() {
            ("", String::new())
        } else {
            ("dim", "▸".to_owned())
        };
        if !mark.is_empty() {
            write!(out, "<text class=\"{class}\" x=\"{:.1}\" y=\"{text_y}\">{mark}</text>", right + 4.0)?;
        }
        let run = life.run.map(|run| escape_markup(&format_millis(run.estimate_millis))).unwrap_or_default();
        write!(out, "<text class=\"dim end\" x=\"{}\" y=\"{text_y}\">{run}</text>", WIDTH - 10)?;
    }
    writeln!(out, "</g>")
}

/// Formats a time with a tenth of a second if it is short.
fn format_millis(millis: i64) -> String {
    format_exact(SignedDuration::from_millis(millis))
}

/// Returns the tooltip of a Pod.
fn describe_pod(pod: &TimelinePod<'_>) -> String {
    let life = &pod.life;
    let node = pod.node.as_deref().map(|node| format!(" on {node}")).unwrap_or_default();
    let mut lines = vec![format!("{}{node}", pod.name)];
    let reason = life.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let code = life.exit_code.map(|code| format!(", exit code {code}")).unwrap_or_default();
    lines.push(format!("{}{reason}{code}", life.outcome.name()));
    let times = [("queued", life.queued), ("cold start", life.cold_start), ("work", life.run)];
    let times = times
        .iter()
        .filter_map(|(name, time)| Some(format!("{name} {}", format_millis((*time)?.estimate_millis))));
    lines.push(times.collect::<Vec<_>>().join(", "));
    lines.retain(|line| !line.is_empty());
    // A tooltip shows the line feeds.
    lines.iter().map(|line| escape_unsafe(line)).collect::<Vec<_>>().join("\n")
}

/// Returns the class of a phase in the style sheet.
fn class_of(kind: PhaseKind, is_failed_work: bool) -> &'static str {
    match kind {
        PhaseKind::Queued => "q",
        PhaseKind::Setup | PhaseKind::Initializing | PhaseKind::Starting | PhaseKind::Startup => "c",
        PhaseKind::Pulling => "p",
        PhaseKind::PullFailing => "x",
        PhaseKind::Unready | PhaseKind::Running if is_failed_work => "f",
        PhaseKind::Unready => "u",
        PhaseKind::Running => "w",
        PhaseKind::BackOff => "b",
        PhaseKind::Terminating => "t",
        PhaseKind::Unknown => "k",
    }
}

/// Cuts a name at its start, because the ends of the names of a workload's Pods differ.
fn shorten(name: &str) -> String {
    let count = name.chars().count();
    if count <= MAX_NAME_CHARS {
        return name.to_owned();
    }
    let kept: String = name.chars().skip(count.saturating_sub(MAX_NAME_CHARS - 1)).collect();
    format!("…{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::fixture::{at, ended_pod, waiting_pod, workload};
    use crate::timeline::PodKey;

    fn picture_of(pods: Vec<TimelinePod<'static>>) -> String {
        let keys = (0..pods.len()).map(PodKey::from_index).collect();
        let timeline = Timeline::from_parts(pods, vec![Workload { pods: keys, ..workload() }]);
        let mut out = Vec::new();
        write_svg(&timeline, at(10_000), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_pod_is_a_row_with_a_bar_for_each_phase_and_a_tooltip() {
        let picture = picture_of(vec![ended_pod(), waiting_pod()]);
        assert!(picture.contains("<g><title>pi-0-j272m on node-1\nFailed (OOMKilled), exit code 137\nqueued &lt;0.1s, cold start 6.1s, work 2.9s</title>"), "{picture}");
        // The Pod works from 6.1 s to 9 s of 10 s.
        assert!(
            picture.contains("<rect class=\"f\" x=\"626.5\" y=\"92\" width=\"188.5\" height=\"14\"/>"),
            "{picture}"
        );
        assert!(picture.contains(">✗ 137</text>") && picture.contains(">▸</text>"), "{picture}");
        assert_eq!(picture.matches("<g>").count(), 2);
    }

    #[test]
    fn hostile_text_adds_no_element_and_no_character_that_xml_forbids() {
        let mut pod = ended_pod();
        pod.identity.to_mut().name =
            "</title><script>alert(1)</script>\u{1b}\u{0}\u{ffff}\u{202e}\"'&".into();
        pod.life.to_mut().reason = Some("]]><!--".into());
        let picture = picture_of(vec![pod]);
        assert!(
            !picture.contains("<script") && !picture.contains("<!--") && !picture.contains("]]>"),
            "{picture}"
        );
        assert!(!picture.contains(['\u{1b}', '\u{0}', '\u{ffff}', '\u{202e}']), "{picture}");
        assert!(picture.contains("&lt;/title&gt;&lt;script&gt;alert(1)"), "{picture}");
    }

    #[test]
    fn a_picture_loads_nothing_and_adapts_to_a_dark_page() {
        let picture = picture_of(vec![ended_pod()]);
        let without_namespace = picture.replace("http://www.w3.org/2000/svg", "");
        for word in ["http", "href", "@import", "script", "url(\""] {
            assert!(!without_namespace.contains(word), "{word}");
        }
        assert!(picture.contains("@media(prefers-color-scheme:dark)"));
    }

    #[test]
    fn many_pods_have_low_rows_without_names() {
        let picture = picture_of((0..600).map(|_| ended_pod()).collect());
        assert!(
            picture.contains("height=\"3702\"") && !picture.contains(">pi-0-j272m<"),
            "{}",
            &picture[..500]
        );
    }

    #[test]
    fn the_marks_of_the_axis_are_round_times() {
        assert_eq!(
            [0, 700, 60_000, 3_600_000, 90_000_000].map(tick_millis),
            [100, 100, 10_000, 600_000, 14_400_000]
        );
    }
}
