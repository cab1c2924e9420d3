//! The time until a Job has all its completions, computed from the Pods so far and the waves that are still to come.

use jiff::{SignedDuration, Timestamp};

use crate::lifecycle::PhaseKind;
use crate::timeline::pods::overview::PodOverview;
use crate::timeline::pods::pod::PodKey;
use crate::timeline::reports::back_offs::back_off;
use crate::timeline::reports::forecast::{ForecastInput, TimeLeft, forecast};
use crate::timeline::timeline::Timeline;
use crate::timeline::workloads::workload::{Workload, WorkloadState};

/// With fewer completions done, nothing is predicted.
const MIN_COMPLETIONS: usize = 5;

/// Nothing is predicted before one in this many completions is done.
const MIN_SHARE_OF_COMPLETIONS: usize = 10;

/// A Pod follows a success within this time, in milliseconds, unless the controller waits for something else.
const MAX_GAP_MILLIS: i64 = 5_000;

/// The default of `backoffLimit` of a Job, used if its value is unknown.
const DEFAULT_BACK_OFF_LIMIT: i32 = 6;

/// The time from the end of a Pod to the creation of the next one if no Pod was replaced yet, in milliseconds. The Job
/// controller collects changes for a second.
const USUAL_GAP_MILLIS: i64 = 1_000;

/// A Pod that waits longer than this for a node does not count as a Pod that is about to start.
const MAX_QUEUED_MILLIS: i64 = 5_000;

impl Timeline {
    /// The time until a Job has all its completions. `None` while too little is known: before five completions and a
    /// tenth of all completions are done. Also `None` if the Job can no longer complete, if a Pod or the whole Job is
    /// stuck, and for every workload without a number of completions.
    pub fn time_left(&self, workload: &Workload, now: Timestamp) -> Option<TimeLeft> {
        let completions = usize::try_from(workload.completions?).ok()?;
        if workload.state != WorkloadState::Running
            || workload.has_ended()
            || workload.is_rollout
            || workload.is_known_from_events
            || workload.creation_block.is_some()
            || !self.can_complete(workload, now)
        {
            return None;
        }
        let pods = PodsSoFar::collect(self, workload, now)?;
        let counted = usize::try_from(workload.succeeded).ok()?;
        let done = counted.max(pods.input.works.len());
        let is_enough =
            |count: usize| count >= MIN_COMPLETIONS && count * MIN_SHARE_OF_COMPLETIONS >= completions;
        if !is_enough(done)
            || pods.input.works.len() < MIN_COMPLETIONS
            || done >= completions && pods.open() == 0
        {
            return None;
        }
        let job = self.owners.job(&workload.uid)?.job();
        let default_limit = if workload.retries_per_index { i32::MAX } else { DEFAULT_BACK_OFF_LIMIT };
        let limit = job.spec.backoff_limit.unwrap_or(default_limit);
        let left = forecast(&pods.into_input(workload, completions.saturating_sub(done), limit, now))?;
        let deadline = job.spec.active_deadline_seconds.map(SignedDuration::from_secs);
        let until_deadline = deadline
            .zip(workload.started)
            .map(|(deadline, started)| deadline.saturating_sub(now.duration_since(started)).as_millis());
        // A Job that reaches its deadline first does not complete.
        (until_deadline.is_none_or(|until| i128::from(left.millis) < until)).then_some(left)
    }

    /// Whether the controller still tries to complete the Job, and no index has failed for good.
    fn can_complete(&self, workload: &Workload, now: Timestamp) -> bool {
        let Some(job) = self.owners.job(&workload.uid) else { return false };
        // With a success policy, the Job ends when the policy is met, not when all completions are done.
        if job.decision().is_some() || job.has_success_policy() || job.failed_index_count() > 0 {
            return false;
        }
        self.job_failures(workload, now).is_none_or(|failures| {
            !failures.has_given_up
                && failures.failed_indexes.is_empty()
                && failures.unobserved_failed_indexes == 0
        })
    }

    /// Whether a Pod that has not begun to work waits for something that nobody can predict, such as an image that
    /// cannot be pulled.
    fn is_stuck(&self, key: PodKey, pod: &PodOverview) -> bool {
        match pod.open_phase {
            Some(PhaseKind::BackOff | PhaseKind::Unknown) => true,
            Some(kind) if kind.is_cold_start() && pod.has_wait_reason => {
                self.pod(key).life.open_phase().is_some_and(|phase| phase.wait_reason().is_some())
            }
            Some(_) | None => false,
        }
    }
}

/// The Pods of a Job so far.
struct PodsSoFar {
    /// Without the fields that depend on the number of completions.
    input: ForecastInput,
    /// The creation of each Pod, and the time from the creation to the start of work if the work has begun. In the
    /// order of the creations.
    creations: Vec<(i64, Option<i64>)>,
    /// The end of each Pod, and whether the Pod failed.
    ends: Vec<(i64, bool)>,
    /// The number of Pods that wait for a node.
    queued: usize,
}

impl PodsSoFar {
    /// Reads all Pods of the Job. `None` if a Pod is stuck.
    fn collect(timeline: &Timeline, workload: &Workload, now: Timestamp) -> Option<Self> {
        let input = ForecastInput::default();
        let mut pods = Self { input, creations: Vec::new(), ends: Vec::new(), queued: 0 };
        let millis = Timestamp::as_millisecond;
        for (key, pod) in timeline.overviews(workload) {
            let Some(created) = pod.created().map(millis) else { continue };
            let start = pod.work_started().map(|started| (millis(started) - created).max(0));
            pods.creations.push((created, start));
            pods.ends.extend(pod.end().map(|end| (millis(end), pod.has_failed())));
            if pod.outcome.has_ended() {
                if pod.has_failed() {
                    pods.input.failures.count += 1;
                } else if !pod.was_stopped() {
                    pods.input.works.extend(pod.run_so_far(now));
                }
            } else if timeline.is_stuck(key, pod) {
                return None;
            } else if pod.has_started_work {
                pods.input.working.push(pod.run_so_far(now).unwrap_or(0));
            } else if pod.open_phase == Some(PhaseKind::Queued) && millis(now) - created > MAX_QUEUED_MILLIS {
                pods.queued += 1;
            } else {
                pods.input.starting.push((millis(now) - created).max(0));
            }
        }
        Some(pods)
    }

    /// The number of Pods that work or are about to.
    fn open(&self) -> usize {
        self.input.working.len() + self.input.starting.len()
    }

    /// Returns the input of the forecast. `left` is the number of completions that are not done. The Job fails if more
    /// than `limit` Pods fail.
    fn into_input(mut self, workload: &Workload, left: usize, limit: i32, now: Timestamp) -> ForecastInput {
        let open = self.open();
        self.ends.sort_unstable();
        let first_end = self.ends.first().map_or(i64::MAX, |(end, _)| *end);
        // The Pods of the first wave may pull images, so the Pods of the next waves may start faster.
        let first_wave = self.creations.partition_point(|(created, _)| *created <= first_end);
        let later = &self.creations[first_wave..];
        self.input.starts = later.iter().filter_map(|(_, start)| *start).collect();
        if self.input.starts.is_empty() {
            self.input.starts.extend(self.creations.iter().filter_map(|(_, start)| *start).min());
        }
        // The gap after a failure contains the back-off. The forecast adds the back-off itself.
        let after_success = later.iter().zip(&self.ends).filter(|(_, (_, failed))| !failed);
        self.input.gaps = after_success.map(|((created, _), (end, _))| (created - end).max(0)).collect();
        if self.input.failures.count > 0 {
            self.input.gaps.retain(|gap| *gap < MAX_GAP_MILLIS);
        }
        if self.input.gaps.is_empty() {
            self.input.gaps.push(USUAL_GAP_MILLIS);
        }
        self.add_holds(workload, limit, now.as_millisecond());
        let parallelism =
            workload.parallelism.map_or(open, |slots| usize::try_from(slots).unwrap_or(usize::MAX));
        // While Pods wait for a node, the cluster has no room for more Pods than already have a node.
        let slots = if self.queued > 0 { open } else { parallelism.min(left.max(open)) };
        ForecastInput { waiting: left.saturating_sub(open), slots: slots.max(1), ..self.input }
    }

    /// Adds the waits of the controller after the failures so far. `ends` must be sorted.
    fn add_holds(&mut self, workload: &Workload, limit: i32, now: i64) {
        let failures = &mut self.input.failures;
        let until = |end: i64, failures: usize| {
            end.saturating_add(i64::try_from(back_off(failures).as_millis()).unwrap_or(i64::MAX)) - now
        };
        failures.is_retry_per_index = workload.retries_per_index;
        failures.max_further = usize::try_from(limit).unwrap_or(0).saturating_sub(failures.count);
        if failures.is_retry_per_index {
            // Most indexes that wait have failed once.
            let failed = self.ends.iter().rev().filter(|(_, failed)| *failed);
            let holds = failed.map(|(end, _)| until(*end, 1)).take_while(|hold| *hold > 0);
            failures.index_holds = holds.collect();
            return;
        }
        let in_a_row = self.ends.iter().rev().take_while(|(_, failed)| *failed).count();
        failures.in_a_row = u32::try_from(in_a_row).unwrap_or(u32::MAX);
        if let Some((end, true)) = self.ends.last() {
            failures.hold = until(*end, in_a_row).max(0);
        }
    }
}
