//! One sync of a Job. The Job controller compares the Job with its Pods and decides what to do.

use jiff::{SignedDuration, Timestamp};

use crate::observation::job::{JobStatus, UncountedTerminatedPods};
use crate::observation::known_time;
use crate::observation::{Seen, saturating_add, saturating_sub};
use crate::source::simulation::controller::job::{SyncDecision, finish_time, true_condition};
use crate::source::simulation::controller::retry::retry_delay;
use crate::source::simulation::task::{JobKey, PodKey, SimulationTask};
use crate::source::simulation::virtual_time::{ms, truncate_to_second};
use crate::source::simulation::world::World;

/// Maximum number of Pods that one sync creates, and maximum number of Pods that one sync counts.
const MAX_PODS_PER_SYNC: usize = 500;

/// Maximum length of a deadline and of a time to live, in seconds: ten years. Longer times could overflow the clock.
const MAX_SECONDS: i64 = 315_360_000;

/// The Pods of a Job by their state.
#[derive(Default)]
struct PodsByState {
    active: Vec<PodKey>,
    succeeded: Vec<PodKey>,
    failed: Vec<PodKey>,
    /// How often the containers of the active Pods were restarted.
    restarts: i64,
}

impl World {
    /// The controller syncs a Job, unless another sync has replaced this sync.
    pub(crate) fn sync_job(&mut self, job: JobKey) {
        let now = self.now;
        let state = &mut self.jobs[job];
        if state.finished || state.next_sync != Some(now) {
            return;
        }
        state.next_sync = None;
        if state.decision.is_some() {
            // The earlier decision must be written first.
            return self.request_sync_at(job, saturating_add(now, ms(5)));
        }
        let mut status = state.object.status.clone();
        status.uncounted_terminated_pods = Some(UncountedTerminatedPods::default());
        status.terminating.get_or_insert(0);
        if state.is_suspended() {
            if status.true_condition("Suspended").is_none() {
                status.conditions.push(true_condition("Suspended", "JobSuspended", "Job suspended", now));
                self.record_job_event(job, false, "Suspended", "Job suspended".to_owned());
                self.schedule_write(job, SyncDecision { status, ready: 0, counted: Vec::new() }, ms(0));
            }
            return;
        }
        if status.start_time.is_none() {
            status.start_time = Some(truncate_to_second(now));
            if let Some(seconds) = state.manifest.spec.active_deadline_seconds {
                let deadline = SignedDuration::from_secs(seconds.min(MAX_SECONDS));
                self.schedule_at(saturating_add(now, deadline), SimulationTask::WakeJob(job));
            }
        }
        self.sync_running_job(job, status);
    }

    fn sync_running_job(&mut self, job: JobKey, mut status: JobStatus) {
        let now = self.now;
        let mut sorted = self.sort_pods_by_state(job);
        self.notice_ended(job, &sorted);
        let failure = self.failure_reason(job, &status, &sorted);
        if let Some((reason, message)) = failure {
            status.conditions.push(true_condition("FailureTarget", reason, message, now));
        }
        let mut creation_time = ms(0);
        if status.true_condition("FailureTarget").is_some() {
            for pod in std::mem::take(&mut sorted.active) {
                self.delete_pod(pod);
                // The Pod counts as failed, even if it still exits with 0.
                sorted.failed.push(pod);
            }
        } else if status.true_condition("SuccessCriteriaMet").is_none() {
            let succeeded = self.succeeded_count(job, &status, &sorted);
            let spec = &self.jobs[job].manifest.spec;
            let is_met = match spec.completions.and_then(|completions| usize::try_from(completions).ok()) {
                Some(completions) => succeeded >= completions,
                None => succeeded > 0 && sorted.active.is_empty() && self.jobs[job].creating.is_empty(),
            };
            if is_met {
                let message = "Reached expected number of succeeded pods";
                status.conditions.push(true_condition(
                    "SuccessCriteriaMet",
                    "CompletionsReached",
                    message,
                    now,
                ));
            } else {
                creation_time = self.queue_missing_pods(job, succeeded, &sorted);
            }
        }
        let counted =
            self.countable_pods(job, &status, sorted.succeeded.iter().chain(&sorted.failed).copied());
        let state = &self.jobs[job];
        let uid = |pod: &PodKey| self.pods[*pod].object.metadata.uid.clone();
        let counted_among =
            |pods: &[PodKey]| pods.iter().filter(|pod| counted.binary_search(pod).is_ok()).map(uid).collect();
        let mut uncounted =
            UncountedTerminatedPods { succeeded: Vec::new(), failed: counted_among(&sorted.failed) };
        if state.manifest.is_indexed() {
            status.succeeded = to_status_count(state.indexes.completed_count());
            if status.succeeded > self.jobs[job].object.status.succeeded {
                status.completed_indexes = state.indexes.completed_text();
            }
            if state.manifest.spec.backoff_limit_per_index.is_some() {
                status.failed_indexes = Some(state.indexes.failed_text());
            }
        } else {
            uncounted.succeeded = counted_among(&sorted.succeeded);
        }
        status.uncounted_terminated_pods = Some(uncounted);
        status.active = to_status_count(sorted.active.len() + state.creating.len());
        let terminating = |pod: &&PodKey| {
            self.pods[**pod].exists && self.pods[**pod].is_deleting() && !self.pods[**pod].has_ended()
        };
        status.terminating = Some(to_status_count(state.live.iter().filter(terminating).count()));
        let is_ready = |pod: &&PodKey| {
            self.pods[**pod].object.status.condition("Ready").is_some_and(|ready| ready.status == "True")
        };
        let ready = sorted.active.iter().filter(is_ready).count();
        self.schedule_write(job, SyncDecision { status, ready, counted }, creation_time);
    }

    /// Sorts the Pods of a Job by their state.
    fn sort_pods_by_state(&mut self, job: JobKey) -> PodsByState {
        let pods = &self.pods;
        let is_live = |pod: &PodKey| {
            let pod = &pods[*pod];
            pod.exists && (pod.is_tracked() || (pod.is_deleting() && !pod.has_ended()))
        };
        self.jobs[job].live.retain(is_live);
        let mut sorted = PodsByState::default();
        for &key in &self.jobs[job].live {
            let pod = &self.pods[key];
            if !pod.has_ended() && !pod.is_deleting() {
                sorted.active.push(key);
                let status = &pod.object.status;
                let containers = status.init_container_statuses.iter().chain(&status.container_statuses);
                sorted.restarts +=
                    containers.map(|container| i64::from(container.restart_count)).sum::<i64>();
            } else if !pod.is_tracked() {
                // The Pod was counted as failed before it ended.
            } else if pod.object.status.phase == "Succeeded" && !pod.is_deleting() {
                sorted.succeeded.push(key);
            } else {
                sorted.failed.push(key);
            }
        }
        sorted
    }

    /// Notes the Pods that have ended since the last sync, in the order in which they ended.
    fn notice_ended(&mut self, job: JobKey, sorted: &PodsByState) {
        let mut ended: Vec<(Option<Timestamp>, PodKey, bool)> = Vec::new();
        for (pods, success) in [(&sorted.succeeded, true), (&sorted.failed, false)] {
            let new = pods.iter().filter(|&&pod| !self.pods[pod].end_noticed);
            ended.extend(new.map(|&pod| (finish_time(&self.pods[pod]), pod, success)));
        }
        ended.sort_unstable();
        let limit =
            self.jobs[job].manifest.spec.backoff_limit_per_index.and_then(|limit| u32::try_from(limit).ok());
        for (at, pod, success) in ended {
            self.pods[pod].end_noticed = true;
            let index = self.pods[pod].index;
            let state = &mut self.jobs[job];
            if success {
                state.failures = 0;
                state.indexes.note_success(index);
            } else {
                state.failures += 1;
                state.last_failure = at.or(state.last_failure);
                state.indexes.note_failure(index, at, limit);
            }
        }
    }

    /// The reason and message with which the Job fails now, or `None` if it does not fail.
    fn failure_reason(
        &self,
        job: JobKey,
        status: &JobStatus,
        sorted: &PodsByState,
    ) -> Option<(&'static str, &'static str)> {
        if status.true_condition("FailureTarget").is_some()
            || status.true_condition("SuccessCriteriaMet").is_some()
        {
            return None;
        }
        let state = &self.jobs[job];
        let spec = &state.manifest.spec;
        let limit = i64::from(spec.backoff_limit.unwrap_or(6));
        let failed = i64::from(status.failed) + i64::try_from(sorted.failed.len()).unwrap_or(i64::MAX);
        let restarts =
            state.manifest.restarts_containers() && sorted.restarts > 0 && sorted.restarts >= limit;
        if failed > limit || restarts {
            return Some(("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
        }
        let deadline = spec.active_deadline_seconds.map(|seconds| seconds.min(MAX_SECONDS));
        let started = known_time(status.start_time);
        if deadline.zip(started).is_some_and(|(deadline, started)| {
            self.now >= saturating_add(started, SignedDuration::from_secs(deadline))
        }) {
            return Some(("DeadlineExceeded", "Job was active longer than specified deadline"));
        }
        let all_done = state.indexes.open_count() == 0 && state.indexes.failed_count() > 0;
        all_done.then_some(("FailedIndexes", "Job has failed indexes"))
    }

    /// How many Pods, or indexes of an Indexed Job, have succeeded, including Pods that the controller has not counted
    /// yet.
    fn succeeded_count(&self, job: JobKey, status: &JobStatus, sorted: &PodsByState) -> usize {
        let state = &self.jobs[job];
        if state.manifest.is_indexed() {
            state.indexes.completed_count()
        } else {
            usize::try_from(status.succeeded).unwrap_or(0) + sorted.succeeded.len()
        }
    }

    /// Queues the creation of missing Pods, and returns how long their creation takes. After a failure, no Pod is
    /// created until the retry delay has passed.
    fn queue_missing_pods(&mut self, job: JobKey, succeeded: usize, sorted: &PodsByState) -> SignedDuration {
        let now = self.now;
        let state = &self.jobs[job];
        let spec = &state.manifest.spec;
        let to_usize = |number: Option<i32>| number.and_then(|number| usize::try_from(number).ok());
        let parallelism = to_usize(spec.parallelism).unwrap_or(1);
        let active = sorted.active.len() + state.creating.len();
        let wanted = match to_usize(spec.completions) {
            Some(_) if state.manifest.is_indexed() => parallelism.min(state.indexes.open_count()),
            Some(completions) => parallelism.min(completions.saturating_sub(succeeded)),
            None if succeeded > 0 => active,
            None => parallelism,
        };
        let missing = wanted.saturating_sub(active).min(MAX_PODS_PER_SYNC);
        if missing == 0 {
            return ms(0);
        }
        let is_per_index = spec.backoff_limit_per_index.is_some();
        let until = state.last_failure.filter(|_| state.failures > 0 && !is_per_index);
        let until =
            until.map(|at| saturating_add(at, retry_delay(state.failures))).filter(|&until| until > now);
        if let Some(until) = until {
            self.wake_job_at(job, until);
            return ms(0);
        }
        let new: Vec<Option<u32>> = if state.manifest.is_indexed() {
            let mut taken: Vec<u32> = sorted.active.iter().filter_map(|&pod| self.pods[pod].index).collect();
            taken.extend(state.creating.iter().flatten());
            taken.sort_unstable();
            let (pending, wake) = state.indexes.pending(missing, &taken, is_per_index, now);
            if let Some(wake) = wake {
                self.wake_job_at(job, wake);
            }
            pending.into_iter().map(Some).collect()
        } else {
            vec![None; missing]
        };
        // The first batch has one Pod, and each later batch has twice as many Pods as the batch before. In a real
        // cluster, this wastes few requests if the API server refuses the Pods.
        let (mut delay, mut batch_size, mut left_in_batch) = (ms(2), 1, 1);
        for index in new {
            if left_in_batch == 0 {
                batch_size *= 2;
                left_in_batch = batch_size;
                delay = delay.saturating_add(self.random_latency(6, 12));
            }
            left_in_batch -= 1;
            delay = delay.saturating_add(SignedDuration::from_micros(700));
            self.jobs[job].creating.push(index);
            self.schedule_after(delay, SimulationTask::CreatePod(job, index));
        }
        delay
    }

    /// The ended Pods that can be counted now, in the order of creation. With `backoffLimitPerIndex`, a failed Pod is
    /// kept until the next Pod of its index exists, because the failed Pod holds the number of failures.
    fn countable_pods(
        &self,
        job: JobKey,
        status: &JobStatus,
        ended: impl Iterator<Item = PodKey>,
    ) -> Vec<PodKey> {
        let state = &self.jobs[job];
        let waits_for_replacement = state.manifest.spec.backoff_limit_per_index.is_some()
            && status.true_condition("FailureTarget").is_none();
        let is_replaced = |pod: PodKey| {
            let index = self.pods[pod].index;
            !state.indexes.is_open(index)
                || state.live.iter().any(|&other| other > pod && self.pods[other].index == index)
        };
        let mut counted: Vec<PodKey> =
            ended.filter(|&pod| !waits_for_replacement || is_replaced(pod)).collect();
        counted.sort_unstable();
        counted.truncate(MAX_PODS_PER_SYNC);
        counted
    }

    /// Plans the first write of a decision for the time after the Pods have been created.
    fn schedule_write(&mut self, job: JobKey, decision: SyncDecision, creation_time: SignedDuration) {
        self.jobs[job].decision = Some(Box::new(decision));
        let delay = self.random_latency(4, 10);
        self.schedule_after(creation_time.saturating_add(delay), SimulationTask::WriteDecision(job));
    }

    /// The first write of a decision: the new status, with the Pods that are about to be counted.
    pub(crate) fn write_decision(&mut self, job: JobKey) {
        let state = &mut self.jobs[job];
        let Some(decision) = state.decision.as_ref() else { return };
        if state.object.status != decision.status || state.ready != decision.ready {
            state.object.status = decision.status.clone();
            state.ready = decision.ready;
            self.emit_job(job, Seen::Changed);
            self.request_sync(job);
        }
        let delay = self.random_latency(4, 8);
        self.schedule_after(delay, SimulationTask::WriteCounts(job));
    }

    /// The second write of a decision: the new counts. If the Job has succeeded or failed, and no Pod remains to be
    /// counted or stopped, the Job ends.
    pub(crate) fn write_counts(&mut self, job: JobKey) {
        let Some(decision) = self.jobs[job].decision.take() else { return };
        for &pod in &decision.counted {
            self.release_counted_pod(pod);
        }
        let now = self.now;
        let mut status = self.jobs[job].object.status.clone();
        let uncounted = status.uncounted_terminated_pods.replace(UncountedTerminatedPods::default());
        let uncounted = uncounted.unwrap_or_default();
        status.succeeded += to_status_count(uncounted.succeeded.len());
        status.failed += to_status_count(uncounted.failed.len());
        let is_unfinished = decision.counted.len() >= MAX_PODS_PER_SYNC
            || status.terminating.unwrap_or(0) > 0
            || status.active > 0;
        let target = status
            .true_condition("FailureTarget")
            .or_else(|| status.true_condition("SuccessCriteriaMet"))
            .cloned();
        if let Some(target) = target.filter(|_| !is_unfinished) {
            let is_complete = target.r#type == "SuccessCriteriaMet";
            let kind = if is_complete { "Complete" } else { "Failed" };
            status.conditions.push(true_condition(kind, &target.reason, &target.message, now));
            status.completion_time = is_complete.then(|| truncate_to_second(now));
            let state = &mut self.jobs[job];
            state.finished = true;
            if let Some(seconds) = state.manifest.ttl_seconds {
                let ttl = SignedDuration::from_secs(seconds.clamp(0, MAX_SECONDS));
                let from =
                    saturating_sub(now, SignedDuration::from_nanos(i64::from(now.subsec_nanosecond())));
                self.schedule_at(
                    saturating_add(from, ttl).max(saturating_add(now, ms(7))),
                    SimulationTask::ExpireJob(job),
                );
            }
            if is_complete {
                self.record_job_event(job, false, "Completed", "Job completed".to_owned());
            } else {
                self.record_job_event(job, true, &target.reason, target.message);
            }
            self.note_progress();
        }
        if status != self.jobs[job].object.status {
            self.jobs[job].object.status = status;
            self.emit_job(job, Seen::Changed);
            self.request_sync(job);
        }
    }
}

/// Converts a number of Pods to the type that a status uses.
fn to_status_count(pods: usize) -> i32 {
    i32::try_from(pods).unwrap_or(i32::MAX)
}
