//! The end of a run: the last picture or document, the failed Pods, the what-if, and the sentences below them.

use jiff::SignedDuration;

use crate::app::appearance::ProgressDisplay;
use crate::app::closing_report::{FailureListLimits, list_failures};
use crate::app::exit::{Exit, RunError};
use crate::app::reporter::interface::RunEnd;
use crate::app::reporter::live::LiveReporter;
use crate::app::reporter::texts::ending_text::describe_ending;
use crate::app::run::Run;
use crate::app::run_options::RunOptions;
use crate::view;
use crate::view::{Line, Style};

/// The hint that shows how to return to a workload is printed only if the workload will exist for at least this time.
const MIN_TIME_TO_SHOW_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// The minimum number of lines that are kept free below the closing report: how the run ended, and the command to
/// return to it.
const MIN_ENDING_LINES: usize = 2;

/// The usual maximum width of a line that says how the run ended.
const ENDING_COLUMNS: usize = 80;

impl Run<'_> {
    /// Reports the end: the last picture or document, the failed Pods, and how the run ended.
    /// Returns the exit of the program, which may differ from `exit` because of a budget.
    pub(crate) fn finish(&mut self, exit: Exit) -> Result<Exit, RunError> {
        self.state.progress = None;
        self.recompute();
        if !self.state.has_ended {
            self.freeze_clock()?;
        }
        let budgets = self.judge_budgets(exit);
        self.write_summary(&budgets)?;
        if self.reporters.live.is_none()
            && let Some(service) = self.options.appearance.ci.markup
        {
            self.finish_in_ci(&budgets, service)?;
            self.print_budget_report(&budgets);
            return Ok(budgets.exit());
        }
        self.prepare_frame();
        let columns = self.reporters.live.as_ref().map_or(usize::MAX, LiveReporter::screen_columns);
        let what_if = self.what_if_below_live_picture(columns);
        let ending_rows = count_rows(&what_if, columns)
            + count_rows(&lines_of(&self.ending_messages(exit)), columns)
            + count_rows(&lines_of(budgets.problems()), columns);
        let ending_rows = ending_rows.max(MIN_ENDING_LINES * ENDING_COLUMNS.div_ceil(columns));
        // The report leaves at least half of the screen to the picture.
        let room = self.reporters.live.as_ref().map_or(usize::MAX, |live| live.screen_rows() / 2);
        let (failures, limits) =
            self.list_failures_in(room.saturating_sub(ending_rows), FailureListLimits::USUAL);
        let end = RunEnd { exit, max_lines_below: count_rows(&failures, columns) + ending_rows };
        self.report(self.state.now(), |reporter, run| reporter.on_end(run, end))?;
        // The picture takes more than half of the screen if the rows in trouble need more.
        let room = self.reporters.live.as_ref().map_or(usize::MAX, LiveReporter::rows_below_picture);
        let (failures, _) = self.list_failures_in(room.saturating_sub(ending_rows), limits);
        if !self.show_closing_lines(&failures)? {
            self.options.streams.write_live_lines(failures)?;
        }
        if !what_if.is_empty() && !self.show_closing_lines(&what_if)? {
            self.options.streams.write_live_lines(what_if)?;
        }
        self.report_ending(exit)?;
        self.print_budget_report(&budgets);
        Ok(budgets.exit())
    }

    /// Lists the failed Pods within these limits, and within smaller ones if the list needs more than `room` rows of
    /// the terminal.
    fn list_failures_in(&self, room: usize, mut limits: FailureListLimits) -> (Vec<Line>, FailureListLimits) {
        let appearance = self.options.appearance;
        if appearance.progress == ProgressDisplay::Silent {
            return (Vec::new(), limits);
        }
        let columns = self.reporters.live.as_ref().map_or(usize::MAX, LiveReporter::screen_columns);
        let logs = self.unseen_failure_logs();
        let longest_log = logs.iter().map(|(_, log)| log.lines.len()).max().unwrap_or(0);
        loop {
            let list = list_failures(&self.state.timeline, logs, &appearance.glyphs, limits).into_lines();
            if count_rows(&list, columns) <= room {
                return (list, limits);
            }
            match limits.shrink(longest_log) {
                Some(smaller) => limits = smaller,
                None => return (list, limits),
            }
        }
    }

    /// Reports how the run ended, and the command that replays the run or follows it again.
    pub(crate) fn report_ending(&mut self, exit: Exit) -> Result<(), RunError> {
        let messages = self.ending_messages(exit);
        if !self.show_closing_lines(&lines_of(&messages))? {
            for message in &messages {
                self.options.streams.note(message);
            }
        }
        Ok(())
    }

    /// Returns the sentences that say how the run ended, and the command that replays the run or follows it again.
    fn ending_messages(&self, exit: Exit) -> Vec<String> {
        let RunOptions { appearance, output, .. } = self.options;
        let mut messages = self.endings(exit);
        let is_outcome_known = exit.is_known_outcome() || self.state.has_ended;
        let command = match (self.recording.replay_command(), &self.options.resume_command) {
            (Some(command), _) if is_outcome_known => Some(command.to_owned()),
            (_, Some(command)) if !is_outcome_known => Some(command.to_follow()),
            (_, Some(command)) if !command.needs_objects() || !self.is_subject_deleted_soon() => {
                Some(command.to_show().to_owned())
            }
            (_, _) => None,
        };
        let fatal_end = self.describe_fatal_end();
        let command = command.filter(|_| fatal_end.is_empty());
        messages.extend(fatal_end);
        let is_for_people = appearance.progress != ProgressDisplay::Silent && !output.is_for_programs();
        if let Some(command) =
            command.filter(|_| exit != Exit::Unknown && (is_for_people || !is_outcome_known))
        {
            let purpose = if is_outcome_known { "to see it again" } else { "to follow again" };
            messages.push(format!("{purpose}: {command}"));
        }
        messages
    }

    /// Returns the sentences that say why following stopped early.
    pub(crate) fn endings(&self, exit: Exit) -> Vec<String> {
        let RunOptions { timeout, ends_with_feed, .. } = self.options;
        let now = self.state.now();
        describe_ending(&self.state.timeline, exit, timeout, ends_with_feed, now).into_iter().collect()
    }

    /// Whether a workload no longer exists, or is deleted so soon that a command could not show it again.
    fn is_subject_deleted_soon(&self) -> bool {
        let now = self.state.now();
        self.state.timeline.roots().any(|workload| workload.is_deleted_within(MIN_TIME_TO_SHOW_AGAIN, now))
    }
}

/// A line for each message.
fn lines_of<'a>(messages: impl IntoIterator<Item = &'a String>) -> Vec<Line> {
    messages.into_iter().map(|message| Line::new(view::clean(message), Style::Text)).collect()
}

/// The number of rows that lines take on a terminal with this many columns, which wraps long lines.
fn count_rows(lines: &[Line], columns: usize) -> usize {
    lines.iter().map(|line| line.width().div_ceil(columns).max(1)).sum()
}
