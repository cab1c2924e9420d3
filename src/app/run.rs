//! A run of a command: applies updates, input and fetched details to the state of the run, and reports the state.
//!
//! The reporters write the output. The run itself prints only messages and the closing report.

use jiff::Timestamp;
use tokio::time::Instant;

use crate::app::exit::{Exit, RunError};
use crate::app::fatal_watch::FatalWatch;
use crate::app::final_refresh::FinalRefresh;
use crate::app::logs::json::write_log_parts;
use crate::app::logs::parts::LogPart;
use crate::app::logs::reader::{LogNews, LogReader};
use crate::app::logs::text::LogText;
use crate::app::output::Output;
use crate::app::pod_details::PodDetails;
use crate::app::pod_details::loader::{FetchedDetails, PodDetailsLoader};
use crate::app::recording::RunRecording;
use crate::app::reporter::interface::Reporter;
use crate::app::reporter::live::LiveReporter;
use crate::app::reporter::selection::Reporters;
use crate::app::run_options::{RunOptions, Subject};
use crate::app::run_state::{RunSnapshot, RunState};
use crate::app::streams::Streams;
use crate::source::Update;
use crate::source::cluster::logs::{LogUpdate, RewrittenText};
use crate::timeline::{Changes, Timeline};
use crate::tui::action::Effect;
use crate::tui::input::Input;
use crate::tui::page::Page;

/// Number of lines that are kept free for an error message: usually the error and one hint.
const ERROR_LINES: usize = 2;

/// A run of a command: its state and its reporters.
pub(crate) struct Run<'a> {
    pub(crate) options: RunOptions<'a>,
    pub(crate) state: RunState,
    pub(crate) reporters: Reporters<'a>,
    pub(crate) details: PodDetailsLoader,
    pub(crate) logs: Option<LogReader>,
    pub(crate) recording: RunRecording,
    /// Finds fatal causes. `None` if the run does not react to them.
    pub(crate) fatal_watch: Option<FatalWatch>,
    /// The earliest time of the next search for fatal causes.
    pub(crate) next_failure_check: Option<Instant>,
    /// The progress of the final refresh.
    pub(crate) final_refresh: FinalRefresh,
    /// Whether a warning has said that the user may not read logs.
    pub(crate) has_warned_about_logs: bool,
    /// Whether the run follows its workloads. Otherwise it prints once.
    pub(crate) follows: bool,
    /// Whether the user has left the picture.
    pub(crate) has_user_quit: bool,
}

impl<'a> Run<'a> {
    pub(crate) fn new(mut options: RunOptions<'a>, reporters: Reporters<'a>) -> Self {
        let pod_details = match options.subject {
            Subject::Timeline => None,
            Subject::Pod => Some(PodDetails::default()),
        };
        let mut state = RunState::new(
            options.feed.clock.clone(),
            pod_details,
            std::mem::take(&mut options.expected_uids),
            options.nothing_found_message.take(),
        );
        state.overview = options.overview;
        state.budget = std::mem::take(&mut options.budget);
        state.what_if = options.what_if;
        let rules = options.failure_rules.as_ref();
        state.uses_pod_exit_code = rules.is_some_and(|rules| rules.uses_pod_exit_code);
        let fatal_watch = rules.map(|rules| FatalWatch::new(rules.patience));
        state.nothing_found_help = options.nothing_found_help.take();
        let logs = options.logs.take().zip(options.cluster.clone());
        let rewritten_text =
            if options.output == Output::Changes { RewrittenText::Whole } else { RewrittenText::Last };
        let logs = logs.map(|(log_options, cluster)| LogReader::new(cluster, log_options, rewritten_text));
        // The logs of failed containers are not shown twice, but the summary contains them.
        let needs_failure_logs = logs.is_none() || options.summary.is_some();
        let failure_lines = if needs_failure_logs { options.tail_lines } else { 0 };
        let details = PodDetailsLoader::new(options.cluster.clone(), options.tail_lines, failure_lines);
        let mut recorder = options.recorder.take();
        if let Some(recorder) = &mut recorder {
            recorder.set_namespace(options.current_namespace.clone());
        }
        let recording = RunRecording::new(recorder);
        Self {
            options,
            state,
            reporters,
            details,
            logs,
            recording,
            fatal_watch,
            next_failure_check: None,
            final_refresh: FinalRefresh::default(),
            has_warned_about_logs: false,
            follows: false,
            has_user_quit: false,
        }
    }

    /// Calls `report` for each reporter with the current state and `now` as its clock.
    pub(crate) fn report(
        &mut self,
        now: Timestamp,
        mut report: impl FnMut(&mut dyn Reporter, &RunSnapshot<'_>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let snapshot = RunSnapshot { state: &self.state, page_details: self.details.details(), now };
        for reporter in self.reporters.iter_mut() {
            report(reporter, &snapshot)?;
        }
        Ok(())
    }

    /// Passes an update to the reporters, records it and applies it. Reports each change if a reporter needs every
    /// change.
    pub(crate) fn on_update(&mut self, mut update: Update) -> Result<(), RunError> {
        for reporter in self.reporters.iter_mut() {
            reporter.on_update(&update)?;
        }
        self.record(&mut update)?;
        match update {
            Update::Observed(observations) => {
                let reports_changes = self.state.is_synced
                    && self.reporters.iter_mut().any(|reporter| reporter.needs_every_change());
                for observation in &observations {
                    self.state.timeline.apply(observation);
                    if let Some(pod_details) = &mut self.state.pod_details {
                        pod_details.observe(observation);
                    }
                    if self.reporters.live.is_some() {
                        self.details.observe(observation);
                    }
                    if reports_changes {
                        let changes = self.recompute();
                        self.report(observation.received, |reporter, run| {
                            reporter.on_changes(run, &changes)
                        })?;
                    }
                }
            }
            Update::Synced => self.on_synced()?,
            Update::Progress(progress) => self.state.progress = Some(progress),
            Update::Outages { received, outages } => self.on_outages(received, outages)?,
            Update::Relisted(relist) => self.on_relist(&relist)?,
            Update::Unwatched(unwatched) => self.state.timeline.add_unwatched(unwatched),
            Update::Refreshed => self.on_refreshed(),
            Update::PlaybackRestarted => self.restart(),
            Update::PlaybackEnded => self.end_playback(),
            Update::Notice(notice) => self.warn(&notice)?,
            Update::Missing(error) => self.options.missing.push(error),
            Update::Failed(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Forgets all observations, because the playback sends them again.
    fn restart(&mut self) {
        self.state.timeline = Timeline::default();
        self.state.has_ended = false;
        self.details.forget_pods();
        if let Some(live) = &mut self.reporters.live {
            live.restart();
        }
    }

    /// Marks the end of a playback, from which the user can go back.
    fn end_playback(&mut self) {
        self.state.has_ended = true;
        if let Some(live) = &mut self.reporters.live {
            live.freeze();
        }
    }

    fn on_synced(&mut self) -> Result<(), RunError> {
        let is_first = !std::mem::replace(&mut self.state.is_synced, true);
        self.state.progress = None;
        self.state.timeline.conclude_gone_pods();
        self.recompute();
        if !is_first {
            // A playback has started again. The reporters already know the run.
            return Ok(());
        }
        let now = self.state.timeline.last_received().unwrap_or_else(|| self.state.now());
        self.report(now, |reporter, run| reporter.on_synced(run))?;
        if self.state.timeline.is_empty()
            && !self.options.ends_with_feed
            && let Some(message) = self.state.nothing_found_message.take()
        {
            self.note(&message)?;
        }
        Ok(())
    }

    /// Records the observations of an update.
    pub(crate) fn record(&mut self, update: &mut Update) -> Result<(), RunError> {
        match self.recording.record(update) {
            Some(warning) => self.warn(&warning),
            None => Ok(()),
        }
    }

    /// Freezes the run's clock and ends the recording, so that the last frame, the printed document and the recording
    /// refer to the same time.
    pub(crate) fn freeze_clock(&mut self) -> Result<(), RunError> {
        let now = self.state.freeze_clock();
        match self.recording.end(&self.state.timeline, now) {
            Some(warning) => self.warn(&warning),
            None => Ok(()),
        }
    }

    /// Derives the timeline from the observations and requests the logs of Pods that have failed. Returns the changes.
    pub(crate) fn recompute(&mut self) -> Changes {
        let changes = self.state.timeline.recompute();
        self.details.request_failure_logs(&self.state.timeline, &changes.pods);
        if let Some(logs) = &mut self.logs {
            logs.observe(&self.state.timeline, &changes.pods);
        }
        if let Some(watch) = &mut self.fatal_watch {
            watch.add_changes(&changes);
        }
        changes
    }

    pub(crate) fn tick(&mut self) -> Result<(), RunError> {
        if let Some(warning) = self.recording.write_due_lines() {
            self.warn(&warning)?;
        }
        if self.reporters.live.as_ref().is_some_and(LiveReporter::is_due) {
            self.prepare_frame();
        }
        self.report(self.state.now(), |reporter, run| reporter.on_tick(run))
    }

    /// Draws a frame of the live picture at once.
    pub(crate) fn refresh(&mut self) -> Result<(), RunError> {
        self.render_live(LiveReporter::paint)
    }

    /// Leaves the last picture on the screen above an error message.
    pub(crate) fn render_above_error(&mut self) -> Result<(), RunError> {
        self.render_live(|live, run| live.render_final(run, ERROR_LINES))
    }

    /// Lets the live picture render the present state, if there is a live picture.
    fn render_live(
        &mut self,
        render: impl FnOnce(&mut LiveReporter, &RunSnapshot<'_>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        self.prepare_frame();
        let (state, page_details) = (&self.state, self.details.details());
        let snapshot = RunSnapshot { state, page_details, now: state.now() };
        self.reporters.live.as_mut().map_or(Ok(()), |live| render(live, &snapshot))
    }

    /// Brings the timeline and the details of the open Pod page up to date for the next frame of the live picture.
    pub(crate) fn prepare_frame(&mut self) {
        self.recompute();
        let Some(live) = &self.reporters.live else { return };
        if let Some(pod_details) = self.state.pod_details.as_ref().filter(|_| live.tui().page == Page::Pods) {
            self.details.set_extras(pod_details.extras());
        }
        self.details.load_page(live.tui(), &self.state.timeline);
        self.details.refresh_observed(&self.state.timeline);
    }

    /// Handles `input` and all input queued behind it. Returns the exit if the user ends the program.
    pub(crate) fn handle_input(&mut self, input: Input) -> Result<Option<Exit>, RunError> {
        let mut next = Some(input);
        while let Some(input) = next {
            let Some(live) = &mut self.reporters.live else { return Ok(None) };
            match live.handle_input(input, &self.state.timeline)? {
                Effect::Quit => {
                    self.has_user_quit = true;
                    return Ok(Some(self.exit_when_user_quits()));
                }
                Effect::Interrupt => return Ok(Some(Exit::Interrupted)),
                Effect::Draw | Effect::Nothing | Effect::Suspend | Effect::Copy(_) | Effect::Playback(_) => {}
            }
            let Some(live) = &mut self.reporters.live else { return Ok(None) };
            next = live.queued_input();
            if live.answer_due().is_some_and(|due| due <= Instant::now()) {
                self.refresh()?;
            }
        }
        Ok(None)
    }

    /// Returns the exit when the user quits: the outcome after the end of the run, and `Interrupted` before it.
    fn exit_when_user_quits(&self) -> Exit {
        let is_outcome_known = self.state.has_ended || self.state.have_workloads_ended();
        if is_outcome_known { self.state.exit() } else { Exit::Interrupted }
    }

    /// Shows news of the logs.
    pub(crate) fn on_log_update(&mut self, update: LogUpdate) -> Result<(), RunError> {
        let Some(logs) = &mut self.logs else { return Ok(()) };
        match logs.on_update(update) {
            LogNews::Parts(parts) => self.show_logs(&parts),
            LogNews::Forbidden(reason) => self.warn_about_forbidden_logs(&reason),
        }
    }

    /// Shows parts of logs: as JSON, above the live picture, or among the lines.
    fn show_logs(&mut self, parts: &[LogPart]) -> Result<(), RunError> {
        let Some(logs) = &self.logs else { return Ok(()) };
        if parts.is_empty() {
            return Ok(());
        }
        let timeline = &self.state.timeline;
        if self.options.output == Output::Changes {
            return Streams::write_stdout(|out| write_log_parts(timeline, parts, out));
        }
        if let Some(service) = self.log_group_service() {
            return self.show_logs_in_groups(parts, service);
        }
        let mut text = LogText::default();
        for part in parts {
            text.add(timeline, part, logs.options(), self.options.appearance.stylesheet());
        }
        match &mut self.reporters.live {
            Some(live) => live.print_log(text),
            None => self.options.streams.write_live_text(&text.text),
        }
    }

    /// Warns that the ends of some logs are missing.
    pub(crate) fn warn_about_missing_logs(&mut self) -> Result<(), RunError> {
        self.warn("some logs are not complete: their ends could not be read")
    }

    /// Whether more lines of logs can be shown now.
    pub(crate) fn accepts_log(&self) -> bool {
        self.logs.is_some() && self.reporters.live.as_ref().is_none_or(LiveReporter::accepts_log)
    }

    pub(crate) fn on_fetched(&mut self, fetched: FetchedDetails) -> Result<(), RunError> {
        self.details.on_fetched(fetched);
        if let Some(live) = &mut self.reporters.live {
            live.mark_dirty();
        }
        match self.details.take_log_refusal() {
            Some(reason) => self.warn_about_forbidden_logs(&reason),
            None => Ok(()),
        }
    }

    /// Restores the terminal and stops until the shell continues the program.
    pub(crate) fn suspend(&mut self) -> Result<(), RunError> {
        match &mut self.reporters.live {
            Some(live) => live.suspend(),
            None => Ok(()),
        }
    }

    /// Continues after the shell has stopped and continued the program.
    pub(crate) fn resume(&mut self) -> Result<(), RunError> {
        if let Some(live) = &mut self.reporters.live {
            live.resume()?;
        }
        self.refresh()
    }

    /// Reads the end of the logs of the Pod that the user asked for, and waits for the logs of Pods that have failed.
    pub(crate) async fn read_final_logs(&mut self) -> Result<(), RunError> {
        let mut refusal = None;
        if let (Some(cluster), Some((pod, _))) = (&self.options.cluster, self.state.shown_pod())
            && let Some(pod_details) = &mut self.state.pod_details
        {
            let pod = self.state.timeline.pod(pod);
            // The logs of a Pod that no longer exists are gone too.
            if !pod.life.gone {
                refusal = pod_details.read_logs(cluster, &pod, self.options.tail_lines).await;
            }
            self.details.set_extras(pod_details.extras());
        }
        self.details.wait_for_failure_logs().await;
        match refusal.or_else(|| self.details.take_log_refusal()) {
            Some(reason) => self.warn_about_forbidden_logs(&reason),
            None => Ok(()),
        }
    }
}
