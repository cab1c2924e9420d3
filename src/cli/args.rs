//! What the user can type.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

pub(crate) use super::connection::ConnectionArgs;
use crate::app::output::Format;
use crate::source::SourceError;
use crate::source::recording::Recorder;
use crate::source::simulation::{DEFAULT_NODES, DEFAULT_SEED, MOST_NODES};

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

/// `apply`.
#[derive(Debug, Args)]
#[command(
    override_usage = "kubectl seq apply (-f FILENAME | -k DIRECTORY | -) [OPTIONS] [KUBECTL APPLY FLAGS]"
)]
pub(crate) struct ApplyArgs {
    /// Do not follow what was applied
    #[arg(long)]
    pub(crate) detach: bool,
    /// What to follow, and how long.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// Whether it is recorded.
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// How it is drawn.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
    /// The connection.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// Output format: seq, table, wide, grid, json, jsonl, yaml, name; others are kubectl's and are not followed
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<String>,
}

/// `get`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq get TYPE[/NAME] [NAME...] [OPTIONS]")]
pub(crate) struct GetArgs {
    /// TYPE, TYPE NAME..., TYPE/NAME..., as kubectl takes them: `job pi`, `job/pi`, `jobs`, `pods`
    #[arg(value_name = "TYPE[/NAME]", required = true)]
    pub(crate) objects: Vec<String>,
    /// Only objects with these labels
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    /// Only objects with these fields
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) field_selector: Option<String>,
    /// In all namespaces
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,
    /// Follow until everything has ended
    #[arg(short, long)]
    pub(crate) watch: bool,
    /// Succeed if an object is not there
    #[arg(long)]
    pub(crate) ignore_not_found: bool,
    /// What to follow, and how long.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// Whether it is recorded.
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// How it is drawn.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
    /// The connection.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "seq")]
    pub(crate) output: Format,
}

/// `pod`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq pod NAME [OPTIONS]")]
pub(crate) struct PodArgs {
    /// Name of the Pod; `pod/NAME` is taken too
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Follow until the Pod has ended
    #[arg(short, long)]
    pub(crate) watch: bool,
    /// What to follow, and how long.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// Whether it is recorded.
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// How it is drawn.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
    /// The connection.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// json or yaml: the Pod object, exactly as `kubectl get pod` prints it
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<String>,
}

/// `simulate`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq simulate [-f FILENAME] [OPTIONS]")]
pub(crate) struct SimulateArgs {
    /// Job manifest, `-` for standard input [default: Kubernetes' pi Job, 20 completions, 4 at once]
    #[arg(short, long, value_name = "FILENAME")]
    pub(crate) filename: Option<PathBuf>,
    /// Seed of everything that is drawn by chance: the same seed gives the same run
    #[arg(long, default_value_t = DEFAULT_SEED, value_name = "N")]
    pub(crate) seed: u64,
    /// Simulated seconds a second; 0: at once [default: 4 live on a terminal, else 0]
    #[arg(long, value_name = "X", value_parser = parse_speed)]
    pub(crate) speed: Option<f64>,
    /// Nodes of the simulated cluster
    #[arg(long, default_value_t = DEFAULT_NODES, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_NODES)))]
    pub(crate) nodes: u32,
    /// What to follow, and how long.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// Whether it is recorded.
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// How it is drawn.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "seq")]
    pub(crate) output: Format,
}

/// `replay`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq replay FILE [OPTIONS]")]
pub(crate) struct ReplayArgs {
    /// The recording, `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Recorded seconds a second; 0: at once [default: live on a terminal 4, or more if it would take longer than 20s; else 0]
    #[arg(long, value_name = "X", value_parser = parse_speed)]
    pub(crate) speed: Option<f64>,
    /// What to follow, and how long.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// How it is drawn.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "seq")]
    pub(crate) output: Format,
}

/// What is kept of a run.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Following")]
pub(crate) struct RecordArgs {
    /// Write what is observed to this file, for `kubectl seq replay`: names, times, reasons; no environment, arguments,
    /// logs or free text
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

impl RecordArgs {
    /// Opens the file, if one is wanted, before anything else is done.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn open(&self, followed: bool) -> Result<Option<Recorder>, SourceError> {
        self.record.as_deref().map(|path| Recorder::create(path, followed)).transpose()
    }
}

/// How long and how it is followed.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Following")]
pub(crate) struct FollowArgs {
    /// Follow no longer than this: `90s`, `10m`, `2h`; 0: no bound
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = parse_duration)]
    pub(crate) timeout: std::time::Duration,
    /// Lines of each log that are shown: of a failing container, of the one Pod; 0: none
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) tail_lines: u32,
    /// How it is shown while it goes on [env: `KUBECTL_SEQ_PROGRESS`]
    #[arg(long, value_name = "MODE")]
    pub(crate) progress: Option<ProgressMode>,
}

/// How pictures are drawn.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Drawing")]
#[expect(clippy::struct_excessive_bools, reason = "flags")]
pub(crate) struct DrawArgs {
    /// Colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorArg,
    /// ASCII characters only [default: where the locale is not UTF-8]
    #[arg(long)]
    pub(crate) ascii: bool,
    /// Columns to draw in [default: the terminal's, else 120]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(20..))]
    pub(crate) width: Option<u16>,
    /// Order of the Pods
    #[arg(long, value_name = "BY", default_value = "start")]
    pub(crate) sort: SortArg,
    /// What makes a block of rows
    #[arg(long, value_name = "BY", default_value = "workload")]
    pub(crate) group_by: GroupByArg,
    /// Where the bars begin: at their time, each at its creation, each at the start of its work
    #[arg(long, value_name = "AT", default_value = "wall")]
    pub(crate) align: AlignArg,
    /// Clock times instead of time since the start
    #[arg(long)]
    pub(crate) absolute_time: bool,
    /// Clock times in UTC
    #[arg(long)]
    pub(crate) utc: bool,
    /// Print the field or event that each boundary was read from
    #[arg(long)]
    pub(crate) explain: bool,
    /// Give each container a bar of its own (without the flag: where the screen has room)
    #[arg(long)]
    pub(crate) containers: bool,
}

/// How what goes on is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressMode {
    /// Live on a terminal, lines elsewhere
    Auto,
    /// Redrawn in place
    Live,
    /// One line for each change
    Lines,
    /// Only the end
    None,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorArg {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortArg {
    /// By creation
    Start,
    /// By end
    End,
    /// Longest work first
    Work,
    /// Longest cold start first
    Cold,
    /// By completion index
    Index,
    /// By name
    Name,
}

/// Groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupByArg {
    /// A block per workload
    Workload,
    /// A block per node
    Node,
    /// A block per outcome
    Outcome,
    /// One block
    None,
}

/// Alignments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AlignArg {
    /// At their time
    Wall,
    /// Each at its creation
    Created,
    /// Each at the start of its work
    Started,
}

/// Reads how many seconds pass in one.
fn parse_speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if speed.is_finite() && speed >= 0.0 { Ok(speed) } else { Err("it is no speed".to_owned()) }
}

/// Reads `90s`, `1h30m`, or whole seconds without a unit.
fn parse_duration(text: &str) -> Result<std::time::Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(std::time::Duration::from_secs(seconds));
    }
    let wrong = || format!("`{text}` is no duration; write it as 90s, 10m or 1h30m");
    text.parse::<jiff::SignedDuration>().map_err(|_| wrong())?.try_into().map_err(|_| wrong())
}

/// Tells the flags of `kubectl seq apply` from those of `kubectl apply`: the ones that `command` declares are ours, the
/// rest is kubectl's, in the order as typed. A lone `-` is kubectl's `-f -`.
pub(crate) fn split_apply(command: &clap::Command, args: &[OsString]) -> (Vec<OsString>, Vec<OsString>) {
    let (mut ours, mut kubectls) = (Vec::new(), Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(text) = arg.to_str() else {
            kubectls.push(arg.clone());
            continue;
        };
        if text == "-" && kubectls.last().is_none_or(|last: &OsString| !takes_file(last)) {
            kubectls.extend(["-f".into(), "-".into()]);
            continue;
        }
        let Some(flag) = ours_of(command, text) else {
            kubectls.push(arg.clone());
            continue;
        };
        ours.push(arg.clone());
        let has_value = text.contains('=') || (!text.starts_with("--") && text.len() > 2);
        if flag.get_action().takes_values() && !flag.is_require_equals_set() && !has_value {
            ours.extend(args.next().cloned());
        }
    }
    (ours, kubectls)
}

fn takes_file(flag: &OsString) -> bool {
    flag == "-f" || flag == "--filename"
}

fn ours_of<'a>(command: &'a clap::Command, text: &str) -> Option<&'a clap::Arg> {
    if let Some(long) = text.strip_prefix("--") {
        let name = long.split('=').next().unwrap_or(long);
        return command.get_arguments().find(|arg| arg.get_long() == Some(name));
    }
    let short = text.strip_prefix('-')?.chars().next()?;
    command.get_arguments().find(|arg| arg.get_short() == Some(short))
}
