//! The flag that sets budgets.

use clap::Args;

use crate::timeline::BudgetCondition;

/// The budgets of a run.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Following")]
pub(crate) struct BudgetArgs {
    /// Exit with 4 if this is true: `share(idle) > 10%`
    ///
    /// The condition is checked at the end. Other conditions are for example `p95(coldStart) > 30s` and `wall > 5m`.
    /// The flag can be repeated.
    #[arg(long, value_name = "CONDITION")]
    pub(crate) fail_if: Vec<BudgetCondition>,
}
