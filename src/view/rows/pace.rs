//! Marks slow Pods: those that work much longer than the median of their group, and the running Pod that has worked
//! longest.

use jiff::SignedDuration;

use crate::timeline::{PodKey, PodOverview, nearest_rank};
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::keys::GroupKey;
use crate::view::frame_cache::results::PodPace;
use crate::view::view_context::ViewContext;

/// The median is known only if at least this many Pods succeeded, and at least a tenth of the completions.
const MIN_SUCCEEDED_PODS: usize = 5;
/// The running Pod that has worked longest is marked only if its work takes longer than this.
const MIN_LONGEST_WORK: SignedDuration = SignedDuration::from_secs(10);
/// A Pod is slow if its work takes more than this many times the median.
const SLOW_FACTOR: i128 = 2;

/// Why a Pod is marked as slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaceMark {
    /// Its work takes this many times the median work of the Pods that succeeded; at most 99.
    TimesMedian(i128),
    /// It has worked longest of all running Pods, and no median is known yet.
    Longest,
}

impl PodPace {
    /// Computes the median work and the longest-running Pod in one pass over `pods`. `completions` is the number
    /// of completions of their Job, if they have one.
    pub(crate) fn from_pods(context: &ViewContext<'_>, pods: &[PodKey], completions: Option<u32>) -> Self {
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
        let completions =
            completions.map_or(pods.len(), |count| usize::try_from(count).unwrap_or(usize::MAX));
        let has_median = runs.len() >= MIN_SUCCEEDED_PODS.max(completions.div_ceil(10));
        let median = nearest_rank(&mut runs, 50).filter(|_| has_median);
        Self { median, longest: longest.filter(|_| running > 1).map(|(_, key)| key) }
    }

    /// The pace of the Pods of a group. In a timeline with many Pods, it may come from the cache.
    pub(crate) fn get_or_compute(
        context: &ViewContext<'_>,
        group: GroupKey,
        pods: &[PodKey],
        completions: Option<u32>,
    ) -> Self {
        let compute = || Self::from_pods(context, pods, completions);
        *context.cache.pace.get_or_compute(context.version(), group, compute)
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
        if let Some(times) = self.times_median(context, pod) {
            return Some(PaceMark::TimesMedian(times.min(99)));
        }
        let is_long = || work_time(context, pod).is_some_and(|time| time > MIN_LONGEST_WORK);
        (self.median.is_none() && self.longest == Some(key) && is_long()).then_some(PaceMark::Longest)
    }
}

/// How long a Pod worked, or has worked so far.
fn work_time(context: &ViewContext<'_>, pod: &PodOverview) -> Option<SignedDuration> {
    pod.run_so_far(context.now).map(SignedDuration::from_millis)
}
