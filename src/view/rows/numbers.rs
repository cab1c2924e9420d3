//! The times of a Pod in the columns QUEUED, COLD and RUN.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::{Instant, Lifecycle, PodOutcome};
use crate::view::primitives::duration::{format_duration, format_elapsed, is_exact_to_tenths};
use crate::view::primitives::frame::Style;

/// A duration as text; empty if the Pod has no such duration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DurationText {
    pub(crate) text: String,
    pub(crate) style: Style,
}

impl DurationText {
    /// A duration that has ended. Tenths of a second are shown only if both ends are known that well.
    fn ended(duration: SignedDuration, start: Option<Instant>, end: Option<Instant>) -> Self {
        Self {
            text: format_duration(duration, is_exact_to_tenths(start) && is_exact_to_tenths(end)),
            style: Style::Text,
        }
    }

    /// A duration that continues.
    fn open(since: Instant, now: Timestamp) -> Self {
        Self { text: format_elapsed(now.duration_since(since.at)), style: Style::Dim }
    }

    /// A duration of unknown length.
    fn unknown() -> Self {
        Self { text: "?".into(), style: Style::Warning }
    }
}

/// How long a Pod was queued, how long it was starting, and how long it worked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PodDurations {
    pub(crate) queued: DurationText,
    pub(crate) cold: DurationText,
    pub(crate) run: DurationText,
}

impl PodDurations {
    /// The durations of a life as of `now`.
    pub(crate) fn from_life(life: &Lifecycle, now: Timestamp) -> Self {
        let instants = &life.instants;
        let ended = life.outcome.has_ended();
        let worked = instants.work_started.is_some()
            || matches!(life.outcome, PodOutcome::Running | PodOutcome::Succeeded | PodOutcome::Failed);
        let queued = match (life.queued, instants.created) {
            (Some(queued), _) => DurationText::ended(queued, instants.created, instants.scheduled),
            (None, Some(created)) if life.outcome == PodOutcome::Pending => DurationText::open(created, now),
            _ if instants.scheduled.is_some() || worked => DurationText::unknown(),
            _ => DurationText::default(),
        };
        let cold = match (life.cold_start, instants.scheduled) {
            (Some(cold), _) => DurationText::ended(cold, instants.scheduled, instants.work_started),
            (None, Some(scheduled)) if !ended && !worked => DurationText::open(scheduled, now),
            _ if worked => DurationText::unknown(),
            _ => DurationText::default(),
        };
        let run = match (life.run, instants.work_started) {
            (Some(run), _) => DurationText::ended(run, instants.work_started, instants.work_ended),
            (None, Some(started)) if !ended && life.outcome != PodOutcome::Unknown => {
                DurationText::open(started, now)
            }
            _ if worked => DurationText::unknown(),
            _ => DurationText::default(),
        };
        Self { queued, cold, run }
    }
}
