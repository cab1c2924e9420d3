//! The budgets of a workload in the timeline document.

use serde::Serialize;

use crate::timeline::{BudgetCheck, BudgetUnit, Measured};

/// An element of `budget`: a condition of `--fail-if` and its result.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BudgetEntry<'a> {
    /// The condition as the user typed it.
    pub condition: &'a str,
    /// The measured value; `null` if it is unknown.
    pub value: Option<BudgetNumber>,
    /// `ms`, `share` or `count`.
    pub unit: &'static str,
    /// The 5th and the 95th percentile of the value.
    pub range: Option<[BudgetNumber; 2]>,
    /// Whether the value exceeds the budget, judged by its estimate.
    pub exceeded: bool,
    /// Whether the bound lies inside the range.
    pub straddles: bool,
}

/// A value in the unit of its condition.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum BudgetNumber {
    /// Milliseconds, or a number of Pods.
    Whole(i64),
    /// A fraction.
    Fraction(f64),
}

impl BudgetNumber {
    fn new(value: f64, unit: BudgetUnit) -> Self {
        match unit {
            #[expect(clippy::cast_possible_truncation, reason = "the conversion saturates")]
            BudgetUnit::Millis | BudgetUnit::Count => Self::Whole(value.round() as i64),
            BudgetUnit::Share => Self::Fraction((value * 10_000.0).round() / 10_000.0),
        }
    }
}

impl<'a> From<BudgetCheck<'a>> for BudgetEntry<'a> {
    fn from(check: BudgetCheck<'a>) -> Self {
        let unit = check.condition.measure.unit();
        let measured = check.measured.ok();
        let number = |value| BudgetNumber::new(value, unit);
        Self {
            condition: &check.condition.text,
            value: measured.map(|Measured { value, .. }| number(value)),
            unit: unit.name(),
            range: measured.map(|Measured { low, high, .. }| [number(low), number(high)]),
            exceeded: check.is_exceeded(),
            straddles: check.is_straddling(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::export::reports::summary::SlotTimeEntry;
    use crate::lifecycle::ByPhase;
    use crate::timeline::SlotUse;

    #[test]
    fn the_names_of_shares_are_the_fields_of_the_document() {
        let entry = SlotTimeEntry::new(&ByPhase::from_fn(|_| 0), 0);
        let entry = serde_json::to_value(entry).expect("an object");
        let mut fields: Vec<&str> =
            entry.as_object().expect("an object").keys().map(String::as_str).collect();
        let mut names: Vec<String> = SlotUse::all().map(|slot_use| slot_use.name() + "Millis").collect();
        fields.sort_unstable();
        names.sort_unstable();
        assert_eq!(fields, names);
    }
}
