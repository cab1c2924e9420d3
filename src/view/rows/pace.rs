//! Marks slow Pods: those that work much longer than the median of their group, and the running Pod that has worked longest.

use jiff::SignedDuration;

use crate::timeline::{PodKey, PodOverview};
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::keys::GroupKey;
use crate::view::frame_cache::results::PodPace;
use crate::view::view_context::ViewContext;

/// The median is known only if at least this many Pods succeeded.
const MIN_SUCCEEDED_PODS: usize = 3;
/// A Pod is slow if its work takes more than this many times the median.
const SLOW_FACTOR: i128 = 2;

/// Why a Pod is marked as slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaceMark {
    /// Its work takes this many times the median work of the Pods that succeeded; at most 99.
    TimesMedian(i128),
    /// It has worked longest of all running Pods.
    Longest,
}

impl PodPace {
    /// Computes the median work and the longest-running Pod in one pass over `pods`.
    pub(crate) fn from_pods(context: &ViewContext<'_>, pods: &[PodKey]) -> Self {
        let mut runs = Vec::new();
        let mut running = 0;
        let mut longest: Option<(SignedDuration, PodKey)> = None;
        for &key in pods {
            let pod = context.timeline.overview(key);
            match DisplayState::from_overview(pod) {
                DisplayState::Done => runs.extend(pod.run().map(|run| run.estimate())),
                DisplayState::Running | DisplayState::Unready => {
                    running += 1;
                    let time = work_time(context, pod);
                    if time > longest.map(|(longest, _)| longest) {
                        longest = time.map(|time| (time, key));
                    }
                }
                DisplayState::Starting
                | DisplayState::PullFailing
                | DisplayState::CrashLooping
                | DisplayState::Queued
                | DisplayState::BackOff
                | DisplayState::Failed
                | DisplayState::Deleted
                | DisplayState::Unknown
                | DisplayState::Gone => {}
            }
        }
        let middle = runs.len().div_ceil(2).saturating_sub(1);
        let median = (runs.len() >= MIN_SUCCEEDED_PODS).then(|| *runs.select_nth_unstable(middle).1);
        Self { median, longest: longest.filter(|_| running > 1).map(|(_, key)| key) }
    }

    /// The pace of the Pods of a group. In a timeline with many Pods, it may come from the cache.
    pub(crate) fn get_or_compute(context: &ViewContext<'_>, group: GroupKey, pods: &[PodKey]) -> Self {
        *context.cache.pace.get_or_compute(context.version(), group, || Self::from_pods(context, pods))
    }

    /// Whether the work of a Pod takes more than [`SLOW_FACTOR`] times the median.
    pub(crate) fn is_slow(&self, context: &ViewContext<'_>, pod: &PodOverview) -> bool {
        self.times_median(context, pod).is_some()
    }

    /// How many times the median the work of a slow Pod takes; `None` for any other Pod.
    fn times_median(&self, context: &ViewContext<'_>, pod: &PodOverview) -> Option<i128> {
        let (median, time) = self.median.zip(work_time(context, pod))?;
        let is_slow = time.as_millis() > SLOW_FACTOR * median.as_millis();
        // The times of a status have a precision of one second, so a ratio to a shorter median means nothing.
        (is_slow && median >= SignedDuration::from_secs(1)).then(|| time.as_millis() / median.as_millis())
    }

    /// The mark of a Pod, if it is slow.
    pub(crate) fn mark(&self, context: &ViewContext<'_>, key: PodKey) -> Option<PaceMark> {
        let pod = context.timeline.overview(key);
        let state = DisplayState::from_overview(pod);
        if !matches!(state, DisplayState::Running | DisplayState::Unready | DisplayState::Done) {
            return None;
        }
        match self.times_median(context, pod) {
            Some(times) => Some(PaceMark::TimesMedian(times.min(99))),
            None => (self.longest == Some(key)).then_some(PaceMark::Longest),
        }
    }
}

/// How long a Pod worked, or has worked so far.
fn work_time(context: &ViewContext<'_>, pod: &PodOverview) -> Option<SignedDuration> {
    pod.run_so_far(context.now).map(SignedDuration::from_millis)
}
