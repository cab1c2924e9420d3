//! Divides the observations of a cluster among the runs, and finds the runs that have ended.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::app::record::finished_run::FinishedRun;
use crate::app::record::followed_run::FollowedRun;
use crate::app::record::preemptor_events::PreemptorEvents;
use crate::app::record::rollout_objects::{RolledOut, RolloutObjects};
use crate::observation::{Object, Observation, Outage, Relist, Seen};
use crate::source::Update;
use crate::source::recording::RecordingHeader;
use crate::source::recording::directory::listing::RecordingIndex;
use crate::source::recording::directory::run_router::{RunKey, RunRouter};
use crate::source::recording::redact::redact;

/// Divides the observations among the runs.
#[derive(Debug)]
pub(crate) struct RunCollector {
    /// Where recordings are written.
    folder: Option<PathBuf>,
    /// The header of all recordings.
    header: RecordingHeader,
    router: RunRouter,
    preemptors: PreemptorEvents,
    /// The runs that go on.
    runs: HashMap<RunKey, FollowedRun>,
    /// The workloads whose runs have ended, until they are deleted. A workload with rollouts may begin another run.
    ended: HashMap<RunKey, Option<EndedRollout>>,
    is_synced: bool,
    /// The latest outages, which also concern runs that begin later.
    outages: Option<Update>,
}

/// The latest rollout of a workload, which has ended.
#[derive(Debug)]
struct EndedRollout {
    objects: RolloutObjects,
    rolled_out: RolledOut,
}

impl RunCollector {
    /// Creates a collector that has observed nothing. Without `folder`, runs have no recordings. `listed_kinds` are the
    /// kinds of which the source lists all objects.
    pub(crate) fn new(folder: Option<PathBuf>, header: RecordingHeader, listed_kinds: Vec<String>) -> Self {
        Self {
            folder,
            header,
            router: RunRouter::new(listed_kinds),
            preemptors: PreemptorEvents::default(),
            runs: HashMap::new(),
            ended: HashMap::new(),
            is_synced: false,
            outages: None,
        }
    }

    /// Continues a run whose recording another run of the program began.
    pub(crate) fn resume(&mut self, uid: &str, run: FollowedRun) {
        let key = RunKey::of_uid(uid);
        if let Some(resumed) = &run.resumed {
            for object in resumed.objects() {
                self.router.adopt(object, key);
            }
        }
        self.runs.insert(key, run);
    }

    /// The runs that go on.
    pub(crate) fn runs_mut(&mut self) -> impl Iterator<Item = &mut FollowedRun> {
        self.runs.values_mut()
    }

    /// Adds an update of the source.
    ///
    /// # Errors
    /// An observation cannot be written as JSON.
    pub(crate) fn add_update(&mut self, update: Update) -> io::Result<()> {
        let mut routed = Vec::new();
        if let Update::Observed(observations) = update {
            for mut observation in observations {
                redact(&mut observation);
                for run in self.preemptors.observe_scheduling(&observation) {
                    routed.push((run, observation.clone()));
                }
                self.router.route(observation, Instant::now(), &mut routed);
            }
            return self.add_observations(routed);
        }
        if matches!(update, Update::Synced) {
            self.router.route_all(Instant::now(), &mut routed);
            self.add_observations(routed)?;
            self.is_synced = true;
        }
        if let Update::Outages { received, outages } = &update {
            self.change_outages(*received, outages)?;
            self.outages = Some(update);
        } else if update.is_recorded_as_mark() {
            for run in self.runs.values_mut() {
                run.add_mark(&update)?;
            }
        }
        Ok(())
    }

    fn change_outages(&mut self, received: Timestamp, outages: &[Outage]) -> io::Result<()> {
        let earlier = match &self.outages {
            Some(Update::Outages { outages, .. }) => &outages[..],
            Some(_) | None => &[],
        };
        let is_over = |outage: &&Outage| {
            let goes_on =
                |other: &Outage| (&other.kind, &other.namespace) == (&outage.kind, &outage.namespace);
            !outages.iter().any(goes_on)
        };
        let ended: Vec<Outage> = earlier.iter().filter(is_over).cloned().collect();
        self.runs.values_mut().try_for_each(|run| run.change_outages(received, outages, &ended))
    }

    /// Ends the time in which nobody watched the resumed runs: reports the objects that no longer exist. `covers` says
    /// whether the source would have listed the workload of a run. Returns the recordings of the runs that it would not.
    ///
    /// # Errors
    /// An observation cannot be written as JSON.
    pub(crate) fn conclude_resumed(
        &mut self,
        now: Timestamp,
        listed_at: Timestamp,
        covers: impl Fn(&FollowedRun) -> bool,
    ) -> io::Result<()> {
        let mut foreign = Vec::new();
        let outages = match &self.outages {
            Some(Update::Outages { outages, .. }) => outages.clone(),
            Some(_) | None => Vec::new(),
        };
        for (key, run) in &mut self.runs {
            let Some(resumed) = run.resumed.take() else { continue };
            let uid = run.recorded_run().uid;
            let is_listed = resumed.objects().all(|object| object.metadata().uid != uid);
            if !is_listed && !covers(run) {
                foreign.push(*key);
                continue;
            }
            let mut resumed = resumed;
            if let Some(unwatched) = resumed.end_of_gap(now) {
                run.add_unwatched(unwatched)?;
            }
            for observation in resumed.missing(now) {
                run.observe(observation)?;
            }
            // The outages at the end of the recording may be over.
            let outages = Update::Outages { received: now, outages: outages.clone() };
            run.add_mark(&outages)?;
            for kind in ["Pod", "Event"] {
                let relist = Relist { at: listed_at, kind: kind.to_owned(), namespace: None };
                run.add_mark(&Update::Relisted(relist))?;
            }
        }
        for key in foreign {
            self.runs.remove(&key);
        }
        Ok(())
    }

    /// Removes the runs that had ended before `began`, if `known` has their recordings or no recordings are written. The
    /// others count as old runs.
    pub(crate) fn conclude_old_runs(&mut self, began: Timestamp, known: &RecordingIndex) {
        let mut recorded = Vec::new();
        for (key, run) in &mut self.runs {
            let is_new = run.file.as_ref().is_none_or(|file| !file.exists());
            if is_new && run.had_ended_before(began) {
                run.is_old = true;
                if self.folder.is_none() || known.has_run(&run.recorded_run(), run.fixed_start()) {
                    recorded.push(*key);
                }
            }
        }
        for key in recorded {
            if let Some(run) = self.runs.remove(&key) {
                self.remember_end(key, &run);
            }
        }
    }

    /// Removes and returns the runs that are over. Forgets objects that no longer exist.
    ///
    /// # Errors
    /// An observation cannot be written as JSON.
    pub(crate) fn take_finished(&mut self, now: Timestamp) -> io::Result<Vec<FinishedRun>> {
        let mut routed = Vec::new();
        self.router.route_overdue(Instant::now(), &mut routed);
        self.add_observations(routed)?;
        for key in self.router.forget_gone(Instant::now()) {
            self.ended.remove(&key);
        }
        if !self.is_synced {
            return Ok(Vec::new());
        }
        let over: Vec<RunKey> =
            self.runs.iter_mut().filter_map(|(key, run)| run.update_end().then_some(*key)).collect();
        let mut finished = Vec::new();
        for key in over {
            if let Some(run) = self.runs.remove(&key) {
                self.remember_end(key, &run);
                finished.push(run.finish(now)?);
            }
        }
        finished.sort_by_key(|run| (run.run().finished_at, run.run().uid));
        Ok(finished)
    }

    /// Removes and returns the runs whose workloads have ended, although more may be observed of them.
    ///
    /// # Errors
    /// The end of a run cannot be written as JSON. This does not happen.
    pub(crate) fn take_ended(&mut self, now: Timestamp) -> io::Result<Vec<FinishedRun>> {
        let runs = self.runs.extract_if(|_, run| run.resumed.is_none() && run.recompute_end());
        let mut finished = runs.map(|(_, run)| run.finish(now)).collect::<io::Result<Vec<_>>>()?;
        finished.sort_by_key(|run| (run.run().finished_at, run.run().uid));
        Ok(finished)
    }

    /// The number of objects and runs in memory.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        [self.router.object_count(), self.runs.len(), self.ended.len()].into_iter().max().unwrap_or(0)
    }

    fn remember_end(&mut self, key: RunKey, run: &FollowedRun) {
        let rollout =
            run.rolled_out().map(|rolled_out| EndedRollout { objects: run.rollout.clone(), rolled_out });
        self.ended.insert(key, rollout);
    }

    fn add_observations(&mut self, routed: Vec<(RunKey, Observation)>) -> io::Result<()> {
        for (key, observation) in routed {
            self.add_observation(key, observation)?;
        }
        Ok(())
    }

    fn add_observation(&mut self, key: RunKey, observation: Observation) -> io::Result<()> {
        let preemptor = match &observation.object {
            // The Events about Pods of the same run are there anyway.
            Object::Event(event)
                if event.preemptor().and_then(|uid| self.router.run_of(uid)) == Some(key) =>
            {
                None
            }
            Object::Event(event) => self.preemptors.observe_preemption(key, event),
            Object::Job(_)
            | Object::CronJob(_)
            | Object::Deployment(_)
            | Object::ReplicaSet(_)
            | Object::StatefulSet(_)
            | Object::DaemonSet(_)
            | Object::Custom(_)
            | Object::Owner(_)
            | Object::QueuedWorkload(_)
            | Object::Pod(_) => None,
        };
        for observation in [Some(observation), preemptor].into_iter().flatten() {
            if let Some(run) = self.runs.get_mut(&key) {
                run.observe(observation)?;
            } else if let Some(ended) = self.ended.get_mut(&key) {
                let Some(ended) = ended else { continue };
                ended.objects.observe(&observation);
                if ended.objects.has_begun_since(&ended.rolled_out) {
                    self.begin_rollout(key, &observation)?;
                }
            } else if RunKey::of_uid(&observation.object.metadata().uid) == key {
                let start = observation.object.metadata().created().unwrap_or(observation.received);
                let run = self.begin_run(&observation, start, None)?;
                self.runs.entry(key).or_insert(run).observe(observation)?;
            }
        }
        Ok(())
    }

    /// Begins the next rollout of a workload. `cause` is the observation that shows it.
    fn begin_rollout(&mut self, key: RunKey, cause: &Observation) -> io::Result<()> {
        let Some(EndedRollout { objects, rolled_out }) = self.ended.remove(&key).flatten() else {
            return Ok(());
        };
        let revision = objects.rolled_out().revision;
        let Some(workload) = objects.observations().next() else { return Ok(()) };
        let is_repeated = revision == rolled_out.revision;
        let created = objects.revision_created().filter(|_| !is_repeated);
        let start = created.unwrap_or(cause.received);
        let mut run = self.begin_run(workload, start, revision)?;
        for observation in objects.observations() {
            let seen = if observation == cause { cause.seen } else { Seen::Listed };
            run.observe(Observation { received: cause.received, seen, object: observation.object.clone() })?;
        }
        self.runs.insert(key, run);
        Ok(())
    }

    fn begin_run(
        &self,
        first: &Observation,
        start: Timestamp,
        revision: Option<String>,
    ) -> io::Result<FollowedRun> {
        let mut run =
            FollowedRun::begin(first, start, revision, self.header.clone(), self.folder.as_deref())?;
        if self.is_synced {
            run.add_mark(&Update::Synced)?;
        }
        if let Some(outages) = &self.outages {
            run.add_mark(outages)?;
        }
        Ok(run)
    }
}
