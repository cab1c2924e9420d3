//! The command line: one file per subcommand, with its arguments and its function.

#![warn(clippy::wildcard_enum_match_arm)]

pub(crate) mod appearance;
pub(crate) mod args;
pub(crate) mod change;
pub(crate) mod command_line;
pub(crate) mod comparison;
pub(crate) mod completion;
pub(crate) mod completion_script;
pub(crate) mod connect;
pub(crate) mod environment;
pub(crate) mod get;
pub(crate) mod help;
#[cfg(test)]
pub(crate) mod interactive_tests;
pub(crate) mod kubectl_flags;
pub(crate) mod kuberc_defaults;
pub(crate) mod named_in_files;
pub(crate) mod overview;
pub(crate) mod pod;
pub(crate) mod record;
pub(crate) mod replay;
#[cfg(test)]
pub(crate) mod schema_tests;
pub(crate) mod simulate;
pub(crate) mod usage;
pub(crate) mod variables;
pub(crate) mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::app::appearance::Appearance;
use crate::app::exit::{Exit, RunError};
use crate::app::output::Output;
use crate::app::streams::Streams;
use crate::cli::args::draw::DrawArgs;
use crate::cli::args::follow::FollowArgs;
use crate::cli::args::page::PageArgs;
use crate::cli::change::command;
use crate::cli::command_line::{Cli, Subcommand};
use crate::cli::comparison::{diff, history};
use crate::cli::environment::Environment;
use crate::cli::kuberc_defaults::add_kuberc_defaults;
use crate::source::{ErrorKind, diagnostics};
use crate::terminal::tty::enable_control_sequences;
use crate::view::View;

/// Runs the program with these arguments. The first argument is the name of the program.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    enable_control_sequences();
    let arguments = match add_kuberc_defaults(arguments.into_iter().collect()) {
        Ok(arguments) => arguments,
        Err(error) => {
            let environment = Environment::from_process();
            return report_result(Err(error.into()), &message_streams(&environment)).into();
        }
    };
    let cli = match command_line::parse(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // clap reports help and version as errors too. A failure to print does not change the exit code.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Success.into() };
        }
    };
    diagnostics::set_level(cli.verbosity);
    let environment = Environment::from_process();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return report_result(Err(RunError::Output(error)), &message_streams(&environment)).into();
        }
    };
    let exit = runtime.block_on(run(cli, &environment));
    // This call does not wait for connections that are still open.
    runtime.shutdown_background();
    exit.into()
}

async fn run(cli: Cli, environment: &Environment) -> Exit {
    match cli.command {
        Subcommand::Apply(args) | Subcommand::Create(args) | Subcommand::Replace(args) => {
            let run_output = command::run_output(&args);
            // The future of a run is too large for the stack.
            Box::pin(run_with_streams(
                &args.draw.clone(),
                &args.follow.clone(),
                run_output,
                environment,
                async |appearance, streams| Box::pin(command::run(args, appearance, streams)).await,
            ))
            .await
        }
        Subcommand::Pod(args) => {
            let run_output = pod::run_output(&args);
            Box::pin(run_with_streams(
                &args.draw.clone(),
                &args.follow.clone(),
                run_output,
                environment,
                async |appearance, streams| Box::pin(pod::run(args, appearance, streams)).await,
            ))
            .await
        }
        Subcommand::Overview(args) => {
            Box::pin(run_with_streams(
                &args.draw.clone(),
                &args.follow.clone(),
                Output::Picture(View::Sequence),
                environment,
                async |appearance, streams| {
                    Box::pin(overview::run(args, command_line::first_help_screen(), appearance, streams))
                        .await
                },
            ))
            .await
        }
        Subcommand::Get(args) => {
            Box::pin(run_with_streams(
                &args.draw.clone(),
                &args.follow.clone(),
                get::run_output(&args),
                environment,
                async |appearance, streams| Box::pin(get::run(args, appearance, streams)).await,
            ))
            .await
        }
        Subcommand::Simulate(args) => {
            Box::pin(run_with_streams(
                &args.draw.clone(),
                &args.follow.clone(),
                args.output.into(),
                environment,
                async |appearance, streams| simulate::run(args, appearance, streams).await,
            ))
            .await
        }
        Subcommand::Replay(args) => {
            Box::pin(run_with_streams(
                &args.draw.clone(),
                &args.follow.clone(),
                args.output().into(),
                environment,
                async |appearance, streams| replay::run(args, appearance, streams).await,
            ))
            .await
        }
        Subcommand::Diff(args) => {
            let page = args.common.page.clone();
            Box::pin(run_page(&page, false, environment, async |appearance, streams| {
                Box::pin(diff::run(args, appearance, streams)).await
            }))
            .await
        }
        Subcommand::History(args) => {
            let page = args.common.page.clone();
            Box::pin(run_page(&page, args.interactive, environment, async |appearance, streams| {
                Box::pin(history::run(args, appearance, streams)).await
            }))
            .await
        }
        Subcommand::Record(args) => {
            let streams = message_streams(environment);
            report_result(Box::pin(record::run(args, &streams)).await, &streams)
        }
        Subcommand::Completion { shell } => {
            report_result(completion_script::print_script(shell), &message_streams(environment))
        }
        Subcommand::Complete { words } => {
            completion::print_completion(&command_line::command(), &words).await
        }
        Subcommand::Version(args) => {
            report_result(version::run(args, environment).await, &message_streams(environment))
        }
    }
}

/// Runs a command with the appearance and the streams that result from the flags and the environment.
async fn run_with_streams(
    draw: &DrawArgs,
    follow: &FollowArgs,
    run_output: Output,
    environment: &Environment,
    command: impl AsyncFnOnce(&Appearance, &Streams) -> Result<Exit, RunError>,
) -> Exit {
    match Appearance::resolve(draw, follow, run_output, environment) {
        Ok(appearance) => {
            let streams = Streams::new(appearance.clone());
            if let Some(hint) = hint_about_breakdown(draw, run_output) {
                streams.note(hint);
            }
            report_result(command(&appearance, &streams).await, &streams)
        }
        Err(error) => report_result(Err(error.into()), &message_streams(environment)),
    }
}

/// Runs a command that prints a page, with the appearance and the streams that result from its flags and the environment.
async fn run_page(
    page: &PageArgs,
    is_interactive: bool,
    environment: &Environment,
    command: impl AsyncFnOnce(&Appearance, &Streams) -> Result<Exit, RunError>,
) -> Exit {
    match Appearance::for_page(page, is_interactive, environment) {
        Ok(appearance) => {
            let streams = Streams::new(appearance.clone());
            report_result(command(&appearance, &streams).await, &streams)
        }
        Err(error) => report_result(Err(error.into()), &message_streams(environment)),
    }
}

/// The hint for an output without the table of `--by`. `None` if the output has the table.
fn hint_about_breakdown(draw: &DrawArgs, output: Output) -> Option<&'static str> {
    draw.by?;
    match output {
        Output::Picture(View::Sequence | View::Table | View::Wide) => None,
        Output::Document(_) => Some("the document always has byNode and byImage, also without --by"),
        Output::Picture(View::Grid | View::Runs) | Output::Changes | Output::Names | Output::Export(_) => {
            Some("--by adds its table to -o seq, table and wide; -o json has byNode and byImage")
        }
    }
}

/// Prints the error of a command, if the command failed. Returns the exit of the program. A broken pipe is not an
/// error, because the reader of the output has all that it needs.
fn report_result(result: Result<Exit, RunError>, streams: &Streams) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(RunError::BrokenPipe(_)) => Exit::Success,
        Err(RunError::Source(error)) => {
            // The wrapped kubectl has printed its own error.
            if !matches!(error.kind, ErrorKind::Wrapped(_)) {
                streams.error(&error.summary, &error.hints);
            }
            error.kind.into()
        }
        Err(error @ RunError::Output(_)) => {
            streams.error(&error.to_string(), &[]);
            Exit::Unknown
        }
    }
}

/// Returns the streams of commands that print only messages.
fn message_streams(environment: &Environment) -> Streams {
    Streams::new(Appearance::for_messages(environment))
}
