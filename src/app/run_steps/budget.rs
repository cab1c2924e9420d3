//! Judges the budgets of `--fail-if` at the end of a run, and reports the exceeded ones.

use jiff::SignedDuration;

use crate::app::exit::Exit;
use crate::app::run::Run;
use crate::timeline::{BudgetUnit, Measured};
use crate::view;
use crate::view::Names;

/// The sentences about the budgets at the end of a run.
#[derive(Debug)]
pub(crate) struct BudgetReport {
    /// How the run would end without budgets.
    pub(crate) run_exit: Exit,
    /// A sentence for each budget that is exceeded.
    pub(crate) exceeded: Vec<String>,
    /// A sentence for each budget that cannot be judged.
    pub(crate) unjudged: Vec<String>,
    /// A sentence for each budget that is not exceeded, but whose bound lies inside the range of the value.
    pub(crate) barely_kept: Vec<String>,
}

impl BudgetReport {
    /// Returns the exit of the program.
    pub(crate) fn exit(&self) -> Exit {
        match self.run_exit {
            Exit::Success if !self.unjudged.is_empty() => Exit::Unknown,
            Exit::Success if !self.exceeded.is_empty() => Exit::OverBudget,
            Exit::Success
            | Exit::Failed
            | Exit::FailedContainer(_)
            | Exit::Usage
            | Exit::Unknown
            | Exit::OverBudget
            | Exit::Timeout
            | Exit::Interrupted
            | Exit::Terminated
            | Exit::HungUp
            | Exit::Wrapped(_) => self.run_exit,
        }
    }

    /// Returns the sentences about budgets that are exceeded or cannot be judged.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &String> {
        self.unjudged.iter().chain(&self.exceeded)
    }
}

impl Run<'_> {
    /// Judges the budgets of all root workloads. Only runs that succeeded, failed or reached the timeout are judged.
    /// `run_exit` is the exit without budgets.
    pub(crate) fn judge_budgets(&self, run_exit: Exit) -> BudgetReport {
        let mut report =
            BudgetReport { run_exit, exceeded: Vec::new(), unjudged: Vec::new(), barely_kept: Vec::new() };
        match run_exit {
            Exit::Success | Exit::Failed | Exit::FailedContainer(_) | Exit::Timeout => {}
            Exit::Usage
            | Exit::Unknown
            | Exit::OverBudget
            | Exit::Interrupted
            | Exit::Terminated
            | Exit::HungUp
            | Exit::Wrapped(_) => return report,
        }
        let timeline = &self.state.timeline;
        let names = Names::from_timeline(timeline);
        let is_single = timeline.roots().count() == 1;
        for workload in timeline.roots() {
            for check in timeline.check_budget(workload, &self.state.budget, self.state.now()) {
                let condition = &check.condition.text;
                let subject =
                    if is_single { String::new() } else { format!("{}: ", names.workload(workload)) };
                let measured = match (check.measured, self.state.is_out_of_date()) {
                    (Err(reason), _) => {
                        report.unjudged.push(format!("{subject}cannot judge {condition}: {reason}"));
                        continue;
                    }
                    (Ok(_), true) => {
                        let reason = "not everything can be read, so the times may be out of date";
                        report.unjudged.push(format!("{subject}cannot judge {condition}: {reason}"));
                        continue;
                    }
                    (Ok(measured), false) => describe_measured(measured, check.condition.measure.unit()),
                };
                let decision = if check.is_straddling() {
                    "; the bound lies inside the range, so the estimate decides"
                } else {
                    ""
                };
                if check.is_exceeded() {
                    report.exceeded.push(format!(
                        "{subject}budget exceeded: {condition}: the value is {measured}{decision}"
                    ));
                } else if check.is_straddling() {
                    report.barely_kept.push(format!(
                        "{subject}budget kept: {condition} is false, the value is {measured}{decision}"
                    ));
                }
            }
        }
        report
    }

    /// Prints the sentences of a report to standard error.
    pub(crate) fn print_budget_report(&self, report: &BudgetReport) {
        let streams = self.options.streams;
        for sentence in report.problems() {
            streams.error(sentence, &[]);
        }
        for sentence in &report.barely_kept {
            streams.note(sentence);
        }
    }
}

/// Describes a value with its range: `41.2s (40.8s to 41.7s)`. Leaves out a range that is narrower than the last digit.
fn describe_measured(measured: Measured, unit: BudgetUnit) -> String {
    let describe = |value| describe_value(value, unit);
    let Measured { value, low, high } = measured;
    let (value, low, high) = (describe(value), describe(low), describe(high));
    if low == high { value } else { format!("{value} ({low} to {high})") }
}

#[expect(clippy::cast_possible_truncation, reason = "the conversion saturates")]
fn describe_value(value: f64, unit: BudgetUnit) -> String {
    match unit {
        BudgetUnit::Millis => view::format_exact(SignedDuration::from_millis(value.round() as i64)),
        BudgetUnit::Share => format!("{:.1} %", value * 100.0),
        BudgetUnit::Count => format!("{value}"),
    }
}
