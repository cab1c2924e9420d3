//! `kubectl seq get`: shows the timeline of existing objects.

use clap::Args;

use crate::app::appearance::Appearance;
use crate::app::event_loop::{follow, once};
use crate::app::exit::{Exit, RunError};
use crate::app::logs::options::LogOptions;
use crate::app::output::Output;
use crate::app::overview::OverviewRule;
use crate::app::recording::RunRecorder;
use crate::app::resume_command::ResumeCommand;
use crate::app::run_options::RunOptions;
use crate::app::streams::Streams;
use crate::app::traces::options::TraceOptions;
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
use crate::cli::connect::{complete_result, connect};
use crate::cli::kubectl_flags::shell_text::quote_for_shell;
use crate::cli::named_in_files::{FileArgs, find_targets};
use crate::source::address::hide_secrets_of_address;
use crate::source::cluster::{
    self, Cluster, Name, NamedObjects, NamespaceScope, Need, Objects, RbacRule, Resource, Selection, Target,
};
use crate::source::{ErrorKind, SourceError};

/// The arguments of `kubectl seq get`.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq get TYPE[/NAME] [NAME...] [OPTIONS]")]
pub(crate) struct GetArgs {
    /// TYPE, TYPE NAME..., or TYPE/NAME..., as in kubectl: `job pi`, `job/pi`, `jobs`, `pods`. `all` shows everything
    /// that runs Pods, `ns/NAME` the workloads of a namespace, `node/NAME` the Pods that ran on a node
    #[arg(value_name = "TYPE[/NAME]")]
    pub(crate) objects: Vec<String>,
    /// The flags that name objects by files.
    #[command(flatten)]
    pub(crate) files: FileArgs,
    /// Only objects with these labels
    #[arg(short = 'l', long, value_name = "SELECTOR", help_heading = "Selection")]
    pub(crate) selector: Option<String>,
    /// Only objects with these fields
    #[arg(long, value_name = "SELECTOR", help_heading = "Selection")]
    pub(crate) field_selector: Option<String>,
    /// Objects of all namespaces
    #[arg(short = 'A', long, help_heading = "Selection")]
    pub(crate) all_namespaces: bool,
    /// Number of objects in each part of a list; 0 for all at once
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Selection")]
    pub(crate) chunk_size: u32,
    /// Succeed if an object does not exist
    #[arg(long, help_heading = "Selection")]
    pub(crate) ignore_not_found: bool,
    /// Output format
    ///
    /// Without the flag, the format is runs for several workloads that are not named, and otherwise seq.
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) output: Option<OutputFormat>,
    /// Follow until everything has ended
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
}

/// Returns the output of the run. The run shows the overview instead of the sequence if its [`OverviewRule`] says so.
pub(crate) fn run_output(args: &GetArgs) -> Output {
    args.output.unwrap_or(OutputFormat::Seq).into()
}

pub(crate) async fn run(args: GetArgs, appearance: &Appearance, streams: &Streams) -> Result<Exit, RunError> {
    let is_followed = args.watch || args.follow.interactive;
    let logs = args.logs.options(args.follow.tail_lines, is_followed)?;
    args.failures.require_watch(is_followed)?;
    args.follow.require_watch(is_followed)?;
    let traces = args.otlp.options(streams)?;
    let recorder = args.record.open(is_followed)?;
    let cluster = connect(&args.connection, streams).await?.with_chunk_size(args.chunk_size);
    let connection = args.connection.clone();
    let result =
        Box::pin(show_objects(args, cluster.clone(), logs, (recorder, traces), appearance, streams)).await;
    complete_result(&cluster, &connection, streams, result).await
}

/// Shows the objects once, or follows them.
async fn show_objects(
    args: GetArgs,
    cluster: Cluster,
    logs: Option<LogOptions>,
    (recorder, traces): (Option<RunRecorder>, TraceOptions),
    appearance: &Appearance,
    streams: &Streams,
) -> Result<Exit, RunError> {
    let is_followed = args.watch || args.follow.interactive;
    let (named, missing, file_targets) = find_objects(&cluster, &args).await?;
    let named_types = named.iter().filter(|named| !named.names.is_empty()).count();
    let any_type_suffices = named_types > 1 && !args.objects.iter().any(|word| word.contains('/'));
    let has_selector = args.selector.is_some() || args.field_selector.is_some();
    let mut targets = file_targets;
    let mut nodes = Vec::new();
    let mut namespaces = Vec::new();
    let mut is_anything_named = targets.len() == 1;
    let matching =
        || Objects::Matching { labels: args.selector.clone(), fields: args.field_selector.clone() };
    for NamedObjects { resource, names, is_part_of_all } in named {
        if resource == Resource::node() && !has_selector {
            nodes.extend(names);
            continue;
        }
        if resource == Resource::namespace() {
            namespaces.extend(names);
            continue;
        }
        is_anything_named |= !names.is_empty();
        let objects = if names.is_empty() {
            matching()
        } else if has_selector {
            return Err(usage_error("name cannot be provided when a selector is specified").into());
        } else if args.all_namespaces {
            return Err(usage_error("a resource cannot be retrieved by name across all namespaces").into());
        } else {
            Objects::Named(names.into_iter().map(|name| Name { name, uid: None }).collect())
        };
        let scope = scope_of_types(&args, &cluster);
        targets.push(Target { need: need_of_type(&resource, is_part_of_all), resource, scope, objects });
    }
    let names_objects = is_anything_named || !nodes.is_empty();
    let overview = choose_overview(&args, names_objects, !namespaces.is_empty());
    for namespace in &namespaces {
        match cluster::require_namespace(&cluster, namespace).await {
            Err(error) if args.ignore_not_found && error.kind == ErrorKind::NotFound => {}
            result => {
                result?;
                let scope = NamespaceScope::Namespace(namespace.clone());
                targets.extend(targets_of_all_types(&cluster, &scope, &matching()).await);
            }
        }
    }
    let node_scope = node_scope(&args, &cluster.namespace);
    let nothing_found_message = if targets.is_empty() && !nodes.is_empty() {
        format!("No Pods found on node {}.", nodes.join(", "))
    } else {
        nothing_found_message(&args, &cluster.namespace, &namespaces)
    };
    for node in &nodes {
        match cluster::require_node(&cluster, node, &node_scope).await {
            Err(error) if args.ignore_not_found && error.kind == ErrorKind::NotFound => {}
            result => {
                result?;
                targets.push(cluster::target_pods_of_node(node, node_scope.clone()));
            }
        }
    }
    if targets.is_empty() {
        return Ok(Exit::Success);
    }
    let namespace = cluster.namespace.clone();
    let feed = cluster::open_feed(&cluster, Selection { targets, ..Selection::default() }, is_followed);
    let options = RunOptions::new(feed, appearance, streams, run_output(&args))
        .cluster(cluster)
        .budget(args.budget.fail_if.clone())
        .what_if(args.what_if.what_if)
        .tail_lines(args.follow.tail_lines)
        .logs(logs)
        .timeout(args.follow.timeout)
        .failure_rules(args.failures.rules(&args.connection))
        .summary(args.follow.summary.clone())
        .stays_open(args.follow.interactive)
        .resume_command(Some(resume_command(&args)))
        .nothing_found_message(nothing_found_message)
        .overview(overview)
        .missing(missing)
        .any_type_suffices(any_type_suffices)
        .ignores_missing_names(args.ignore_not_found)
        .namespace_to_check(namespace_to_check(&args, &namespace))
        .traces(traces)
        .recorder(recorder);
    let result = if is_followed { follow(options).await } else { once(options).await };
    match result {
        Err(RunError::Source(error))
            if error.kind == ErrorKind::Forbidden
                && !nodes.is_empty()
                && node_scope == NamespaceScope::All =>
        {
            Err(explain_forbidden_node(&nodes, error).into())
        }
        Err(RunError::Source(error)) if args.ignore_not_found && error.kind == ErrorKind::NotFound => {
            Ok(Exit::Success)
        }
        result => result,
    }
}

/// Finds the types and names of the command line, or the objects that files name. If some of them exist, also returns
/// the errors about the others.
async fn find_objects(
    cluster: &Cluster,
    args: &GetArgs,
) -> Result<(Vec<NamedObjects>, Vec<SourceError>, Vec<Target>), RunError> {
    if !args.files.are_given() {
        let (named, missing) = cluster::resolve_available(cluster, &args.objects).await?;
        return Ok((named, missing, Vec::new()));
    }
    if !args.objects.is_empty() {
        let text = "objects are named either by files or by TYPE and NAME";
        return Err(usage_error(text).into());
    }
    let selector = args.selector.as_deref();
    let found = find_targets(cluster, &args.files, selector, args.ignore_not_found, &args.connection).await;
    let (targets, missing) = found?;
    Ok((Vec::new(), missing.into_iter().collect(), targets))
}

/// Returns the namespaces in which the objects of a type are shown.
fn scope_of_types(args: &GetArgs, cluster: &Cluster) -> NamespaceScope {
    if args.all_namespaces {
        NamespaceScope::All
    } else {
        NamespaceScope::Namespace(cluster.namespace.clone())
    }
}

/// Returns the namespace that must exist if nothing is found. `None` if the user accepts that objects do not exist.
fn namespace_to_check(args: &GetArgs, namespace: &str) -> Option<String> {
    let is_checked = args.connection.namespace().is_some() && !args.all_namespaces && !args.ignore_not_found;
    is_checked.then(|| namespace.to_owned())
}

/// Chooses when the run shows the overview. `names_objects` is whether the user named workloads, Pods or nodes.
fn choose_overview(args: &GetArgs, names_objects: bool, names_namespaces: bool) -> OverviewRule {
    if names_namespaces && args.output.is_none() {
        OverviewRule::Always
    } else if args.output.is_some() || names_objects || args.draw.arranges_pods() {
        OverviewRule::Never
    } else {
        OverviewRule::IfSeveral
    }
}

/// Returns the message for a selection without objects. `named` are the namespaces that the user named as objects.
fn nothing_found_message(args: &GetArgs, namespace: &str, named: &[String]) -> String {
    if args.all_namespaces {
        "No resources found".to_owned()
    } else if named.is_empty() {
        format!("No resources found in {namespace} namespace.")
    } else {
        format!("No resources found in {} namespace.", named.join(", "))
    }
}

/// Returns whether a run needs the objects of a type. A user who asked for all types may not be allowed to read some of
/// them, but without Pods there is nothing to show.
pub(crate) fn need_of_type(resource: &Resource, is_part_of_all: bool) -> Need {
    if is_part_of_all && *resource != Resource::pod() { Need::Optional } else { Need::Required }
}

/// Returns the targets for everything that runs Pods in this scope.
pub(crate) async fn targets_of_all_types(
    cluster: &Cluster,
    scope: &NamespaceScope,
    objects: &Objects,
) -> Vec<Target> {
    let types = cluster::all_types(cluster).await.into_iter();
    let targets = types.map(|NamedObjects { resource, is_part_of_all, .. }| Target {
        need: need_of_type(&resource, is_part_of_all),
        resource,
        scope: scope.clone(),
        objects: objects.clone(),
    });
    targets.collect()
}

/// Returns the namespaces in which the Pods of a node are shown: the namespace that the user gave with `-n`, or
/// otherwise all namespaces, because a node belongs to no namespace.
fn node_scope(args: &GetArgs, namespace: &str) -> NamespaceScope {
    match args.connection.namespace() {
        Some(_) if !args.all_namespaces => NamespaceScope::Namespace(namespace.to_owned()),
        Some(_) | None => NamespaceScope::All,
    }
}

/// Converts the server's refusal to list Pods in all namespaces to an error with a hint.
fn explain_forbidden_node(nodes: &[String], refusal: SourceError) -> SourceError {
    let text = "you are not allowed to list Pods in all namespaces, and a node runs Pods of all namespaces";
    let hint =
        format!("Show the Pods of one namespace: `kubectl seq get node {} -n NAMESPACE`.", nodes.join(" "));
    let advice = RbacRule::for_request("list", "pods").advice(None);
    SourceError::new(ErrorKind::Forbidden, text)
        .hint(hint)
        .hint(format!("Ask an administrator to {advice}"))
        .caused_by(refusal)
}

fn usage_error(text: &str) -> SourceError {
    SourceError::new(ErrorKind::Usage, text)
}

/// Returns the command that shows the same objects again.
fn resume_command(args: &GetArgs) -> ResumeCommand {
    let mut words = vec!["kubectl seq get".to_owned()];
    words.extend(args.objects.iter().map(|object| quote_for_shell(object)));
    let files = args.files.words();
    words.extend(files.iter().map(|word| quote_for_shell(&hide_secrets_of_address(word))));
    words.extend(args.connection.display_flags());
    ResumeCommand::ShowObjects(words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line::{Subcommand, parse};

    /// Returns the hint for a command line.
    fn hint(words: &[&str]) -> String {
        let words = ["kubectl-seq", "get"].iter().chain(words).map(Into::into).collect();
        let Subcommand::Get(args) = parse(words).unwrap().command else { panic!("another command") };
        resume_command(&args).to_show().to_owned()
    }

    #[test]
    fn the_hint_keeps_the_flags_that_choose_the_objects_the_user_and_the_picture() {
        let words =
            ["--kubeconfig=k", "job/pi", "--user", "me", "--as=joe", "--as-group=a", "--as-group=b", "-nns"];
        assert_eq!(
            hint(&words),
            "kubectl seq get job/pi -n ns --kubeconfig k --user me --as joe --as-group a --as-group b"
        );
        let words = ["jobs", "-l", "a in (b,c)", "--field-selector=status.successful=1", "-A", "-o", "table"];
        assert_eq!(
            hint(&words),
            "kubectl seq get jobs '--selector=a in (b,c)' --field-selector=status.successful=1 --all-namespaces --output=table"
        );
        let words =
            ["job/pi", "--proxy-url=http://p:1", "--kuberc", "rc", "--tls-server-name=n", "--sort=work"];
        assert_eq!(
            hint(&words),
            "kubectl seq get job/pi --sort=work --tls-server-name n --proxy-url http://p:1 --kuberc rc"
        );
    }

    #[test]
    fn the_hint_has_no_flag_that_only_matters_while_following_and_no_secret() {
        let words =
            ["job/pi", "-w", "--timeout=5m", "--record=r", "--logs", "--fail-fast", "--token=secret", "-i"];
        assert_eq!(hint(&words), "kubectl seq get job/pi --token=...");
    }
}
