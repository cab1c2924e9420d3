//! `kubectl seq pod`: shows one Pod.

use std::ffi::OsString;

use clap::{Args, ValueEnum as _};

use crate::app::appearance::Appearance;
use crate::app::event_loop::{follow, once};
use crate::app::exit::{Exit, RunError};
use crate::app::output::Output;
use crate::app::resume_command::ResumeCommand;
use crate::app::run_options::{RunOptions, Subject};
use crate::app::streams::Streams;
use crate::cli::args::connection::ConnectionArgs;
use crate::cli::args::draw::DrawArgs;
use crate::cli::args::failure::FailureArgs;
use crate::cli::args::follow::FollowArgs;
use crate::cli::args::log::LogArgs;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::record::RecordArgs;
use crate::cli::connect::{complete_result, connect};
use crate::source::cluster::{self, Name, NamespaceScope, Need, Objects, Resource, Selection, Target};
use crate::source::kubectl::Kubectl;
use crate::source::{ErrorKind, SourceError};

/// The arguments of `kubectl seq pod`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq pod NAME [OPTIONS]")]
pub(crate) struct PodArgs {
    /// Name of the Pod, or `pod/NAME`
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Output format
    ///
    /// json and yaml print the Pod object exactly as `kubectl get pod` does.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) output: Option<String>,
    /// Follow until the Pod has ended
    #[arg(short, long, help_heading = "Following")]
    pub(crate) watch: bool,
    /// The flags that control following.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// The flags that show logs.
    #[command(flatten)]
    pub(crate) logs: LogArgs,
    /// The flags about failures.
    #[command(flatten)]
    pub(crate) failures: FailureArgs,
    /// The recording flag.
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// The flags that control drawing.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
    /// The global flags of kubectl.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Returns the output of the run. If kubectl prints the Pod object, this value only decides which stream messages go to.
pub(crate) fn run_output(args: &PodArgs) -> Output {
    format_unless_kubectl_prints(args).unwrap_or(OutputFormat::Seq).into()
}

/// Returns the format that `-o` names, or `None` if kubectl prints the Pod object in that format.
fn format_unless_kubectl_prints(args: &PodArgs) -> Option<OutputFormat> {
    let Some(output) = &args.output else { return Some(OutputFormat::Seq) };
    let format = OutputFormat::from_str(output, false).ok()?;
    match format {
        OutputFormat::Seq
        | OutputFormat::Table
        | OutputFormat::Grid
        | OutputFormat::Runs
        | OutputFormat::Jsonl
        | OutputFormat::Csv
        | OutputFormat::Trace
        | OutputFormat::Otlp
        | OutputFormat::Markdown
        | OutputFormat::Svg
        | OutputFormat::Html
        | OutputFormat::Kwok => Some(format),
        OutputFormat::Wide | OutputFormat::Json | OutputFormat::Yaml | OutputFormat::Name => None,
    }
}

pub(crate) async fn run(args: PodArgs, appearance: &Appearance, streams: &Streams) -> Result<Exit, RunError> {
    let name: String = ["pod/", "pods/", "po/"]
        .iter()
        .find_map(|kind| args.name.strip_prefix(kind))
        .unwrap_or(&args.name)
        .to_owned();
    let Some(format) = format_unless_kubectl_prints(&args) else {
        let unusable = [
            ("--record", args.record.record.is_some()),
            ("--interactive", args.follow.interactive),
            ("--logs", args.logs.logs.is_some()),
            ("--summary", args.follow.summary.is_some()),
            ("--notify", args.follow.notify),
        ];
        let unusable = unusable.iter().find(|(_, is_given)| *is_given).map(|(flag, _)| *flag);
        if let Some(flag) = unusable.or(args.failures.flag_that_follows()) {
            let text =
                format!("{flag} cannot be combined with this output format, because kubectl prints it");
            return Err(SourceError::new(ErrorKind::Usage, text)
                .hint(format!("Omit {flag} or --output."))
                .into());
        }
        let mut words: Vec<OsString> = vec!["pod".into(), name.clone().into()];
        words.extend(args.output.map(|output| format!("--output={output}").into()));
        words.extend(args.watch.then(|| "--watch".into()));
        words.extend(args.connection.kubectl_words().iter().cloned());
        return Ok(Exit::Wrapped(Kubectl::locate().run_unchanged("get", &words).await?));
    };
    let is_followed = args.watch || args.follow.interactive;
    let logs = args.logs.options(args.follow.tail_lines, is_followed)?;
    args.failures.require_watch(is_followed)?;
    args.follow.require_watch(is_followed)?;
    let recorder = args.record.open(is_followed)?;
    let cluster = connect(&args.connection, streams).await?;
    let target = Target {
        resource: Resource::pod(),
        scope: NamespaceScope::Namespace(cluster.namespace.clone()),
        objects: Objects::Named(vec![Name { name: name.clone(), uid: None }]),
        need: Need::Required,
    };
    let mut resume_command = vec!["kubectl seq pod".to_owned(), name.clone()];
    resume_command.extend(args.connection.display_flags());
    let selection = Selection { targets: vec![target], since: None, forgets_gone: false };
    let feed = cluster::open_feed(&cluster, selection, is_followed);
    let options = RunOptions::new(feed, appearance, streams, format.into())
        .subject(Subject::Pod)
        .cluster(cluster.clone())
        .tail_lines(args.follow.tail_lines)
        .logs(logs)
        .timeout(args.follow.timeout)
        .failure_rules(args.failures.rules(&args.connection))
        .summary(args.follow.summary.clone())
        .stays_open(args.follow.interactive)
        .resume_command(Some(ResumeCommand::ShowObjects(resume_command.join(" "))))
        .recorder(recorder);
    let result = if is_followed { follow(options).await } else { once(options).await };
    if let Err(RunError::Source(error)) = &result
        && error.missing.is_some()
        && let Some(resource) =
            cluster::find_other_type(&cluster, &cluster.namespace, &name, &Resource::pod().plural).await
    {
        // The user named a workload, so the command is wrong, and no Pod is missing.
        let error = SourceError::new(ErrorKind::Usage, error.summary.clone());
        return Err(error.hint(cluster::hint_about_other_type(&resource, &name)).into());
    }
    complete_result(&cluster, &args.connection, streams, result).await
}
