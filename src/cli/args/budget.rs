//! The flag that sets budgets.

use clap::Args;

use crate::timeline::BudgetCondition;

/// The budgets of a run.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Following")]
pub(crate) struct BudgetArgs {
    /// Exit with 4 if this is true at the end: `p95(coldStart) > 30s`, `share(idle) > 10%`, `wall > 5m`; may be repeated
    #[arg(long, value_name = "CONDITION")]
    pub(crate) fail_if: Vec<BudgetCondition>,
}
