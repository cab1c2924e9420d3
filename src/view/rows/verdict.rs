//! The verdict of a workload: one or two lines that say where its slot time went.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::timeline::{LossCause, PodKey, SlotTime, Summary};
use crate::view::primitives::duration::format_elapsed_millis;
use crate::view::primitives::frame::{Line, Style};
use crate::view::primitives::text;
use crate::view::rows::segment::Segment;
use crate::view::view_context::ViewContext;

/// The largest distance between a share and the ends of its range in percentage points, rounded up. `None` if the range
/// is not wider than one point.
fn uncertainty(segment: Segment, summary: &Summary) -> Option<i64> {
    let with_idle = segment == Segment::Idle;
    let (millis, [low, high]) =
        summary.slot_uncertainty.sum_with_range(&summary.slots, segment.phases(), with_idle);
    let total = summary.slots.total.max(1);
    let is_visible = (high - low).saturating_mul(100) > total;
    let distance = (millis - low).max(high - millis);
    is_visible.then(|| distance.saturating_mul(100).saturating_add(total - 1) / total)
}

/// Stands before a further line of the verdict.
const INDENT: &str = "  ";

/// The lines of the verdict about `pods`: `slot time 1m58s: work 57 % (7 % lost: 4 Pods preempted) · pull 22 % · idle 21 %`.
/// The percentages of the shares sum to 100. If the verdict is too long for one line, the reasons for the loss are left
/// out. If it is still too long, it takes up to `max_lines` lines. Then the smallest shares are summed up as `other`, the
/// uncertainties are left out, and at last only the largest shares remain. Empty for a workload that has had no slot yet.
pub(crate) fn verdict_lines(
    context: &ViewContext<'_>,
    summary: &Summary,
    pods: &[PodKey],
    columns: usize,
    max_lines: usize,
) -> Vec<Line> {
    if summary.slots.total <= 0 {
        return Vec::new();
    }
    let shares: Vec<(Segment, i64)> =
        percentages(&summary.slots).into_iter().filter(|&(_, percent)| percent > 0).collect();
    let has_preempted = summary.lost_work.pods[LossCause::Preempted] > 0;
    let preemptor = if has_preempted { context.timeline.common_preemptor(pods) } else { None };
    let [short_loss, long_loss] = describe_lost_work(summary, &shares, preemptor.as_deref());
    let observed = if summary.partial { "observed " } else { "" };
    let heading = format!("{observed}slot time {}: ", format_elapsed_millis(summary.slots.total));
    let verdict = Verdict { context, summary, heading: Line::new(heading, Style::Dim), columns };
    let whole = |loss, max_lines| verdict.write(&shares, 0, loss, true, max_lines);
    let folded = |loss, with_ranges| verdict.write_folded(shares.clone(), loss, with_ranges, max_lines);
    whole(&long_loss, 1)
        .or_else(|| whole(&short_loss, 1))
        .or_else(|| whole(&long_loss, max_lines))
        .or_else(|| folded(&short_loss, true))
        .or_else(|| folded("", true))
        .or_else(|| folded("", false))
        .or_else(|| verdict.write_largest(shares.clone(), max_lines))
        .unwrap_or_else(|| vec![verdict.heading.clone().shorten_end(columns, context.glyphs.ellipsis)])
}

/// Writes the verdict of one workload into lines with at most `columns` columns.
struct Verdict<'a> {
    context: &'a ViewContext<'a>,
    summary: &'a Summary,
    /// The start of the first line: `slot time 1m58s: `.
    heading: Line,
    columns: usize,
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
            // The share of work is never summed up, because readers compare the other shares with it. The largest of
            // the other shares is the answer that readers look for.
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

    /// Writes these shares into at most `max_lines` lines. `other` is the sum of the omitted shares, in percent.
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
            let separator = if is_first_in_line { "" } else { glyphs.separator };
            if line.width() + text::width(separator) + part.width() <= self.columns {
                line.push(separator, Style::Dim);
            } else {
                lines.push(std::mem::replace(&mut line, Line::new(INDENT, Style::Dim)));
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
        let named = shares.iter().map(|&(share, percent)| {
            let detail = if share == Segment::Work { lost_work } else { "" };
            (share.name(), percent, uncertainty(share, self.summary).filter(|_| with_ranges), detail)
        });
        let other = (other > 0).then_some(("other", other, None, ""));
        let to_part = |(name, percent, uncertainty, detail): (&str, i64, Option<i64>, &str)| {
            let mut part = Line::new(format!("{name} "), Style::Text);
            part.push(format!("{percent} %"), Style::Strong);
            if let Some(points) = uncertainty {
                part.push(format!(" {} {points}", self.context.glyphs.plus_minus), Style::Dim);
            }
            if !detail.is_empty() {
                part.push(detail, Style::Warning);
            }
            part
        };
        named.chain(other).map(to_part).collect()
    }
}

/// Describes the lost work in a short and in a long form: ` (7 % lost)` and ` (7 % lost: 4 Pods preempted, 2 failed)`.
/// Both are empty if less than half a percent is lost. `preemptor` is the Pod that preempted all preempted Pods.
fn describe_lost_work(summary: &Summary, shares: &[(Segment, i64)], preemptor: Option<&str>) -> [String; 2] {
    let work = shares.iter().find(|(share, _)| *share == Segment::Work).map_or(0, |(_, percent)| *percent);
    // The share of work is rounded so that all shares sum to 100. The lost part must not exceed it.
    let lost = to_percent(summary.lost_work.total(), summary.slots.total).min(i128::from(work));
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

/// The shares in whole percent, in the order of the verdict. The shares with the largest remainders are rounded up, so
/// that the percentages sum to 100.
fn percentages(slots: &SlotTime) -> Vec<(Segment, i64)> {
    let mut millis: BTreeMap<Segment, i128> = BTreeMap::from([(Segment::Idle, i128::from(slots.idle))]);
    for (kind, &in_phase) in &slots.phases {
        *millis.entry(Segment::from_phase(kind)).or_default() += i128::from(in_phase);
    }
    let total = millis.values().sum::<i128>().max(1);
    let mut percents: Vec<i128> = millis.values().map(|millis| millis * 100 / total).collect();
    let remainders: Vec<i128> = millis.values().map(|millis| millis * 100 % total).collect();
    let mut by_remainder: Vec<usize> = (0..remainders.len()).collect();
    by_remainder.sort_by_key(|&index| Reverse(remainders[index]));
    let missing = usize::try_from(100 - percents.iter().sum::<i128>()).unwrap_or(0);
    for index in by_remainder.into_iter().take(missing) {
        percents[index] += 1;
    }
    let percents = percents.into_iter().map(|percent| i64::try_from(percent).unwrap_or(0));
    millis.into_keys().zip(percents).collect()
}

/// `part` as a percentage of `whole`, rounded.
pub(crate) fn to_percent(part: i64, whole: i64) -> i128 {
    (i128::from(part) * 200 + i128::from(whole)) / (i128::from(whole) * 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::PhaseKind;

    #[test]
    fn the_percentages_sum_to_a_hundred() {
        let mut slots = SlotTime { total: 3, idle: 1, ..SlotTime::default() };
        slots.phases[PhaseKind::Running] = 1;
        slots.phases[PhaseKind::Pulling] = 1;
        let mut percentages = percentages(&slots);
        percentages.retain(|&(_, percent)| percent > 0);
        assert_eq!(percentages, [(Segment::Work, 34), (Segment::Pull, 33), (Segment::Idle, 33)]);
    }
}
