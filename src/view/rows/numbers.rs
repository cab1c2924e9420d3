//! The times of a Pod in the columns QUEUED, COLD and RUN.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Lifecycle, PodOutcome, RangedDuration};
use crate::view::primitives::duration::{format_elapsed, format_ranged};
use crate::view::primitives::frame::Style;

/// A duration as text; empty if the Pod has no such duration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DurationText {
    pub(crate) text: String,
    pub(crate) style: Style,
}

impl DurationText {
    /// A duration that has ended.
    fn ended(duration: RangedDuration) -> Self {
        Self { text: format_ranged(duration), style: Style::Text }
    }

    /// A duration that continues.
    fn open(so_far: SignedDuration) -> Self {
        Self { text: format_elapsed(so_far), style: Style::Dim }
    }

    /// A duration of unknown length.
    fn unknown() -> Self {
        Self { text: "?".into(), style: Style::Warning }
    }
}

/// The durations of a Pod: in the queue, in the cold start, and at work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodDurations {
    pub(crate) queued: DurationText,
    pub(crate) cold: DurationText,
    pub(crate) run: DurationText,
}

impl PodDurations {
    /// The durations of the latest attempt as of `now`, with the work of all attempts. `earlier` are the lives of the
    /// earlier attempts.
    pub(crate) fn for_attempts(life: &Lifecycle, earlier: &[&Lifecycle], now: Timestamp) -> Self {
        let mut durations = Self::from_life(life, now);
        let mut earlier_work = earlier.iter().filter_map(|attempt| attempt.run).peekable();
        if earlier_work.peek().is_none() {
            return durations;
        }
        let mut sum = RangedDuration::default();
        let is_open = life.run.is_none() && !life.outcome.has_ended();
        let own = life.run.or_else(|| is_open.then(|| RangedDuration::exact(life.work_so_far(now))));
        for work in earlier_work.chain(own) {
            sum.estimate_millis += work.estimate_millis;
            sum.low_millis += work.low_millis;
            sum.high_millis += work.high_millis;
        }
        durations.run = if is_open {
            DurationText::open(SignedDuration::from_millis(sum.estimate_millis))
        } else {
            DurationText::ended(sum)
        };
        durations
    }

    /// The durations of a life as of `now`.
    pub(crate) fn from_life(life: &Lifecycle, now: Timestamp) -> Self {
        let instants = &life.instants;
        let ended = life.outcome.has_ended();
        let worked = instants.work_started.is_some()
            || matches!(life.outcome, PodOutcome::Running | PodOutcome::Succeeded | PodOutcome::Failed);
        let queued = match (life.queued, instants.created) {
            (Some(queued), _) => DurationText::ended(queued),
            (None, Some(created)) if life.outcome == PodOutcome::Pending => {
                DurationText::open(now.duration_since(created.at))
            }
            _ if instants.scheduled.is_some() || worked => DurationText::unknown(),
            _ => DurationText::default(),
        };
        let cold = match (life.cold_start, instants.scheduled) {
            (Some(cold), _) => DurationText::ended(cold),
            (None, Some(scheduled)) if !ended && !worked => {
                DurationText::open(now.duration_since(scheduled.at))
            }
            _ if worked => DurationText::unknown(),
            _ => DurationText::default(),
        };
        let run = match (life.run, instants.work_started) {
            (Some(run), _) => DurationText::ended(run),
            (None, Some(_)) if !ended && life.outcome != PodOutcome::Unknown => {
                DurationText::open(life.work_so_far(now))
            }
            _ if worked => DurationText::unknown(),
            _ => DurationText::default(),
        };
        Self { queued, cold, run }
    }
}
