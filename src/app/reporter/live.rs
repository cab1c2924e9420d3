//! Reports a run as a live picture: decides when it is drawn, and passes keys and clicks on to the interactive screen.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::app::closing_report::list_failures_in_picture;
use crate::app::console::Console;
use crate::app::exit::RunError;
use crate::app::logs::text::LogText;
use crate::app::reporter::interface::{Reporter, RunEnd};
use crate::app::reporter::live_playback::{playback_command, playback_status};
use crate::app::run_options::{Playback, RunOptions};
use crate::app::run_state::{RunSnapshot, RunState};
use crate::source::{Progress, Update};
use crate::terminal::full_screen::FullScreen;
use crate::timeline::{PodKey, Timeline};
use crate::tui::action::Effect;
use crate::tui::handlers::handle_input::handle_input;
use crate::tui::input::Input;
use crate::tui::layout::{ScreenLayout, compose_screen};
use crate::tui::layout_input::LayoutInput;
use crate::tui::page::Page;
use crate::tui::state::TuiState;
use crate::view::{FrameCache, Glyphs, Line, Style, View, Window, describe_outages};

/// Time between two ticks. At most one frame is drawn per tick, plus frames that answer a key, a resize or a resume.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// Maximum number of bytes per second for frames that differ only because time has passed. Even slow connections can
/// carry this much.
const MAX_IDLE_BYTES_PER_SECOND: u64 = 1400;

/// Time until the next frame if the last one did not change the screen.
const UNCHANGED_FRAME_DELAY: Duration = Duration::from_millis(250);

/// Minimum time between any frame and a frame that answers a key.
const MIN_DELAY_BEFORE_KEY_RESPONSE: Duration = Duration::from_millis(15);

/// Number of bytes of log lines that are kept until the next frame.
const MAX_PENDING_LOG_BYTES: usize = 256 << 10;

/// Time for which a message about the last action is shown.
const MESSAGE_TIME: Duration = Duration::from_secs(3);

/// The start of the command that the user can copy for a Pod. The name and the namespace are appended.
const SHOW_POD_COMMAND_PREFIX: &str = "kubectl get pod -o yaml";

/// The live picture on its terminal.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about the run and the terminal")]
pub(crate) struct LiveReporter {
    screen: FullScreen,
    tui: TuiState,
    layout: ScreenLayout,
    frame_cache: FrameCache,
    glyphs: Glyphs,
    /// The number of columns that the user asked for.
    columns: Option<usize>,
    /// Whether the picture reacts to keys.
    interactive: bool,
    /// Whether the picture stays open after the end even if the user has pressed no key.
    stays_open: bool,
    /// Whether the source is a cluster, whose work goes on if the user quits.
    has_cluster: bool,
    /// The playback of a recording that the user controls.
    playback: Option<Playback>,
    /// The timeline as it was when the user paused the picture, and the time of the pause.
    paused_at: Option<Box<(Timeline, Timestamp)>>,
    /// Number of rows of the screen that are left for the lines below the last picture.
    max_lines_below: usize,
    /// The failures of the closing report, for a picture that stays open after the end. `None` before the end.
    failures: Option<Vec<Line>>,
    /// Whether the run has ended, so that time no longer changes the picture.
    is_frozen: bool,
    /// Whether something other than the time has changed since the last frame.
    dirty: bool,
    /// Whether no frame has answered the last key yet.
    awaits_answer: bool,
    /// Whether the playback has a new command. The playback obeys it after the frame that answers the key, so the
    /// next tick draws another frame.
    awaits_playback: bool,
    /// Lines of logs that will be printed above the next frame.
    log_text: LogText,
    /// Whether logs are printed above the picture, so that the picture takes at most half of the screen.
    has_logs: bool,
    /// The message that is shown, and the time since when it is shown.
    message_since: Option<(String, Instant)>,
    last_frame: Instant,
    /// The time at which the next frame is due if only time passes.
    next_frame: Instant,
}

impl LiveReporter {
    /// Creates the reporter. It neither draws nor reads keys yet.
    pub(crate) fn new(console: Console, options: &RunOptions<'_>) -> Self {
        let Console { out, terminal, interactive } = console;
        let appearance = options.appearance;
        let mut tui = TuiState::new(options.view_state());
        tui.mouse = appearance.uses_mouse;
        tui.is_nested = options.is_nested;
        Self {
            screen: FullScreen::new(out, appearance.stylesheet(), terminal),
            tui,
            layout: ScreenLayout::default(),
            frame_cache: FrameCache::default(),
            glyphs: appearance.glyphs,
            columns: appearance.columns,
            interactive,
            stays_open: options.stays_open,
            has_cluster: options.cluster.is_some(),
            playback: options.playback.clone(),
            paused_at: None,
            max_lines_below: 0,
            failures: None,
            is_frozen: false,
            dirty: true,
            awaits_answer: false,
            awaits_playback: false,
            log_text: LogText::default(),
            has_logs: options.logs.is_some(),
            message_since: None,
            last_frame: Instant::now(),
            next_frame: Instant::now(),
        }
    }

    /// Waits for the next key, click or resize.
    pub(crate) async fn next_input(&mut self) -> Input {
        self.screen.keys().next().await
    }

    /// Returns an input that has already arrived.
    pub(crate) fn queued_input(&mut self) -> Option<Input> {
        self.screen.keys().try_next()
    }

    /// Handles an input. Returns the effect. The caller ends the run on `Effect::Quit` and
    /// `Effect::Interrupt`.
    pub(crate) fn handle_input(&mut self, input: Input, timeline: &Timeline) -> Result<Effect, RunError> {
        let timeline = self.paused_at.as_ref().map_or(timeline, |paused| &paused.0);
        let context = self.layout.input_context(
            timeline,
            self.screen.top(),
            SHOW_POD_COMMAND_PREFIX,
            self.playback.is_some(),
        );
        let opened = self.tui.view.workload.clone();
        let effect = handle_input(&mut self.tui, input, &context);
        if self.tui.view.workload != opened {
            // The cached values are about the workloads that were shown before.
            self.frame_cache = FrameCache::default();
        }
        match &effect {
            Effect::Nothing => return Ok(effect),
            Effect::Copy(text) => self.screen.copy(text)?,
            Effect::Suspend => self.suspend()?,
            Effect::Playback(key) => {
                self.awaits_playback = true;
                self.is_frozen = false;
                if let Some(playback) = &self.playback {
                    let zone = self.tui.view.clock.as_ref();
                    playback.controls.send(playback_command(*key, &playback.controls, zone));
                }
            }
            Effect::Draw | Effect::Quit | Effect::Interrupt => {}
        }
        self.dirty = true;
        self.awaits_answer = true;
        Ok(effect)
    }

    /// Restores the terminal and stops until the shell continues the program.
    pub(crate) fn suspend(&mut self) -> Result<(), RunError> {
        self.screen.suspend()?;
        self.layout = ScreenLayout::default();
        self.dirty = true;
        Ok(())
    }

    /// Takes control of the terminal again after the shell has continued the program.
    pub(crate) fn resume(&mut self) -> Result<(), RunError> {
        if self.interactive {
            self.screen.resume()?;
        }
        self.dirty = true;
        Ok(())
    }

    /// Returns the number of columns of the terminal, at least 1.
    pub(crate) fn screen_columns(&self) -> usize {
        self.screen.size().0.max(1)
    }

    /// Returns the number of rows of the terminal, at least 1.
    pub(crate) fn screen_rows(&self) -> usize {
        self.screen.size().1.max(1)
    }

    /// Returns the number of rows below the latest picture, without the row of the cursor.
    pub(crate) fn rows_below_picture(&self) -> usize {
        self.screen_rows().saturating_sub(self.layout.frame.lines.len() + 1)
    }

    /// Returns the state of the interactive screen.
    pub(crate) fn tui(&self) -> &TuiState {
        &self.tui
    }

    /// Whether the picture stays open after the end of the run, until the user quits.
    pub(crate) fn stays_open(&self) -> bool {
        self.screen.is_entered() && (self.stays_open || self.tui.has_interacted)
    }

    /// Freezes the picture at the end of the run. From now on, only keys and fetched details change it.
    pub(crate) fn freeze(&mut self) {
        self.is_frozen = true;
        self.dirty = true;
    }

    /// Forgets all Pods, because the playback starts again.
    pub(crate) fn restart(&mut self) {
        self.tui.forget_pods();
        self.layout = ScreenLayout::default();
        self.frame_cache = FrameCache::default();
        self.paused_at = None;
        self.is_frozen = false;
        self.dirty = true;
    }

    /// Marks that something other than the time has changed.
    pub(crate) fn mark_dirty(&mut self) {
        self.dirty = true;
    }

    /// Prints lines of logs above the picture, at the latest with the next frame.
    pub(crate) fn print_log(&mut self, text: LogText) -> Result<(), RunError> {
        self.dirty = true;
        self.log_text.append(text);
        if self.log_text.text.len() > MAX_PENDING_LOG_BYTES {
            self.flush_log()?;
        }
        Ok(())
    }

    /// Whether more lines of logs can be printed. A page on the alternate screen hides the lines, so they are not read
    /// meanwhile.
    pub(crate) fn accepts_log(&self) -> bool {
        !(self.screen.is_alternate() && self.log_text.text.len() > MAX_PENDING_LOG_BYTES)
    }

    /// Prints the pending lines of logs, unless a page hides the picture.
    fn flush_log(&mut self) -> Result<(), RunError> {
        if !self.log_text.text.is_empty() && !self.screen.is_alternate() {
            let LogText { text, widths } = std::mem::take(&mut self.log_text);
            self.screen.print_text_above(&text, &widths)?;
        }
        Ok(())
    }

    /// Whether a frame is due at a tick.
    pub(crate) fn is_due(&self) -> bool {
        self.dirty || (!self.is_frozen && Instant::now() >= self.next_frame)
    }

    /// Returns the time at which the frame that answers the last key is due. `None` if no key waits for an answer.
    pub(crate) fn answer_due(&self) -> Option<Instant> {
        self.awaits_answer.then(|| self.last_frame + MIN_DELAY_BEFORE_KEY_RESPONSE)
    }

    /// Removes a message that has been shown for [`MESSAGE_TIME`].
    fn expire_message(&mut self) {
        let shown = self.message_since.take().filter(|(text, _)| self.tui.message.as_ref() == Some(text));
        self.message_since = match (shown, &self.tui.message) {
            (Some((_, since)), Some(_)) if since.elapsed() >= MESSAGE_TIME => {
                self.tui.message = None;
                self.dirty = true;
                None
            }
            (Some(shown), _) => Some(shown),
            (None, message) => message.clone().map(|text| (text, Instant::now())),
        };
    }

    /// Draws a frame.
    pub(crate) fn paint(&mut self, run: &RunSnapshot<'_>) -> Result<(), RunError> {
        self.render_frame(run, run.state.ending_text().as_deref())
    }

    /// Leaves the last picture on the screen and gives the terminal back. `max_lines_below` lines will follow.
    pub(crate) fn render_final(
        &mut self,
        run: &RunSnapshot<'_>,
        max_lines_below: usize,
    ) -> Result<(), RunError> {
        self.screen.leave()?;
        self.flush_log()?;
        self.has_logs = false;
        self.tui.page = Page::Pods;
        self.tui.paused = false;
        self.paused_at = None;
        self.tui.editing_filter = false;
        self.tui.message = None;
        self.tui.close_workload();
        self.tui.window = Window::default();
        self.frame_cache = FrameCache::default();
        // Up to half of the rows are left for the closing report, so that it does not push the top of the picture off
        // the screen. The report never replaces the row of a Pod in trouble.
        let (_, rows) = self.screen.size();
        self.max_lines_below = max_lines_below.min(rows / 2);
        while self.max_lines_below > 0 {
            self.compose_frame(run, None);
            match self.layout.picture.hidden_trouble {
                0 => break,
                hidden => self.max_lines_below = self.max_lines_below.saturating_sub(hidden),
            }
        }
        self.compose_frame(run, None);
        Ok(self.screen.show_last_frame(&self.layout.frame)?)
    }

    /// Removes the picture from the screen and gives the terminal back.
    pub(crate) fn remove(&mut self) -> Result<(), RunError> {
        self.screen.clear()?;
        Ok(self.screen.leave()?)
    }

    fn render_frame(&mut self, run: &RunSnapshot<'_>, outcome: Option<&str>) -> Result<(), RunError> {
        if !self.tui.paused {
            self.paused_at = None;
        } else if self.paused_at.is_none() {
            self.paused_at = Some(Box::new((run.state.timeline.clone(), run.now)));
        }
        self.awaits_answer = false;
        let is_idle = !std::mem::replace(&mut self.dirty, std::mem::take(&mut self.awaits_playback));
        self.compose_frame(run, outcome);
        let before = self.screen.bytes_written();
        // The mouse is used only if the frame contains something to click on.
        let mouse = self.tui.mouse && (self.layout.full || self.layout.picture.has_rows());
        self.flush_log()?;
        self.screen.show_frame(&self.layout.frame, self.layout.full, mouse)?;
        self.dirty |= self.screen.is_resizing();
        self.last_frame = Instant::now();
        let bytes = self.screen.bytes_written() - before;
        let pause_for_bytes = Duration::from_millis(bytes * 1000 / MAX_IDLE_BYTES_PER_SECOND);
        // The delay is halved, so that a tick that arrives slightly early still draws the frame.
        let delay = if bytes == 0 { UNCHANGED_FRAME_DELAY } else { TICK } / 2;
        self.next_frame = self.last_frame + if is_idle { pause_for_bytes.max(delay) } else { delay };
        Ok(())
    }

    fn compose_frame(&mut self, run: &RunSnapshot<'_>, outcome: Option<&str>) {
        let (timeline, now) = match &self.paused_at {
            Some(paused) => (&paused.0, paused.1),
            None => (&run.state.timeline, run.now),
        };
        let only_pod: Option<PodKey> = run.state.shown_pod().map(|(pod, _)| pod);
        if let Some(pod) = only_pod {
            self.tui.window.selected.get_or_insert(pod);
        }
        if outcome.is_none() {
            self.failures = None;
        } else if self.failures.is_none() {
            self.failures = Some(list_failures_in_picture(timeline, &self.glyphs));
        }
        let (columns, rows) = self.screen.size();
        let rows = if self.has_logs && self.tui.page == Page::Pods { rows / 2 } else { rows };
        let playback = self.playback.as_ref().map(|playback| playback_status(playback, now));
        let layout_input = LayoutInput {
            timeline,
            details: run.page_details,
            glyphs: &self.glyphs,
            frame_cache: &self.frame_cache,
            now,
            columns: self.columns.map_or(columns, |wanted| wanted.min(columns)),
            // One line is left for the cursor.
            rows: (rows.max(2) - 1).saturating_sub(self.max_lines_below).max(1),
            notices: &notices(run.state, now),
            only_pod,
            interactive: self.screen.is_entered(),
            has_margin: self.interactive,
            playback: playback.as_ref(),
            leaves_work: self.has_cluster && outcome.is_none(),
            failures: self.failures.as_deref().unwrap_or_default(),
            outcome,
        };
        self.layout = compose_screen(&self.tui, &layout_input);
        self.tui.window.first = self.layout.picture.first_row;
        if self.layout.frame.lines.is_empty() {
            self.layout.frame.lines.push(Line::new("waiting for the first workload", Style::Dim));
        }
    }
}

impl Reporter for LiveReporter {
    fn on_update(&mut self, update: &Update) -> Result<(), RunError> {
        self.dirty = true;
        // A credential plugin may ask the user for input before the first answer of the server, so the picture reads
        // keys only after that answer.
        let has_answer = match update {
            Update::Progress(Progress::Connecting) | Update::Failed(_) => false,
            Update::Progress(Progress::Listing { .. } | Progress::Reading { .. })
            | Update::Observed(_)
            | Update::Synced
            | Update::Outages { .. }
            | Update::Relisted(_)
            | Update::Unwatched(_)
            | Update::Refreshed
            | Update::PlaybackRestarted
            | Update::PlaybackEnded
            | Update::Notice(_)
            | Update::Missing(_) => true,
        };
        if has_answer {
            self.screen.own_cursor()?;
        }
        if has_answer && self.interactive {
            self.screen.enter()?;
        }
        Ok(())
    }

    fn on_synced(&mut self, run: &RunSnapshot<'_>) -> Result<(), RunError> {
        let chosen = run.state.overview.choose_view(&run.state.timeline, &self.tui.view, run.now);
        if chosen.workload.is_some() {
            // Workloads that begin later must be visible, so the live picture shows all recent workloads.
            self.tui.view.view = View::Runs;
            self.tui.view.recent_only = true;
        } else {
            self.tui.view = chosen;
        }
        Ok(())
    }

    fn on_tick(&mut self, run: &RunSnapshot<'_>) -> Result<(), RunError> {
        self.expire_message();
        if self.is_due() { self.paint(run) } else { Ok(()) }
    }

    fn show_message(&mut self, message: &Line) -> Result<bool, RunError> {
        self.dirty = true;
        if self.screen.is_entered() {
            self.screen.print_above(std::slice::from_ref(message))?;
            return Ok(true);
        }
        self.screen.clear()?;
        Ok(false)
    }

    fn on_end(&mut self, run: &RunSnapshot<'_>, end: RunEnd) -> Result<(), RunError> {
        self.render_final(run, end.max_lines_below)
    }

    fn show_closing_lines(&mut self, lines: &[Line]) -> Result<bool, RunError> {
        if self.interactive && !lines.is_empty() {
            self.screen.print_below(lines)?;
        }
        Ok(self.interactive)
    }
}

/// Returns lines about collections that the source cannot read and about the progress of the source.
fn notices(run: &RunState, now: Timestamp) -> Vec<Line> {
    let outages = describe_outages(run.timeline.outages(), now);
    let progress = run.progress.as_ref().map(|progress| Line::new(progress_text(progress), Style::Dim));
    outages.into_iter().chain(progress).collect()
}

fn progress_text(progress: &Progress) -> String {
    let mib = |bytes: &u64| bytes >> 20;
    match progress {
        Progress::Connecting => "connecting …".into(),
        Progress::Listing { resource, count, total: None } => format!("listing {resource}: {count} …"),
        Progress::Listing { resource, count, total: Some(total) } => {
            format!("listing {resource}: {count} of {total} …")
        }
        Progress::Reading { bytes, total: None } => format!("reading: {} MiB …", mib(bytes)),
        Progress::Reading { bytes, total: Some(total) } => {
            format!("reading: {} of {} MiB …", mib(bytes), mib(total))
        }
    }
}
