//! One look of the Job controller at a Job.

use jiff::{SignedDuration, Timestamp};

use super::indexes::RETRY_MOST;
use super::{condition, finish_time};
use crate::observation::Seen;
use crate::observation::job::{JobStatus, UncountedTerminatedPods};
use crate::observation::known;
use crate::source::simulation::world::{JobKey, PodKey, ms, second};
use crate::source::simulation::world::{Task, World};

/// Pods that one look creates or counts at most.
const MOST: usize = 500;

/// What a look decided, to be written.
#[derive(Debug)]
pub(crate) struct Decision {
    status: JobStatus,
    ready: usize,
    counted: Vec<PodKey>,
}

/// How long to wait after so many failures.
pub(crate) fn retry_delay(failures: u32) -> SignedDuration {
    let doubled = 1_i32 << failures.saturating_sub(1).min(6);
    SignedDuration::from_secs(10).saturating_mul(doubled).min(RETRY_MOST)
}

/// What the controller finds.
#[derive(Default)]
struct Found {
    active: Vec<PodKey>,
    succeeded: Vec<PodKey>,
    failed: Vec<PodKey>,
    restarts: i64,
}

impl World {
    /// The controller looks at the Job.
    pub(crate) fn sync_job(&mut self, job: JobKey) {
        let now = self.now;
        let state = &mut self.jobs[job];
        if state.finished || state.next_sync != Some(now) {
            return;
        }
        state.next_sync = None;
        if state.decision.is_some() {
            // One at a time.
            return self.request_sync_at(job, now + ms(5));
        }
        let mut status = state.object.status.clone();
        status.uncounted_terminated_pods = Some(UncountedTerminatedPods::default());
        status.terminating.get_or_insert(0);
        if state.suspended() {
            if status.true_condition("Suspended").is_none() {
                status.conditions.push(condition("Suspended", "JobSuspended", "Job suspended", now));
                self.record_job(job, false, "Suspended", "Job suspended".to_owned());
                self.decide(job, Decision { status, ready: 0, counted: Vec::new() }, ms(0));
            }
            return;
        }
        if status.start_time.is_none() {
            status.start_time = Some(second(now));
            if let Some(seconds) = state.manifest.spec.active_deadline_seconds {
                let deadline = SignedDuration::from_secs(seconds.min(315_360_000));
                self.at(now + deadline, Task::WakeJob(job));
            }
        }
        self.judge(job, status);
    }

    fn judge(&mut self, job: JobKey, mut status: JobStatus) {
        let now = self.now;
        let mut found = self.find(job);
        self.notice_ended(job, &found);
        let failure = self.failure(job, &status, &found);
        if let Some((reason, message)) = failure {
            status.conditions.push(condition("FailureTarget", reason, message, now));
        }
        let mut creations = ms(0);
        if status.true_condition("FailureTarget").is_some() {
            for pod in std::mem::take(&mut found.active) {
                self.delete_pod(pod);
                // Counted although it may end well yet.
                found.failed.push(pod);
            }
        } else if status.true_condition("SuccessCriteriaMet").is_none() {
            let succeeded = self.succeeded(job, &status, &found);
            let spec = &self.jobs[job].manifest.spec;
            let met = match spec.completions.and_then(|completions| usize::try_from(completions).ok()) {
                Some(completions) => succeeded >= completions,
                None => succeeded > 0 && found.active.is_empty() && self.jobs[job].creating.is_empty(),
            };
            if met {
                let message = "Reached expected number of succeeded pods";
                status.conditions.push(condition("SuccessCriteriaMet", "CompletionsReached", message, now));
            } else {
                creations = self.create_missing(job, succeeded, &found);
            }
        }
        let counted = self.countable(job, &status, found.succeeded.iter().chain(&found.failed).copied());
        let state = &self.jobs[job];
        let uid = |pod: &PodKey| self.pods[*pod].object.metadata.uid.clone();
        let counted_among =
            |pods: &[PodKey]| pods.iter().filter(|pod| counted.binary_search(pod).is_ok()).map(uid).collect();
        let mut uncounted =
            UncountedTerminatedPods { succeeded: Vec::new(), failed: counted_among(&found.failed) };
        if state.manifest.indexed() {
            status.succeeded = count(state.indexes.completed());
            if status.succeeded > self.jobs[job].object.status.succeeded {
                status.completed_indexes = state.indexes.completed_text();
            }
            if state.manifest.spec.backoff_limit_per_index.is_some() {
                status.failed_indexes = Some(state.indexes.failed_text());
            }
        } else {
            uncounted.succeeded = counted_among(&found.succeeded);
        }
        status.uncounted_terminated_pods = Some(uncounted);
        status.active = count(found.active.len() + state.creating.len());
        let terminating = |pod: &&PodKey| {
            self.pods[**pod].exists && self.pods[**pod].deleting() && !self.pods[**pod].ended()
        };
        status.terminating = Some(count(state.live.iter().filter(terminating).count()));
        let is_ready = |pod: &&PodKey| {
            self.pods[**pod].object.status.condition("Ready").is_some_and(|ready| ready.status == "True")
        };
        let ready = found.active.iter().filter(is_ready).count();
        self.decide(job, Decision { status, ready, counted }, creations);
    }

    /// The Job's Pods by how they stand.
    fn find(&mut self, job: JobKey) -> Found {
        let pods = &self.pods;
        let keep = |pod: &PodKey| {
            let pod = &pods[*pod];
            pod.exists && (pod.tracked() || (pod.deleting() && !pod.ended()))
        };
        self.jobs[job].live.retain(keep);
        let mut found = Found::default();
        for &key in &self.jobs[job].live {
            let pod = &self.pods[key];
            if !pod.ended() && !pod.deleting() {
                found.active.push(key);
                let status = &pod.object.status;
                let containers = status.init_container_statuses.iter().chain(&status.container_statuses);
                found.restarts += containers.map(|container| i64::from(container.restart_count)).sum::<i64>();
            } else if !pod.tracked() {
                // Counted before it has ended.
            } else if pod.object.status.phase == "Succeeded" && !pod.deleting() {
                found.succeeded.push(key);
            } else {
                found.failed.push(key);
            }
        }
        found
    }

    /// Remembers what ended since the last look, in the order of its end.
    fn notice_ended(&mut self, job: JobKey, found: &Found) {
        let mut ended: Vec<(Option<Timestamp>, PodKey, bool)> = Vec::new();
        for (pods, well) in [(&found.succeeded, true), (&found.failed, false)] {
            let new = pods.iter().filter(|&&pod| !self.pods[pod].noticed);
            ended.extend(new.map(|&pod| (finish_time(&self.pods[pod]), pod, well)));
        }
        ended.sort_unstable();
        let limit =
            self.jobs[job].manifest.spec.backoff_limit_per_index.and_then(|limit| u32::try_from(limit).ok());
        for (at, pod, well) in ended {
            self.pods[pod].noticed = true;
            let index = self.pods[pod].index;
            let state = &mut self.jobs[job];
            if well {
                state.failures = 0;
                state.indexes.succeeded(index);
            } else {
                state.failures += 1;
                state.last_failure = at.or(state.last_failure);
                state.indexes.one_failed(index, at, limit);
            }
        }
    }

    /// Why the Job fails now, if it does.
    fn failure(
        &self,
        job: JobKey,
        status: &JobStatus,
        found: &Found,
    ) -> Option<(&'static str, &'static str)> {
        if status.true_condition("FailureTarget").is_some()
            || status.true_condition("SuccessCriteriaMet").is_some()
        {
            return None;
        }
        let state = &self.jobs[job];
        let spec = &state.manifest.spec;
        let limit = i64::from(spec.backoff_limit.unwrap_or(6));
        let failed = i64::from(status.failed) + i64::try_from(found.failed.len()).unwrap_or(i64::MAX);
        let restarts = state.manifest.restarts() && found.restarts > 0 && found.restarts >= limit;
        if failed > limit || restarts {
            return Some(("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
        }
        let deadline = spec.active_deadline_seconds.map(|seconds| seconds.min(315_360_000));
        let begun = known(status.start_time);
        if deadline
            .zip(begun)
            .is_some_and(|(deadline, begun)| self.now >= begun + SignedDuration::from_secs(deadline))
        {
            return Some(("DeadlineExceeded", "Job was active longer than specified deadline"));
        }
        let all_done = state.indexes.open() == 0 && state.indexes.failed() > 0;
        all_done.then_some(("FailedIndexes", "Job has failed indexes"))
    }

    /// Pods or indexes that succeeded, counted or not.
    fn succeeded(&self, job: JobKey, status: &JobStatus, found: &Found) -> usize {
        let state = &self.jobs[job];
        if state.manifest.indexed() {
            state.indexes.completed()
        } else {
            usize::try_from(status.succeeded).unwrap_or(0) + found.succeeded.len()
        }
    }

    /// Creates the Pods that are missing, now or when a failure was waited out; how long that takes.
    fn create_missing(&mut self, job: JobKey, succeeded: usize, found: &Found) -> SignedDuration {
        let now = self.now;
        let state = &self.jobs[job];
        let spec = &state.manifest.spec;
        let natural = |number: Option<i32>| number.and_then(|number| usize::try_from(number).ok());
        let parallelism = natural(spec.parallelism).unwrap_or(1);
        let active = found.active.len() + state.creating.len();
        let wanted = match natural(spec.completions) {
            Some(_) if state.manifest.indexed() => parallelism.min(state.indexes.open()),
            Some(completions) => parallelism.min(completions.saturating_sub(succeeded)),
            None if succeeded > 0 => active,
            None => parallelism,
        };
        let missing = wanted.saturating_sub(active).min(MOST);
        if missing == 0 {
            return ms(0);
        }
        let each = spec.backoff_limit_per_index.is_some();
        let until = state.last_failure.filter(|_| state.failures > 0 && !each);
        let until = until.map(|at| at + retry_delay(state.failures)).filter(|&until| until > now);
        if let Some(until) = until {
            self.wake_job_at(job, until);
            return ms(0);
        }
        let new: Vec<Option<u32>> = if state.manifest.indexed() {
            let mut taken: Vec<u32> = found.active.iter().filter_map(|&pod| self.pods[pod].index).collect();
            taken.extend(state.creating.iter().flatten());
            taken.sort_unstable();
            let (pending, wake) = state.indexes.pending(missing, &taken, each, now);
            if let Some(wake) = wake {
                self.wake_job_at(job, wake);
            }
            pending.into_iter().map(Some).collect()
        } else {
            vec![None; missing]
        };
        // One Pod first, then twice as many each time: if it is refused, so would be all.
        let (mut at, mut batch, mut left) = (ms(2), 1, 1);
        for index in new {
            if left == 0 {
                batch *= 2;
                left = batch;
                at += self.latency(6, 12);
            }
            left -= 1;
            at += SignedDuration::from_micros(700);
            self.jobs[job].creating.push(index);
            self.after(at, Task::CreatePod(job, index));
        }
        at
    }

    /// Which of the ended Pods can be counted now, in order. With a limit for each index, a failed Pod is kept until
    /// the next one of its index is there, for it carries the count.
    fn countable(&self, job: JobKey, status: &JobStatus, ended: impl Iterator<Item = PodKey>) -> Vec<PodKey> {
        let state = &self.jobs[job];
        let each = state.manifest.spec.backoff_limit_per_index.is_some()
            && status.true_condition("FailureTarget").is_none();
        let replaced = |pod: PodKey| {
            let index = self.pods[pod].index;
            !state.indexes.is_open(index)
                || state.live.iter().any(|&other| other > pod && self.pods[other].index == index)
        };
        let mut counted: Vec<PodKey> = ended.filter(|&pod| !each || replaced(pod)).collect();
        counted.sort_unstable();
        counted.truncate(MOST);
        counted
    }

    /// Writes what was decided, after the creations.
    fn decide(&mut self, job: JobKey, decision: Decision, creations: SignedDuration) {
        self.jobs[job].decision = Some(Box::new(decision));
        let delay = self.latency(4, 10);
        self.after(creations + delay, Task::WriteJob(job));
    }

    /// The first write: what the controller found and is about to count.
    pub(crate) fn write_decided(&mut self, job: JobKey) {
        let state = &mut self.jobs[job];
        let Some(decision) = state.decision.as_ref() else { return };
        if state.object.status != decision.status || state.ready != decision.ready {
            state.object.status = decision.status.clone();
            state.ready = decision.ready;
            self.tell_job(job, Seen::Changed);
            self.request_sync(job);
        }
        let delay = self.latency(4, 8);
        self.after(delay, Task::CountJob(job));
    }

    /// The second write: the Pods are counted, and if nothing is left, the Job has ended.
    pub(crate) fn count_job(&mut self, job: JobKey) {
        let Some(decision) = self.jobs[job].decision.take() else { return };
        for &pod in &decision.counted {
            self.untrack(pod);
        }
        let now = self.now;
        let mut status = self.jobs[job].object.status.clone();
        let uncounted = status.uncounted_terminated_pods.replace(UncountedTerminatedPods::default());
        let uncounted = uncounted.unwrap_or_default();
        status.succeeded += count(uncounted.succeeded.len());
        status.failed += count(uncounted.failed.len());
        let left = decision.counted.len() >= MOST || status.terminating.unwrap_or(0) > 0 || status.active > 0;
        let reached = status
            .true_condition("FailureTarget")
            .or_else(|| status.true_condition("SuccessCriteriaMet"))
            .cloned();
        if let Some(target) = reached.filter(|_| !left) {
            let complete = target.r#type == "SuccessCriteriaMet";
            let kind = if complete { "Complete" } else { "Failed" };
            status.conditions.push(condition(kind, &target.reason, &target.message, now));
            status.completion_time = complete.then(|| second(now));
            let state = &mut self.jobs[job];
            state.finished = true;
            if let Some(seconds) = state.manifest.ttl {
                let ttl = SignedDuration::from_secs(seconds.clamp(0, 315_360_000));
                let from = now - SignedDuration::from_nanos(i64::from(now.subsec_nanosecond()));
                self.at((from + ttl).max(now + ms(7)), Task::ExpireJob(job));
            }
            if complete {
                self.record_job(job, false, "Completed", "Job completed".to_owned());
            } else {
                self.record_job(job, true, &target.reason, target.message);
            }
            self.advance();
        }
        if status != self.jobs[job].object.status {
            self.jobs[job].object.status = status;
            self.tell_job(job, Seen::Changed);
            self.request_sync(job);
        }
    }
}

/// A number of Pods as statuses have it.
fn count(pods: usize) -> i32 {
    i32::try_from(pods).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_wait_ever_longer() {
        let seconds: Vec<i64> = (1..9).map(|failures| retry_delay(failures).as_secs()).collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 320, 600, 600]);
    }
}
