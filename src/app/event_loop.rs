//! The event loop of a run. It passes updates of the source, ticks, keys, fetched details and signals to the [`Run`]
//! until the run ends.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until, timeout};

use crate::app::console::Console;
use crate::app::exit::{Exit, RunError};
use crate::app::final_refresh::FinalRefresh;
use crate::app::logs::reader::LogReader;
use crate::app::reporter::interface::RunEnd;
use crate::app::reporter::live::{LiveReporter, TICK};
use crate::app::reporter::selection::Reporters;
use crate::app::run::Run;
use crate::app::run_options::RunOptions;
use crate::app::run_steps::diagnostic_lines::DiagnosticLines;
use crate::app::signals::Signals;
use crate::platform::signal_kinds::TerminalSignal;
use crate::platform::signals::TerminalSignals;
use crate::source::Update;
use crate::source::cluster::logs::LogUpdate;
use crate::tui::input::Input;

/// Maximum time that the run waits for its Pods to end after its workloads have ended. The watch that reports the
/// ends of Pods is not the one that reports the ends of workloads.
const POD_END_TIMEOUT: Duration = Duration::from_secs(3);

/// Maximum time that a run whose Pods have ended waits for the next lines of their logs.
const LOG_END_TIMEOUT: Duration = Duration::from_secs(30);

/// The logs of a run that ends at a failure are read until no line has arrived for this time.
const FATAL_LOG_SILENCE: Duration = Duration::from_millis(300);

/// Maximum time for which the logs of a run that ends at a failure are read.
const FATAL_LOG_TIMEOUT: Duration = Duration::from_secs(1);

/// Maximum time that a recording waits for the version of the API server.
const MAX_VERSION_TIME: Duration = Duration::from_secs(2);

/// Prints the present state and ends.
pub(crate) async fn once(mut options: RunOptions<'_>) -> Result<Exit, RunError> {
    read_server_version(&mut options).await;
    let reporters = Reporters::for_printing(&options);
    let mut run = Run::new(options, reporters);
    let mut ticks = new_ticks();
    let mut signals = Signals::new(run.options.appearance.is_terminal)?;
    loop {
        tokio::select! {
            biased;
            exit = signals.next_exit() => return Ok(exit),
            update = run.options.feed.updates.recv() => match update {
                None => break,
                Some(mut synced @ Update::Synced) => {
                    run.record(&mut synced)?;
                    if !run.options.ends_with_feed {
                        break;
                    }
                }
                Some(update) => run.on_update(update)?,
            },
            _ = ticks.tick() => run.tick()?,
        }
    }
    run.require_objects().await?;
    run.state.timeline.conclude_gone_pods();
    run.recompute();
    run.read_final_logs().await?;
    run.freeze_clock()?;
    run.report(run.state.now(), |reporter, run| {
        reporter.on_synced(run)?;
        reporter.on_end(run, RunEnd { exit: Exit::Success, max_lines_below: 0 })
    })?;
    let budgets = run.judge_budgets(Exit::Success);
    run.write_summary_of_present_state(&budgets)?;
    run.print_budget_report(&budgets);
    let exit = run.report_missing_objects(budgets.exit()).await;
    Box::pin(run.push_traces(exit)).await
}

/// Follows the workloads until they have ended, the timeout has passed, or the user stops the run.
pub(crate) async fn follow(options: RunOptions<'_>) -> Result<Exit, RunError> {
    let console = Console::from_process(options.appearance, options.streams);
    follow_on_console(options, console).await
}

/// Follows the workloads as [`follow`] does, on this console.
pub(crate) async fn follow_on_console(
    mut options: RunOptions<'_>,
    console: Console,
) -> Result<Exit, RunError> {
    read_server_version(&mut options).await;
    let reporters = Reporters::for_following(&options, console);
    let mut run = Run::new(options, reporters);
    run.follows = true;
    let mut diagnostics = DiagnosticLines::open(run.reporters.live.is_some());
    let result = run.follow_until_end(&mut diagnostics).await;
    run.show_last_diagnostics(diagnostics)?;
    match result {
        Ok(Exit::HungUp) => {
            // If the terminal is gone, nothing can be written.
            _ = run.finish(Exit::HungUp);
            Ok(Exit::HungUp)
        }
        Ok(exit) => {
            run.read_final_logs().await?;
            let exit = run.finish(exit)?;
            let exit = run.report_missing_objects(exit).await;
            Box::pin(run.push_traces(exit)).await
        }
        Err(error) => {
            run.write_summary_of_error(&error)?;
            // The last picture stays on the screen above the error message. If the reader of the output has gone,
            // nobody would see the picture or the message.
            match error {
                RunError::BrokenPipe(_) => {}
                RunError::Source(_) | RunError::Output(_) => run.render_above_error()?,
            }
            Err(error)
        }
    }
}

/// Stores the version of the API server in the recording. A server that does not tell it costs nothing.
async fn read_server_version(options: &mut RunOptions<'_>) {
    if let (Some(recorder), Some(cluster)) = (&mut options.recorder, &options.cluster) {
        let version = timeout(MAX_VERSION_TIME, cluster.fetch_server_version()).await;
        recorder.set_kubernetes_version(version.ok().and_then(Result::ok));
    }
}

/// Shows a run until the user leaves its picture, which is then removed. Returns the exit of the program if a signal or
/// Ctrl-C ends it, and `None` if the user goes back.
pub(crate) async fn show_nested(options: RunOptions<'_>, console: Console) -> Result<Option<Exit>, RunError> {
    let options = options.nested();
    let reporters = Reporters::for_following(&options, console);
    let mut run = Run::new(options, reporters);
    run.follows = true;
    let mut diagnostics = DiagnosticLines::open(true);
    let result = run.follow_until_end(&mut diagnostics).await;
    if let Some(live) = &mut run.reporters.live {
        live.remove()?;
    }
    run.show_last_diagnostics(diagnostics)?;
    let ends_program = |exit: &Exit| matches!(exit, Exit::Interrupted | Exit::Terminated | Exit::HungUp);
    result.map(|exit| Some(exit).filter(ends_program).filter(|_| !run.has_user_quit))
}

impl Run<'_> {
    /// Runs the event loop. Returns how the program should exit.
    async fn follow_until_end(&mut self, diagnostics: &mut DiagnosticLines) -> Result<Exit, RunError> {
        let deadline = self.options.timeout.map(|timeout| Instant::now() + timeout);
        let mut ticks = new_ticks();
        let mut signals = Signals::new(self.options.appearance.is_terminal)?;
        let mut terminal_signals = TerminalSignals::new(self.reporters.live.is_some())?;
        let mut ended_since: Option<Instant> = None;
        let mut has_feed_ended = false;
        let mut logs_silent_since = Instant::now();
        loop {
            let answer_due = self.reporters.live.as_ref().and_then(LiveReporter::answer_due);
            tokio::select! {
                biased;
                exit = signals.next_exit() => return Ok(exit),
                () = wait_until(deadline), if !self.state.has_ended => return Ok(Exit::Timeout),
                input = next_input(&mut self.reporters.live) => {
                    if let Some(exit) = self.handle_input(input)? {
                        return Ok(exit);
                    }
                }
                () = wait_until(answer_due) => self.refresh()?,
                update = self.options.feed.updates.recv(), if !has_feed_ended && self.needs_updates() => match update {
                    None => has_feed_ended = true,
                    Some(update) => {
                        self.accept_update(update).await?;
                        // All updates of a burst are applied before the next frame.
                        while let Ok(update) = self.options.feed.updates.try_recv() {
                            self.accept_update(update).await?;
                        }
                    }
                },
                Some(fetched) = self.details.next_fetched() => self.on_fetched(fetched)?,
                signal = terminal_signals.next() => match signal {
                    TerminalSignal::Resized => self.refresh()?,
                    TerminalSignal::Stopped => self.suspend()?,
                    TerminalSignal::Continued => self.resume()?,
                },
                _ = ticks.tick() => self.tick()?,
                line = diagnostics.next() => self.note(&line)?,
                update = next_log_update(&mut self.logs), if self.accepts_log() => {
                    logs_silent_since = Instant::now();
                    self.on_log_update(update)?;
                }
            }
            self.recompute();
            self.check_failures()?;
            let is_ending = !self.state.has_ended && self.has_run_ended(has_feed_ended, &mut ended_since);
            if !is_ending {
                self.final_refresh = FinalRefresh::NotAsked;
            }
            if is_ending {
                let is_drained = self.logs.as_ref().is_none_or(LogReader::is_drained);
                if !is_drained && logs_silent_since.elapsed() < LOG_END_TIMEOUT {
                    continue;
                }
                if !self.poll_final_refresh() {
                    continue;
                }
                if !is_drained {
                    self.warn_about_missing_logs()?;
                }
                self.end_run()?;
            }
            if self.state.has_ended && !self.reporters.live.as_ref().is_some_and(LiveReporter::stays_open) {
                if self.state.fatal_cause.is_some() {
                    self.read_logs_until_silence().await?;
                }
                return Ok(self.state.exit());
            }
        }
    }

    /// Shows the log lines that arrive until no line has arrived for [`FATAL_LOG_SILENCE`], because the last lines of
    /// a Pod that has just failed are about to arrive. Other Pods may go on to write, so the time is limited.
    async fn read_logs_until_silence(&mut self) -> Result<(), RunError> {
        let deadline = Instant::now() + FATAL_LOG_TIMEOUT;
        while self.logs.is_some() {
            let silence = Instant::now() + FATAL_LOG_SILENCE;
            tokio::select! {
                biased;
                () = sleep_until(silence.min(deadline)) => break,
                update = next_log_update(&mut self.logs) => self.on_log_update(update)?,
            }
        }
        Ok(())
    }

    /// Whether the run has ended. Keeps in `ended_since` the time at which all workloads were first found to have
    /// ended.
    fn has_run_ended(&self, has_feed_ended: bool, ended_since: &mut Option<Instant>) -> bool {
        if has_feed_ended {
            return true;
        }
        if self.options.ends_with_feed || !self.state.have_workloads_ended() {
            *ended_since = None;
            return false;
        }
        let ended_since = *ended_since.get_or_insert_with(Instant::now);
        self.state.have_pods_ended() || ended_since.elapsed() > POD_END_TIMEOUT
    }

    /// Whether updates still change the run. After its end, a run is frozen, unless the user can move its playback
    /// back.
    fn needs_updates(&self) -> bool {
        !self.state.has_ended || self.options.playback.is_some()
    }

    /// Freezes the run at its end. The user may still look at the picture, which shows the same end as the closing
    /// report.
    pub(crate) fn end_run(&mut self) -> Result<(), RunError> {
        self.state.progress = None;
        self.state.has_ended = true;
        if let Some(live) = &mut self.reporters.live {
            live.freeze();
        }
        self.freeze_clock()
    }
}

/// Waits for the next news of the logs, forever if no logs are read.
async fn next_log_update(logs: &mut Option<LogReader>) -> LogUpdate {
    match logs {
        Some(logs) => logs.next().await,
        None => std::future::pending().await,
    }
}

/// Waits for the next input of the live picture, forever if there is none.
async fn next_input(live: &mut Option<LiveReporter>) -> Input {
    match live {
        Some(live) => live.next_input().await,
        None => std::future::pending().await,
    }
}

async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn new_ticks() -> Interval {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
