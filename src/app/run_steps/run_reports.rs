//! The reports at the end of a run for readers of a CI service: groups, annotations and the summary.

use crate::app::appearance::ProgressDisplay;
use crate::app::ci::service::CiService;
use crate::app::ci_report::cause::describe_causes;
use crate::app::ci_report::markup::CiMarkup;
use crate::app::closing_report::{FailureList, FailureListLimits, heading_of_failure, list_failures};
use crate::app::exit::{Exit, RunError};
use crate::app::logs::options::LogSelection;
use crate::app::logs::parts::LogPart;
use crate::app::logs::text::LogText;
use crate::app::output::{ExportFormat, Output};
use crate::app::reporter::interface::RunEnd;
use crate::app::run::Run;
use crate::app::run_steps::budget::BudgetReport;
use crate::app::streams::Streams;
use crate::app::summary::file::append_report;
use crate::app::summary::full_report::render_full_report;
use crate::app::summary::report::{SummaryInput, render_summary};
use crate::source::error::system_error_text;
use crate::timeline::PodKey;
use crate::view::{ContainerLog, Glyphs};

impl Run<'_> {
    /// Returns the logs of failed containers that the run has not shown yet.
    pub(crate) fn unseen_failure_logs(&self) -> &[(PodKey, ContainerLog)] {
        if self.logs.is_some() { &[] } else { self.details.failure_logs() }
    }

    /// Returns the CI service for which each failed Pod's log becomes a group while the run continues. Returns `None`
    /// if the logs of all Pods are shown, because the lines of different Pods alternate.
    pub(crate) fn log_group_service(&self) -> Option<CiService> {
        let logs = self.logs.as_ref().filter(|_| self.reporters.live.is_none())?;
        match logs.options().selection {
            LogSelection::Failed { .. } => self.options.appearance.ci.markup,
            LogSelection::All => None,
        }
    }

    /// Shows the logs of failed Pods, each Pod in a group.
    pub(crate) fn show_logs_in_groups(
        &mut self,
        parts: &[LogPart],
        service: CiService,
    ) -> Result<(), RunError> {
        let Some(logs) = &self.logs else { return Ok(()) };
        let appearance = self.options.appearance;
        let (timeline, stylesheet) = (&self.state.timeline, appearance.stylesheet());
        let mut markup = CiMarkup::new(service, stylesheet, self.state.now());
        for parts in parts.chunk_by(|one, next| one.container.pod == next.container.pod) {
            let mut text = LogText::default();
            for part in parts {
                text.add(timeline, part, logs.options(), stylesheet);
            }
            markup.open_group(&heading_of_failure(timeline, parts[0].container.pod, &appearance.glyphs));
            markup.add_text(&text.text);
            markup.close_group();
        }
        self.options.streams.write_ci_markup(&markup.into_text())
    }

    /// Reports the end with the groups and annotations of a CI service.
    pub(crate) fn finish_in_ci(
        &mut self,
        budgets: &BudgetReport,
        service: CiService,
    ) -> Result<(), RunError> {
        let (appearance, exit) = (self.options.appearance, budgets.run_exit);
        let failures = match appearance.progress {
            ProgressDisplay::Live | ProgressDisplay::Lines => {
                let (timeline, logs) = (&self.state.timeline, self.unseen_failure_logs());
                list_failures(timeline, logs, &appearance.glyphs, FailureListLimits::USUAL)
            }
            ProgressDisplay::Silent => FailureList::default(),
        };
        self.report(self.state.now(), |reporter, run| {
            reporter.on_end(run, RunEnd { exit, max_lines_below: 0 })
        })?;
        let stylesheet = appearance.stylesheet();
        let causes = describe_causes(&self.state.timeline, budgets.exit(), &self.early_end(budgets));
        let mut markup = CiMarkup::new(service, stylesheet, self.state.now());
        markup.add_failures(&failures.entries, failures.rest_line().as_ref());
        markup.add_causes(&causes);
        self.options.streams.write_ci_markup(&markup.into_text())?;
        self.report_ending(exit)
    }

    /// Returns the sentences that say why following stopped early, and which budgets are exceeded or cannot be
    /// judged. A fatal cause is one of these sentences.
    fn early_end(&self, budgets: &BudgetReport) -> Vec<String> {
        let mut sentences = self.endings(budgets.run_exit);
        // The second line names a command.
        sentences.extend(self.describe_fatal_end().into_iter().take(1));
        sentences.extend(budgets.problems().cloned());
        sentences
    }

    /// Appends the summary to the file that the user chose. If the file cannot be written, the program prints a
    /// warning, because the exit code is that of the workload.
    pub(crate) fn write_summary(&mut self, budgets: &BudgetReport) -> Result<(), RunError> {
        let endings = self.early_end(budgets);
        self.append_summary(budgets.exit(), &endings)
    }

    /// Appends the summary of a run that printed the present state.
    pub(crate) fn write_summary_of_present_state(&mut self, budgets: &BudgetReport) -> Result<(), RunError> {
        let sentences: Vec<String> = budgets.problems().cloned().collect();
        let exit = if sentences.is_empty() { self.state.exit() } else { budgets.exit() };
        self.append_summary(exit, &sentences)
    }

    /// Appends the summary of a run that ends with an error.
    pub(crate) fn write_summary_of_error(&mut self, error: &RunError) -> Result<(), RunError> {
        self.recompute();
        self.append_summary(Exit::Unknown, &[error.to_string()])
    }

    /// Appends the summary to the file that the user chose, and prints the full report if it is the output.
    fn append_summary(&mut self, exit: Exit, endings: &[String]) -> Result<(), RunError> {
        if self.options.output == Output::Export(ExportFormat::Markdown) {
            let report = self.render_report(exit, endings, render_full_report);
            Streams::write_stdout(|out| out.write_all(report.as_bytes()))?;
        }
        let Some(path) = self.options.summary.clone() else { return Ok(()) };
        match append_report(&path, &self.render_report(exit, endings, render_summary)) {
            Ok(()) => Ok(()),
            Err(error) => {
                let reason = system_error_text(&error);
                self.warn(&format!("the summary cannot be written to {}: {reason}", path.display()))
            }
        }
    }

    /// Renders a report of the run.
    fn render_report(
        &self,
        exit: Exit,
        endings: &[String],
        render: impl FnOnce(&SummaryInput<'_>) -> String,
    ) -> String {
        let timeline = &self.state.timeline;
        let logs = self.details.failure_logs();
        let failures = list_failures(timeline, logs, &Glyphs::UNICODE, FailureListLimits::USUAL);
        render(&SummaryInput {
            timeline,
            failures: &failures,
            exit,
            outcome: self.state.outcome_text(),
            endings,
            causes: &describe_causes(timeline, exit, &[]),
            now: self.state.now(),
        })
    }
}
