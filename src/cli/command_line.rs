//! The command line of the program: its subcommands, declared for clap.

use clap::Parser;

use crate::cli::apply::ApplyArgs;
use crate::cli::get::GetArgs;
use crate::cli::pod::PodArgs;
use crate::cli::replay::ReplayArgs;
use crate::cli::simulate::SimulateArgs;

/// Where did the time of a Job go?
///
/// Draws one bar per Pod on a common time axis: waiting for a node dotted, the cold start (sandbox, image pull, init
/// containers, container start) hashed, work solid, failures marked. The same data is a table, a grid and JSON.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-seq",
    bin_name = "kubectl seq",
    version,
    disable_help_subcommand = false,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = EXIT_CODES
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Subcommand,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    printed; or everything followed ended well
  1    a followed workload failed
  2    wrong usage
  3    could not find out: connection, permission, not found, deleted before it ended
  124  --timeout ran out
  130  Ctrl-C (the workload is never touched)
  143  SIGTERM
A failing `kubectl apply` passes its own exit code on.";

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Apply manifests, then follow what was applied until it ends
    ///
    /// Runs `kubectl apply` with the flags and the standard input as given, then follows the applied Jobs and Pods.
    /// Every flag of `kubectl apply` is taken.
    Apply(ApplyArgs),
    /// Show the timeline of what exists; with --watch follow it until it ends
    Get(GetArgs),
    /// Show one Pod: phases, containers, events
    #[command(visible_alias = "pods", alias = "po")]
    Pod(PodArgs),
    /// Run a Job manifest on the built-in simulation; needs no cluster
    #[command(visible_alias = "demo")]
    Simulate(SimulateArgs),
    /// Show a recording that --record made; needs no cluster
    ///
    /// The same views and formats, and the exit code of the run. On a terminal it is played, elsewhere shown at once.
    Replay(ReplayArgs),
    /// Print a completion script for kubectl-seq; for `kubectl seq` put `completions/kubectl_complete-seq` on the PATH
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// What kubectl runs to complete `kubectl seq`.
    #[command(name = "__complete", hide = true, disable_help_flag = true)]
    Complete {
        /// The words, the last of which is to be completed.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Print the version
    Version,
}
