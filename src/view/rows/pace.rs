//! Who takes much longer than the others.

use jiff::SignedDuration;

use crate::timeline::{PodKey, PodOverview};
use crate::view::display_state::DisplayState;
use crate::view::frame_cache::results::PodPace;
use crate::view::view_context::ViewContext;

/// Fewer Pods are no measure for the others.
const LEAST_PODS: usize = 3;
/// So many times the median is much.
const MUCH: i128 = 2;

/// Why a Pod is marked as slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PaceMark {
    /// It works this many times the median of the Pods that succeeded; at most 99.
    TimesMedian(i128),
    /// It has worked longest of all running Pods.
    Longest,
}

impl PodPace {
    /// Of these Pods, in one pass.
    pub(crate) fn of(context: &ViewContext<'_>, pods: &[PodKey]) -> Self {
        let mut runs = Vec::new();
        let mut running = 0;
        let mut longest: Option<(SignedDuration, PodKey)> = None;
        for &key in pods {
            let pod = context.timeline.overview(key);
            match DisplayState::from_overview(pod) {
                DisplayState::Done => runs.extend(pod.run()),
                DisplayState::Running => {
                    running += 1;
                    let time = time(context, pod);
                    if time > longest.map(|(most, _)| most) {
                        longest = time.map(|time| (time, key));
                    }
                }
                _ => {}
            }
        }
        let middle = runs.len().div_ceil(2).saturating_sub(1);
        let median = (runs.len() >= LEAST_PODS).then(|| *runs.select_nth_unstable(middle).1);
        Self { median, longest: longest.filter(|_| running > 1).map(|(_, key)| key) }
    }

    /// The mark of a Pod, if it is slow.
    pub(crate) fn mark(&self, context: &ViewContext<'_>, key: PodKey) -> Option<PaceMark> {
        let pod = context.timeline.overview(key);
        if !matches!(DisplayState::from_overview(pod), DisplayState::Running | DisplayState::Done) {
            return None;
        }
        let times = self.median.zip(time(context, pod)).and_then(|(median, time)| {
            // Shorter than a second is no measure: that is how exact a status is.
            (median >= SignedDuration::from_secs(1)).then(|| time.as_millis() / median.as_millis())
        });
        match times {
            Some(times) if times >= MUCH => Some(PaceMark::TimesMedian(times.min(99))),
            _ => (self.longest == Some(key)).then_some(PaceMark::Longest),
        }
    }
}

/// How long it worked, or has worked.
fn time(context: &ViewContext<'_>, pod: &PodOverview) -> Option<SignedDuration> {
    let open = || pod.work_started().map(|started| context.now.duration_since(started));
    pod.run().or_else(open)
}
