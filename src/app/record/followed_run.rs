//! A run that goes on.

use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::app::record::dropped_lines::DroppedLines;
use crate::app::record::finished_run::FinishedRun;
use crate::app::record::resumed_run::ResumedRun;
use crate::app::record::rollout_objects::{RolledOut, RolloutObjects};
use crate::app::stored_runs::runs_line::describe_runs;
use crate::observation::{Observation, Outage, Unwatched};
use crate::source::Update;
use crate::source::recording::RecordingEntry;
use crate::source::recording::directory::RecordingName;
use crate::source::recording::directory::file_name::Compression;
use crate::source::recording::directory::listing::WholeRecording;
use crate::source::recording::directory::run_file::RunFile;
use crate::source::recording::{RecordedRun, RecordingHeader};
use crate::timeline::{Timeline, Workload, WorkloadState};

/// A run is over when nothing was observed for this time after its end, because the last Events arrive late.
const SILENCE: Duration = Duration::from_secs(3);

/// A run is over at this time after its end, although some of its Pods go on to change.
const MAX_TIME_AFTER_END: Duration = Duration::from_secs(30);

/// A run that goes on.
#[derive(Debug)]
pub(crate) struct FollowedRun {
    timeline: Timeline,
    header: RecordingHeader,
    pub(crate) file: Option<RunFile>,
    /// The lines that the recording leaves out, while it does.
    dropped: Option<DroppedLines>,
    /// Whether the recording lacks lines, so that it shows less than the timeline.
    lacks_lines: bool,
    /// The outages that have ended, while others go on.
    ended_outages: Vec<Outage>,
    pub(crate) rollout: RolloutObjects,
    start: Timestamp,
    /// When the latest observation arrived.
    last_observed: Instant,
    /// Since when the workload has been found to have ended.
    ended_since: Option<Instant>,
    /// Whether something was observed since the workload was last looked at.
    is_changed: bool,
    /// Whether the run had ended when its first objects were listed.
    pub(crate) is_old: bool,
    /// The part of a run that another run of the program recorded, until its objects are observed again.
    pub(crate) resumed: Option<ResumedRun>,
}

impl FollowedRun {
    /// Begins a run. `first` is the first observation of its workload. Without `folder`, no recording is written.
    ///
    /// # Errors
    /// The header cannot be written as JSON. This does not happen.
    pub(crate) fn begin(
        first: &Observation,
        start: Timestamp,
        revision: Option<String>,
        header: RecordingHeader,
        folder: Option<&Path>,
    ) -> io::Result<Self> {
        let run = RecordedRun { revision, ..RecordedRun::of_workload(&first.object) };
        let name = RecordingName { is_partial: true, ..RecordingName::new(&run, start, Compression::Zstd) };
        let header = RecordingHeader { run: Some(run), ..header };
        let file = folder.map(|folder| RunFile::new(folder, name, &header)).transpose()?;
        Ok(Self {
            timeline: Timeline::default(),
            header,
            file,
            dropped: None,
            lacks_lines: false,
            ended_outages: Vec::new(),
            rollout: RolloutObjects::default(),
            start,
            last_observed: Instant::now(),
            ended_since: None,
            is_changed: true,
            is_old: false,
            resumed: None,
        })
    }

    /// Continues a run whose recording another run of the program began.
    pub(crate) fn resume(file: RunFile, recording: WholeRecording) -> Self {
        let WholeRecording { header, entries, end, .. } = recording;
        let mut run = Self {
            timeline: Timeline::default(),
            start: file.name.start,
            header,
            file: Some(file),
            dropped: None,
            lacks_lines: false,
            ended_outages: Vec::new(),
            rollout: RolloutObjects::default(),
            last_observed: Instant::now(),
            ended_since: None,
            is_changed: true,
            is_old: false,
            resumed: None,
        };
        let mut resumed = ResumedRun::new(end);
        for entry in entries {
            if let RecordingEntry::Observation(observation) = &entry {
                resumed.remember(observation);
            }
            run.apply_entry(entry);
        }
        run.timeline.recompute();
        if let Some(since) = run.own_outages().map(|outage| outage.since).min() {
            resumed.begin_gap_at(since);
        }
        run.resumed = Some(resumed);
        run
    }

    fn apply_entry(&mut self, entry: RecordingEntry) {
        match entry {
            RecordingEntry::Observation(observation) => {
                self.rollout.observe(&observation);
                self.timeline.apply(&observation);
            }
            RecordingEntry::Synced => self.timeline.conclude_gone_pods(),
            RecordingEntry::Outages { outages, .. } => self.timeline.set_outages(outages),
            RecordingEntry::Relist(relist) => self.timeline.apply_relist(&relist),
            RecordingEntry::Unwatched(unwatched) => self.timeline.add_unwatched(unwatched),
            RecordingEntry::End(_) | RecordingEntry::Unknown => {}
        }
    }

    /// Adds an observation of the run. If it is the first one after a time in which nobody watched, the recording names
    /// this time.
    ///
    /// # Errors
    /// The observation cannot be written as JSON.
    pub(crate) fn observe(&mut self, mut observation: Observation) -> io::Result<()> {
        if let Some(unwatched) =
            self.resumed.as_mut().and_then(|resumed| resumed.end_of_gap(observation.received))
        {
            self.add_unwatched(unwatched)?;
        }
        if let Some(resumed) = &mut self.resumed {
            resumed.find_again(&observation);
        }
        self.rollout.observe(&observation);
        self.timeline.apply(&observation);
        self.is_changed = true;
        self.last_observed = Instant::now();
        match (&mut self.dropped, &mut self.file) {
            (Some(dropped), _) => dropped.add(&observation),
            (None, Some(file)) => file.lines.add_observation(&mut observation),
            (None, None) => Ok(()),
        }
    }

    /// Adds a time in which nobody watched.
    ///
    /// # Errors
    /// The mark cannot be written as JSON. This does not happen.
    pub(crate) fn add_unwatched(&mut self, unwatched: Unwatched) -> io::Result<()> {
        self.add_mark(&Update::Unwatched(unwatched))
    }

    /// Adds an update that is not an observation.
    ///
    /// # Errors
    /// The mark cannot be written as JSON. This does not happen.
    pub(crate) fn add_mark(&mut self, update: &Update) -> io::Result<()> {
        match update {
            Update::Synced => self.timeline.conclude_gone_pods(),
            Update::Outages { outages, .. } => self.timeline.set_outages(outages.clone()),
            Update::Relisted(relist) => self.timeline.apply_relist(relist),
            Update::Unwatched(unwatched) => self.timeline.add_unwatched(unwatched.clone()),
            Update::Observed(_)
            | Update::Progress(_)
            | Update::Refreshed
            | Update::PlaybackRestarted
            | Update::PlaybackEnded
            | Update::Notice(_)
            | Update::Missing(_)
            | Update::Failed(_) => return Ok(()),
        }
        self.is_changed = true;
        match (&mut self.dropped, &mut self.file) {
            (Some(dropped), _) => {
                if let Update::Unwatched(unwatched) = update {
                    dropped.include(unwatched);
                }
                Ok(())
            }
            (None, Some(file)) => file.lines.add_mark(update),
            (None, None) => Ok(()),
        }
    }

    /// Changes the collections that the source cannot read. `ended` are those that it can read again. When it can read
    /// everything that the run depends on, the run names the time in which nobody watched. Events alone are no such time,
    /// because those of the last hour are listed again.
    ///
    /// # Errors
    /// A mark cannot be written as JSON. This does not happen.
    pub(crate) fn change_outages(
        &mut self,
        received: Timestamp,
        outages: &[Outage],
        ended: &[Outage],
    ) -> io::Result<()> {
        self.timeline.recompute();
        let lost: Vec<Outage> = self.own_outages().filter(|outage| ended.contains(outage)).cloned().collect();
        self.ended_outages.extend(lost);
        self.add_mark(&Update::Outages { received, outages: outages.to_vec() })?;
        if self.own_outages().next().is_some() { Ok(()) } else { self.name_ended_outages(received) }
    }

    /// The outages of the collections that the run depends on, except its Events.
    fn own_outages(&self) -> impl Iterator<Item = &Outage> {
        let own = self.timeline.roots().flat_map(|root| self.timeline.outages_of(root));
        own.filter(|outage| outage.kind != "Event")
    }

    /// Names the time of the outages that have ended.
    fn name_ended_outages(&mut self, until: Timestamp) -> io::Result<()> {
        let ended = std::mem::take(&mut self.ended_outages);
        let Some(first) = ended.iter().min_by_key(|outage| outage.since) else { return Ok(()) };
        let is_alone = ended.iter().all(|outage| outage.kind == first.kind);
        self.add_unwatched(Unwatched {
            since: first.since,
            until: until.max(first.since),
            reason: first.reason.clone(),
            resource: is_alone.then(|| first.resource.clone()),
        })
    }

    /// The length of the lines in bytes that are not written.
    pub(crate) fn pending_bytes(&self) -> usize {
        let lines = self.file.as_ref().map_or(0, |file| file.lines.len());
        lines + self.dropped.as_ref().map_or(0, DroppedLines::bytes)
    }

    /// Leaves out the lines from `now` on, if lines wait.
    pub(crate) fn drop_lines(&mut self, now: Timestamp) {
        if self.dropped.is_none() && self.file.as_ref().is_some_and(|file| !file.lines.is_empty()) {
            self.dropped = Some(DroppedLines::new(now));
            self.lacks_lines = true;
        }
    }

    /// Forgets the latest states of the objects whose lines are left out.
    pub(crate) fn forget_dropped_states(&mut self) {
        self.dropped.iter_mut().for_each(DroppedLines::forget_states);
    }

    /// Adds lines again. The recording gets the latest state of each object, and names the time whose lines it lacks.
    ///
    /// # Errors
    /// The mark cannot be written as JSON. This does not happen.
    pub(crate) fn end_dropping(&mut self, now: Timestamp) -> io::Result<()> {
        let (Some(dropped), Some(file)) = (self.dropped.take(), &mut self.file) else { return Ok(()) };
        let unwatched = dropped.end(now, &mut file.lines);
        let outages = Update::Outages { received: now, outages: self.timeline.outages().to_vec() };
        self.add_mark(&outages)?;
        self.add_unwatched(unwatched)
    }

    /// Applies the latest observations. Returns whether the run is over: its workload and its Pods have ended, and nothing
    /// more was observed for some time.
    pub(crate) fn update_end(&mut self) -> bool {
        if std::mem::take(&mut self.is_changed) {
            self.timeline.recompute();
            if self.has_workload_ended() {
                self.ended_since.get_or_insert_with(Instant::now);
            } else {
                self.ended_since = None;
            }
        }
        let Some(ended_since) = self.ended_since else { return false };
        let is_silent = self.is_old || self.last_observed.elapsed() >= SILENCE;
        (is_silent && self.have_pods_ended()) || ended_since.elapsed() >= MAX_TIME_AFTER_END
    }

    /// Applies the latest observations. Returns whether the workload has ended.
    pub(crate) fn recompute_end(&mut self) -> bool {
        self.timeline.recompute();
        self.has_workload_ended()
    }

    fn has_workload_ended(&self) -> bool {
        !self.timeline.is_empty() && self.timeline.roots().all(Workload::has_ended)
    }

    fn have_pods_ended(&self) -> bool {
        let workloads = self.timeline.workloads().iter().filter(|workload| !workload.is_rollout);
        workloads
            .flat_map(|workload| self.timeline.overviews(workload))
            .all(|(_, pod)| pod.outcome.has_ended())
    }

    /// Whether the workload had ended before `at`, as far as it is known.
    pub(crate) fn had_ended_before(&mut self, at: Timestamp) -> bool {
        self.timeline.recompute();
        self.has_workload_ended()
            && self.timeline.roots().all(|root| root.finished.is_none_or(|finished| finished < at))
    }

    /// Returns the run as it is stored in the header of its recording.
    pub(crate) fn recorded_run(&self) -> RecordedRun {
        let run = self.header.run.clone().unwrap_or_default();
        if self.rollout.has_rollouts() {
            return RecordedRun { revision: self.rollout.rolled_out().revision, ..run };
        }
        run
    }

    /// Returns what is rolled out, if the workload has rollouts.
    pub(crate) fn rolled_out(&self) -> Option<RolledOut> {
        self.rollout.has_rollouts().then(|| self.rollout.rolled_out())
    }

    /// When the run began, if its name depends on nothing else.
    pub(crate) fn fixed_start(&self) -> Option<Timestamp> {
        (!self.rollout.has_rollouts()).then_some(self.start)
    }

    /// Ends the run at `now`.
    ///
    /// # Errors
    /// The end cannot be written as JSON. This does not happen.
    pub(crate) fn finish(mut self, now: Timestamp) -> io::Result<FinishedRun> {
        self.name_ended_outages(now)?;
        self.end_dropping(now)?;
        self.timeline.recompute();
        let end = self.timeline.last_received().map_or(now, |last| now.max(last));
        if let Some(file) = &mut self.file {
            let runs = if self.lacks_lines { None } else { describe_runs(&self.timeline, end) };
            if let Some(line) = runs {
                file.lines.add_runs(&line);
            }
            file.lines.add_end(end);
        }
        let root = self.timeline.roots().next();
        let run = RecordedRun {
            outcome: Some(root.map_or(WorkloadState::Unknown, |root| root.state).name().to_owned()),
            finished_at: root.and_then(|root| root.finished),
            pods: Some(self.timeline.pod_count() as u64),
            ..self.recorded_run()
        };
        Ok(FinishedRun {
            header: RecordingHeader { run: Some(run), ..self.header },
            timeline: self.timeline,
            file: self.file,
            start: self.start,
            end,
            is_old: self.is_old,
        })
    }
}
