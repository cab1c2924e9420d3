//! The losses of a workload: all uses of its slot time except work whose result counts.

use crate::lifecycle::PhaseKind;
use crate::timeline::{SlotTime, to_percent};

/// A use of slot time that competes for the largest loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Slot time in which the Pod of the slot was in this phase.
    Phase(PhaseKind),
    /// Slot time in which the slot had no Pod.
    Idle,
    /// The work did not count.
    LostWork,
}

impl Loss {
    /// The word for the loss, as headings write it before the share: `pull 65 %`. `None` if the phase is no loss.
    fn phase_name(kind: PhaseKind) -> Option<&'static str> {
        match kind {
            PhaseKind::Queued => Some("queued"),
            PhaseKind::Setup => Some("setup"),
            PhaseKind::Pulling => Some("pull"),
            PhaseKind::PullFailing => Some("failing pull"),
            PhaseKind::Initializing => Some("init"),
            PhaseKind::Starting => Some("start"),
            PhaseKind::Startup => Some("cold start"),
            PhaseKind::Unready => Some("not ready"),
            PhaseKind::BackOff => Some("back-off"),
            PhaseKind::Terminating => Some("terminating"),
            // Work is no loss. Nothing is known about an unknown phase.
            PhaseKind::Running | PhaseKind::Unknown => None,
        }
    }

    /// The word for the loss: `pull`, `idle`, `lost work`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Phase(kind) => Self::phase_name(kind).unwrap_or_default(),
            Self::Idle => "idle",
            Self::LostWork => "lost work",
        }
    }
}

/// The largest loss of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LargestLoss {
    pub(crate) loss: Loss,
    /// The slot time of the loss in milliseconds; at least 1.
    pub(crate) millis: i64,
    /// The whole slot time in milliseconds.
    pub(crate) total_millis: i64,
}

impl LargestLoss {
    /// The loss with its rounded share of slot time: `pull 65 %`. `None` if the share is below half a percent.
    pub(crate) fn describe(self) -> Option<String> {
        let percent = to_percent(self.millis, self.total_millis);
        (percent > 0).then(|| format!("{} {percent} %", self.loss.name()))
    }
}

/// The largest loss of this slot time. The losses are the phases except work, then idle slots, then lost work. Of equal
/// losses, the earlier one in this order is returned. `lost_work` is the part of the work that did not count, in
/// milliseconds. `None` if there is no slot time, or if none of it was lost.
pub(crate) fn largest_loss(slots: &SlotTime, lost_work: i64) -> Option<LargestLoss> {
    let phases = PhaseKind::ALL.into_iter().filter(|kind| Loss::phase_name(*kind).is_some());
    let losses = phases
        .map(|kind| (Loss::Phase(kind), slots.phases[kind]))
        .chain([(Loss::Idle, slots.idle), (Loss::LostWork, lost_work)]);
    let mut largest: Option<LargestLoss> = None;
    for (loss, millis) in losses {
        if millis > largest.map_or(0, |largest| largest.millis) {
            largest = Some(LargestLoss { loss, millis, total_millis: slots.total });
        }
    }
    largest.filter(|_| slots.total > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::fixture::slot_time as slots;

    fn describe(slots: &SlotTime, lost_work: i64) -> Option<String> {
        largest_loss(slots, lost_work)?.describe()
    }

    #[test]
    fn the_largest_loss_is_never_work_that_counts() {
        let slots = slots(&[(PhaseKind::Running, 900), (PhaseKind::Pulling, 60), (PhaseKind::Setup, 30)], 10);
        assert_eq!(describe(&slots, 0).as_deref(), Some("pull 6 %"));
        assert_eq!(describe(&slots, 250).as_deref(), Some("lost work 25 %"));
    }

    #[test]
    fn every_phase_but_work_competes_and_the_earlier_of_two_equal_losses_wins() {
        for (index, kind) in PhaseKind::ALL.into_iter().enumerate() {
            let loss = largest_loss(&slots(&[(kind, 10)], 5), 0).map(|largest| largest.loss);
            let is_loss = !matches!(kind, PhaseKind::Running | PhaseKind::Unknown);
            assert_eq!(loss, Some(if is_loss { Loss::Phase(kind) } else { Loss::Idle }));
            for later in PhaseKind::ALL.into_iter().skip(index + 1).filter(|_| is_loss) {
                let loss = largest_loss(&slots(&[(later, 10), (kind, 10)], 10), 10);
                assert_eq!(loss.map(|largest| largest.loss), Some(Loss::Phase(kind)));
            }
        }
        let tie = slots(&[(PhaseKind::Running, 50)], 50);
        assert_eq!(describe(&tie, 50).as_deref(), Some("idle 50 %"));
    }

    #[test]
    fn there_is_no_largest_loss_without_a_loss() {
        assert_eq!(largest_loss(&SlotTime::default(), 0), None);
        assert_eq!(largest_loss(&slots(&[(PhaseKind::Running, 50)], 0), 0), None);
        assert_eq!(describe(&slots(&[(PhaseKind::Running, 1000), (PhaseKind::Setup, 4)], 0), 0), None);
    }
}
