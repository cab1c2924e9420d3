//! The verdict of a workload: one or two lines that say where its slot time went, and the bar of this slot time.

use std::collections::BTreeMap;

use crate::timeline::{LossCause, PodKey, SlotTime, Summary, to_percent};
use crate::view::primitives::duration::format_elapsed_millis;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text::{self, CONTINUATION_INDENT};
use crate::view::rows::slot_time::segment::Segment;
use crate::view::rows::slot_time::slot_bar::slot_time_bar;
use crate::view::view_context::ViewContext;

/// The distance from a share to the ends of its range, in percentage points. `None` if the range is narrow.
fn uncertainty(segment: Segment, summary: &Summary) -> Option<i64> {
    let with_idle = segment == Segment::Idle;
    summary.slot_uncertainty.percentage_points(&summary.slots, segment.phases(), with_idle)
}

/// The room for the verdict.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VerdictRoom {
    /// The width of the lines and of the bar.
    pub(crate) columns: usize,
    /// The maximum number of lines of text.
    pub(crate) max_lines: usize,
    /// Whether the bar follows the text. Each share in the text then begins with its glyph.
    pub(crate) has_bar: bool,
    /// The number of workloads that the verdict is about. The text names it if it is not 1 and if there is room.
    pub(crate) workloads: usize,
}

/// The lines of the verdict about `pods`: `slot time 1m58s: work 57 % (7 % lost: 4 Pods preempted) · pull 22 % · idle
/// 21 %`, and the bar of the slot time. If a part of the time was not observed, the text begins with `slot time 1m58s
/// of the observed time`. Empty for a workload that has had no slot yet.
///
/// Each percentage is rounded by itself, so that it is equal to the same percentage in the heading and in a finding.
///
/// A verdict that is too long is shortened in these steps: the reasons for the loss are left out, it takes up to
/// `max_lines` lines, the smallest shares are summed up as `other`, the uncertainties are left out, and finally only
/// the largest shares remain.
pub(crate) fn verdict_lines(
    context: &ViewContext<'_>,
    summary: &Summary,
    pods: &[PodKey],
    room: VerdictRoom,
) -> Vec<Line> {
    let VerdictRoom { columns, max_lines, has_bar, workloads } = room;
    if summary.slots.total <= 0 {
        return Vec::new();
    }
    let shares = visible_shares(&summary.slots);
    let has_preempted = summary.lost_work.pods[LossCause::Preempted] > 0;
    let preemptor = if has_preempted { context.timeline.common_preemptor(pods) } else { None };
    let [short_loss, long_loss] = describe_lost_work(summary, preemptor.as_deref());
    let observed = if summary.partial { " of the observed time" } else { "" };
    let subject = if workloads == 1 { String::new() } else { format!(" of {workloads} workloads") };
    let heading = format!("slot time {}{subject}{observed}: ", format_elapsed_millis(summary.slots.total));
    let verdict =
        Verdict { context, summary, heading: Line::new(heading, Style::Dim), columns, has_glyphs: has_bar };
    let whole = |loss, max_lines| verdict.write(&shares, 0, loss, true, max_lines);
    let folded = |loss, with_ranges| verdict.write_folded(shares.clone(), loss, with_ranges, max_lines);
    let written = whole(&long_loss, 1)
        .or_else(|| whole(&short_loss, 1))
        .or_else(|| whole(&long_loss, max_lines))
        .or_else(|| folded(&short_loss, true))
        .or_else(|| folded("", true))
        .or_else(|| folded("", false))
        .or_else(|| verdict.write_largest(shares.clone(), max_lines));
    // The shares are more important than the number of workloads.
    if written.is_none() && workloads > 1 {
        return verdict_lines(context, summary, pods, VerdictRoom { workloads: 1, ..room });
    }
    let mut lines = written
        .unwrap_or_else(|| vec![verdict.heading.clone().shorten_end(columns, context.glyphs.ellipsis)]);
    if has_bar {
        let bar = slot_time_bar(&summary.slots, summary.lost_work.total(), context.glyphs, columns);
        lines.push(bar);
    }
    lines
}

/// Writes the verdict of one workload into lines with at most `columns` columns. The shares are pairs of a segment and
/// its slot time in milliseconds.
struct Verdict<'a> {
    context: &'a ViewContext<'a>,
    summary: &'a Summary,
    /// The start of the first line: `slot time 1m58s: `.
    heading: Line,
    columns: usize,
    /// Whether each share begins with the glyph that it has in the bar.
    has_glyphs: bool,
}

impl Verdict<'_> {
    /// Writes the verdict. The smallest shares are summed up as `other`. Returns `None` if the lines are too short even
    /// for the share of work and the largest other share.
    fn write_folded(
        &self,
        mut shares: Vec<(Segment, i64)>,
        lost_work: &str,
        with_ranges: bool,
        max_lines: usize,
    ) -> Option<Vec<Line>> {
        let mut other = 0;
        loop {
            if let Some(lines) = self.write(&shares, other, lost_work, with_ranges, max_lines) {
                return Some(lines);
            }
            // The share of work is never summed up, because readers compare the other shares with it. The largest other
            // share is never summed up either, because readers look for it.
            let of_others = || (0..shares.len()).filter(|&index| shares[index].0 != Segment::Work);
            let smallest = of_others().min_by_key(|&index| shares[index].1)?;
            of_others().nth(1)?;
            other += shares.remove(smallest).1;
        }
    }

    /// Writes as many of the largest shares as fit, without the rest.
    fn write_largest(&self, mut shares: Vec<(Segment, i64)>, max_lines: usize) -> Option<Vec<Line>> {
        loop {
            if let Some(lines) = self.write(&shares, 0, "", false, max_lines) {
                return Some(lines);
            }
            let smallest = (0..shares.len()).min_by_key(|&index| shares[index].1)?;
            shares.remove(smallest);
            if shares.is_empty() {
                return None;
            }
        }
    }

    /// Writes these shares into at most `max_lines` lines. `other` is the slot time of the omitted shares, in
    /// milliseconds.
    /// `lost_work` follows the share of work. The uncertainties are written if `with_ranges` is set. Returns `None` if
    /// the shares do not fit.
    fn write(
        &self,
        shares: &[(Segment, i64)],
        other: i64,
        lost_work: &str,
        with_ranges: bool,
        max_lines: usize,
    ) -> Option<Vec<Line>> {
        let glyphs = self.context.glyphs;
        let mut line = self.heading.clone();
        let mut lines = Vec::new();
        let mut is_first_in_line = true;
        for part in self.parts(shares, other, lost_work, with_ranges) {
            // The separator between words looks like the glyph of a queued Pod.
            let separator = match (is_first_in_line, self.has_glyphs) {
                (true, _) => "",
                (false, true) => "  ",
                (false, false) => glyphs.separator,
            };
            if line.width() + text::width(separator) + part.width() <= self.columns {
                line.push(separator, Style::Dim);
            } else {
                lines.push(std::mem::replace(&mut line, Line::new(CONTINUATION_INDENT, Style::Dim)));
                if lines.len() == max_lines || is_first_in_line || line.width() + part.width() > self.columns
                {
                    return None;
                }
            }
            line.spans.extend(part.spans);
            is_first_in_line = false;
        }
        lines.push(line);
        Some(lines)
    }

    /// The text of each share: `work 57 % ± 2 (7 % lost)`, `idle 21 %`, and `other 3 %` if `other` is not 0.
    fn parts(&self, shares: &[(Segment, i64)], other: i64, lost_work: &str, with_ranges: bool) -> Vec<Line> {
        let named = shares.iter().map(|&(share, millis)| {
            let detail = if share == Segment::Work { lost_work } else { "" };
            (
                Some(share),
                share.name(),
                millis,
                uncertainty(share, self.summary).filter(|_| with_ranges),
                detail,
            )
        });
        let other = (other > 0).then_some((None, "other", other, None, ""));
        let to_part =
            |(share, name, millis, uncertainty, detail): (Option<Segment>, &str, i64, Option<i64>, &str)| {
                let mut part = Line::default();
                if let Some(share) = share.filter(|_| self.has_glyphs) {
                    let (glyph, style) = share.appearance(self.context.glyphs);
                    part.push(glyph, style);
                    part.push(" ", Style::Text);
                }
                part.push(format!("{name} "), Style::Text);
                part.push(format!("{} %", to_percent(millis, self.summary.slots.total)), Style::Strong);
                if let Some(points) = uncertainty {
                    part.push(format!(" {} {points}", self.context.glyphs.plus_minus), Style::Dim);
                }
                if let Some(detail) = detail.strip_prefix(" (").filter(|_| self.has_glyphs) {
                    let (glyph, style) = Segment::LostWork.appearance(self.context.glyphs);
                    part.push(" (", Style::Warning);
                    part.push(glyph, style);
                    part.push(format!(" {detail}"), Style::Warning);
                } else if !detail.is_empty() {
                    part.push(detail, Style::Warning);
                }
                part
            };
        named.chain(other).map(to_part).collect()
    }
}

/// Describes the lost work in a short and in a long form: ` (7 % lost)` and ` (7 % lost: 4 Pods preempted, 2 failed)`.
/// Both are empty if less than half a percent is lost. `preemptor` is the Pod that preempted all preempted Pods.
fn describe_lost_work(summary: &Summary, preemptor: Option<&str>) -> [String; 2] {
    let lost = to_percent(summary.lost_work.total(), summary.slots.total);
    if lost == 0 {
        return [String::new(), String::new()];
    }
    let pods = summary.lost_work.pods.iter().filter(|(_, pods)| **pods > 0);
    let causes = pods.enumerate().map(|(position, (cause, pods))| {
        let noun = match (position, pods) {
            (0, 1) => " Pod",
            (0, _) => " Pods",
            _ => "",
        };
        let by = preemptor.filter(|_| cause == LossCause::Preempted);
        let by = by.map(|by| format!(" by {}", text::clean(by))).unwrap_or_default();
        format!("{pods}{noun} {}{by}", cause.participle())
    });
    let causes: Vec<String> = causes.collect();
    [format!(" ({lost} % lost)"), format!(" ({lost} % lost: {})", causes.join(", "))]
}

/// The slot time of each segment in milliseconds, in the order of the verdict, without those below half a percent.
fn visible_shares(slots: &SlotTime) -> Vec<(Segment, i64)> {
    let mut millis: BTreeMap<Segment, i64> = BTreeMap::from([(Segment::Idle, slots.idle)]);
    for (kind, &in_phase) in &slots.phases {
        let sum = millis.entry(Segment::from_phase(kind)).or_default();
        *sum = sum.saturating_add(in_phase);
    }
    millis.into_iter().filter(|&(_, millis)| to_percent(millis, slots.total) > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::PhaseKind;
    use crate::timeline::WorkloadState;
    use crate::view::fixture::{at, job, pi_pods, slot_time, timeline};
    use crate::view::frame_cache::cache::FrameCache;
    use crate::view::primitives::glyph::Glyphs;
    use crate::view::state::ViewState;
    use crate::view::window::Window;

    /// The verdict on one line of 80 columns, without the bar.
    fn one_line(summary: &Summary) -> String {
        let timeline = timeline(60_000, vec![(job("pi", WorkloadState::Running), pi_pods("pi", 3))]);
        let (state, window, cache) = (ViewState::default(), Window::default(), FrameCache::default());
        let (glyphs, now) = (&Glyphs::UNICODE, at(60_000));
        let context =
            ViewContext { timeline: &timeline, state: &state, glyphs, now, window: &window, cache: &cache };
        let room = VerdictRoom { columns: 80, max_lines: 1, has_bar: false, workloads: 1 };
        verdict_lines(&context, summary, &[], room)[0].plain()
    }

    #[test]
    fn each_share_is_rounded_by_itself_so_that_it_is_equal_to_the_share_in_a_finding() {
        let slots = slot_time(&[(PhaseKind::Running, 20_000), (PhaseKind::Pulling, 20_000)], 20_000);
        let summary = Summary { slots, ..Summary::default() };
        assert_eq!(one_line(&summary), "slot time 1m00s: work 33 % · pull 33 % · idle 33 %");
    }

    #[test]
    fn the_verdict_names_the_observed_time_and_its_bar_fills_the_width() {
        let slots = slot_time(&[(PhaseKind::Running, 60_000), (PhaseKind::Pulling, 30_000)], 30_000);
        let summary = Summary { slots, partial: true, ..Summary::default() };
        let timeline = timeline(60_000, vec![(job("pi", WorkloadState::Running), pi_pods("pi", 3))]);
        let (state, window, cache) = (ViewState::default(), Window::default(), FrameCache::default());
        let (glyphs, now) = (&Glyphs::UNICODE, at(60_000));
        let context =
            ViewContext { timeline: &timeline, state: &state, glyphs, now, window: &window, cache: &cache };
        let room = VerdictRoom { columns: 80, max_lines: 1, has_bar: true, workloads: 1 };
        let lines: Vec<String> =
            verdict_lines(&context, &summary, &[], room).iter().map(Line::plain).collect();
        let sentence = "slot time 2m00s of the observed time: █ work 50 %  ▒ pull 25 %  ┄ idle 25 %";
        let bar = format!("{}{}{}", "█".repeat(40), "▒".repeat(20), "┄".repeat(20));
        assert_eq!(lines, [sentence, bar.as_str()]);
        let without_bar = verdict_lines(&context, &summary, &[], VerdictRoom { has_bar: false, ..room });
        assert_eq!(
            without_bar[0].plain(),
            "slot time 2m00s of the observed time: work 50 % · pull 25 % · idle 25 %"
        );
        let of_several = VerdictRoom { has_bar: false, workloads: 3, ..room };
        let of_several = verdict_lines(&context, &Summary { partial: false, ..summary }, &[], of_several);
        assert_eq!(
            of_several[0].plain(),
            "slot time 2m00s of 3 workloads: work 50 % · pull 25 % · idle 25 %"
        );
        let narrow = VerdictRoom { has_bar: false, workloads: 3, columns: 40, ..room };
        let narrow = verdict_lines(&context, &Summary { partial: false, ..summary }, &[], narrow);
        assert_eq!(narrow[0].plain(), "slot time 2m00s: work 50 % · idle 25 %");
    }
}
