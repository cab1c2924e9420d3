//! The event loop of `record`.

use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::app::exit::{Exit, RunError};
use crate::app::record::collector::RunCollector;
use crate::app::record::finished_run::FinishedRun;
use crate::app::record::followed_run::FollowedRun;
use crate::app::record::report::Report;
use crate::app::record::retention::Retention;
use crate::app::record::trace_queue::TraceQueue;
use crate::app::record::writer::{RecordingWriter, UnfinishedRecording};
use crate::app::signals::Signals;
use crate::app::streams::Streams;
use crate::app::traces::options::TraceOptions;
use crate::observation::Outage;
use crate::source::clock::local_now;
use crate::source::error::system_error_text;
use crate::source::recording::directory::RecordingName;
use crate::source::recording::directory::listing::{
    RecordingFile, RecordingIndex, WholeRecording, list_recordings,
};
use crate::source::recording::directory::run_file::{RunFile, temporary_name};
use crate::source::recording::{RecordedRun, RecordingHeader, RecordingLines};
use crate::source::{Feed, Update};

/// How often lines are written and ended runs are searched for. A frame of a compressed recording ends at least once a
/// second.
const TICK: Duration = Duration::from_secs(1);

/// How often recordings that are too old are deleted.
const RETENTION_INTERVAL: Duration = Duration::from_secs(60);

/// Maximum time that is spent on recordings and traces after a signal.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(8);

/// The options of `record`.
pub(crate) struct RecordOptions<'a> {
    /// The source.
    pub(crate) feed: Feed,
    pub(crate) streams: &'a Streams,
    /// Where recordings are written, if they are.
    pub(crate) folder: Option<PathBuf>,
    /// Where traces are sent, if they are.
    pub(crate) traces: TraceOptions,
    pub(crate) retention: Retention,
    /// The namespace of a command without `-n`.
    pub(crate) namespace: String,
    /// The version of the API server, if it is known.
    pub(crate) kubernetes_version: Option<String>,
    /// The workloads that the source lists.
    pub(crate) scope: RecordScope,
}

/// The workloads that are recorded.
#[derive(Debug)]
pub(crate) struct RecordScope {
    /// The namespace; `None` for all namespaces.
    pub(crate) namespace: Option<String>,
    /// The kinds of the workloads that are listed.
    pub(crate) kinds: Vec<String>,
    /// Whether a selector excludes some workloads.
    pub(crate) has_selector: bool,
}

impl RecordScope {
    /// Whether the source lists the workload of a run if it exists.
    fn covers(&self, run: &RecordedRun) -> bool {
        let has_kind = |kind: &str| self.kinds.iter().any(|own| own == kind);
        !self.has_selector
            && self.namespace.as_ref().is_none_or(|namespace| *namespace == run.namespace)
            && (has_kind(&run.kind) || run.kind == "Job" && has_kind("CronJob"))
    }
}

/// Records what runs until a signal arrives.
///
/// # Errors
/// The source fails at first, or the directory cannot be used.
pub(crate) async fn record(mut options: RecordOptions<'_>) -> Result<Exit, RunError> {
    let mut signals = Signals::new(false)?;
    let header = RecordingHeader {
        namespace: Some(options.namespace.clone()),
        kubernetes_version: options.kubernetes_version.clone(),
        ..RecordingHeader::new(true)
    };
    let listed_kinds = if options.scope.has_selector { Vec::new() } else { options.scope.kinds.clone() };
    let collector = RunCollector::new(options.folder.clone(), header, listed_kinds);
    let writer = RecordingWriter::new()?;
    let traces = TraceQueue::new(std::mem::take(&mut options.traces));
    let began = options.feed.clock.now();
    let mut session = RecordSession {
        options,
        collector,
        writer,
        traces,
        began,
        is_synced: false,
        next_deletion: Instant::now(),
        outages: Vec::new(),
    };
    session.resume_partial_recordings()?;
    let result = session.follow(&mut signals).await;
    session.flush().await?;
    result
}

/// A running `record`.
struct RecordSession<'a> {
    options: RecordOptions<'a>,
    collector: RunCollector,
    writer: RecordingWriter,
    traces: Option<TraceQueue>,
    /// When the command began.
    began: Timestamp,
    /// Whether everything that existed at the beginning was observed.
    is_synced: bool,
    next_deletion: Instant,
    /// The outages that were reported last.
    outages: Vec<Outage>,
}

impl RecordSession<'_> {
    async fn follow(&mut self, signals: &mut Signals) -> Result<Exit, RunError> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                exit = signals.next_exit() => return Ok(exit),
                update = self.options.feed.updates.recv() => match update {
                    Some(update) => self.on_update(update)?,
                    None => return Ok(Exit::Unknown),
                },
                completed = self.writer.next_completed() => self.report_completed(completed)?,
                () = send_next(&mut self.traces) => self.print_reports(),
                _ = ticks.tick() => self.tick()?,
            }
        }
    }

    fn on_update(&mut self, update: Update) -> Result<(), RunError> {
        let streams = self.options.streams;
        match &update {
            Update::Failed(error) => return Err(error.clone().into()),
            Update::Notice(notice) => streams.warning(notice),
            Update::Missing(error) => streams.warning(&error.summary),
            Update::Outages { outages, .. } => self.report_outages(outages),
            Update::Observed(_)
            | Update::Synced
            | Update::Progress(_)
            | Update::Relisted(_)
            | Update::Unwatched(_)
            | Update::Refreshed
            | Update::PlaybackRestarted
            | Update::PlaybackEnded => {}
        }
        let is_end_of_lists = matches!(update, Update::Synced);
        self.collector.add_update(update)?;
        if is_end_of_lists { self.on_synced() } else { Ok(()) }
    }

    /// Compares what exists with the recordings of the directory.
    fn on_synced(&mut self) -> Result<(), RunError> {
        let scope = &self.options.scope;
        let now = self.options.feed.clock.now();
        self.collector.conclude_resumed(now, self.began, |run| scope.covers(&run.recorded_run()))?;
        let known = match &self.options.folder {
            Some(folder) => RecordingIndex::new(&list_recordings(folder)?),
            None => RecordingIndex::default(),
        };
        self.collector.conclude_old_runs(self.began, &known);
        self.is_synced = true;
        if let Some(traces) = &self.traces {
            self.options.streams.note(&format!("sending traces to {}", traces.address()));
        }
        self.options.streams.note("following what runs; Ctrl-C ends the recording");
        Ok(())
    }

    fn tick(&mut self) -> Result<(), RunError> {
        let now = self.options.feed.clock.now();
        for run in self.collector.take_finished(now)? {
            self.keep_run(run)?;
        }
        // Before that, it is unknown whether the directory has the recording of a run.
        if self.is_synced {
            self.write_lines(now)?;
        }
        if let Some(folder) = &self.options.folder
            && self.next_deletion <= Instant::now()
        {
            self.next_deletion = Instant::now().checked_add(RETENTION_INTERVAL).unwrap_or(self.next_deletion);
            if let Err(error) = self.options.retention.delete_surplus(folder, local_now()) {
                let why = system_error_text(&error);
                let text = format!("cannot delete old recordings in {}: {why}", folder.display());
                self.options.streams.warning(&text);
            }
        }
        Ok(())
    }

    /// Writes what was observed of runs that go on.
    fn write_lines(&mut self, now: Timestamp) -> Result<(), RunError> {
        let given_up = self.writer.write_lines(self.collector.runs_mut(), now)?;
        self.print_reports();
        given_up.iter().try_for_each(|line| self.report_run(line, None))
    }

    /// Hands a run over to those who write its recording and send its trace. All finished runs leave the program here.
    fn keep_run(&mut self, mut run: FinishedRun) -> Result<(), RunError> {
        let line = run.describe();
        match run.file.take() {
            Some(file) => {
                let header = run.header.clone();
                self.writer.add_finished(UnfinishedRecording { line, header, file: Some(file) });
            }
            None => self.report_run(&line, None)?,
        }
        if let Some(traces) = &mut self.traces {
            traces.add(run);
            self.print_reports();
        }
        Ok(())
    }

    /// Prints the line of a run whose recording is complete.
    fn report_completed(&mut self, completed: Option<(String, Option<PathBuf>)>) -> Result<(), RunError> {
        self.print_reports();
        completed.map_or(Ok(()), |(line, path)| self.report_run(&line, path.as_deref()))
    }

    /// Prints the lines about recordings that could not be written, and about traces that could not be sent.
    fn print_reports(&mut self) {
        let mut reports = self.writer.take_reports();
        reports.extend(self.traces.iter_mut().flat_map(TraceQueue::take_reports));
        for report in reports {
            match report {
                Report::Warning(text) => self.options.streams.warning(&text),
                Report::Note(text) => self.options.streams.note(&text),
            }
        }
    }

    /// Prints the line of a run, with the path of its recording.
    fn report_run(&self, line: &str, path: Option<&Path>) -> Result<(), RunError> {
        let path = path.map(|path| format!(" {}", path.display())).unwrap_or_default();
        self.options.streams.write_output_line(&format!("{line}{path}"))
    }

    /// Reports the collections that cannot be read any more, in one line for each reason, and the end of all outages.
    fn report_outages(&mut self, outages: &[Outage]) {
        let streams = self.options.streams;
        if outages.is_empty() {
            streams.note("everything can be read again");
        }
        let is_new = |outage: &&Outage| {
            let is_same =
                |other: &Outage| (&other.kind, &other.namespace) == (&outage.kind, &outage.namespace);
            !self.outages.iter().any(is_same)
        };
        let new: Vec<&Outage> = outages.iter().filter(is_new).collect();
        for group in new.chunk_by(|one, other| one.reason == other.reason) {
            let resources: Vec<&str> = group.iter().map(|outage| outage.resource.as_str()).collect();
            let since = group.iter().map(|outage| outage.since).min().unwrap_or_default();
            let (resources, since) = (resources.join(", "), since.strftime("%Y-%m-%dT%H:%M:%SZ"));
            let reason = &group[0].reason;
            streams.warning(&format!("cannot read {resources} since {since}: {reason}"));
        }
        self.outages = outages.to_vec();
    }

    /// Continues the recordings that another run of the program did not complete.
    fn resume_partial_recordings(&mut self) -> Result<(), RunError> {
        let Some(folder) = self.options.folder.clone() else { return Ok(()) };
        let recordings = list_recordings(&folder)?;
        for RecordingFile { path, name, .. } in recordings.iter().filter(|file| file.name.is_partial) {
            let complete = RecordingName { is_partial: false, ..name.clone() };
            let _ = fs::remove_file(folder.join(temporary_name(&complete)));
            match open_partial(&folder, name) {
                Ok((file, recording)) => {
                    let Some(run) = recording.header.run.clone() else { continue };
                    let index = RecordingIndex::new(&recordings);
                    if folder.join(complete.to_string()).exists() && index.has_run(&run, Some(name.start)) {
                        // The program was killed after the recording was complete.
                        fs::remove_file(path)?;
                    } else if self.options.scope.namespace.as_ref().is_none_or(|own| *own == run.namespace) {
                        self.collector.resume(&run.uid, FollowedRun::resume(file, recording));
                    }
                }
                Err(error) => {
                    let why = system_error_text(&error);
                    self.options.streams.warning(&format!("cannot continue {}: {why}", path.display()));
                }
            }
        }
        Ok(())
    }

    /// Writes and sends everything that is known when the program ends. Runs that go on keep their partial recordings.
    async fn flush(&mut self) -> Result<(), RunError> {
        let deadline = Instant::now().checked_add(FLUSH_TIMEOUT).unwrap_or_else(Instant::now);
        let now = self.options.feed.clock.now();
        if self.options.folder.is_none() && self.is_synced {
            // No later program continues these runs.
            for run in self.collector.take_ended(now)? {
                self.keep_run(run)?;
            }
        }
        if self.is_synced {
            self.write_lines(now)?;
        }
        let mut attempts = self.traces.as_ref().map_or(0, TraceQueue::unsent);
        if let Some(traces) = &mut self.traces {
            traces.end_pause();
        }
        while !self.writer.is_idle() || attempts > 0 {
            tokio::select! {
                completed = self.writer.next_completed() => self.report_completed(completed)?,
                () = send_next(&mut self.traces), if attempts > 0 => {
                    attempts -= 1;
                    self.print_reports();
                    self.traces.iter_mut().for_each(TraceQueue::end_pause);
                }
                () = sleep_until(deadline) => break,
            }
        }
        match self.traces.as_ref().map_or(0, TraceQueue::unsent) {
            0 => {}
            1 => self.options.streams.warning("one trace was not sent"),
            count => self.options.streams.warning(&format!("{count} traces were not sent")),
        }
        Ok(())
    }
}

/// Sends the next trace. Waits forever if there is none.
async fn send_next(traces: &mut Option<TraceQueue>) {
    match traces {
        Some(traces) => traces.send_next().await,
        None => std::future::pending().await,
    }
}

/// Opens a partial recording and reads it.
fn open_partial(folder: &Path, name: &RecordingName) -> io::Result<(RunFile, WholeRecording)> {
    let (file, lines) = RunFile::reopen(folder, name.clone())?;
    let lines = RecordingLines::new(Cursor::new(lines)).map_err(io::Error::other)?;
    let recording = WholeRecording::from_lines(lines, &name.to_string()).map_err(io::Error::other)?;
    Ok((file, recording))
}
