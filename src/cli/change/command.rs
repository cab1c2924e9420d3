//! `kubectl seq apply`, `create` and `replace`: run the kubectl command, then follow the changed workloads until they
//! end.

use std::ffi::OsString;

use clap::{Args, ValueEnum as _};

use crate::app::appearance::Appearance;
use crate::app::event_loop::follow;
use crate::app::exit::{Exit, RunError};
use crate::app::output::Output;
use crate::app::reporter::progress_bar::{ProgressBar, Step};
use crate::app::run_options::RunOptions;
use crate::app::streams::Streams;
use crate::cli::args::budget::BudgetArgs;
use crate::cli::args::connection::ConnectionArgs;
use crate::cli::args::draw::DrawArgs;
use crate::cli::args::failure::FailureArgs;
use crate::cli::args::follow::FollowArgs;
use crate::cli::args::log::LogArgs;
use crate::cli::args::otlp::OtlpArgs;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::record::RecordArgs;
use crate::cli::args::what_if::WhatIfArgs;
use crate::cli::change::changed_workloads::{ChangedWorkload, find_workloads, is_endless, resume_command};
use crate::cli::change::hints::{FailedChange, find_missing_namespace};
use crate::cli::change::words::KubectlPart;
use crate::source::cluster::{self, Selection};
use crate::source::kubectl::{
    Capture, Change, ChangeArguments, ChangeCommand, Kubectl, KubectlOutput, Manifests,
};
use crate::source::{ErrorKind, SourceError};

/// The arguments of `kubectl seq apply`, `create` and `replace`.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// Output format: seq, table, wide, grid, runs, json, jsonl, yaml, name, csv, trace, otlp, markdown, svg, html, kwok
    ///
    /// With any other format of kubectl, nothing is followed.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) output: Option<String>,
    /// Run kubectl only, do not follow
    #[arg(long, help_heading = "Following")]
    pub(crate) detach: bool,
    /// The flags that control following.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// The flags that show logs.
    #[command(flatten)]
    pub(crate) logs: LogArgs,
    /// The flags about failures.
    #[command(flatten)]
    pub(crate) failures: FailureArgs,
    /// The budgets.
    #[command(flatten)]
    pub(crate) budget: BudgetArgs,
    /// The flag of the what-if.
    #[command(flatten)]
    pub(crate) what_if: WhatIfArgs,
    /// The recording flag.
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// The flag that sends traces.
    #[command(flatten)]
    pub(crate) otlp: OtlpArgs,
    /// The flags that control drawing.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
    /// The global flags of kubectl.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// The words for kubectl, which clap does not see.
    #[arg(skip)]
    pub(crate) kubectl: KubectlPart,
}

/// Returns the output of the run. If kubectl prints in a format of its own, nothing is followed, and the returned
/// output has no effect.
pub(crate) fn run_output(args: &ChangeArgs) -> Output {
    format_unless_kubectl_prints(args).unwrap_or(OutputFormat::Seq).into()
}

/// Returns the output format of this program: the format that `-o` names, or `seq` without `-o`. Returns `None` if
/// kubectl prints in a format of its own, or must refuse a format that neither program has.
fn format_unless_kubectl_prints(args: &ChangeArgs) -> Option<OutputFormat> {
    match &args.output {
        Some(output) => OutputFormat::from_str(output, false).ok(),
        None if args.kubectl.chooses_kubectls_output => None,
        None => Some(OutputFormat::Seq),
    }
}

/// Whether the run follows the changed workloads. Otherwise, only kubectl prints.
fn is_followed(args: &ChangeArgs) -> bool {
    let KubectlPart { is_dry_run, opens_editor, .. } = args.kubectl;
    !args.detach && format_unless_kubectl_prints(args).is_some() && !is_dry_run && !opens_editor
}

pub(crate) async fn run(
    args: ChangeArgs,
    appearance: &Appearance,
    streams: &Streams,
) -> Result<Exit, RunError> {
    let command = args.kubectl.arguments.command;
    if let Some(words) = &args.kubectl.unchanged {
        return Ok(Exit::Wrapped(Kubectl::locate().run_unchanged(command.name(), words).await?));
    }
    if !is_followed(&args) {
        return run_kubectl_only(&args, streams).await;
    }
    let logs = args.logs.options(args.follow.tail_lines, true)?;
    // The recording is opened before kubectl changes anything, because opening the file can fail.
    let traces = args.otlp.options(streams)?;
    let recorder = args.record.open(true)?;
    let filenames = &args.kubectl.arguments.filenames;
    let manifests = match command {
        ChangeCommand::Apply => Manifests::read(filenames)?,
        ChangeCommand::Create | ChangeCommand::Replace => Manifests::unread(filenames),
    };
    // The resource versions are read before the first change, so that no later change is missed. An error does not end
    // the run here, because kubectl usually fails for the same reason and reports the reason itself.
    let cluster = cluster::connect(&args.connection.connection()).await;
    let cluster = cluster.map(|cluster| streams.announce_repetitions(cluster));
    let since = match &cluster {
        Ok(cluster) => cluster::fetch_resource_versions(cluster, &cluster.namespace).await.ok(),
        Err(_) => None,
    };
    let capture = match command {
        ChangeCommand::Apply => Capture::Messages,
        // Only kubectl's output contains generated names, and the uid of an object that replaces another one.
        ChangeCommand::Create | ChangeCommand::Replace => Capture::MessagesAndObjects,
    };
    let output =
        if run_output(&args).is_for_programs() { KubectlOutput::Stderr } else { KubectlOutput::Stdout };
    let Change { code, objects, messages } =
        change_objects(&args, streams, &manifests, capture, output).await?;
    if code != 0 {
        if let (Ok(cluster), Some(namespace)) = (&cluster, find_missing_namespace(&messages))
            && let Err(error) = cluster::require_namespace(cluster, namespace).await
        {
            error.hints.iter().for_each(|hint| streams.hint(hint));
        }
        return Ok(Exit::Wrapped(code));
    }
    // kubectl prints a line for each object. The following steps print nothing, so a bar shows their progress.
    let mut bar = ProgressBar::on_stderr();
    let objects = match command {
        ChangeCommand::Apply => {
            let arguments = kubectl_arguments(&args);
            let reading = Step::new("reading back the applied objects", 0, None);
            bar.show_while(reading, Kubectl::locate().read_applied(&arguments, &manifests)).await?
        }
        ChangeCommand::Create | ChangeCommand::Replace => objects,
    };
    let cluster = cluster?;
    let workloads = find_workloads(&cluster, &objects, &mut bar).await?;
    drop(bar);
    for object in objects.iter().filter(|object| is_endless(object)) {
        streams.note(&format!(
            "{kind}/{name} is not followed, it has no end: `kubectl seq get {kind}/{name} -w` follows it",
            kind = object.kind.to_lowercase(),
            name = object.name
        ));
    }
    if workloads.is_empty() {
        let participle = command.participle();
        streams.note(&format!("nothing to follow: no {participle} object can be followed to an end"));
        return Ok(Exit::Success);
    }
    let targets = workloads.iter().map(ChangedWorkload::target).collect();
    let feed = cluster::open_feed(&cluster, Selection { targets, since, forgets_gone: false }, true);
    let options = RunOptions::new(feed, appearance, streams, run_output(&args))
        .expected_uids(workloads.iter().map(|workload| workload.object.uid.clone()).collect())
        .resume_command(resume_command(&workloads, &args.connection, &cluster.namespace))
        .cluster(cluster)
        .budget(args.budget.fail_if.clone())
        .what_if(args.what_if.what_if)
        .tail_lines(args.follow.tail_lines)
        .logs(logs)
        .timeout(args.follow.timeout)
        .failure_rules(args.failures.rules(&args.connection))
        .summary(args.follow.summary.clone())
        .stays_open(args.follow.interactive)
        .traces(traces)
        .recorder(recorder);
    follow(options).await
}

/// Runs kubectl, follows nothing, and returns kubectl's exit code.
async fn run_kubectl_only(args: &ChangeArgs, streams: &Streams) -> Result<Exit, RunError> {
    let unusable = [
        ("--record", args.record.record.is_some()),
        ("--interactive", args.follow.interactive),
        ("--logs", args.logs.logs.is_some()),
        ("--summary", args.follow.summary.is_some()),
        ("--notify", args.follow.notify),
        ("--what-if", args.what_if.what_if.is_some()),
        ("--fail-if", !args.budget.fail_if.is_empty()),
    ];
    let unusable = unusable.iter().find(|(_, is_given)| *is_given).map(|(flag, _)| *flag);
    if let Some(flag) = unusable.or(args.failures.flag_that_follows()) {
        let error = SourceError::new(ErrorKind::Usage, format!("{flag} needs something to follow"));
        return Err(error.hint("Leave out --detach, --dry-run, --edit and kubectl's output formats.").into());
    }
    let manifests = Manifests::unread(&args.kubectl.arguments.filenames);
    let capture = if args.kubectl.opens_editor { Capture::Nothing } else { Capture::Messages };
    let change = change_objects(args, streams, &manifests, capture, KubectlOutput::Stdout).await?;
    Ok(Exit::Wrapped(change.code))
}

/// Runs kubectl. Prints the captured output while kubectl runs, and hints if kubectl fails.
async fn change_objects(
    args: &ChangeArgs,
    streams: &Streams,
    manifests: &Manifests,
    capture: Capture,
    output: KubectlOutput,
) -> Result<Change, RunError> {
    let arguments = kubectl_arguments(args);
    let mut written = Ok(());
    let show = |stream, bytes: &[u8]| {
        // If the output cannot be written, kubectl still runs on, because it must not be stopped between two objects.
        if written.is_ok() {
            written = Streams::write_kubectl_output(stream, bytes);
        }
    };
    let change = Kubectl::locate().change(&arguments, manifests, capture, output, show).await?;
    if change.code != 0 {
        let (typed, messages) = (&args.kubectl.typed, change.messages.as_str());
        let scope_flags = args.connection.scope_flags();
        for hint in (FailedChange { arguments: &arguments, typed, messages, scope_flags }).hints() {
            streams.hint(&hint);
        }
        return Ok(change);
    }
    written?;
    Ok(change)
}

/// Returns the arguments of kubectl, with the global flags. If nothing is followed, kubectl also gets the format of
/// `-o` and checks it. The format `seq` is left out, because it is the default of this program.
fn kubectl_arguments(args: &ChangeArgs) -> ChangeArguments {
    let mut arguments = args.kubectl.arguments.clone();
    arguments.global = args.connection.kubectl_words().to_vec();
    let is_format_of_kubectl = format_unless_kubectl_prints(args) != Some(OutputFormat::Seq);
    if let Some(format) = args.output.as_ref().filter(|_| !is_followed(args) && is_format_of_kubectl) {
        arguments.command_only.insert(0, OsString::from(format!("--output={format}")));
    }
    arguments
}
