//! `kubectl seq apply`: the real `kubectl apply`, then what was applied until it ends.

use std::ffi::OsString;

use clap::{Args, ValueEnum as _};

use crate::app::appearance::Appearance;
use crate::app::event_loop::{RunOptions, Subject, follow};
use crate::app::exit::{Exit, RunError};
use crate::app::output::Format;
use crate::app::streams::Streams;
use crate::cli::connection::ConnectionArgs;
use crate::cli::draw_args::DrawArgs;
use crate::cli::follow_args::FollowArgs;
use crate::cli::get::place;
use crate::cli::record_args::RecordArgs;
use crate::observation::BuiltInKind;
use crate::source::cluster::{self, Cluster, Connection, Name, Objects, Resource, Scope, Selection, Target};
use crate::source::kubectl::{self, Applied, Kubectl};
use crate::source::{ErrorKind, SourceError};

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

/// The format that decides where pictures go; formats of kubectl's are not followed and have none.
pub(crate) fn format(args: &ApplyArgs) -> Format {
    own_format(args).unwrap_or(Format::Seq)
}

fn own_format(args: &ApplyArgs) -> Option<Format> {
    args.output.as_deref().map_or(Some(Format::Seq), |output| Format::from_str(output, false).ok())
}

pub(crate) async fn run(
    args: ApplyArgs,
    mut kubectl_args: Vec<OsString>,
    drawing: &Appearance,
    output: &Streams,
) -> Result<Exit, RunError> {
    let connection = Connection::from(args.connection.clone());
    let own = own_format(&args);
    let follows = !args.detach && own.is_some() && !is_dry_run(&kubectl_args);
    kubectl_args.extend(connection.kubectl_args());
    let kubectl = Kubectl::find();
    if !follows {
        if args.record.record.is_some() {
            let error = SourceError::new(ErrorKind::Usage, "--record needs something to follow");
            return Err(error.hint("Leave --detach, --dry-run or kubectl's own output format out.").into());
        }
        // kubectl judges its own formats, and a dry run is all its own.
        if let Some(format) = args.output.filter(|_| own != Some(Format::Seq)) {
            kubectl_args.push(format!("--output={format}").into());
        }
        let code = kubectl.apply(&kubectl_args, None, kubectl::Output::Stdout).await?;
        return Ok(Exit::Wrapped(code));
    }
    // Before anything is changed.
    let recorder = args.record.open(true)?;
    let input = if reads_input(&kubectl_args) { Some(kubectl::read_input()?) } else { None };
    // How far the cluster is before the first change, so that nothing of what follows is missed. If this fails, kubectl
    // is about to say why.
    let cluster = cluster::connect(&connection).await;
    let since = match &cluster {
        Ok(cluster) => cluster::fetch_resource_versions(cluster, &cluster.namespace).await.ok(),
        Err(_) => None,
    };
    let to = if format(&args).is_for_machines() { kubectl::Output::Stderr } else { kubectl::Output::Stdout };
    let code = kubectl.apply(&kubectl_args, input.as_deref(), to).await?;
    if code != 0 {
        return Ok(Exit::Wrapped(code));
    }
    let applied = kubectl.applied(&kubectl_args, input.as_deref()).await?;
    let cluster = cluster?;
    let mut followed = Vec::new();
    for applied in &applied {
        if let Some(resource) = resource(&cluster, applied).await? {
            followed.push((applied, resource));
        }
    }
    for applied in applied.iter().filter(|applied| is_endless(applied)) {
        output.note(&format!(
            "{kind}/{name} is not followed, it has no end: `kubectl seq get {kind}/{name} --watch` does",
            kind = applied.kind.to_lowercase(),
            name = applied.name
        ));
    }
    if followed.is_empty() {
        output.note("nothing to follow: nothing that runs Pods to an end was applied");
        return Ok(Exit::Success);
    }
    let targets = followed.iter().map(|(applied, resource)| target(applied, resource)).collect();
    let followed = followed.iter().map(|(applied, _)| *applied);
    let task = RunOptions {
        feed: cluster::open_feed(&cluster, Selection { targets, since }, true),
        drawing,
        output,
        picture: Subject::Timeline,
        cluster: Some(cluster.clone()),
        tail_lines: args.follow.tail_lines,
        format: format(&args),
        timeout: args.follow.timeout,
        expected: followed.clone().map(|applied| applied.uid.clone()).collect(),
        again: again(followed, &args, &cluster.namespace),
        nothing: String::new(),
        recorder,
        to_the_last: false,
    };
    follow(task).await
}

/// The type of what was applied, if it is one to follow.
///
/// Of custom resources those are followed whose types are known to run Pods to an end: to wait for the Pods of any other
/// might be to wait for ever.
async fn resource(cluster: &Cluster, applied: &Applied) -> Result<Option<Resource>, RunError> {
    let (group, version) = applied.api_version.rsplit_once('/').unwrap_or(("", &applied.api_version));
    let kind = applied.kind.as_str();
    let runs = match (built_in_kind(applied), group) {
        (Some(kind), _) => duration_of(kind) == AppliedDuration::Ends,
        (None, "jobset.x-k8s.io") => kind == "JobSet",
        (None, "argoproj.io") => kind == "Workflow",
        (None, "ray.io") => kind == "RayJob",
        (None, "trainer.kubeflow.org") => kind == "TrainJob",
        (None, "kubeflow.org" | "batch.volcano.sh") => kind.ends_with("Job"),
        (None, _) => false,
    };
    if !runs {
        return Ok(None);
    }
    let word =
        if group.is_empty() { format!("{kind}.{version}") } else { format!("{kind}.{version}.{group}") };
    let named = cluster::resolve(cluster, &[word]).await?;
    Ok(named.into_iter().next().map(|named| named.resource))
}

/// The kind of what was applied, if it is in the table of kinds.
fn built_in_kind(applied: &Applied) -> Option<BuiltInKind> {
    let is_same = |kind: &&BuiltInKind| {
        kind.info().name == applied.kind && kind.info().api_version == applied.api_version
    };
    BuiltInKind::ALL.iter().find(is_same).copied()
}

/// How long an applied object runs Pods.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AppliedDuration {
    /// Until its Pods have ended or its rollout is complete.
    Ends,
    /// As long as it exists.
    Endless,
    /// It runs no Pods.
    RunsNoPods,
}

fn duration_of(kind: BuiltInKind) -> AppliedDuration {
    match kind {
        BuiltInKind::Job
        | BuiltInKind::Deployment
        | BuiltInKind::ReplicaSet
        | BuiltInKind::StatefulSet
        | BuiltInKind::DaemonSet
        | BuiltInKind::Pod => AppliedDuration::Ends,
        BuiltInKind::CronJob => AppliedDuration::Endless,
        BuiltInKind::Event => AppliedDuration::RunsNoPods,
    }
}

/// Whether the object runs Pods again and again, as long as it exists.
fn is_endless(applied: &Applied) -> bool {
    built_in_kind(applied).is_some_and(|kind| duration_of(kind) == AppliedDuration::Endless)
}

fn target(applied: &Applied, resource: &Resource) -> Target {
    let name = Name { name: applied.name.clone(), uid: Some(applied.uid.clone()) };
    Target {
        resource: resource.clone(),
        scope: Scope::Namespace(applied.namespace.clone()),
        objects: Objects::Named(vec![name]),
    }
}

/// The command that shows it again, if one command can.
fn again<'a>(applied: impl Iterator<Item = &'a Applied>, args: &ApplyArgs, default: &str) -> String {
    let mut words = vec!["kubectl seq get".to_owned()];
    let mut namespaces = Vec::new();
    for applied in applied {
        words.push(format!("{}/{}", applied.kind.to_lowercase(), applied.name));
        namespaces.push(applied.namespace.as_str());
    }
    namespaces.dedup();
    match namespaces.as_slice() {
        [only] if *only == default => {}
        [only] if args.connection.namespace.is_none() => words.push(format!("-n {only}")),
        [_] => {}
        _ => return String::new(),
    }
    words.extend(place(&args.connection));
    words.push("--watch".to_owned());
    words.join(" ")
}

fn is_dry_run(args: &[OsString]) -> bool {
    args.iter().filter_map(|arg| arg.to_str()).any(|arg| {
        arg.strip_prefix("--dry-run")
            .is_some_and(|rest| rest.is_empty() || (rest.starts_with('=') && rest != "=none"))
    })
}

/// Whether a manifest comes by standard input: it must be read twice.
fn reads_input(args: &[OsString]) -> bool {
    let texts: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    texts.windows(2).any(|pair| matches!(pair, ["-f" | "--filename", "-"]))
        || texts.iter().any(|text| matches!(*text, "-f-" | "-f=-" | "--filename=-"))
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::command_line::Cli;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn flags_of_kubectl_apply_are_told_from_ours() {
        let mut command = Cli::command();
        command.build();
        let apply = command.find_subcommand("apply").unwrap();
        for (typed, ours, kubectls) in [
            ("-f job.yaml", "", "-f job.yaml"),
            ("-", "", "-f -"),
            ("-f -", "", "-f -"),
            ("-f job.yaml -n ns --server-side", "-n ns", "-f job.yaml --server-side"),
            ("-nns -f=job.yaml", "-nns", "-f=job.yaml"),
            ("--namespace=ns -k dir --timeout 5m", "--namespace=ns --timeout 5m", "-k dir"),
            ("-l app=x --prune -f dir -R --detach", "--detach", "-l app=x --prune -f dir -R"),
            ("-o json -f x --dry-run=client", "-o json", "-f x --dry-run=client"),
            ("--ascii --field-manager me -f x", "--ascii", "--field-manager me -f x"),
            ("--insecure-skip-tls-verify -f x", "--insecure-skip-tls-verify", "-f x"),
            ("-f x -h", "-h", "-f x"),
        ] {
            assert_eq!(split_apply(apply, &words(typed)), (words(ours), words(kubectls)), "{typed}");
        }
    }

    #[test]
    fn dry_runs_and_standard_input_are_recognised() {
        for (typed, dry, input) in [
            ("-f x", false, false),
            ("-f x --dry-run", true, false),
            ("-f - --dry-run=server", true, true),
            ("--filename=- --dry-run=none", false, true),
            ("--filename -", false, true),
        ] {
            assert_eq!((is_dry_run(&words(typed)), reads_input(&words(typed))), (dry, input), "{typed}");
        }
    }
}
