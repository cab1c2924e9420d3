//! `kubectl seq` without a subcommand: shows the workloads that run or have ended a short time ago.

use clap::Args;

use crate::app::appearance::Appearance;
use crate::app::event_loop::{follow, once};
use crate::app::exit::{Exit, RunError};
use crate::app::output::Output;
use crate::app::overview::OverviewRule;
use crate::app::resume_command::ResumeCommand;
use crate::app::run_options::RunOptions;
use crate::app::streams::Streams;
use crate::cli::args::connection::ConnectionArgs;
use crate::cli::args::draw::DrawArgs;
use crate::cli::args::follow::FollowArgs;
use crate::cli::connect::{complete_result, connect};
use crate::cli::get::targets_of_all_types;
use crate::source::cluster::{self, NamespaceScope, Objects, Selection};
use crate::view::View;

/// The arguments of `kubectl seq` without a subcommand.
#[derive(Debug, Args)]
#[command(override_usage = "kubectl seq [OPTIONS]")]
pub(crate) struct OverviewArgs {
    /// Only objects with these labels
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub(crate) selector: Option<String>,
    /// Objects of all namespaces
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,
    /// Follow until everything has ended
    #[arg(short, long)]
    pub(crate) watch: bool,
    /// The flags that control following.
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    /// The flags that control drawing.
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
    /// The global flags of kubectl.
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Shows the recent workloads. If there are none, prints `help`.
pub(crate) async fn run(
    args: OverviewArgs,
    help: String,
    appearance: &Appearance,
    streams: &Streams,
) -> Result<Exit, RunError> {
    let is_followed = args.watch || args.follow.interactive;
    args.follow.require_watch(is_followed)?;
    let cluster = connect(&args.connection, streams).await?;
    let (scope, place) = if args.all_namespaces {
        (NamespaceScope::All, String::new())
    } else {
        let namespace = cluster.namespace.clone();
        let place = format!(" in {namespace} namespace");
        (NamespaceScope::Namespace(namespace), place)
    };
    let objects = Objects::Matching { labels: args.selector.clone(), fields: None };
    let targets = targets_of_all_types(&cluster, &scope, &objects).await;
    let checked_namespace = args.connection.namespace().filter(|_| !args.all_namespaces).map(str::to_owned);
    let feed =
        cluster::open_feed(&cluster, Selection { targets, since: None, forgets_gone: false }, is_followed);
    let options = RunOptions::new(feed, appearance, streams, Output::Picture(View::Sequence))
        .cluster(cluster.clone())
        .namespace_to_check(checked_namespace)
        .tail_lines(args.follow.tail_lines)
        .timeout(args.follow.timeout)
        .summary(args.follow.summary.clone())
        .stays_open(args.follow.interactive)
        .resume_command(Some(resume_command(&args)))
        .nothing_found_message(format!("No workload has run{place} within the last hour."))
        .nothing_found_help(help)
        .overview(OverviewRule::IfSeveralRecent);
    let result = if is_followed { follow(options).await } else { once(options).await };
    complete_result(&cluster, &args.connection, streams, result).await
}

/// Returns the command that shows the same workloads again.
fn resume_command(args: &OverviewArgs) -> ResumeCommand {
    let mut words = vec!["kubectl seq".to_owned()];
    words.extend(args.connection.display_flags());
    ResumeCommand::ShowObjects(words.join(" "))
}
