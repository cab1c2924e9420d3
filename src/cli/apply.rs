//! `kubectl seq apply`: runs `kubectl apply`, then follows the applied workloads until they end.

use clap::{Args, ValueEnum as _};

use crate::app::appearance::Appearance;
use crate::app::event_loop::follow;
use crate::app::exit::{Exit, RunError};
use crate::app::output::Output;
use crate::app::progress_bar::{ProgressBar, Step};
use crate::app::resume_command::ResumeCommand;
use crate::app::run_options::RunOptions;
use crate::app::streams::Streams;
use crate::cli::apply_words::KubectlPart;
use crate::cli::connection::ConnectionArgs;
use crate::cli::draw_args::DrawArgs;
use crate::cli::follow_args::FollowArgs;
use crate::cli::output_format::OutputFormat;
use crate::cli::record_args::RecordArgs;
use crate::observation::BuiltInKind;
use crate::source::cluster::{
    self, Cluster, Name, NamespaceScope, Need, Objects, Resource, Selection, Target,
};
use crate::source::kubectl::{AppliedObject, Kubectl, KubectlOutput, Manifests};
use crate::source::{ErrorKind, SourceError};

/// The arguments of `kubectl seq apply`.
#[derive(Debug, Args)]
#[command(
    override_usage = "kubectl seq apply (-f FILENAME | -k DIRECTORY | -) [OPTIONS] [KUBECTL APPLY FLAGS]"
)]
pub(crate) struct ApplyArgs {
    /// Apply only, do not follow
    #[arg(long)]
    pub(crate) detach: bool,
    /// Output format: seq, table, wide, grid, runs, json, jsonl, yaml, name. With any other format of kubectl, nothing is followed
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<String>,
    /// The flags that control following.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// The recording flag.
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// The flags that control drawing.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
    /// The global flags of kubectl.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// The words for `kubectl apply`, which clap does not see.
    #[arg(skip)]
    pub(crate) kubectl: KubectlPart,
}

/// Declares only the flags of `kubectl seq apply`, without kubectl's global flags.
pub(crate) fn own_flags() -> clap::Command {
    ApplyArgs::augment_args(clap::Command::new("apply").bin_name("kubectl seq apply"))
}

/// Returns the output of the run. If `-o` names a format of kubectl, nothing is followed, and the returned output has
/// no effect.
pub(crate) fn run_output(args: &ApplyArgs) -> Output {
    format_unless_kubectl_prints(args).unwrap_or(OutputFormat::Seq).into()
}

/// Returns the format of this program that `-o` names, or `None` if kubectl must check and print the format.
fn format_unless_kubectl_prints(args: &ApplyArgs) -> Option<OutputFormat> {
    let Some(output) = &args.output else { return Some(OutputFormat::Seq) };
    OutputFormat::from_str(output, false).ok()
}

pub(crate) async fn run(
    args: ApplyArgs,
    appearance: &Appearance,
    streams: &Streams,
) -> Result<Exit, RunError> {
    let KubectlPart { mut arguments, is_dry_run, names_subcommand, .. } = args.kubectl.clone();
    let format = format_unless_kubectl_prints(&args);
    let follows = !args.detach && format.is_some() && !is_dry_run && !names_subcommand;
    arguments.global = args.connection.kubectl_words().to_vec();
    let kubectl = Kubectl::locate();
    if !follows {
        let unusable =
            [("--record", args.record.record.is_some()), ("--interactive", args.follow.interactive)];
        if let Some((flag, _)) = unusable.iter().find(|(_, is_given)| *is_given) {
            let error = SourceError::new(ErrorKind::Usage, format!("{flag} needs something to follow"));
            return Err(error.hint("Leave --detach, --dry-run or kubectl's own output format out.").into());
        }
        // If nothing is followed, only kubectl prints. kubectl also checks the format.
        if let Some(format) = args.output.filter(|_| format != Some(OutputFormat::Seq)) {
            arguments.apply_only.insert(0, format!("--output={format}").into());
        }
        let manifests = Manifests::unread(&arguments.filenames);
        return Ok(Exit::Wrapped(kubectl.apply(&arguments, &manifests, KubectlOutput::Stdout).await?));
    }
    // The recording is opened before kubectl changes anything, because opening the file can fail.
    let recorder = args.record.open(true)?;
    let manifests = Manifests::read(&arguments.filenames)?;
    // The resource versions are read before the first change, so that no later change is missed. An error does not end
    // the run here, because kubectl usually fails for the same reason and reports the reason itself.
    let cluster = cluster::connect(&args.connection.connection()).await;
    let since = match &cluster {
        Ok(cluster) => cluster::fetch_resource_versions(cluster, &cluster.namespace).await.ok(),
        Err(_) => None,
    };
    let to = if run_output(&args).is_for_programs() { KubectlOutput::Stderr } else { KubectlOutput::Stdout };
    let code = kubectl.apply(&arguments, &manifests, to).await?;
    if code != 0 {
        return Ok(Exit::Wrapped(code));
    }
    // kubectl prints a line for each applied object. The following steps print nothing, so a bar shows their progress.
    let mut bar = ProgressBar::on_stderr();
    let reading = Step::new("reading back the applied objects", 0, None);
    let applied = bar.show_while(reading, kubectl.read_applied(&arguments, &manifests)).await?;
    let cluster = cluster?;
    let applied_count = applied.len();
    let mut followed = Vec::new();
    for (index, applied) in applied.iter().enumerate() {
        bar.set_step(Some(Step::new("looking up the applied objects", index, Some(applied_count))));
        if let Some(resource) = resolve_followed_type(&cluster, applied).await? {
            followed.push((applied, resource));
        }
    }
    drop(bar);
    for applied in applied.iter().filter(|applied| is_endless(applied)) {
        streams.note(&format!(
            "{kind}/{name} is not followed, it has no end: `kubectl seq get {kind}/{name} --watch` does",
            kind = applied.kind.to_lowercase(),
            name = applied.name
        ));
    }
    if followed.is_empty() {
        streams.note("nothing to follow: nothing that runs Pods to an end was applied");
        return Ok(Exit::Success);
    }
    let targets = followed.iter().map(|(applied, resource)| target_of(applied, resource)).collect();
    let followed = followed.iter().map(|(applied, _)| *applied);
    let feed = cluster::open_feed(&cluster, Selection { targets, since }, true);
    let options = RunOptions::new(feed, appearance, streams, run_output(&args))
        .expected_uids(followed.clone().map(|applied| applied.uid.clone()).collect())
        .resume_command(resume_command(followed, &args, &cluster.namespace))
        .cluster(cluster)
        .tail_lines(args.follow.tail_lines)
        .timeout(args.follow.timeout)
        .stays_open(args.follow.interactive)
        .recorder(recorder);
    follow(options).await
}

/// Returns the type of an applied object, or `None` if objects of that type are not followed.
///
/// Custom resources are followed only if their types are known to run Pods to an end, because waiting for the Pods of
/// other types might never end.
async fn resolve_followed_type(
    cluster: &Cluster,
    applied: &AppliedObject,
) -> Result<Option<Resource>, RunError> {
    let (group, version) = applied.api_version.rsplit_once('/').unwrap_or(("", &applied.api_version));
    let kind = applied.kind.as_str();
    let is_followed = match (built_in_kind(applied), group) {
        (Some(kind), _) => work_duration(kind) == WorkDuration::Finite,
        (None, "jobset.x-k8s.io") => kind == "JobSet",
        (None, "argoproj.io") => kind == "Workflow",
        (None, "ray.io") => kind == "RayJob",
        (None, "trainer.kubeflow.org") => kind == "TrainJob",
        (None, "kubeflow.org" | "batch.volcano.sh") => kind.ends_with("Job"),
        (None, _) => false,
    };
    if !is_followed {
        return Ok(None);
    }
    let word =
        if group.is_empty() { format!("{kind}.{version}") } else { format!("{kind}.{version}.{group}") };
    let named = cluster::resolve(cluster, &[word]).await?;
    Ok(named.into_iter().next().map(|named| named.resource))
}

/// Returns the kind of an applied object, if it is in the table of kinds.
fn built_in_kind(applied: &AppliedObject) -> Option<BuiltInKind> {
    let is_same = |kind: &&BuiltInKind| {
        kind.info().name == applied.kind && kind.info().api_version == applied.api_version
    };
    BuiltInKind::ALL.iter().find(is_same).copied()
}

/// How long an applied object creates Pods.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WorkDuration {
    /// Until the Pods have ended or the rollout is complete.
    Finite,
    /// As long as the object exists.
    Endless,
    /// The object has no Pods.
    NoPods,
}

fn work_duration(kind: BuiltInKind) -> WorkDuration {
    match kind {
        BuiltInKind::Job
        | BuiltInKind::Deployment
        | BuiltInKind::ReplicaSet
        | BuiltInKind::StatefulSet
        | BuiltInKind::DaemonSet
        | BuiltInKind::Pod => WorkDuration::Finite,
        BuiltInKind::CronJob => WorkDuration::Endless,
        BuiltInKind::Event => WorkDuration::NoPods,
    }
}

/// Whether the object runs Pods again and again, as long as the object exists.
fn is_endless(applied: &AppliedObject) -> bool {
    built_in_kind(applied).is_some_and(|kind| work_duration(kind) == WorkDuration::Endless)
}

fn target_of(applied: &AppliedObject, resource: &Resource) -> Target {
    let name = Name { name: applied.name.clone(), uid: Some(applied.uid.clone()) };
    Target {
        resource: resource.clone(),
        scope: NamespaceScope::Namespace(applied.namespace.clone()),
        objects: Objects::Named(vec![name]),
        need: Need::Required,
    }
}

/// Returns the command that shows the applied objects again. Returns `None` if the objects are in several
/// namespaces, because no single command shows them all.
fn resume_command<'a>(
    applied: impl Iterator<Item = &'a AppliedObject>,
    args: &ApplyArgs,
    default: &str,
) -> Option<ResumeCommand> {
    let mut words = vec!["kubectl seq get".to_owned()];
    let mut namespaces = Vec::new();
    for applied in applied {
        words.push(format!("{}/{}", applied.kind.to_lowercase(), applied.name));
        namespaces.push(applied.namespace.as_str());
    }
    namespaces.dedup();
    match namespaces.as_slice() {
        [only] if *only == default => {}
        [only] if args.connection.namespace().is_none() => words.push(format!("-n {only}")),
        [_] => {}
        _ => return None,
    }
    words.extend(args.connection.scope_flags());
    Some(ResumeCommand::ShowObjects(words.join(" ")))
}
