//! The conditions that differ between two runs, or between two groups of runs.

use crate::timeline::comparison::conditions::RunCondition;
use crate::timeline::comparison::run::WorkloadRun;

/// A condition that differs. `None` if it is unknown on a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangedCondition {
    pub(crate) what: &'static str,
    pub(crate) a: Option<String>,
    pub(crate) b: Option<String>,
}

/// Lists the conditions that differ. The values of several runs are joined by ` / `.
pub(crate) fn list_changed(a: &[WorkloadRun], b: &[WorkloadRun]) -> Vec<ChangedCondition> {
    let changed = RunCondition::ALL.into_iter().map(|condition| ChangedCondition {
        what: condition.name(),
        a: values_of(a, condition),
        b: values_of(b, condition),
    });
    changed.filter(|changed| changed.a != changed.b).collect()
}

fn values_of(runs: &[WorkloadRun], condition: RunCondition) -> Option<String> {
    let conditions = runs.iter().flat_map(|run| &run.conditions);
    let mut values: Vec<&str> =
        conditions.filter(|(of_run, _)| *of_run == condition).map(|(_, value)| value.as_str()).collect();
    values.sort_unstable();
    values.dedup();
    (!values.is_empty()).then(|| values.join(" / "))
}
