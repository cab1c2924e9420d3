//! The verdict of a workload: a line that says where its slot time went.

use std::collections::BTreeMap;

use crate::lifecycle::PhaseKind;
use crate::timeline::{SlotTime, Summary};
use crate::view::primitives::duration::format_elapsed_millis;
use crate::view::primitives::frame::{Line, Style};
use crate::view::view_context::ViewContext;

/// Where slot time went: `slot time 1m58s: work 57 % · pull 22 % · queued 9 % · idle 12 %`. The percentages that are shown
/// sum to 100; where the line is short, the smallest are told as one.
pub(crate) fn verdict_line(context: &ViewContext<'_>, summary: &Summary, columns: usize) -> Option<Line> {
    let slots = &summary.slots;
    if slots.total <= 0 {
        return None;
    }
    let mut parts: Vec<(&str, i64)> = shares(slots).into_iter().filter(|&(_, percent)| percent > 0).collect();
    let long = verdict_of(context, summary, &parts, false);
    if long.width() <= columns {
        return Some(long);
    }
    let mut other = 0;
    loop {
        let rest = (other > 0).then_some(("other", other));
        let short =
            verdict_of(context, summary, &parts.iter().copied().chain(rest).collect::<Vec<_>>(), true);
        // Work is what all the rest is measured by.
        let others = (0..parts.len()).filter(|&index| parts[index].0 != "work");
        match others.min_by_key(|&index| parts[index].1) {
            Some(least) if short.width() > columns => other += parts.remove(least).1,
            _ => return Some(short.shorten_end(columns, context.glyphs.ellipsis)),
        }
    }
}

fn verdict_of(context: &ViewContext<'_>, summary: &Summary, parts: &[(&str, i64)], short: bool) -> Line {
    let Summary { slots, partial, .. } = *summary;
    let (what, percent) = if short { ("slots", "%") } else { ("slot time", " %") };
    let observed = match (partial, short) {
        (false, _) => "",
        (true, false) => " of observed time",
        (true, true) => " observed",
    };
    let mut line =
        Line::new(format!("{what} {}{observed}: ", format_elapsed_millis(slots.total)), Style::Dim);
    for (index, (name, part)) in parts.iter().enumerate() {
        if index > 0 {
            line.push(context.glyphs.separator, Style::Dim);
        }
        line.push(format!("{name} "), Style::Text);
        line.push(format!("{part}{percent}"), Style::Strong);
    }
    line
}

/// A part of slot time as the verdict names it, in the order of the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Share {
    Work,
    SetupAndStart,
    Pull,
    Init,
    ColdStart,
    Terminating,
    Queued,
    BackOff,
    Idle,
}

impl Share {
    /// The share that counts the slot time of a phase. Phases with the same glyph have the same share.
    fn of_phase(kind: PhaseKind) -> Self {
        match kind {
            PhaseKind::Running => Self::Work,
            PhaseKind::Setup | PhaseKind::Starting => Self::SetupAndStart,
            PhaseKind::Pulling => Self::Pull,
            PhaseKind::Initializing => Self::Init,
            PhaseKind::Startup => Self::ColdStart,
            PhaseKind::Terminating => Self::Terminating,
            PhaseKind::Queued => Self::Queued,
            PhaseKind::BackOff => Self::BackOff,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::SetupAndStart => "setup, start",
            Self::Pull => "pull",
            Self::Init => "init",
            Self::ColdStart => "cold start",
            Self::Terminating => "terminating",
            Self::Queued => "queued",
            Self::BackOff => "back-off",
            Self::Idle => "idle",
        }
    }
}

/// The parts of slot time in whole percents that sum to 100 (largest remainder), in the order of the verdict.
fn shares(slots: &SlotTime) -> Vec<(&'static str, i64)> {
    let mut parts: BTreeMap<Share, i64> = BTreeMap::from([(Share::Idle, slots.idle)]);
    for (kind, millis) in &slots.phases {
        *parts.entry(Share::of_phase(kind)).or_default() += millis;
    }
    let whole: i128 = parts.values().map(|&part| i128::from(part)).sum::<i128>().max(1);
    let exact: Vec<i128> = parts.values().map(|&part| i128::from(part) * 100).collect();
    let mut percents: Vec<i128> = exact.iter().map(|part| part / whole).collect();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(exact[index] % whole));
    let missing = usize::try_from(100 - percents.iter().sum::<i128>()).unwrap_or(0);
    for &index in order.iter().take(missing) {
        percents[index] += 1;
    }
    let named = parts.into_keys().map(Share::name).zip(percents);
    named.map(|(name, percent)| (name, i64::try_from(percent).unwrap_or(0))).collect()
}

/// A part in whole percents, rounded.
pub(crate) fn percent(part: i64, whole: i64) -> i128 {
    (i128::from(part) * 200 + i128::from(whole)) / (i128::from(whole) * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_a_hundred() {
        let mut slots = SlotTime { total: 3, idle: 1, ..SlotTime::default() };
        slots.phases[PhaseKind::Running] = 1;
        slots.phases[PhaseKind::Pulling] = 1;
        let shares = shares(&slots);
        assert_eq!(shares.iter().map(|&(_, percent)| percent).sum::<i64>(), 100);
        assert_eq!((shares[0].1, shares[2].1, shares[8].1), (34, 33, 33));
    }
}
