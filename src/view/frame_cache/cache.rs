//! The cache itself: one typed field for each computation.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::timeline::{
    Finding, OpenRetry, PodKey, PullFailure, TimeLeft, Timeline, Workload, WorkloadAccount, WorkloadState,
};
use crate::view::frame_cache::keys::{
    ConcurrencyKey, DensityKey, FindingsKey, FoldKey, GroupId, GroupKey, OverflowKey, PodFilter, RowsKey,
    TimelineVersion, WidthsKey,
};
use crate::view::frame_cache::results::{
    ColumnContent, Counts, FailureCauses, Folded, GridCells, LongestPods, Medians, PodPace, PodRows, PodsBy,
    TimeExtent,
};
use crate::view::primitives::frame::Line;
use crate::view::state::Align;

/// For a timeline with fewer Pods, no result of [`Cached`] is reused.
const MIN_PODS: usize = 2_000;

/// While only the time changes, a result is reused for one second, plus one second per this many Pods.
const PODS_PER_SECOND: usize = 20_000;

/// The time left of a workload is reused for one second, plus one second per this many of its Pods, because a
/// prediction costs more than a summary.
const PODS_PER_SECOND_OF_FORECAST: usize = 2_500;

/// The time left of a workload is reused for one more second per this many workloads of the timeline.
const WORKLOADS_PER_SECOND_OF_FORECAST: usize = 20;

/// At most this many times left are predicted again in one frame, so that no frame is late.
const MAX_RENEWED_FORECASTS: usize = 4;

/// After the timeline has changed, a result is reused for this long per Pod. Visits to all Pods then take only a few
/// percent of the time.
const MICROS_PER_POD: usize = 3;

/// When a field holds more results than this, it drops the results that were not used for [`UNUSED_AFTER`].
const MAX_ENTRIES: usize = 64;
const UNUSED_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// Cached results of one timeline. The comment of the module `frame_cache` says how stale a result may be.
#[derive(Debug, Default)]
pub struct FrameCache {
    /// The Pods of each node, workload by workload.
    pub(crate) pods_by_node: Cached<(), PodsBy<Option<Arc<str>>>>,
    /// The Pods of each role, workload by workload.
    pub(crate) pods_by_role: Cached<(), PodsBy<Option<Arc<str>>>>,
    /// The Pods of each outcome, workload by workload.
    pub(crate) pods_by_outcome: Cached<(), PodsBy<&'static str>>,
    /// The Pods of a group in the order that the user chose.
    pub(crate) sorted_pods: Cached<GroupKey, Vec<PodKey>>,
    /// The Pods of a group that match the filter. A match reads the whole life of a Pod.
    pub(crate) matching_pods: Cached<(GroupKey, PodFilter), Vec<PodKey>, 8>,
    /// The number of Pods of a group in each state.
    pub(crate) counts: Cached<GroupId, Counts>,
    /// The lines below a group that name long waits, pulls and stragglers.
    pub(crate) findings: Cached<FindingsKey, Vec<Line>>,
    /// The images that Pods of a workload cannot pull.
    pub(crate) pull_failures: Cached<GroupId, Vec<PullFailure>>,
    /// Why Pods of a group failed.
    pub(crate) failure_causes: Cached<GroupId, FailureCauses, 2>,
    /// How long the Pods of a group work.
    pub(crate) pace: Cached<GroupKey, PodPace>,
    /// The rows of a group in the sequence diagram.
    pub(crate) pod_rows: Cached<RowsKey, PodRows>,
    /// The waits for a next attempt, by the Pod that failed.
    pub(crate) open_retries: Cached<(), HashMap<PodKey, OpenRetry>>,
    /// The widest content of each column of the sequence diagram.
    pub(crate) column_content: Cached<WidthsKey, ColumnContent>,
    /// The time that the axis must show.
    pub(crate) time_extent: Cached<Align, TimeExtent>,
    /// The cells of a group in the grid.
    pub(crate) grid_cells: Cached<(GroupKey, PodFilter), GridCells>,
    /// The Pods of a group that keep their rows, and the other Pods by state.
    pub(crate) folded: Cached<FoldKey, Folded>,
    /// The number of rows of a group that are in trouble.
    pub(crate) rows_in_trouble: Cached<RowsKey, usize>,
    /// The number of Pods without a row in each cell of the axis, as glyphs.
    pub(crate) density: Cached<DensityKey, String>,
    /// The median times of Pods without a row.
    pub(crate) medians: Cached<OverflowKey, Medians>,
    /// The average number of Pods of a group that worked in each cell of the axis.
    pub(crate) concurrency: Cached<ConcurrencyKey, Vec<f64>>,
    /// The Pods that have worked and waited longest.
    pub(crate) longest_pods: Cached<(), LongestPods>,
    /// Whether a group shows a bar for each container. The first decision stays, so that rows do not jump.
    pub(crate) shows_containers: RefCell<BTreeMap<GroupId, bool>>,
    accounts: RefCell<BTreeMap<Arc<str>, CachedAccount>>,
    times_left: RefCell<BTreeMap<Arc<str>, CachedTimeLeft>>,
    /// The time of the last frame that predicted a time left again, and the number of these predictions.
    renewed_forecasts: Cell<(Timestamp, usize)>,
    /// Whether no result of [`Cached`] is reused. Tests compare the frames of such a cache with cached frames.
    #[cfg(test)]
    pub(crate) is_disabled: bool,
}

/// The results of one computation, by key. `COST` is the work of the computation per Pod, as a multiple of the usual
/// work.
#[derive(Debug)]
pub(crate) struct Cached<K, V, const COST: usize = 1>(RefCell<BTreeMap<K, Entry<V>>>);

#[derive(Debug)]
struct Entry<V> {
    version: TimelineVersion,
    last_used: Timestamp,
    value: Rc<V>,
}

impl<K, V, const COST: usize> Default for Cached<K, V, COST> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Ord, V, const COST: usize> Cached<K, V, COST> {
    /// Returns the cached result for `key` if this result is recent enough for `version`. Otherwise computes a result,
    /// and stores it if the timeline has at least [`MIN_PODS`] Pods.
    pub(crate) fn get_or_compute(
        &self,
        version: TimelineVersion,
        key: K,
        compute: impl FnOnce() -> V,
    ) -> Rc<V> {
        if version.pods < MIN_PODS {
            return Rc::new(compute());
        }
        let pods = version.pods * COST;
        if let Some(entry) = self.0.borrow_mut().get_mut(&key)
            && entry.is_recent(version, pods)
        {
            entry.last_used = version.now;
            return Rc::clone(&entry.value);
        }
        // The computation may use other entries, so no entry is borrowed during the computation.
        let value = Rc::new(compute());
        let mut entries = self.0.borrow_mut();
        if entries.len() > MAX_ENTRIES {
            entries.retain(|_, entry| version.now.duration_since(entry.last_used).abs() < UNUSED_AFTER);
        }
        entries.insert(key, Entry { version, last_used: version.now, value: Rc::clone(&value) });
        value
    }
}

impl<V> Entry<V> {
    /// Whether the result may be reused for `version`. `pods` is the number of Pods times the cost per Pod.
    fn is_recent(&self, version: TimelineVersion, pods: usize) -> bool {
        let age = version.now.duration_since(self.version.now);
        let max_age = if self.version.revision == version.revision {
            SignedDuration::from_secs(to_i64(1 + pods / PODS_PER_SECOND))
        } else {
            SignedDuration::from_micros(to_i64(pods * MICROS_PER_POD))
        };
        !age.is_negative() && age < max_age
    }
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[derive(Debug)]
struct CachedAccount {
    state: WorkloadState,
    account: Rc<WorkloadAccount>,
    /// The findings from this account. Computed when a frame shows them.
    findings: OnceCell<Rc<Vec<Finding>>>,
}

#[derive(Debug)]
struct CachedTimeLeft {
    computed_at: Timestamp,
    state: WorkloadState,
    time_left: Option<TimeLeft>,
}

/// The time for which the account of a workload with few Pods is reused, in milliseconds.
const ACCOUNT_MILLIS: i64 = 1000;

impl FrameCache {
    /// A cache that never reuses a result of [`Cached`].
    #[cfg(test)]
    pub(crate) fn disabled() -> Self {
        Self { is_disabled: true, ..Self::default() }
    }

    /// The version of the timeline at `now`.
    #[cfg_attr(
        not(test),
        expect(clippy::unused_self, reason = "a disabled cache of a test pretends that there are no Pods")
    )]
    pub(crate) fn version(&self, timeline: &Timeline, now: Timestamp) -> TimelineVersion {
        let pods = timeline.pod_count();
        #[cfg(test)]
        let pods = if self.is_disabled { 0 } else { pods };
        TimelineVersion { pods, revision: timeline.revision(), now }
    }

    /// The time that is left for a workload. The comment of the module `frame_cache` says when it is predicted again.
    /// Between two predictions, the time that has passed is subtracted.
    pub(crate) fn time_left(
        &self,
        timeline: &Timeline,
        workload: &Workload,
        now: Timestamp,
    ) -> Option<TimeLeft> {
        let mut entries = self.times_left.borrow_mut();
        let seconds = 1
            + workload.pods.len() / PODS_PER_SECOND_OF_FORECAST
            + timeline.workloads().len() / WORKLOADS_PER_SECOND_OF_FORECAST;
        if let Some(cached) = entries.get(&workload.uid)
            && cached.state == workload.state
        {
            let age = now.as_millisecond().saturating_sub(cached.computed_at.as_millisecond());
            if age >= 0 && (age < 1_000 * to_i64(seconds) || !self.may_renew_forecast(now)) {
                let pass = |millis: i64| (millis - age).max(0);
                return cached.time_left.map(|TimeLeft { millis, low, high }| TimeLeft {
                    millis: pass(millis),
                    low: pass(low),
                    high: pass(high),
                });
            }
        }
        let time_left = timeline.time_left(workload, now);
        let cached = CachedTimeLeft { computed_at: now, state: workload.state, time_left };
        entries.insert(Arc::clone(&workload.uid), cached);
        time_left
    }

    /// Whether the frame at `now` may predict a time left again. Counts the prediction.
    fn may_renew_forecast(&self, now: Timestamp) -> bool {
        let (frame, count) = self.renewed_forecasts.get();
        let count = if frame == now { count + 1 } else { 1 };
        self.renewed_forecasts.set((now, count));
        count <= MAX_RENEWED_FORECASTS
    }

    /// The account of a workload. The comment of the module `frame_cache` says when an account is computed again.
    pub(crate) fn account(
        &self,
        timeline: &Timeline,
        workload: &Workload,
        now: Timestamp,
    ) -> Rc<WorkloadAccount> {
        self.read_account(timeline, workload, now, |cached| Rc::clone(&cached.account))
    }

    /// The findings about a workload, from its account.
    pub(crate) fn findings(
        &self,
        timeline: &Timeline,
        workload: &Workload,
        now: Timestamp,
    ) -> Rc<Vec<Finding>> {
        self.read_account(timeline, workload, now, |cached| {
            let compute = || Rc::new(timeline.findings(workload, &cached.account));
            Rc::clone(cached.findings.get_or_init(compute))
        })
    }

    /// Reads the account of a workload, which is computed first unless the cache has a recent account.
    fn read_account<R>(
        &self,
        timeline: &Timeline,
        workload: &Workload,
        now: Timestamp,
        read: impl FnOnce(&CachedAccount) -> R,
    ) -> R {
        let is_recent = |cached: &CachedAccount| Self::is_recent_account(cached, workload, now);
        if let Some(cached) = self.accounts.borrow().get(&workload.uid).filter(|cached| is_recent(cached)) {
            return read(cached);
        }
        // The slot times of many Pods take memory, so the old account is dropped first.
        self.accounts.borrow_mut().remove(&workload.uid);
        // The workloads below are drawn next, with the same accounts.
        let below: Vec<Rc<WorkloadAccount>> = timeline
            .children(workload)
            .map(|child| {
                let known = self.accounts.borrow().get(&child.uid).map(|cached| Rc::clone(&cached.account));
                if let Some(account) = known.filter(|account| account.at == now) {
                    return account;
                }
                self.accounts.borrow_mut().remove(&child.uid);
                self.account(timeline, child, now)
            })
            .collect();
        let account = Rc::new(timeline.account_from_below(workload, &below, now));
        let cached = CachedAccount { state: workload.state, account, findings: OnceCell::new() };
        read(self.accounts.borrow_mut().entry(Arc::clone(&workload.uid)).or_insert(cached))
    }

    /// Whether an account may be reused at `now`.
    fn is_recent_account(cached: &CachedAccount, workload: &Workload, now: Timestamp) -> bool {
        // The slot time is expensive to compute. This limit keeps the cost below a few percent of the time.
        let max_age = ACCOUNT_MILLIS * to_i64(1 + workload.pods.len() / PODS_PER_SECOND);
        let age = now.as_millisecond().saturating_sub(cached.account.at.as_millisecond());
        (0..max_age).contains(&age)
            && cached.state == workload.state
            && (cached.account.summary.pods > 0 || workload.pods.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::fixture::{at, job, pi_pods, timeline};

    fn version(pods: usize, revision: u64, millis: i64) -> TimelineVersion {
        TimelineVersion { pods, revision, now: at(millis) }
    }

    /// Stores 1, then requests the same key. Returns 1 if the stored result is reused, and 2 if it is computed again.
    fn ask_twice(first: TimelineVersion, second: TimelineVersion) -> i32 {
        let cached: Cached<(), i32> = Cached::default();
        cached.get_or_compute(first, (), || 1);
        *cached.get_or_compute(second, (), || 2)
    }

    #[test]
    fn results_about_few_pods_are_never_reused() {
        assert_eq!(ask_twice(version(1_999, 1, 0), version(1_999, 1, 0)), 2);
        assert_eq!(ask_twice(version(2_000, 1, 0), version(2_000, 1, 0)), 1);
    }

    #[test]
    fn an_unchanged_timeline_reuses_results_for_a_second_and_more_with_many_pods() {
        assert_eq!(ask_twice(version(2_000, 1, 0), version(2_000, 1, 999)), 1);
        assert_eq!(ask_twice(version(2_000, 1, 0), version(2_000, 1, 1_000)), 2);
        assert_eq!(ask_twice(version(100_000, 1, 0), version(100_000, 1, 5_999)), 1);
        assert_eq!(ask_twice(version(100_000, 1, 0), version(100_000, 1, 6_000)), 2);
    }

    #[test]
    fn a_changed_timeline_reuses_results_for_three_microseconds_per_pod() {
        assert_eq!(ask_twice(version(100_000, 1, 0), version(100_000, 2, 299)), 1);
        assert_eq!(ask_twice(version(100_000, 1, 0), version(100_000, 2, 300)), 2);
    }

    #[test]
    fn a_result_is_only_reused_for_an_equal_key() {
        let cached: Cached<&str, i32> = Cached::default();
        assert_eq!(*cached.get_or_compute(version(2_000, 1, 0), "a", || 1), 1);
        assert_eq!(*cached.get_or_compute(version(2_000, 1, 0), "b", || 2), 2);
        assert_eq!(*cached.get_or_compute(version(2_000, 1, 0), "a", || 3), 1);
    }

    #[test]
    fn a_frame_renews_only_a_few_outdated_forecasts() {
        let cache = FrameCache::default();
        let renewed = |now: Timestamp| (0..10).filter(|_| cache.may_renew_forecast(now)).count();
        assert_eq!(renewed(at(1_000)), MAX_RENEWED_FORECASTS);
        assert_eq!(renewed(at(1_100)), MAX_RENEWED_FORECASTS, "each frame renews some");
    }

    #[test]
    fn an_account_is_computed_again_when_its_workload_ends() {
        let timeline = timeline(60_000, vec![(job("pi", WorkloadState::Running), pi_pods("pi", 3))]);
        let cache = FrameCache::default();
        let mut workload = timeline.workloads()[0].clone();
        let first = cache.account(&timeline, &workload, at(20_000));
        assert_eq!(cache.account(&timeline, &workload, at(20_999)), first);
        workload.state = WorkloadState::Failed;
        assert_ne!(cache.account(&timeline, &workload, at(20_999)), first);
    }
}
