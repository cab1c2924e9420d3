//! The command line of the program: its subcommands, declared for clap.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::cli::args::connection::{ConnectionArgs, accept_global_flags, global_flags};
use crate::cli::args::what_if::join_value;
use crate::cli::change::command::ChangeArgs;
use crate::cli::change::words::divide_words;
use crate::cli::comparison::diff::DiffArgs;
use crate::cli::comparison::history::HistoryArgs;
use crate::cli::completion_script::Shell;
use crate::cli::get::GetArgs;
use crate::cli::help::{add_examples, arrange_help, short_help};
use crate::cli::kubectl_flags::flags::{FlagTable, GivenFlag, declared_flags};
use crate::cli::overview::OverviewArgs;
use crate::cli::pod::PodArgs;
use crate::cli::record::RecordCommandArgs;
use crate::cli::replay::ReplayArgs;
use crate::cli::simulate::SimulateArgs;
use crate::cli::usage::hints::with_hint;
use crate::cli::usage::rewrite::{rewrite_words, select_several_pods};
use crate::cli::usage::switches::{asks_for_version, flags_for_clap, version_text};
use crate::cli::usage::unknown_command::unknown_command_error;
use crate::cli::version::VersionArgs;
use crate::source::kubectl::ChangeCommand;

/// Where did the time of a Job go?
///
/// Draws one bar per Pod on a common time axis. The dotted part is the wait for a node, the hashed part is the cold start
/// (sandbox, image pull, init containers, container start), the solid part is work, and failures are marked. The same
/// data is available as a table, a grid and JSON.
#[derive(Debug, Parser)]
#[command(
    name = NAME,
    bin_name = "kubectl seq",
    version,
    disable_help_subcommand = false,
    override_usage = "kubectl seq [-n NAMESPACE | -A] [-w]    the workloads of the last hour\n       kubectl seq COMMAND [OPTIONS]",
    args_override_self = true,
    max_term_width = 80,
    after_long_help = EXIT_CODES
)]
pub(crate) struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub(crate) command: Subcommand,
    /// The level of the diagnostics, from `-v`.
    #[arg(skip)]
    pub(crate) verbosity: i32,
}

/// Returns clap's declaration of the whole command line.
///
/// Every visible subcommand accepts kubectl's global flags. Subcommands that do not connect to a cluster ignore these
/// flags.
pub fn command() -> clap::Command {
    let command = Cli::command();
    let without_cluster: Vec<String> = command
        .get_subcommands()
        .filter(|sub| sub.get_arguments().all(|arg| arg.get_long() != Some("kubeconfig")))
        .map(|sub| sub.get_name().to_owned())
        .filter(|name| name != COMPLETE)
        .collect();
    let mut command = add_examples(command).mut_subcommands(|sub| {
        let accepts_no_flags = without_cluster.iter().any(|name| sub.get_name() == name);
        let sub = if accepts_no_flags { accept_global_flags(sub) } else { sub };
        if sub.is_hide_set() { sub } else { arrange_help(sub) }
    });
    command.build();
    command
}

/// Parses the arguments of the program. The first argument is the name of the program.
///
/// # Errors
///
/// Returns an error if the usage is wrong. Also returns an error if the user asked for help or the version, because
/// clap reports these texts as errors.
pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let mut command = command();
    let mut words = arguments;
    let program = if words.is_empty() { NAME.into() } else { words.remove(0) };
    if asks_only_for_version(&words)
        && let Some(version) = version_text()
    {
        return Err(version);
    }
    let words = arrange_words(&command, words);
    let name = words.first().cloned().unwrap_or_default();
    parse_arranged_words(&mut command, program, words)
        .map_err(|error| with_hint(error, &command, command.find_subcommand(name)))
}

/// Parses the words after the name of the program. The first word is the name of the subcommand.
fn parse_arranged_words(
    command: &mut clap::Command,
    program: OsString,
    mut words: Vec<OsString>,
) -> Result<Cli, clap::Error> {
    let asks_for_long_help = words.iter().any(|word| word == "--help");
    if let Some(error) = unknown_command_error(command, &words) {
        return Err(error);
    }
    let mut kubectl_part = None;
    if let Some((name, arguments)) = words.split_first()
        && let Some(declared) = command.find_subcommand(name).filter(|_| name != COMPLETE && name != HELP)
    {
        let rewritten = match ChangeCommand::from_name(name) {
            Some(change) => {
                let (own, kubectl) = divide_words(change, declared, arguments);
                kubectl_part = Some(kubectl);
                flags_for_clap(declared, own)?
            }
            None => rewrite_words(declared, arguments)?,
        };
        words.truncate(1);
        words.extend(rewritten);
    }
    let typed = words.clone();
    words.insert(0, program);
    let matches = command.try_get_matches_from_mut(words).map_err(|error| {
        let subcommand = typed.first().and_then(|name| command.find_subcommand(name));
        match subcommand.filter(|sub| sub.get_name() != HELP && !asks_for_long_help) {
            Some(sub) if error.kind() == ErrorKind::DisplayHelp => short_help(sub.clone()).unwrap_or(error),
            Some(_) | None => error,
        }
    })?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    let flags = matches.subcommand().map(|(_, flags)| flags);
    cli.verbosity =
        flags.and_then(|flags| flags.try_get_one::<i32>("v").ok().flatten().copied()).unwrap_or(0);
    if let (Some(args), Some(kubectl)) = (cli.command.change_args_mut(), kubectl_part) {
        if let Some(error) = kubectl.usage_error(own_flags(kubectl.arguments.command)) {
            return Err(error);
        }
        args.kubectl = kubectl;
    }
    if let Some(connection) = cli.command.connection_args_mut() {
        connection.set_typed_words(&typed);
    }
    Ok(cli)
}

/// Arranges the words after the name of the program: the first word becomes the name of the subcommand. `command` is the
/// declaration of the whole command line.
pub(crate) fn arrange_words(command: &clap::Command, words: Vec<OsString>) -> Vec<OsString> {
    let mut words = move_leading_global_flags(&join_value(words));
    if let Some(overview) = command.find_subcommand(OVERVIEW)
        && has_only_flags(overview, &words)
    {
        words.insert(0, OVERVIEW.into());
    }
    match command.find_subcommand("get") {
        Some(get) => select_several_pods(get, words),
        None => words,
    }
}

/// Declares only the flags of a command that changes objects. The declaration is not built, so more flags can be added.
pub(crate) fn own_flags(change: ChangeCommand) -> clap::Command {
    let root = Cli::command();
    let declared = root.find_subcommand(change.name()).cloned().unwrap_or_default();
    declared.bin_name(format!("kubectl seq {}", change.name()))
}

/// Moves leading global flags behind the name of the subcommand, because kubectl accepts global flags in both
/// positions. If other words precede the name, nothing is moved and clap explains the error.
pub(crate) fn move_leading_global_flags(words: &[OsString]) -> Vec<OsString> {
    match FlagTable::new(global_flags()).lex_leading(words) {
        Some((flags, rest)) if !rest.is_empty() => {
            let mut rest = rest.into_iter();
            let name = rest.next();
            name.into_iter().chain(flags.iter().map(GivenFlag::to_word)).chain(rest).collect()
        }
        Some(_) | None => words.to_vec(),
    }
}

/// Returns the part of the help that fits on a small screen.
pub(crate) fn first_help_screen() -> String {
    let mut command = command();
    format!("{}\n", command.render_help().to_string().trim_end())
}

/// Whether there is no subcommand, and a global flag asks for the version.
fn asks_only_for_version(words: &[OsString]) -> bool {
    let flags = FlagTable::new(global_flags()).lex_leading(words);
    flags.is_some_and(|(flags, rest)| rest.is_empty() && flags.iter().any(asks_for_version))
}

/// Whether the user gave no subcommand: all words are flags of the overview, or there are no words.
fn has_only_flags(overview: &clap::Command, words: &[OsString]) -> bool {
    let mut flags = declared_flags(overview);
    // These flags ask for a text. They belong to the program, although kubectl also has a flag `--version`.
    flags.retain(|flag| !["help", "version"].contains(&flag.long.as_str()));
    FlagTable::new(flags).lex_leading(words).is_some_and(|(_, rest)| rest.is_empty())
}

/// The name of the program.
const NAME: &str = "kubectl-seq";

/// The subcommand with which clap prints the help of a subcommand.
const HELP: &str = "help";

/// The hidden subcommand that kubectl calls for completion.
const COMPLETE: &str = "__complete";

/// The hidden subcommand that runs if the user gives no subcommand.
pub(crate) const OVERVIEW: &str = "__overview";

const EXIT_CODES: &str = "\
Exit codes:
  0    the output was printed, or everything followed succeeded
  1    a followed workload failed
  2    wrong usage
  3    unknown: no connection, no permission, not found, or deleted too early
  4    a budget of --fail-if is exceeded
  124  --timeout ran out
  129  the terminal was closed
  130  Ctrl-C (the workload is never touched)
  143  SIGTERM
A failing `kubectl apply`, `create` or `replace` passes its own exit code on.";

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Apply manifests, then follow the applied workloads until they end
    ///
    /// Runs `kubectl apply` with your flags and standard input, then follows the applied workloads. All flags of
    /// `kubectl apply` and all global flags of kubectl are accepted. Only `--timeout` and the formats of `-o` have a
    /// meaning of their own.
    #[command(override_usage = "kubectl seq apply (-f FILE | -k DIRECTORY) [OPTIONS] [FLAGS OF KUBECTL]")]
    Apply(ChangeArgs),
    /// Create objects, then follow the created workloads until they end
    ///
    /// Runs `kubectl create` with your flags and standard input, then follows the created workloads, also those with
    /// generated names. All flags of `kubectl create` and all global flags of kubectl are accepted. `create job`,
    /// `create deployment` and `create cronjob` take the flags that kubectl lists for them. Other subcommands are passed
    /// on to kubectl unchanged.
    #[command(
        override_usage = "kubectl seq create (-f FILE | -k DIRECTORY) [OPTIONS] [FLAGS OF KUBECTL]\n       kubectl seq create job NAME [OPTIONS] [FLAGS OF KUBECTL] [-- COMMAND]\n       kubectl seq create (deployment | ...) NAME [OPTIONS] [FLAGS OF KUBECTL]"
    )]
    Create(ChangeArgs),
    /// Replace objects (--force: run a Job again), then follow them
    ///
    /// Runs `kubectl replace` with your flags and standard input, then follows the replaced workloads. All flags of
    /// `kubectl replace` and all global flags of kubectl are accepted. With `--force`, kubectl deletes each object and
    /// creates it again, and only the new object and its Pods are followed.
    #[command(override_usage = "kubectl seq replace [--force] -f FILE [OPTIONS] [FLAGS OF KUBECTL]")]
    Replace(ChangeArgs),
    /// Show existing objects; with --watch, follow them until they end
    Get(GetArgs),
    /// Called if no command is given: shows the workloads that run or have ended a short time ago.
    #[command(name = OVERVIEW, hide = true)]
    Overview(OverviewArgs),
    /// Show one Pod: phases, containers, events
    #[command(visible_alias = "pods", alias = "po")]
    Pod(PodArgs),
    /// Run a Job on the built-in simulation, no cluster
    #[command(visible_alias = "demo")]
    Simulate(SimulateArgs),
    /// Record everything that runs, until it is stopped
    ///
    /// Each rollout, each Job and each other topmost workload gets a recording of its own, which `kubectl seq replay` shows.
    /// Prints one line for each run that has ended.
    Record(RecordCommandArgs),
    /// Show a recording made with --record, without a cluster
    ///
    /// The views, the formats and the exit code are those of the run. On a terminal the recording is played; elsewhere it is
    /// shown at once.
    Replay(ReplayArgs),
    /// Compare two runs, or two groups of runs, phase by phase
    ///
    /// Each run is a recording, or an object of the cluster. The exit code is 0 if the runs are the same, 1 if they differ,
    /// and 3 if they cannot be compared.
    Diff(DiffArgs),
    /// Show the runs of the same work, one row each
    ///
    /// The runs come from recordings, and from the Jobs and CronJobs that still exist.
    History(HistoryArgs),
    /// Print the completion script of a shell, for kubectl-seq
    ///
    /// For `kubectl seq`, put the file `completions/kubectl_complete-seq` on the PATH instead. kubectl's own completion
    /// runs this file.
    Completion {
        /// The shell
        shell: Shell,
    },
    /// Called by kubectl to complete `kubectl seq`.
    #[command(name = COMPLETE, hide = true, disable_help_flag = true)]
    Complete {
        /// The words up to the cursor. The last word is completed.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Print the version; with --verbose, check the setup
    Version(VersionArgs),
}

impl Subcommand {
    /// Returns the connection flags of a command that connects to a cluster.
    fn connection_args_mut(&mut self) -> Option<&mut ConnectionArgs> {
        match self {
            Self::Apply(args) | Self::Create(args) | Self::Replace(args) => Some(&mut args.connection),
            Self::Get(args) => Some(&mut args.connection),
            Self::Overview(args) => Some(&mut args.connection),
            Self::Pod(args) => Some(&mut args.connection),
            Self::Diff(args) => Some(&mut args.common.connection),
            Self::History(args) => Some(&mut args.common.connection),
            Self::Record(args) => Some(&mut args.connection),
            Self::Simulate(_)
            | Self::Replay(_)
            | Self::Completion { .. }
            | Self::Complete { .. }
            | Self::Version(_) => None,
        }
    }

    /// Returns the arguments of a command that changes objects.
    fn change_args_mut(&mut self) -> Option<&mut ChangeArgs> {
        match self {
            Self::Apply(args) | Self::Create(args) | Self::Replace(args) => Some(args),
            Self::Get(_)
            | Self::Overview(_)
            | Self::Pod(_)
            | Self::Diff(_)
            | Self::History(_)
            | Self::Simulate(_)
            | Self::Replay(_)
            | Self::Record(_)
            | Self::Completion { .. }
            | Self::Complete { .. }
            | Self::Version(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_flags_may_stand_before_the_subcommand() {
        for (typed, moved) in [
            ("-n ns get job pi -w", "get --namespace=ns job pi -w"),
            ("--namespace=ns --context test get job", "get --namespace=ns --context=test job"),
            ("-nns --insecure-skip-tls-verify pod pi", "pod --namespace=ns --insecure-skip-tls-verify pi"),
            ("-v 6 --warnings-as-errors apply -f x", "apply --v=6 --warnings-as-errors -f x"),
            ("get -n ns job", "get -n ns job"),
            // clap explains the errors in the following lines.
            ("--watch get job", "--watch get job"),
            ("-n", "-n"),
            ("-n ns", "-n ns"),
            ("- get", "- get"),
        ] {
            let words: Vec<OsString> = typed.split_whitespace().map(OsString::from).collect();
            assert_eq!(move_leading_global_flags(&words).join(" ".as_ref()), moved, "{typed}");
        }
    }

    #[test]
    fn without_a_subcommand_the_overview_of_the_recent_workloads_is_shown() {
        let parse = |line: &str| {
            parse(["kubectl-seq"].into_iter().chain(line.split_whitespace()).map(OsString::from).collect())
        };
        for line in ["", "-A", "-n web", "--context test -l app=web", "-w -nweb", "--color never -A"] {
            let is_overview = parse(line).is_ok_and(|cli| matches!(cli.command, Subcommand::Overview(_)));
            assert!(is_overview, "{line}");
        }
        let Ok(Cli { command: Subcommand::Overview(args), .. }) = parse("-l a=b -A --watch") else {
            panic!()
        };
        assert_eq!((args.selector.as_deref(), args.all_namespaces, args.watch), (Some("a=b"), true, true));
        for line in ["-h", "--version", "-n", "--no-such-flag", "--watch get job", "-l get", "jobs", "-"] {
            let is_overview = parse(line).is_ok_and(|cli| matches!(cli.command, Subcommand::Overview(_)));
            assert_eq!(is_overview, line == "-l get", "{line}");
        }
    }

    #[test]
    fn a_switch_for_the_version_prints_the_version_of_this_program() {
        for line in [
            "--version",
            "--version=raw",
            "-n x --version",
            "--version get job pi",
            "get --version",
            "apply -f x --version=true",
            "simulate --version=1",
        ] {
            let words = ["kubectl-seq"].into_iter().chain(line.split(' ')).map(OsString::from);
            let error = parse(words.collect()).expect_err(line);
            assert_eq!(
                (error.to_string().as_str(), error.use_stderr()),
                (concat!("kubectl-seq ", env!("CARGO_PKG_VERSION"), "\n"), false),
                "{line}"
            );
        }
    }

    #[test]
    fn a_word_that_is_no_subcommand_gets_a_tip_with_the_right_command() {
        for (line, tip) in [
            ("gte job pi", "'kubectl seq get job pi'"),
            ("aplly -f x", "'kubectl seq apply -f x'"),
            ("logs job/pi -f", "'kubectl logs job/pi -f'"),
            ("describe job pi", "'kubectl describe job pi'"),
            ("wait job/pi", "'kubectl seq get TYPE/NAME -w'"),
            ("top", "'kubectl top'"),
            ("descrbe job pi", "'kubectl describe job pi'"),
            ("-n x jobs -A", "'kubectl seq get jobs --namespace=x -A'"),
            ("deploy/web", "'kubectl seq get deploy/web'"),
            ("xyzzy", "'--help'"),
        ] {
            let words = ["kubectl-seq"].into_iter().chain(line.split(' ')).map(OsString::from);
            let error = parse(words.collect()).expect_err(line).to_string();
            assert!(error.contains("unrecognized subcommand") && error.contains(tip), "{line}: {error}");
        }
    }

    #[test]
    fn every_subcommand_accepts_every_global_flag_before_and_behind_its_name() {
        for subcommand in [
            "get job",
            "pod pi",
            "simulate",
            "record --to x",
            "replay x",
            "version",
            "completion bash",
            "apply -f x",
            "create -f x",
            "create job pi",
            "replace -f x",
        ] {
            for flag in global_flags() {
                let value = match flag.long.as_str() {
                    "insecure-skip-tls-verify" | "disable-compression" => "true",
                    // Other values print the version.
                    "version" => "v1.37.2",
                    _ => "1",
                };
                let word = format!("--{}={value}", flag.long);
                for line in [format!("{word} {subcommand}"), format!("{subcommand} {word}")] {
                    let words = ["kubectl-seq"].into_iter().chain(line.split(' ')).map(OsString::from);
                    assert!(parse(words.collect()).is_ok(), "{line}");
                }
            }
        }
    }
}
